"""Checks as data: each file of `sql/checks` returns the rows that break a promise; its header says how bad that is.

The header's first line is `-- fail|warn, <asset>: <promise>`. A `fail` protects the tables: it runs inside the loading
transaction and rolls it back. The queries may read the staging tables, so they run on a connection of `staged_day`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql, sql_folder

HEADER: Final = re.compile(r"-- (fail|warn), (\w+): (.+)")
SAMPLE_ROWS: Final = 10

# What only holds while the staged day is the newest applied one.
ABOUT_THE_SNAPSHOT: Final = frozenset({"agents_equal_snapshot", "groups_equal_snapshot", "memberships_equal_snapshot"})


@dataclass(frozen=True)
class Check:
    """One file of `sql/checks`. asset: the table it speaks of."""

    name: str
    asset: str
    promise: str
    is_blocking: bool


@dataclass(frozen=True)
class CheckResult:
    """failures: how many rows break the promise; sample: the first of them."""

    name: str
    asset: str
    promise: str
    is_blocking: bool
    failures: int
    sample: tuple[dict[str, Any], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the promise holds."""
        return self.failures == 0


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check of `sql/checks`, by name."""
    checks = []
    for path in sorted((sql_folder() / "checks").glob("*.sql")):
        header = HEADER.match(path.read_text(encoding="utf-8"))
        if header is None:
            raise ValueError(f"{path.name} must begin with «-- fail|warn, <asset>: <promise>»")
        checks.append(Check(path.stem, header[2], header[3], header[1] == "fail"))
    return tuple(checks)


def run_checks(connection: Connection, *, is_newest_day: bool = True) -> tuple[CheckResult, ...]:
    """Every check on the tables as this connection sees them."""
    checks = [check for check in all_checks() if is_newest_day or check.name not in ABOUT_THE_SNAPSHOT]
    return tuple(_run(connection, check) for check in checks)


def _run(connection: Connection, check: Check) -> CheckResult:
    query = sql.SQL("SELECT *, count(*) OVER () AS failures FROM ({}) AS offending LIMIT {}").format(
        read_sql(f"checks/{check.name}"), SAMPLE_ROWS
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query).fetchall()
    failures = rows[0]["failures"] if rows else 0
    sample = tuple({key: value for key, value in row.items() if key != "failures"} for row in rows)
    return CheckResult(check.name, check.asset, check.promise, check.is_blocking, failures, sample)
