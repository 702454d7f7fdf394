"""Applies the files of `sql/migrations` in order, and refuses databases that the platform cannot use."""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path
from typing import NoReturn

import psycopg
from psycopg import sql

from groups_platform.database.locks import Connection, transaction_lock
from groups_platform.database.sql_files import read_sql, sql_folder
from groups_platform.errors import DatabaseUnsuitable

log = logging.getLogger(__name__)

OLDEST_SERVER = 150000
ANOTHER = "Name a database of the platform's own in GROUPS_DATABASE_URL"


def apply_migrations(connection: Connection) -> None:
    """Apply pending migrations in one transaction. Raises DatabaseUnsuitable, LockTimeout."""
    _refuse_server(connection)
    try:
        _apply(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        name, role = (sql.Identifier(each).as_string(None) for each in (connection.info.dbname, connection.info.user))
        _refuse(
            f"The role {role} may not set up the database {name}: {_reason(error)}. Name a role that owns it, or have "
            f"its owner run GRANT CREATE ON DATABASE {name} TO {role}.",
            error,
        )
    except psycopg.errors.ReadOnlySqlTransaction as error:
        name = sql.Identifier(connection.info.dbname).as_string(None)
        _refuse(f"The database {name} cannot be set up: {_reason(error)}. Name one that can be written.", error)
    except psycopg.errors.DuplicateSchema as error:
        _refuse(f"The {_reason(error)} in this database, and it is not the platform's. {ANOTHER}.", error)


def _refuse_server(connection: Connection) -> None:
    version, encoding = connection.info.server_version, connection.info.parameter_status("server_encoding")
    if version < OLDEST_SERVER:
        _refuse(f"This Postgres is version {version // 10000}; the platform needs 15 or newer.")
    if encoding != "UTF8":
        _refuse(
            f"The database {connection.info.dbname} has the encoding {encoding}, which cannot hold every name. "
            f"{ANOTHER}, made by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


def _apply(connection: Connection) -> None:
    files = {path.name: path.read_bytes() for path in _migrations()}
    if _applied(connection, files).keys() == files.keys():
        return
    with transaction_lock(connection, "groups_platform.migrations"):
        if not _applied(connection, files):
            connection.execute("CREATE SCHEMA dagster")  # ours, or refused: the file below takes one that is there
        connection.execute(read_sql("migrations/0000_migrations"))
        applied = _applied(connection, files)
        for name, text in files.items():
            if name not in applied:
                connection.execute(text)
                connection.execute("INSERT INTO platform.migrations VALUES (%s, %s)", (name, _digest(text)))
                log.info("applied migration %s", name)


def _migrations() -> list[Path]:
    return sorted(p for p in (sql_folder() / "migrations").iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", p.name))


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _applied(connection: Connection, files: dict[str, bytes]) -> dict[str, str]:
    """Return name and digest of the applied migrations. Raises DatabaseUnsuitable if one is unknown or differs."""
    found = connection.execute("SELECT to_regnamespace('platform'), to_regclass('platform.migrations')").fetchone()
    if found == (None, None):
        return {}
    try:
        applied: dict[str, str] = dict(connection.execute("SELECT name, sha256 FROM platform.migrations").fetchall())
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        _refuse(f"This database has a schema platform that is not the platform's: {_reason(error)}. {ANOTHER}.", error)
    for name, digest in sorted(applied.items()):
        if name not in files:
            _refuse(f"This database has {name} applied, which this groups-platform does not know. Install a newer one.")
        if digest != _digest(files[name]):
            _refuse(
                f"The file {name} is not what was applied to this database. Install groups-platform again; put "
                "schema changes into a new migration."
            )
    return applied


def _reason(error: psycopg.Error) -> str:
    return str(error.diag.message_primary)


def _refuse(sentence: str, cause: Exception | None = None) -> NoReturn:
    raise DatabaseUnsuitable(sentence) from cause
