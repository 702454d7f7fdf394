"""The commands for the usage of groups: by month and by period."""

from __future__ import annotations

from collections.abc import Callable

import click

from groups_platform.cli.common import JSON, LIMIT
from groups_platform.cli.service import ACTOR, perform, show_result
from groups_platform.settings import Settings


def figures_of_a_time(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that both commands have."""
    for option in (
        JSON,
        ACTOR,
        LIMIT,
        click.option(
            "--detail/--no-detail", default=False, help="Show every kernel, or only sums per group (default)."
        ),
    ):
        command = option(command)
    return click.pass_obj(command)


@click.group()
def usage() -> None:
    """Show what groups were allocated and used, by month or by days.

    Days and months are in the time zone GROUPS_TIMEZONE. GROUP is domain/name, a name or an id.
    """


@usage.command()
@click.argument("month", metavar="YYYYMM")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Only this group; may be repeated.")
@figures_of_a_time
def month(
    settings: Settings,
    /,
    *,
    month: str,
    groups: tuple[str, ...],
    detail: bool,
    limit: int,
    actor: str | None,
    as_json: bool,
) -> None:
    """Show the usage of a month.

    \b
      groups-platform usage month 202410
      groups-platform usage month 202410 --group norrvik/ticket-triage --detail
    """
    from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal.usage import show_usage  # noqa: PLC0415

    action = UsagePerMonthAction(month, [parse_group(group) for group in groups] or None, detail, peaks=True)
    result = perform(settings, actor, lambda service: service.usage_per_month(action))
    show_result(result, as_json, lambda data: show_usage(data, limit))


@usage.command()
@click.argument("start", metavar="YYYYMMDD")
@click.argument("end", metavar="YYYYMMDD")
@click.option("--group", metavar="GROUP", help="Only this group.")
@figures_of_a_time
def period(
    settings: Settings,
    /,
    *,
    start: str,
    end: str,
    group: str | None,
    detail: bool,
    limit: int,
    actor: str | None,
    as_json: bool,
) -> None:
    """Show the usage of at most 100 days, from the first to the last.

    \b
      groups-platform usage period 20240915 20241015 --group norrvik-labs/ride-simulation --detail
    """
    from groups_platform.group_service.services.group.actions.usage_per_period import (  # noqa: PLC0415
        UsagePerPeriodAction,
    )
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal.usage import show_usage  # noqa: PLC0415

    action = UsagePerPeriodAction(start, end, parse_group(group) if group else None, detail)
    result = perform(settings, actor, lambda service: service.usage_per_period(action))
    show_result(result, as_json, lambda data: show_usage(data, limit))


@usage.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--first", metavar="YYYYMM", help="The first month (default: the first that is stored).")
@click.option("--last", metavar="YYYYMM", help="The last month (default: the newest that is stored).")
@LIMIT
@ACTOR
@JSON
@click.pass_obj
def history(
    settings: Settings,
    /,
    *,
    groups: tuple[str, ...],
    first: str | None,
    last: str | None,
    limit: int,
    actor: str | None,
    as_json: bool,
) -> None:
    """Show the stored months side by side: of all groups together, and of the largest, also of purged ones.

    \b
      groups-platform usage history
      groups-platform usage history norrvik/ticket-triage --first 202409
    """
    from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal.usage import show_history  # noqa: PLC0415

    action = UsageHistoryAction([parse_group(group) for group in groups] or None, first, last, limit)
    show_result(perform(settings, actor, lambda service: service.usage_history(action)), as_json, show_history)
