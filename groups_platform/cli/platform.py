"""The platform itself for a terminal: the demo, the UI, the database."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from groups_platform.cli.common import database
from groups_platform.cli.directory import sync_days
from groups_platform.settings import Settings, find_resource

NEXT_STEPS = """
What to do next:
  make dev                                  the Dagster UI at http://127.0.0.1:3000: Assets, then directory
  groups-platform findings --day day2       every record that was rejected, and why
  groups-platform why 21000402000           who keeps a group active (21000402100 is inactive)
  groups-platform db psql                   the tables: SELECT * FROM groups;
  GROUPS_SOURCE=/your/folder make dev       your own days: the sensor runs each sync-<day> that appears
(groups-platform is .venv/bin/groups-platform here.)"""


@click.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Sync the two sample days and show the result. Uses the embedded database only."""
    from groups_platform.directory.hierarchy import read_tree  # noqa: PLC0415
    from groups_platform.terminal.directory import show_tree  # noqa: PLC0415

    if settings.database_url:
        raise click.ClickException(
            "The demo loads invented people. Unset GROUPS_DATABASE_URL, so that it uses the embedded database."
        )
    settings = replace(settings, source=str(find_resource("sample_data")))
    if not sync_days(settings, ["day1", "day2"]):
        sys.exit(1)
    show_tree(read_tree(database(settings)))
    click.echo(NEXT_STEPS)


@click.command()
@click.option("--port", default=3000, show_default=True, help="The UI's port on 127.0.0.1.")
@click.pass_obj
def dev(settings: Settings, port: int) -> None:
    """Start Postgres, a warm Spark, the Dagster UI and its daemon; Ctrl-C ends all but Postgres."""
    from groups_platform.orchestration.dev import serve  # noqa: PLC0415

    sys.exit(serve(settings, port))


@click.group()
def db() -> None:
    """The database: its URL, a prompt, and the embedded server."""


@db.command()
@click.pass_obj
def url(settings: Settings) -> None:
    """Print the URL of the database, which then runs."""
    click.echo(database(settings))


@db.command()
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(settings: Settings, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; further arguments go to it, after -- (db psql -- -c 'SELECT 1')."""
    from groups_platform.database.embedded import psql_command  # noqa: PLC0415

    command = [*psql_command(database(settings)), *arguments]
    os.execv(command[0], command)


@db.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the embedded server; every other command starts it again."""
    from groups_platform.database.embedded import stop_embedded  # noqa: PLC0415

    click.echo("stopped" if stop_embedded(settings.home) else "it was not running")
