"""The commands for the usage of groups: by month and by period."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from itertools import chain
from typing import TYPE_CHECKING

import click

from groups_platform.cli.answers import Rows, plain
from groups_platform.cli.common import CSV, JSON, LIMIT, ListingGroup
from groups_platform.cli.service import ACTOR, perform, show_result
from groups_platform.settings import Settings
from groups_platform.wording import counted

if TYPE_CHECKING:
    from groups_platform.group_service.types.usage import KernelUsage, MonthlyUsage, PeriodUsage, Usage, UsageHistory


def figures_of_a_time(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that both commands have."""
    for option in (
        JSON,
        CSV,
        ACTOR,
        LIMIT,
        click.option(
            "--detail/--no-detail", default=False, help="Show every kernel, or only sums per group (default)."
        ),
    ):
        command = option(command)
    return click.pass_obj(command)


@click.group(cls=ListingGroup)
def usage() -> None:
    """Show what groups were allocated and used, by month or by days.

    Days and months are in the time zone GROUPS_TIMEZONE. GROUP is domain/name, a name or an id.
    """


@usage.command()
@click.argument("month", metavar="YYYY-MM")
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
      groups-platform usage month 2024-10
      groups-platform usage month 2024-10 --group norrvik/ticket-triage --detail
    """
    from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal.usage import show_usage  # noqa: PLC0415

    action = UsagePerMonthAction(month, [parse_group(group) for group in groups] or None, detail, peaks=True)
    result = perform(settings, actor, lambda service: service.usage_per_month(action))
    show_result(result, as_json, lambda data: show_usage(data, limit), _groups_of_a_month(detail))


@usage.command()
@click.argument("start", metavar="YYYY-MM-DD")
@click.argument("end", metavar="YYYY-MM-DD")
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
      groups-platform usage period 2024-09-15 2024-10-15 --detail
    """
    from groups_platform.group_service.services.group.actions.usage_per_period import (  # noqa: PLC0415
        UsagePerPeriodAction,
    )
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal.usage import show_usage  # noqa: PLC0415

    action = UsagePerPeriodAction(start, end, parse_group(group) if group else None, detail)
    result = perform(settings, actor, lambda service: service.usage_per_period(action))
    show_result(result, as_json, lambda data: show_usage(data, limit), _projects_of_a_period(detail))


@usage.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--first", metavar="YYYY-MM", help="The first month (default: the first that is stored).")
@click.option("--last", metavar="YYYY-MM", help="The last month (default: the newest that is stored).")
@LIMIT
@ACTOR
@CSV
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
      groups-platform usage history norrvik/ticket-triage --first 2024-09
    """
    from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal.usage import show_history  # noqa: PLC0415

    action = UsageHistoryAction([parse_group(group) for group in groups] or None, first, last, limit)
    result = perform(settings, actor, lambda service: service.usage_history(action))
    show_result(result, as_json, show_history, _months_of_groups())


def _groups_of_a_month(detail: bool) -> Rows[MonthlyUsage]:
    """A row per group, or per kernel."""
    from groups_platform.group_service.types.usage import GroupUsage, KernelUsage  # noqa: PLC0415

    if detail:
        return Rows(
            KernelUsage, lambda usage: chain.from_iterable(group.c_infos or () for group in usage.groups), _note
        )
    columns = [field.name for field in fields(GroupUsage) if field.name != "c_infos"]
    return Rows(columns, lambda usage: usage.groups, _note)


def _months_of_groups() -> Rows[UsageHistory]:
    """A row per group and month."""
    from groups_platform.group_service.types.usage import MonthFigures  # noqa: PLC0415

    columns = ("domain_name", "group_id", "group_name", *(field.name for field in fields(MonthFigures)))
    return Rows(
        columns,
        lambda usage: (
            {**{name: getattr(group, name) for name in columns[:3]}, **plain(month)}
            for group in usage.groups
            for month in group.months
        ),
    )


def _projects_of_a_period(detail: bool) -> Rows[PeriodUsage]:
    """A row per project with the figures of its total_usage, or per kernel."""
    from groups_platform.group_service.types.usage import FIGURES, KernelUsage  # noqa: PLC0415

    def kernels(usage: PeriodUsage) -> Iterable[KernelUsage]:
        return (
            kernel for project in usage.projects for session in project.sessions or () for kernel in session.kernels
        )

    if detail:
        return Rows(KernelUsage, kernels, _note)
    columns = ("domain_name", "project_id", "project_name", "kernels", *FIGURES)
    return Rows(columns, lambda usage: ({**plain(one), **plain(one.total_usage)} for one in usage.projects), _note)


def _note(usage: Usage) -> str | None:
    count = usage.missing_statistics_count + usage.unreadable_figures_count
    return f"Figures of {counted(count, 'kernel')} are missing and count as zero; --json names them." if count else None
