"""The commands that remove groups permanently, alone or by two admins."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from groups_platform.cli.common import CSV, JSON
from groups_platform.cli.group import Asked, one_group
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, Refused, data_of, page_rows, perform, show_result
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.group_service.services.group.service import GroupService
    from groups_platform.group_service.types.action import BaseActionResult
    from groups_platform.group_service.types.group import GroupRef, PurgePlan

UNCONFIRMED = "A purge needs confirmation. Write --yes, or show the plan with --dry-run."

DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what would be removed and what blocks it.")
YES = click.option("--yes", is_flag=True, help="Do not ask for the group's name.")


@click.command()
@one_group
@DRY_RUN
@YES
def purge(asked: Asked, dry_run: bool, yes: bool) -> None:
    """Remove a group permanently, with its sessions, kernels, endpoints, and folders with their files.

    Shows the plan and asks for the group's name first. Fails while anything of the group is in use. Where it takes two
    admins, use request-purge.

    \b
      groups-platform group purge norrvik/summer-forecast --dry-run
    """
    from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_plan  # noqa: PLC0415

    async def act(service: GroupService, group: GroupRef) -> BaseActionResult[PurgePlan]:
        return await _confirmed(
            lambda **options: service.purge_group(PurgeGroupAction(group, **options)), dry_run=dry_run, yes=yes
        )

    _check_confirmation(asked.as_json, dry_run, yes)
    show_result(asked.perform(act), asked.as_json, show_plan)


@click.command()
@one_group
def request_purge(asked: Asked) -> None:
    """Ask for the purge of a group. Another admin's approve-purge then removes what is there now, and no more.

    The request expires after 7 days. A new request for the same group replaces it.

    \b
      groups-platform group request-purge norrvik/summer-forecast
    """
    from groups_platform.group_service.services.group.actions.request_purge import RequestPurgeAction  # noqa: PLC0415
    from groups_platform.terminal.purge import show_purge_request  # noqa: PLC0415

    result = asked.perform(lambda service, group: service.request_purge(RequestPurgeAction(group)))
    show_result(result, asked.as_json, show_purge_request)


@click.command()
@click.argument("request_id", metavar="REQUEST")
@DRY_RUN
@YES
@ACTOR
@JSON
@click.pass_obj
def approve_purge(
    settings: Settings, /, *, request_id: str, dry_run: bool, yes: bool, actor: str | None, as_json: bool
) -> None:
    """Approve the purge that another admin has requested, and remove the group permanently.

    Shows the plan and asks for the group's name first. Fails if anything else would be removed than was requested.

    \b
      groups-platform group approve-purge 3f0c8a52-6d0e-4f3b-9a39-0d8f5a4b7c11
    """
    from groups_platform.group_service.services.group.actions.approve_purge import ApprovePurgeAction  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_plan  # noqa: PLC0415

    async def act(service: GroupService) -> BaseActionResult[PurgePlan]:
        return await _confirmed(
            lambda **options: service.approve_purge(ApprovePurgeAction(request_id, **options)), dry_run=dry_run, yes=yes
        )

    _check_confirmation(as_json, dry_run, yes)
    show_result(perform(settings, actor, act), as_json, show_plan)


@click.command()
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def purge_requests(settings: Settings, /, *, limit: int, cursor: str | None, actor: str | None, as_json: bool) -> None:
    """List the purges that were requested, newest first, with what became of them.

    \b
      groups-platform group purge-requests
    """
    from groups_platform.group_service.services.group.actions.list_purge_requests import (  # noqa: PLC0415
        ListPurgeRequestsAction,
    )
    from groups_platform.group_service.types.purge import PurgeRequest  # noqa: PLC0415
    from groups_platform.terminal.purge import show_purge_requests  # noqa: PLC0415

    action = ListPurgeRequestsAction(cursor, limit)
    result = perform(settings, actor, lambda service: service.list_purge_requests(action))
    show_result(result, as_json, show_purge_requests, page_rows(PurgeRequest, "requests"))


def _check_confirmation(as_json: bool, dry_run: bool, yes: bool) -> None:
    if as_json and not (dry_run or yes):
        raise click.UsageError(UNCONFIRMED)


async def _confirmed(
    purge: Callable[..., Awaitable[BaseActionResult[PurgePlan]]], *, dry_run: bool, yes: bool
) -> BaseActionResult[PurgePlan]:
    """Call `purge` with `dry_run`, and then, unless that is all, with the name that a person types after the plan."""
    from groups_platform.terminal.group_service import show_plan  # noqa: PLC0415

    if yes and not dry_run:
        return await purge()
    planned = await purge(dry_run=True)
    if dry_run:
        return planned
    show_plan(data_of(planned))
    return await purge(expected_name=_ask_for_name(planned))


def _ask_for_name(planned: BaseActionResult[PurgePlan]) -> str:
    plan = data_of(planned)
    if plan.blockers:
        raise Refused(plan.blockers[0], planned.action_id)
    try:
        name: str = click.prompt(f"Type {plan.group.name} to purge it", err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError(UNCONFIRMED) from None
    return name
