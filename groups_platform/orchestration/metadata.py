"""Tables, column schemas and pictures as the UI shows them. Knows neither half, and no Spark."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import MetadataValue, TableColumn, TableColumnConstraints, TableMetadataValue, TableRecord, TableSchema

LONGEST_CELL = 80


def table_schema(**columns: str) -> TableSchema:
    """`name="TYPE not null: description"` for each column of a Postgres table."""
    parsed = []
    for name, text in columns.items():
        sql_type, _, description = text.partition(": ")
        is_nullable = not sql_type.endswith(" not null")
        parsed.append(
            TableColumn(
                name,
                sql_type.removesuffix(" not null"),
                description,
                TableColumnConstraints(nullable=is_nullable),
            )
        )
    return TableSchema(columns=parsed)


def rows_table(rows: Sequence[Mapping[str, Any]]) -> TableMetadataValue | MetadataValue[str]:
    """Rows with equal keys as a table; a line of text when there is none."""
    if not rows:
        return MetadataValue.text("no rows")
    return MetadataValue.table(
        records=[TableRecord({key: _cell(value) for key, value in row.items()}) for row in rows],
        schema=TableSchema(columns=[TableColumn(name, "string") for name in rows[0]]),
    )


def svg_picture(title: str, svg: str) -> MetadataValue[str]:
    """A picture, inside the text itself: it needs no server and no file."""
    encoded = base64.b64encode(svg.encode()).decode()
    return MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{encoded})")


def _cell(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"
