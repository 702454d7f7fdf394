"""The commands of the platform itself: dev, db."""

from __future__ import annotations

import os
import sys

import click

from groups_platform.cli.answers import show
from groups_platform.cli.common import JSON, ListingGroup, database, importing, start_database
from groups_platform.settings import Settings


@click.command(short_help="Start the Dagster UI and its daemon; Ctrl-C ends both.")
@click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="The UI's port on 127.0.0.1."
)
@click.pass_obj
def dev(settings: Settings, port: int) -> None:
    """Start Postgres, the Dagster UI and its daemon; Ctrl-C ends all but Postgres.

    Each run starts its own Spark. With -v before dev, Dagster prints what it does.

    \b
      groups-platform dev --port 3001
    """
    from groups_platform.running.alone import only_dev  # noqa: PLC0415

    with only_dev(settings.home, port) as lock:
        start_database(settings)
        with importing():
            from groups_platform.running.dev import serve  # noqa: PLC0415

        sys.exit(serve(settings, port, lock))


@click.group(cls=ListingGroup)
def db() -> None:
    """The database: its URL, a prompt, and the embedded server."""


@db.command()
@JSON
@click.pass_obj
def url(settings: Settings, as_json: bool) -> None:
    """Print the URL of the database; starts the embedded server if needed."""
    show(database(settings), as_json, click.echo)


@db.command()
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(settings: Settings, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; arguments after -- are passed to it (db psql -- -c 'SELECT 1')."""
    from groups_platform.database.passwords import psql_command  # noqa: PLC0415

    command, secrets = psql_command(database(settings))
    os.execve(command[0], [*command, *arguments], {**os.environ, **secrets})


@db.command()
@JSON
@click.pass_obj
def stop(settings: Settings, as_json: bool) -> None:
    """Stop the embedded server; the next command that needs it starts it."""
    from groups_platform.database.embedded import stop_embedded  # noqa: PLC0415

    is_stopped = stop_embedded(settings.home)
    show(is_stopped, as_json, lambda _: click.echo("stopped" if is_stopped else "it was not running"))
