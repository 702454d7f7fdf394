"""Lists of columns for the files of `sql/`, from the contract: the columns that upstream's records fill.

`{groups}` in a file expands to the columns of `groups`, `{s.groups}` to those of its alias `s`; `{agents}` likewise.
Keys and the flags that a sync computes (`groups.inactive`, `agents.active`) are not included.
"""

from __future__ import annotations

from typing import Final

from psycopg import sql

from groups_platform.database.sql_files import read_sql
from groups_platform.directory.contract import AcceptedAgent, AcceptedGroup

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
