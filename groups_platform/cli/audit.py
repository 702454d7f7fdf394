"""`groups-platform audit`: the audit log of the group service, and its archive."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import click

from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.service import ACTOR, page_rows, perform, show_result
from groups_platform.cli.times import instant, month
from groups_platform.settings import Settings

COMMANDLINE = click.core.ParameterSource.COMMANDLINE


@click.group(cls=ListingGroup, short_help="Show who attempted which action.", invoke_without_command=True)
@click.option("--action", metavar="ACTION", help="Only this action, such as purge_group.")
@click.option("--entity", metavar="GROUP", help="Only entries about this: an id, or a name that it has or had.")
@click.option("--actor", "by", metavar="EMAIL", help="Only actions of this user, or of `system`.")
@click.option("--status", type=click.Choice(["success", "failure", "denied"]), help="Only actions with this result.")
@click.option("--id", "action_id", type=click.UUID, metavar="ID", help="Only the action with this id.")
@click.option("--run", "run_id", metavar="RUN", help="Only actions of this run of Dagster.")
@click.option("--since", type=instant, metavar="WHEN", help="Only since then: 30m, 12h, 7d (ago), or 2024-10-31T12:00.")
@click.option("--until", type=instant, metavar="WHEN", help="Only before then, written in the same way.")
@click.option("--reads", "with_reads", is_flag=True, help="Also actions that only read.")
@click.option("--oldest-first", is_flag=True, help="In the order of their commits, as who follows needs it.")
@click.option("--cursor", type=int, metavar="NUMBER", help="Only after the entry with this number, in the order shown.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="Entries to show at most.")
@ACTOR
@CSV
@JSON
@click.pass_context
def audit(
    context: click.Context,
    /,
    *,
    entity: str | None,
    by: str | None,
    status: str | None,
    limit: int,
    cursor: int | None,
    oldest_first: bool,
    actor: str | None,
    as_json: bool,
    action: str | None,
    action_id: UUID | None,
    run_id: str | None,
    since: datetime | None,
    until: datetime | None,
    with_reads: bool,
) -> None:
    """Show the attempted actions and their actors, newest first; for admins.

    \b
      groups-platform audit --entity norrvik/ticket-triage --since 7d
      groups-platform audit --action purge_group --status failure
      groups-platform audit --oldest-first --cursor 1200   what came after it
    """
    if context.invoked_subcommand is not None:
        for option in context.command.params:
            if context.get_parameter_source(option.name or "") is COMMANDLINE:
                raise click.UsageError(f"Write {option.opts[0]} after {context.invoked_subcommand}.")
        return
    from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction  # noqa: PLC0415
    from groups_platform.group_service.types.audit import AuditEntry, AuditFilter, AuditStatus  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_audit  # noqa: PLC0415

    wanted = AuditFilter(
        action=action,
        entity_id=entity,
        actor=by,
        status=AuditStatus(status) if status else None,
        since=since,
        until=until,
        action_id=action_id,
        run_id=run_id,
        with_reads=with_reads,
    )
    search = SearchAuditAction(wanted, limit, cursor, oldest_first)
    result = perform(context.obj, actor, lambda service: service.search_audit(search))
    show_result(
        result,
        as_json,
        show_audit,
        page_rows(AuditEntry, "entries"),
    )


@audit.command()
@click.option("--before", type=month, required=True, metavar="YYYY-MM", help="Archive the months before this one.")
@click.option("--to", required=True, metavar="DIR", help="The folder or fsspec URL that gets a Parquet file per month.")
@ACTOR
@JSON
@click.pass_obj
def archive(settings: Settings, /, *, before: date, to: str, actor: str | None, as_json: bool) -> None:
    """Write whole months of the audit log to Parquet files, and drop them from the database; for superadmins.

    \b
      groups-platform audit archive --before 2026-01 --to /archive/groups
    """
    from groups_platform.group_service.services.group.actions.archive_audit import ArchiveAuditAction  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_archive  # noqa: PLC0415

    result = perform(settings, actor, lambda service: service.archive_audit(ArchiveAuditAction(before, to)))
    show_result(result, as_json, show_archive)
