"""Passwords for psql and Spark executors: kept out of command lines and Spark plans."""

from __future__ import annotations

import os

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from groups_platform.database.embedded import bin_folder
from groups_platform.settings import Settings

_known: dict[str, str] = {}  # password by address, for tasks in this process (embedded Spark)


def split_password(url: str) -> tuple[str, str]:
    """Return libpq's connection string for `url` without the password, and the password."""
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", ""))
    return make_conninfo("", **parts), password


def psql_command(url: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line of psql for `url` and the variables to add to its environment.

    Uses the embedded server's psql, so none needs to be installed.
    """
    address, password = split_password(url)
    return [os.fspath(bin_folder() / "psql"), address], {"PGPASSWORD": password} if password else {}


def hide_password(url: str) -> str:
    """Return the connection string of `url` without the password, for `connect_from_task`; keeps the password here."""
    address, password = split_password(url)
    _known[address] = password
    return address


def connect_from_task(address: str, purpose: str) -> psycopg.Connection:
    """Connect to `address` from a Spark task.

    The password is the one that this process keeps, that of its environment's GROUPS_DATABASE_URL, or what libpq finds
    (PGPASSWORD, a passfile). Raises psycopg.OperationalError, which says what to set if there is no password.
    """
    password = _known.get(address) or _password_by_environment(address)
    try:
        return psycopg.connect(address, password=password, fallback_application_name=f"groups_platform {purpose}")
    except psycopg.OperationalError as error:
        if "no password supplied" not in str(error):
            raise
        raise psycopg.OperationalError(
            "Spark's executors have no password; set PGPASSWORD where they run, or the driver's GROUPS_DATABASE_URL"
        ) from None


def _password_by_environment(address: str) -> str | None:
    name = "GROUPS_DATABASE_URL"  # no other setting: the executor's environment may belong to other programs
    url = Settings.from_env({name: os.environ.get(name, "")}).database_url
    there, password = split_password(url.get_secret_value()) if url else ("", "")
    return password if there == address and password else None
