"""Connections that psql and Spark's executors open for us: no command line and no plan holds the password."""

from __future__ import annotations

import os

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from groups_platform.database.embedded import bin_folder
from groups_platform.settings import Settings

_known: dict[str, str] = {}  # in the process that hides them, where the embedded Spark runs too


def split_password(url: str) -> tuple[str, str]:
    """What libpq connects by, without the password, and the password."""
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", ""))
    return make_conninfo("", **parts), password


def psql_command(url: str) -> tuple[list[str], dict[str, str]]:
    """The command line of psql for `url`, and what its environment needs besides.

    It is the embedded server's own client, so nothing needs to be installed.
    """
    address, password = split_password(url)
    return [os.fspath(bin_folder() / "psql"), address], {"PGPASSWORD": password} if password else {}


def hide_password(url: str) -> str:
    """What a task of Spark may hold of `url`; `connect_from_task` takes it."""
    address, password = split_password(url)
    _known[address] = password
    return address


def connect_from_task(address: str, purpose: str) -> psycopg.Connection:
    """Connect where a task of Spark runs, with the password that is known there.

    It is this process's, that of the GROUPS_DATABASE_URL of its environment, or what libpq finds (PGPASSWORD, a
    passfile). Raises psycopg.OperationalError, which says so when there is none.
    """
    password = _known.get(address) or _password_by_environment(address)
    try:
        return psycopg.connect(address, password=password, fallback_application_name=f"groups_platform {purpose}")
    except psycopg.OperationalError as error:
        if "no password supplied" not in str(error):
            raise
        raise psycopg.OperationalError(
            "Spark's executors have no password for it; set PGPASSWORD where they run, or GROUPS_DATABASE_URL as here"
        ) from None


def _password_by_environment(address: str) -> str | None:
    name = "GROUPS_DATABASE_URL"  # and nothing else, which may not be meant for us there
    url = Settings.from_env({name: os.environ.get(name, "")}).database_url
    there, password = split_password(url.get_secret_value()) if url else ("", "")
    return password if there == address and password else None
