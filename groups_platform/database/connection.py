"""Opens connections to the platform's database, which it creates and migrates on first use."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from groups_platform.database import embedded
from groups_platform.database.locks import session_lock
from groups_platform.database.migrations import apply_migrations
from groups_platform.errors import DatabaseUnavailable
from groups_platform.settings import DATABASE_URL, Settings, parse_database_url

Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger(__name__)

EMBEDDED_STARTS = "The embedded server was stopped: run the command again, which starts it."


def open_database(settings: Settings) -> str:
    """Return the URL of the platform's database, started and migrated.

    Starts the embedded server unless `GROUPS_DATABASE_URL` is set. Raises DatabaseUnavailable, DatabaseUnsuitable.
    """
    if settings.database_url is None and (running := embedded.running_url(settings.home)):
        with suppress(DatabaseUnavailable):  # just stopped, or without a database yet: start it below
            url = with_database(running, embedded.DATABASE)
            migrate(url)
            return url
    url = settings.database_url.get_secret_value() if settings.database_url else _embedded_url(settings)
    migrate(url)
    return url


def _embedded_url(settings: Settings) -> str:
    maintenance = embedded.start_embedded(settings.home)
    with (
        connect(maintenance, autocommit=True) as connection,
        # exists already, or is created by another process at the same time
        suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation),
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(embedded.DATABASE)))
    return with_database(maintenance, embedded.DATABASE)


def running_database(settings: Settings) -> str | None:
    """Return the URL of the platform's database without connecting to it; None if the embedded server is stopped."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    running = embedded.running_url(settings.home)
    return with_database(running, embedded.DATABASE) if running else None


def with_database(url: str, database: str) -> str:
    """Return `url` with another database name."""
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()


def connect(url: str, *, autocommit: bool = False, purpose: str = "") -> Connection:
    """Open a psycopg connection. Raises DatabaseUnavailable with the server's reason and never the password.

    purpose: part of the application_name, which LockTimeout shows. An application_name in the URL takes precedence.
    """
    try:
        parse_database_url(url)
    except ValueError:
        raise DatabaseUnavailable(f"GROUPS_DATABASE_URL is invalid. Write {DATABASE_URL}.") from None
    name = f"groups_platform {purpose}".strip()
    try:
        connection = psycopg.connect(url, autocommit=autocommit, connect_timeout=10, fallback_application_name=name)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        raise unavailable(error, embedded.is_embedded(url)) from error
    # notices and warnings of migrations go to the log
    connection.add_notice_handler(lambda notice: log.info("postgres: %s", notice.message_primary))
    return connection


def unavailable(error: Exception, is_embedded: bool) -> DatabaseUnavailable:
    """Return the error for a failed connection: the server's reason and what to do."""
    # the last of several attempts; indented lines are libpq's hints
    reason = [line for line in str(error).strip().splitlines() if not line.startswith("\t")][-1].rstrip(".")
    if is_embedded:
        return DatabaseUnavailable(f"Postgres does not answer: {reason}. {EMBEDDED_STARTS}")
    return DatabaseUnavailable(
        f"Postgres does not answer: {reason}. Start it, or correct GROUPS_DATABASE_URL "
        "(unset it for the embedded server)."
    )


def find_lost_connection(error: BaseException | None, is_embedded: bool) -> DatabaseUnavailable | None:
    """Return the error to show if `error` was caused by a lost connection to Postgres, else None."""
    while error is not None:
        if isinstance(error, DatabaseUnavailable):
            return error
        # of psycopg, psycopg2 or SQLAlchemy; SQLSTATE 57P..: the server ended the session
        is_ended = str(getattr(error, "sqlstate", None)).startswith("57P")
        if is_ended or type(error).__name__ == "OperationalError":
            reason = str(error).strip().splitlines()[0].rstrip(".")
            advice = EMBEDDED_STARTS if is_embedded else "Start it, and run the command again."
            return DatabaseUnavailable(f"Postgres went away: {reason}. What was not committed is undone. {advice}")
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def one_at_a_time(url: str, name: str) -> Iterator[Connection]:
    """Hold the session lock `name` during the block; yields the connection that holds it. Raises LockTimeout."""
    with connect(url, autocommit=True, purpose=name.removeprefix("groups_platform.")) as connection:
        session_lock(connection, name)
        yield connection


def dagster_url(url: str) -> str:
    """Return `url` for dagster-postgres: driver psycopg2, search_path `dagster`. Other session options are kept.

    SQLAlchemy 2.1 takes `postgresql://` for psycopg 3, with which dagster-postgres fails at its first NOTIFY.
    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - only needed for Dagster

    parsed = make_url(url).set(drivername="postgresql+psycopg2")
    own = parsed.normalized_query.get("options", ())
    query = {
        "options": " ".join([*own, "-csearch_path=dagster"]),
        "fallback_application_name": "groups_platform dagster",
    }
    return parsed.update_query_dict(query).render_as_string(hide_password=False)


def migrate(url: str) -> None:
    """Apply pending migrations. Raises DatabaseUnavailable, DatabaseUnsuitable, LockTimeout."""
    with connect(url, purpose="migrations") as connection:
        apply_migrations(connection)
