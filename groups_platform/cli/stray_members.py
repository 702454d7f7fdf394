"""`groups-platform group stray-members`: members who have no rights in their group any more."""

from __future__ import annotations

import click

from groups_platform.cli.common import CSV, JSON
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, page_rows, perform, show_result
from groups_platform.settings import Settings


@click.command()
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def stray_members(settings: Settings, /, *, limit: int, cursor: str | None, actor: str | None, as_json: bool) -> None:
    """List members who are no active users of their group's domain, and so have no rights in it; for admins.

    \b
      groups-platform group stray-members
    """
    from groups_platform.group_service.services.group.actions.list_stray_members import (  # noqa: PLC0415
        ListStrayMembersAction,
    )
    from groups_platform.group_service.types.stray_member import StrayMember  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_stray_members  # noqa: PLC0415

    action = ListStrayMembersAction(cursor, limit)
    show_result(
        perform(settings, actor, lambda service: service.list_stray_members(action)),
        as_json,
        show_stray_members,
        page_rows(StrayMember, "members"),
    )
