"""Opens connections to the platform's database, which it creates and migrates on first use."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from groups_platform.database import embedded
from groups_platform.database.sql_files import read_sql, sql_folder
from groups_platform.errors import DatabaseUnavailable
from groups_platform.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger(__name__)

OLDEST_SERVER = 150000
EMBEDDED_STARTS = "The embedded server was stopped: run the command again, which starts it."


def open_database(settings: Settings) -> str:
    """The URL of the platform's database, which runs and has today's schema when this returns.

    Starts the embedded server where `GROUPS_DATABASE_URL` names none. Raises DatabaseUnavailable.
    """
    if settings.database_url is None and (running := embedded.running_url(settings.home)):
        with suppress(DatabaseUnavailable):  # it is stopped in this moment, or has no database yet: as if none ran
            url = with_database(running, embedded.DATABASE)
            migrate(url)
            return url
    url = settings.database_url or _embedded_url(settings)
    migrate(url)
    return url


def _embedded_url(settings: Settings) -> str:
    maintenance = embedded.start_embedded(settings.home)
    with (
        connect(maintenance, autocommit=True) as connection,
        # there already, or made by another process in this moment
        suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation),
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(embedded.DATABASE)))
    return with_database(maintenance, embedded.DATABASE)


def running_database(settings: Settings) -> str | None:
    """The URL of the platform's database, which may not answer; None where it is the embedded one and is not running.

    Starts and migrates nothing.
    """
    if settings.database_url:
        return settings.database_url
    running = embedded.running_url(settings.home)
    return with_database(running, embedded.DATABASE) if running else None


def with_database(url: str, database: str) -> str:
    """`url` with another database name."""
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """A psycopg connection. Raises DatabaseUnavailable with the server's reason and never the password."""
    try:
        connection = psycopg.connect(url, autocommit=autocommit, connect_timeout=10)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        raise unavailable(error, embedded.is_embedded(url)) from error
    # migrations raise warnings for people: they go to the log, not to standard error
    connection.add_notice_handler(lambda notice: log.info("postgres: %s", notice.message_primary))
    return connection


def unavailable(error: Exception, is_embedded: bool) -> DatabaseUnavailable:
    """What a person is told when a driver's connection failed: the server's reason, and what to do."""
    # of several attempts the last; what is indented is only advice
    reason = [line for line in str(error).strip().splitlines() if not line.startswith("\t")][-1].rstrip(".")
    if is_embedded:
        return DatabaseUnavailable(f"Postgres does not answer: {reason}. {EMBEDDED_STARTS}")
    return DatabaseUnavailable(
        f"Postgres does not answer: {reason}. Start it, or correct GROUPS_DATABASE_URL "
        "(unset it for the embedded server)."
    )


def find_lost_connection(error: BaseException | None, is_embedded: bool) -> DatabaseUnavailable | None:
    """What to tell a person when Postgres went away and that is behind `error`; None behind any other."""
    while error is not None:
        if isinstance(error, DatabaseUnavailable):
            return error
        # psycopg's, psycopg2's, or what SQLAlchemy makes of them; 57P..: the server ends, or ended, the session
        is_ended = str(getattr(error, "sqlstate", None)).startswith("57P")
        if is_ended or type(error).__name__ == "OperationalError":
            reason = str(error).strip().splitlines()[0].rstrip(".")
            advice = EMBEDDED_STARTS if is_embedded else "Start it, and run the command again."
            return DatabaseUnavailable(f"Postgres went away: {reason}. What was not committed is undone. {advice}")
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def one_at_a_time(url: str, name: str) -> Iterator[Connection]:
    """Wait until nobody else is in a block of this name, on any machine; yields the connection that holds the lock."""
    with connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
        yield connection


def dagster_url(url: str) -> str:
    """`url` for dagster-postgres: psycopg2, and tables in the schema `dagster`.

    SQLAlchemy 2.1 reads `postgresql://` as psycopg 3, with which dagster-postgres fails at its first NOTIFY.
    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - only Dagster's processes ask

    parsed = make_url(url).set(drivername="postgresql+psycopg2")
    return parsed.update_query_dict({"options": "-csearch_path=dagster"}).render_as_string(hide_password=False)


def migrate(url: str) -> None:
    """Apply the files of `sql/migrations` that this database has not seen, in order, in one transaction."""
    with connect(url) as connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise DatabaseUnavailable(
                f"This Postgres is version {connection.info.server_version // 10000}; the platform needs 15 or newer."
            )
        if _applied(connection).keys() == {path.name for path in _migrations()}:
            return
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('groups_platform.migrations', 0))")
        connection.execute(read_sql("migrations/0000_migrations"))
        applied = _applied(connection)
        for path in _migrations():
            text = path.read_bytes()
            digest = hashlib.sha256(text).hexdigest()
            if path.name not in applied:
                connection.execute(text)
                connection.execute("INSERT INTO platform.migrations VALUES (%s, %s)", (path.name, digest))
                log.info("applied migration %s", path.name)


def _migrations() -> list[Path]:
    return sorted(p for p in (sql_folder() / "migrations").iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", p.name))


def _applied(connection: Connection) -> dict[str, str]:
    if connection.execute("SELECT to_regclass('platform.migrations')").fetchone() == (None,):
        return {}
    return dict(connection.execute("SELECT name, sha256 FROM platform.migrations").fetchall())
