"""The tables of a fold: like the live ones, in a schema of their own, and how the live tables become equal to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from psycopg import sql

from groups_platform.database.connection import Connection
from groups_platform.database.locks import session_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.fingerprint import find_newest_day, read_tables
from groups_platform.directory.impact import ImpactReader
from groups_platform.directory.plan import Plan, plan_with_impact
from groups_platform.directory.staging import PREFIX
from groups_platform.directory.statements import read_directory_sql

KEYS: Final = {
    "agents": ("agent_id",),
    "groups": ("group_id",),
    "group_membership": ("group_id", "agent_id"),
    "pending_membership": ("group_id", "agent_id"),
    "missing_groups": ("group_id", "since_day"),
    "group_history": ("group_id", "from_day"),
    "agent_history": ("agent_id", "from_day"),
    "membership_history": ("group_id", "agent_id", "from_day"),
    "pending_history": ("group_id", "agent_id", "from_day"),
    "rows_before": ("sync_day", "kind", "id"),
}


@contextmanager
def fold_schema(connection: Connection) -> Iterator[str]:
    """Empty tables of the replay's own, dropped at the end; a later sync drops those of a replay that was killed."""
    fold = f"{PREFIX}fold_{secrets.token_hex(6)}"
    session_lock(connection, fold)
    connection.execute(read_sql("directory/create_fold").format(fold=sql.Identifier(fold)))
    for (definition,) in connection.execute(read_sql("directory/list_functions")).fetchall():
        connection.execute(definition.replace("directory.", f"{fold}.").encode())
    try:
        yield fold
    finally:
        if not connection.closed:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(fold)))


def seed_fold(connection: Connection, fold: str, from_day: str) -> bool:
    """Fill the empty tables of the fold with what the live ones were before this day.

    Returns False if these are not as the day before left them: the history begins later, or somebody changed the tables
    by hand.
    """
    literals = {"from_day": sql.Literal(from_day), "sort_key": sql.Literal(natural_key(from_day))}
    connection.execute(read_directory_sql("directory/seed_fold", fold=sql.Identifier(fold), **literals))
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(fold)))
        before, tables = find_newest_day(connection), read_tables(connection)
    return before is None or before.fingerprint == tables.fingerprint


def plan_fold(connection: Connection, fold: str, impact: ImpactReader | None = None) -> Plan:
    """The plan of making the live tables equal to those of the fold, and of what that would bring about."""
    rows = read_sql("directory/fold_rows").format(fold=sql.Identifier(fold))
    return plan_with_impact(connection, rows, impact, [fold])


def take_over(connection: Connection, fold: str, folded: Sequence[str], run_id: str | None) -> dict[str, int]:
    """Make the live tables equal to those of the fold; return how many rows that wrote, by table.

    folded: the days in it.
    """
    literals = {"fold": sql.Identifier(fold), "run_id": sql.Literal(run_id), "folded": sql.Literal(list(folded))}
    written = {table: _make_equal(connection, fold, table, key) for table, key in KEYS.items()}
    connection.execute(read_sql("directory/fold_findings").format(**literals))
    written["sync_days"] = _delete(connection, fold, "sync_days", ("sync_day",))
    for step in ("fold_sync_days", "fold_attempts"):
        written["sync_days"] += max(connection.execute(read_sql(f"directory/{step}").format(**literals)).rowcount, 0)
    return written


def _make_equal(connection: Connection, fold: str, table: str, key: tuple[str, ...]) -> int:
    found = connection.execute(read_sql("directory/read_columns"), {"table": f"directory.{table}"}).fetchall()
    names = [name for (name,) in found]
    deleted = _delete(connection, fold, table, key)
    statement = read_sql("directory/fold_insert").format(
        live=sql.Identifier("directory", table),
        fold=sql.Identifier(fold, table),
        columns=_list(names),
        key=_list(key),
        excluded=_list(names, "excluded"),
    )
    return deleted + connection.execute(statement).rowcount


def _delete(connection: Connection, fold: str, table: str, key: tuple[str, ...]) -> int:
    statement = read_sql("directory/fold_delete").format(
        live=sql.Identifier("directory", table),
        fold=sql.Identifier(fold, table),
        s_key=_list(key, "s"),
        t_key=_list(key, "t"),
    )
    return connection.execute(statement).rowcount


def _list(names: tuple[str, ...] | list[str], alias: str = "") -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)
