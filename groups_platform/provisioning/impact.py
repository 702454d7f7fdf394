"""M7: which live projects a sync day would take every member from, or have deleted, and what they hold."""

from __future__ import annotations

from psycopg import sql

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.impact import Impact


def read_impact(connection: Connection, rows: sql.Composable, tables: str) -> Impact | None:
    """An ImpactReader. Where no project is linked to a directory group, it costs one statement."""
    counted = connection.execute(read_sql("provisioning/count_live_projects")).fetchone()
    live_projects = counted[0] if counted else 0
    if not live_projects:
        return None
    connection.execute(read_sql("provisioning/impact").format(rows=rows, tables=sql.Identifier(tables)))
    found = sql.SQL("SELECT kind, group_id, agent_id, before, after, digest FROM impact")
    return Impact(found, {"live_projects": live_projects})
