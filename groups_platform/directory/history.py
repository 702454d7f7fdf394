"""P16 and P17: what groups, agents and memberships were on each applied day, written from a day's own difference."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from groups_platform.database.connection import Connection
from groups_platform.directory.reports import applied_days, query
from groups_platform.directory.statements import read_directory_sql
from groups_platform.errors import UnknownSyncDay


def write_history(connection: Connection, label: str, *, is_first: bool, is_again: bool, every_row: bool) -> None:
    """Write what the transaction of this connection changed, while its tables of changes are there.

    is_first: nothing was stored before. is_again: the day was applied before, and replaces what it had said then.
    every_row: compare the whole history with the tables, which somebody else may have changed.
    """
    _run(connection, "write_pending_history", label)
    if is_first:
        _run(connection, "touch_changes")
        _run(connection, "begin_history", label)
        return
    _run(connection, "touch_differences" if every_row else "touch_changes")
    if is_again:
        _run(connection, "forget_day", label)
    _run(connection, "end_intervals", label)
    _run(connection, "begin_intervals", label)


def _run(connection: Connection, step: str, label: str = "") -> None:
    connection.execute(read_directory_sql(f"directory/{step}", sync_day=sql.Literal(label)))


def read_group_history(url: str, group_id: int) -> list[dict[str, Any]]:
    """The intervals of a group, oldest first: from_day, to_day, name, parent_group_id, inactive, members."""
    return query(url, "read_group_history", group_id=group_id)


def read_agent_history(url: str, agent_id: int) -> list[dict[str, Any]]:
    """The intervals of an agent and of its memberships, oldest first: from_day, to_day, what, and the details."""
    return query(url, "read_agent_history", agent_id=agent_id)


def read_members(url: str, group_id: int, *, as_of: str | None, is_below: bool) -> list[dict[str, Any]]:
    """The members of a group now or after an applied day; with `is_below` also those of the groups below it."""
    if as_of is not None:
        refuse_unapplied(url, as_of)
    return query(url, "read_members", group_id=group_id, as_of=as_of, is_below=is_below)


def refuse_unapplied(url: str, label: str) -> None:
    """Raise UnknownSyncDay for a day that was not applied."""
    days = [row["sync_day"] for row in applied_days(url)]
    if label not in days:
        known = ", ".join(days[-10:]) or "none"
        raise UnknownSyncDay(f"{label} was not applied. The newest applied days: {known}.", sync_day=label)
