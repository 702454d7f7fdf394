"""Checks as data: each file of `sql/checks` returns the rows that break a promise; its header says how bad that is.

The header's first line is `-- fail|warn, <asset>: <promise>`. A `fail` protects the tables: it runs inside the loading
transaction and rolls it back. The queries may read the staging tables, so they run on a connection of `staged_day`.

A file of the same name in `sql/checks/changed` is the same promise for that transaction alone: it may also read the
transaction's own tables of changes, and its header says what it looks at (`-- looks at <what>`). Where there is none,
the whole check is cheap enough for every day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import sql_folder
from groups_platform.directory.table_columns import read_directory_sql

HEADER: Final = re.compile(r"-- (fail|warn), (\w+): (.+)")
CHANGED_HEADER: Final = re.compile(r"-- looks at (.+)")
EVERYTHING: Final = "every row"
SAMPLE_ROWS: Final = 10

# What only holds while the staged day is the newest applied one.
ABOUT_THE_SNAPSHOT: Final = frozenset({"agents_equal_snapshot", "groups_equal_snapshot", "memberships_equal_snapshot"})

# Whose file in `sql/checks/changed` goes by look-ups.
LOOKED_UP: Final = frozenset({"inactivity_is_right", "membership_without_group_or_agent"})


@dataclass(frozen=True)
class Check:
    """One file of `sql/checks`. asset: the table it speaks of.

    changed: what its file in `sql/checks/changed` looks at; None where it has none.
    """

    name: str
    asset: str
    promise: str
    is_blocking: bool
    changed: str | None = None


@dataclass(frozen=True)
class CheckResult:
    """failures: how many rows break the promise; sample: the first of them; looked_at: among which rows."""

    name: str
    asset: str
    promise: str
    is_blocking: bool
    failures: int
    sample: tuple[dict[str, Any], ...] = ()
    looked_at: str = EVERYTHING

    @property
    def passed(self) -> bool:
        """Whether the promise holds."""
        return self.failures == 0


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check of `sql/checks`, by name."""
    return tuple(_read_check(path.stem) for path in sorted((sql_folder() / "checks").glob("*.sql")))


def _read_check(name: str) -> Check:
    folder = sql_folder() / "checks"
    header = HEADER.match((folder / f"{name}.sql").read_text(encoding="utf-8"))
    if header is None:
        raise ValueError(f"{name}.sql must begin with «-- fail|warn, <asset>: <promise>»")
    file = folder / "changed" / f"{name}.sql"
    changed = CHANGED_HEADER.match(file.read_text(encoding="utf-8")) if file.exists() else None
    if file.exists() and changed is None:
        raise ValueError(f"changed/{name}.sql must begin with «-- looks at <what>»")
    return Check(name, header[2], header[3], header[1] == "fail", changed and changed[1])


def run_checks(connection: Connection, *, is_newest_day: bool = True) -> tuple[CheckResult, ...]:
    """Every check on every row of the tables as this connection sees them."""
    checks = [check for check in all_checks() if is_newest_day or check.name not in ABOUT_THE_SNAPSHOT]
    return tuple(_run(connection, check, f"checks/{check.name}", EVERYTHING) for check in checks)


def check_changes(connection: Connection, *, is_large: bool = False) -> tuple[CheckResult, ...]:
    """Every check on what the transaction of this connection wrote, while its tables of changes are there.

    is_large: so much that looking at each changed group takes longer than one pass over all.
    """
    return tuple(
        _run(connection, check, f"checks/changed/{check.name}", check.changed)
        if check.changed and not (is_large and check.name in LOOKED_UP)
        else _run(connection, check, f"checks/{check.name}", EVERYTHING)
        for check in all_checks()
    )


def _run(connection: Connection, check: Check, file: str, looked_at: str) -> CheckResult:
    query = sql.SQL("SELECT *, count(*) OVER () AS failures FROM ({}) AS offending LIMIT {}").format(
        read_directory_sql(file), SAMPLE_ROWS
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query).fetchall()
    failures = rows[0]["failures"] if rows else 0
    sample = tuple({key: value for key, value in row.items() if key != "failures"} for row in rows)
    return CheckResult(check.name, check.asset, check.promise, check.is_blocking, failures, sample, looked_at)
