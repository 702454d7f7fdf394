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

SAMPLE_MONTHS = ("2024-08-01", "2024-10-01")  # the first days of the first and the last month
SAMPLE_MONTH = "2024-10"
UNPURGEABLE = "norrvik/speech-models"  # it has an active endpoint

NEXT_STEPS = """
What to do next:
  groups-platform dev                       the Dagster UI at http://127.0.0.1:3000: assets and jobs
  groups-platform findings --day day2       every record that was rejected, and why
  groups-platform plan --day day3           what the day that is held would change
  groups-platform reject day3 --reason "half a roster"    then sync --day day4 goes on without it
  groups-platform diff                      what the newest day changed, as a table and a tree
  groups-platform why "Technical Support"   who keeps a group active ("Motor and Battery" is inactive)
  groups-platform who henrike.vos@example.com     the groups of an agent, and since when
  groups-platform usage month 2024-10        what each group of the service used; --detail shows the kernels
  groups-platform usage history             the same over the months that are stored, as curves
  groups-platform group list                the groups of the service; group --help says what to do with them
  groups-platform db psql                   the tables: SELECT * FROM groups;
  GROUPS_SOURCE=/your/folder groups-platform dev    your own days: the sensor runs each sync-<day> that appears"""


@click.command()
@click.option("--sync/--no-sync", "with_sync", default=True, help="Whether to sync the sample days (by Spark).")
@click.pass_obj
def demo(settings: Settings, with_sync: bool) -> None:
    """Sync the sample days, load the sample deployment, and show both. Uses the embedded database only."""
    if settings.database_url:
        raise InvalidSetting(
            "The demo loads invented people. Unset GROUPS_DATABASE_URL, so that it uses the embedded database."
        )
    if os.environ.get("GROUPS_SOURCE"):
        click.echo("The demo uses the sample data, not GROUPS_SOURCE; groups-platform sync --all reads that.", err=True)
    if with_sync:
        _show_directory(settings.model_copy(update={"source": str(find_resource("sample_data"))}))
    _show_service(settings)
    _fill_assets(settings)
    click.echo(NEXT_STEPS)
    if shutil.which("groups-platform") is None:
        click.echo(f"(groups-platform is {sys.argv[0]} here.)")


def _show_directory(settings: Settings) -> None:
    """Two days that apply, and one that looks right and is held: half of the roster is missing."""
    from groups_platform.directory.hierarchy import read_tree  # noqa: PLC0415
    from groups_platform.terminal import console  # noqa: PLC0415
    from groups_platform.terminal.directory import show_tree  # noqa: PLC0415

    if not sync_days(settings, ["day1", "day2"]):
        sys.exit(1)
    console.print("\n[bold]day3 looks right, but a page of its roster was lost:[/]")
    sync_days(settings, ["day3"])  # it is held, unless somebody has decided about it before
    console.print("\n[bold]The tables are as day2 left them:[/]")
    show_tree(read_tree(database(settings)))


def _show_service(settings: Settings) -> None:
    from groups_platform.group_service.sample import load_sample_deployment  # noqa: PLC0415
    from groups_platform.terminal import console  # noqa: PLC0415

    start_database(settings)
    with step("loading the sample deployment"):
        added = asyncio.run(load_sample_deployment(settings))
    told = ("domains", "users", "groups", "sessions", "kernels")
    news = ", ".join(f"{added[table]} {table}" for table in told if added[table])
    console.print(f"\n[bold]The sample deployment of the group service:[/] {news or 'all of it was there'}.")
    perform(settings, None, _show_actions)


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
    """Store the usage of the sample's months, and count today's attempts, by runs that the UI shows."""
    from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction  # noqa: PLC0415
    from groups_platform.terminal import console, errors  # noqa: PLC0415
    from groups_platform.terminal.usage import show_history  # noqa: PLC0415

    errors.print("[bold]Usage of the months, and the audit log of today[/] are stored by runs that the UI shows")
    start_database(settings)
    with importing():
        from groups_platform.running.service_runs import STORE_USAGE, SUMMARISE_AUDIT, materialise  # noqa: PLC0415

    today = str(datetime.now(ZoneInfo(settings.time_zone)).date())
    if not materialise(settings, [(STORE_USAGE, *SAMPLE_MONTHS), (SUMMARISE_AUDIT, today, today)]):
        sys.exit(1)
    stored = perform(settings, None, lambda service: service.usage_history(UsageHistoryAction()))
    console.print("\n[bold]The months that are stored:[/] groups-platform usage history")
    show_history(data_of(stored))
