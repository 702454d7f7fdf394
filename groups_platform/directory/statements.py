"""Runs the files of `sql/directory`, and fills in their lists of columns from the contract.

`{groups}` in a file expands to the columns of `groups`, `{s.groups}` to those of its alias `s`; `{agents}` likewise.
Keys and the flags that a sync computes (`groups.inactive`, `agents.active`) are not included.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.contract import AcceptedAgent, AcceptedGroup

LIVE: Final = "directory"  # the schema of the tables that people read

log = logging.getLogger(__name__)

ALIASES: Final = ("s", "t", "c", "roster", "details")  # staged, in the table, changed
NAMES: Final = {
    "groups": [column.name for column in AcceptedGroup.stored if column.name != "group_id"],
    "agents": [column.name for column in AcceptedAgent.stored if column.name not in ("agent_id", "active")],
}
COLUMNS: Final[dict[str, sql.Composable]] = {
    f"{alias}.{table}" if alias else table: sql.SQL(", ").join(
        sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names
    )
    for table, names in NAMES.items()
    for alias in ("", *ALIASES)
}


def read_directory_sql(name: str, **literals: sql.Composable) -> sql.Composed:
    """Return the file `sql/<name>.sql` with the lists of columns, and `literals` for its other `{names}`, filled in."""
    return read_sql(name).format(**COLUMNS, **literals)


def run_step(
    connection: Connection, step: str, parameters: Mapping[str, Any] | None = None, **literals: sql.Composable
) -> int:
    """Run the file `sql/directory/<step>.sql`, log and return how many rows its last statement wrote or found."""
    statement = read_directory_sql(f"directory/{step}", **literals)
    rows = max(connection.execute(statement, parameters or {}).rowcount, 0)
    log.info("%s: %d rows", step.replace("_", " "), rows)
    return rows


def read_rows(connection: Connection, name: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of the query `sql/directory/<name>.sql`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"directory/{name}"), parameters or {}).fetchall()


def read_row(connection: Connection, name: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the first row of the query `sql/directory/<name>.sql`, which always has one."""
    return read_rows(connection, name, parameters)[0]
