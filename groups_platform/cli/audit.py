"""`groups-platform audit`: the audit log of the group service."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import click

from groups_platform.cli.common import JSON
from groups_platform.cli.service import ACTOR, perform, show_result
from groups_platform.settings import Settings

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def instant(text: str) -> datetime:
    """Parse `30m`, `12h`, `7d` (ago), a day or a time, by default in the configured time zone. Raises BadParameter."""
    if ago := re.fullmatch(r"(\d{1,4})([mhd])", text):
        return datetime.now(timezone.utc) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        named = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time. Write 30m, 12h, 7d, a day such as 2024-10-31, or a time such as 2024-10-31T12:00."
        ) from None
    settings: Settings = click.get_current_context().obj
    return named if named.tzinfo else named.replace(tzinfo=ZoneInfo(settings.time_zone))


@click.command()
@click.option("--action", metavar="ACTION", help="Only this action, such as purge_group.")
@click.option("--entity", metavar="GROUP", help="Only entries about this: a group as domain/name, or any id.")
@click.option("--actor", "by", metavar="EMAIL", help="Only actions of this user, or of `system`.")
@click.option("--status", type=click.Choice(["success", "failure", "denied"]), help="Only actions with this result.")
@click.option("--since", type=instant, metavar="WHEN", help="Only since then: 30m, 12h, 7d (ago), or 2024-10-31T12:00.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="Entries to show at most.")
@ACTOR
@JSON
@click.pass_obj
def audit(
    settings: Settings,
    /,
    *,
    action: str | None,
    entity: str | None,
    by: str | None,
    status: str | None,
    since: datetime | None,
    limit: int,
    actor: str | None,
    as_json: bool,
) -> None:
    """Show the attempted actions on groups and their actors, newest first; for admins.

    \b
      groups-platform audit --entity norrvik/ticket-triage --since 7d
      groups-platform audit --action purge_group --status failure
    """
    from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction  # noqa: PLC0415
    from groups_platform.group_service.types.audit import AuditFilter, AuditStatus  # noqa: PLC0415
    from groups_platform.group_service.types.group import GroupName, parse_group  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_audit  # noqa: PLC0415

    about = parse_group(entity) if entity else None
    entity_id = about if about is None or isinstance(about, GroupName) else str(about)
    search = SearchAuditAction(
        AuditFilter(action, entity_id, by, AuditStatus(status) if status else None, since), limit
    )
    show_result(perform(settings, actor, lambda service: service.search_audit(search)), as_json, show_audit)
