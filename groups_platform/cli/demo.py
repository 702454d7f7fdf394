"""`groups-platform demo`: the sample days and the sample deployment, from nothing to results."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from groups_platform.cli.common import database, importing, start_database
from groups_platform.cli.directory import sync_days
from groups_platform.cli.service import data_of, perform
from groups_platform.errors import InvalidSetting, PlatformError
from groups_platform.running.steps import step
from groups_platform.settings import Settings, find_resource

if TYPE_CHECKING:
    from groups_platform.group_service.services.group.service import GroupService
    from groups_platform.group_service.types.audit import AuditPage
    from groups_platform.provisioning.review.types import AccessPage
    from groups_platform.provisioning.types import RulePage

SAMPLE_MONTHS = ("2024-08-01", "2024-10-01")  # the first days of the first and the last month
SAMPLE_MONTH = "2024-10"
SAMPLE_DOMAIN = "norrvik"
PROJECTS = {21000401120: "direct", 21000402200: "below"}  # of which directory group, and whose agents are members
UNPURGEABLE = "norrvik/speech-models"  # it has an active endpoint

NEXT_STEPS = """
What to do next:
  groups-platform dev                      the UI at http://127.0.0.1:3000
  groups-platform findings --day day2      each rejected record, and why
  groups-platform plan --day day3          what the held day would change
  groups-platform reject day3 --reason "half a roster"
  groups-platform sync --day day4          goes on without it
  groups-platform diff                     what the newest day changed
  groups-platform why "Technical Support"  who keeps a group active
  groups-platform who henrike.vos@example.com    the groups of an agent
  groups-platform usage month 2024-10      what each group of the service used
  groups-platform usage history            the same over the stored months
  groups-platform group list               the groups; group --help does more
  groups-platform rule list                which of them the directory makes
  groups-platform review start norrvik-labs      certify who holds what
  groups-platform db psql                  the tables: SELECT * FROM groups;
  GROUPS_SOURCE=/your/folder groups-platform dev   the days of your own"""


@click.command()
@click.option("--sync/--no-sync", "with_sync", default=True, help="Whether to sync the sample days (by Spark).")
@click.pass_obj
def demo(settings: Settings, with_sync: bool) -> None:
    """Sync the sample days, load the sample deployment, and show both and where they meet.

    Uses the embedded database only.
    """
    if settings.database_url:
        raise InvalidSetting(
            "The demo loads invented people. Unset GROUPS_DATABASE_URL, so that it uses the embedded database."
        )
    if os.environ.get("GROUPS_SOURCE"):
        click.echo("The demo uses the sample data, not GROUPS_SOURCE; groups-platform sync --all reads that.", err=True)
    directory = settings.model_copy(update={"source": str(find_resource("sample_data"))})
    if with_sync:
        _sync(directory, "day1")
    _load_deployment(settings)
    if with_sync:
        _show_rules(settings)
        _sync(directory, "day2")
        _show_provisioning(settings)
        _show_held_day(directory)
    perform(settings, None, _show_actions)
    _fill_assets(settings)
    click.echo(NEXT_STEPS)
    if shutil.which("groups-platform") is None:
        click.echo(f"(groups-platform is {sys.argv[0]} here.)")


def _sync(settings: Settings, day: str) -> None:
    if not sync_days(settings, [day]):
        sys.exit(1)


def _load_deployment(settings: Settings) -> None:
    from groups_platform.group_service.sample import load_sample_deployment  # noqa: PLC0415
    from groups_platform.terminal import console  # noqa: PLC0415

    start_database(settings)
    with step("loading the sample deployment"):
        added = asyncio.run(load_sample_deployment(settings))
    told = ("domains", "users", "groups", "sessions", "kernels")
    news = ", ".join(f"{added[table]} {table}" for table in told if added[table])
    console.print(f"\n[bold]The sample deployment of the group service:[/] {news or 'all of it was there'}.")


def _show_rules(settings: Settings) -> None:
    """Give a project to two groups of the directory, as they are on day1."""
    from groups_platform.provisioning.apply import provision  # noqa: PLC0415
    from groups_platform.terminal import console, rules  # noqa: PLC0415
    from groups_platform.terminal.provisioning import show_result  # noqa: PLC0415

    console.print("\n[bold]Two groups of the directory have a project, by rules:[/] groups-platform rule list")
    rules.show_rules(perform(settings, None, _make_rules))
    show_result(provision(settings, database(settings)).or_raise())


async def _make_rules(service: GroupService) -> RulePage:
    from groups_platform.provisioning.actions.create_rule import CreateRuleAction  # noqa: PLC0415
    from groups_platform.provisioning.actions.list_rules import ListRulesAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.provisioning.types import RuleCreator, RuleFilter  # noqa: PLC0415

    provisioning = ProvisioningService.of(service)
    for group, members_of in PROJECTS.items():
        if not data_of(await provisioning.list_rules(ListRulesAction(RuleFilter(claims=group)))).rules:
            creator = RuleCreator(group, SAMPLE_DOMAIN, members_of=members_of)
            data_of(await provisioning.create_rule(CreateRuleAction(creator)))
    return data_of(await provisioning.list_rules(ListRulesAction(RuleFilter(domain_name=SAMPLE_DOMAIN))))


def _show_provisioning(settings: Settings) -> None:
    """What day2 means for the projects: the plan, what came of it, its audit entries, and what is left to review."""
    from groups_platform.provisioning.apply import provision  # noqa: PLC0415
    from groups_platform.provisioning.plan import plan_provisioning  # noqa: PLC0415
    from groups_platform.terminal import console  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_audit  # noqa: PLC0415
    from groups_platform.terminal.provisioning import show_outcome, show_plan  # noqa: PLC0415
    from groups_platform.terminal.review import show_access  # noqa: PLC0415

    console.print(
        "\n[bold]On day2 Ravi Menon left Mobile App, and Live Chat has a new name:[/] groups-platform provision --plan"
    )
    show_plan(plan_provisioning(database(settings), settings.limits))
    show_outcome(provision(settings, database(settings)).or_raise())
    entries, left = perform(settings, None, _find_what_is_left)
    console.print("\n[bold]The audit log has each change of a project:[/] groups-platform audit --actor directory")
    show_audit(entries)
    console.print("\n[bold]What nobody active owns is in the access review:[/] groups-platform review")
    show_access(left)


async def _find_what_is_left(service: GroupService) -> tuple[AuditPage, AccessPage]:
    from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction  # noqa: PLC0415
    from groups_platform.group_service.types.audit import AuditFilter  # noqa: PLC0415
    from groups_platform.provisioning.apply import DIRECTORY  # noqa: PLC0415
    from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415

    entries = SearchAuditAction(AuditFilter(actor=DIRECTORY.name), limit=4)
    left = await ProvisioningService.of(service).review_access(ReviewAccessAction())
    return data_of(await service.search_audit(entries)), data_of(left)


def _show_held_day(settings: Settings) -> None:
    """A day that looks right and is held: half of the roster is missing."""
    from groups_platform.directory.hierarchy import read_tree  # noqa: PLC0415
    from groups_platform.terminal import console  # noqa: PLC0415
    from groups_platform.terminal.directory import show_tree  # noqa: PLC0415

    console.print("\n[bold]day3 looks right, but a page of its roster was lost:[/]")
    sync_days(settings, ["day3"])  # it is held, unless somebody has decided about it before
    console.print("\n[bold]The tables are as day2 left them:[/]")
    show_tree(read_tree(database(settings)))


async def _show_actions(service: GroupService) -> None:
    """Show a month's usage, a purge that is refused, and its entry in the audit log."""
    from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction  # noqa: PLC0415
    from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction  # noqa: PLC0415
    from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415
    from groups_platform.terminal import console  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_audit, show_plan  # noqa: PLC0415
    from groups_platform.terminal.usage import show_usage  # noqa: PLC0415

    show_usage(
        data_of(await service.usage_per_month(UsagePerMonthAction(SAMPLE_MONTH, detail=False, peaks=True))), limit=20
    )
    group = parse_group(UNPURGEABLE)
    show_plan(data_of(await service.purge_group(PurgeGroupAction(group, dry_run=True))))
    try:
        await service.purge_group(PurgeGroupAction(group))
    except PlatformError as refusal:
        console.print(f"[bold]A purge of it fails:[/] {refusal} ({refusal.code})\n")
    console.print("[bold]The audit log:[/] groups-platform audit; --run sample-deployment: who made the sample")
    show_audit(data_of(await service.search_audit(SearchAuditAction(limit=8))))


def _fill_assets(settings: Settings) -> None:
    """Store the usage of the sample's months, count today's attempts and review access, by runs that the UI shows."""
    from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction  # noqa: PLC0415
    from groups_platform.terminal import console, errors  # noqa: PLC0415
    from groups_platform.terminal.usage import show_history  # noqa: PLC0415

    errors.print("[bold]Usage, the audit log of today and the access review[/] are stored by runs that the UI shows")
    start_database(settings)
    with importing():
        from groups_platform.running.service_runs import (  # noqa: PLC0415
            REVIEW_ACCESS,
            STORE_USAGE,
            SUMMARISE_AUDIT,
            materialise,
        )

    today = str(datetime.now(ZoneInfo(settings.time_zone)).date())
    if not materialise(settings, {STORE_USAGE: SAMPLE_MONTHS, SUMMARISE_AUDIT: (today, today), REVIEW_ACCESS: None}):
        sys.exit(1)
    stored = perform(settings, None, lambda service: service.usage_history(UsageHistoryAction()))
    console.print("\n[bold]The months that are stored:[/] groups-platform usage history")
    show_history(data_of(stored))
