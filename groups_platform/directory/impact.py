"""P10: what else a day would bring about, which the directory does not know: whoever applies the day tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from psycopg import sql

from groups_platform.database.connection import Connection


@dataclass(frozen=True)
class Impact:
    """rows: more rows of the plan, in the form of `plan_rows.sql`. stored: what limits on them are shares of."""

    rows: sql.Composable
    stored: Mapping[str, int]


class ImpactReader(Protocol):
    """Finds out, within the transaction of the day, what it would bring about."""

    def __call__(self, connection: Connection, rows: sql.Composable, tables: str) -> Impact | None:
        """None where nothing can be. rows: of the day's plan. tables: the schema that is as the day leaves it."""
