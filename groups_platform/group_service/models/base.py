"""What the rows have in common: the schema, and how Python's types are stored. No table lives here."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import TIMESTAMP, FetchedValue, MetaData
from sqlalchemy import Enum as EnumColumn
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

# The migration says what the value is; the row only learns it from RETURNING.
BY_DATABASE = FetchedValue()

JSON_COLUMN = JSONB(none_as_null=True)


def enum_column(enum: type[Enum]) -> EnumColumn:
    """A text column that holds the values of `enum`; the table's CHECK is the constraint."""
    return EnumColumn(
        enum, native_enum=False, create_constraint=False, length=64, values_callable=lambda e: [m.value for m in e]
    )


class Base(DeclarativeBase):
    """A row of the schema `manager`."""

    metadata = MetaData(schema="manager")
    type_annotation_map = {  # noqa: RUF012
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSON_COLUMN,
        list[dict[str, Any]]: JSON_COLUMN,
    }
