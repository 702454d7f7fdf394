"""Queries for the command line and the UI: applied days, a day's findings, a table's first rows."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from groups_platform.database.connection import connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.findings import FindingCode


def query(url: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """Run `sql/directory/<name>.sql` and return its rows. Raises DatabaseUnavailable."""
    with connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"directory/{name}"), parameters).fetchall()


def applied_days(url: str) -> list[dict[str, Any]]:
    """Return the rows of `sync_days` in natural order."""
    return query(url, "read_sync_days")


def newest_applied_day(url: str) -> str | None:
    """Return the label of the newest applied day; None before the first."""
    days = applied_days(url)
    return str(days[-1]["sync_day"]) if days else None


def read_findings(url: str, label: str, code: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Return at most `limit` findings of the day, errors first."""
    return query(url, "read_findings", sync_day=label, code=code, limit=limit)


def show_findings(url: str, label: str, codes: list[str], limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` findings of each code with names, those that block the day first, then errors."""
    return query(url, "show_findings", sync_day=label, codes=codes, limit=limit)


def count_findings(url: str, label: str) -> dict[str, int]:
    """Return the number of findings of the day per code, zeros included."""
    found = {row["code"]: row["findings"] for row in query(url, "count_stored_findings", sync_day=label)}
    return {code.value: found.get(code, 0) for code in FindingCode}


def count_tables(url: str) -> dict[str, int]:
    """Return the row counts of the live tables; see `count_directory.sql`."""
    return query(url, "count_directory")[0]


def count_tables_as_of(url: str, label: str) -> dict[str, int] | None:
    """The same after an applied day; None for a day that was not applied."""
    if label not in [day["sync_day"] for day in applied_days(url)]:
        return None
    return query(url, "count_directory_as_of", sync_day=label)[0]


def preview_table(url: str, table: str, limit: int = 10) -> list[dict[str, Any]]:
    """Return the first rows of one of the tables."""
    return query(url, f"preview_{table}", limit=limit)
