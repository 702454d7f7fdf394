"""The data checks: each file of `sql/checks` is a query for the rows that violate one promise.

Its first line is `-- fail|warn, <asset>: <promise>`. Checks run inside the loading transaction; a violated `fail` rolls
it back. The queries may read the staging tables, so they run on the connection of a StagedDay.

A file of the same name in `sql/checks/changed` checks the same promise for the rows that the transaction changed. It
may also read the transaction's tables of changes; its first line is `-- looks at <what>`. Checks without such a file
are cheap enough to run in full every day.
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
from groups_platform.directory.statements import read_directory_sql

HEADER: Final = re.compile(r"-- (fail|warn), (\w+): (.+)")
CHANGED_HEADER: Final = re.compile(r"-- looks at (.+)")
EVERYTHING: Final = "every row"
SAMPLE_ROWS: Final = 10

# These hold only while the staged day is the newest applied one.
ABOUT_THE_SNAPSHOT: Final = frozenset({"agents_equal_snapshot", "groups_equal_snapshot", "memberships_equal_snapshot"})

# Their files in `sql/checks/changed` do look-ups per changed row, which are slow if many rows changed.
LOOKED_UP: Final = frozenset({"inactivity_is_right", "membership_without_group_or_agent"})


@dataclass(frozen=True)
class Check:
    """One file of `sql/checks`. asset: the table that it checks.

    changed: the rows that its file in `sql/checks/changed` looks at; None without such a file.
    """

    name: str
    asset: str
    promise: str
    is_blocking: bool
    changed: str | None = None


@dataclass(frozen=True)
class CheckResult:
    """failures: number of rows that break the promise; sample: the first of them; looked_at: the rows checked."""

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
    """Return every check of `sql/checks`, sorted by name. Raises ValueError for a file without its header."""
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
    """Run every check on all rows; those that compare with the snapshot only if `is_newest_day`."""
    checks = [check for check in all_checks() if is_newest_day or check.name not in ABOUT_THE_SNAPSHOT]
    return tuple(_run(connection, check, f"checks/{check.name}", EVERYTHING) for check in checks)


def check_changes(connection: Connection, *, is_large: bool = False) -> tuple[CheckResult, ...]:
    """Run every check on the rows that the current transaction changed; requires its tables of changes.

    is_large: so many rows changed that one pass over all rows is faster than a look-up for each.
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
