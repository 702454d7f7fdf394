"""What holds after provisioning (M6): every linked project is as its rule says, and nobody inactive is in one."""

from __future__ import annotations

from typing import Any, Final

from psycopg.rows import dict_row

from groups_platform.database.connection import connect
from groups_platform.database.sql_files import read_sql
from groups_platform.provisioning.plan import ProvisioningPlan, make_plan

SHOWN: Final = 20


def remaining(url: str) -> ProvisioningPlan:
    """What still differs from the rules; nothing of it is kept. Raises DatabaseUnavailable."""
    with connect(url, autocommit=True, purpose="provisioning check") as connection:
        return make_plan(connection, {})


def find_inactive_members(url: str) -> list[dict[str, Any]]:
    """Members of live linked projects who are inactive agents, at most SHOWN.

    Each row has how many `members` there are, and how many of them are `provisioned`; the others were added by hand.
    """
    with (
        connect(url, purpose="provisioning check") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(read_sql("provisioning/inactive_members"), {"limit": SHOWN}).fetchall()
