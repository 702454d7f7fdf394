"""Advisory locks with a time limit. LockTimeout names the session that holds the lock."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from groups_platform.database.sql_files import read_sql
from groups_platform.errors import LockTimeout

Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger(__name__)  # the command line shows it, and dagster.yaml puts it into the log of a run

# A lock is held for one sync day at most. The largest day that docs/operations.md estimates (100 million memberships)
# takes 22 minutes, so a session that holds a lock for longer than this is stuck.
PATIENCE_SECONDS = 3600.0
FIRST_LOOK_SECONDS: Final = 1.0
NEXT_LOOK_SECONDS: Final = 60.0


def session_lock(connection: Connection, name: str) -> None:
    """Take the lock `name` and hold it until the connection is closed. Raises LockTimeout."""
    _wait(connection, "pg_advisory_lock", name)


@contextmanager
def transaction_lock(connection: Connection, name: str, patience: float | None = None) -> Iterator[None]:
    """Open a transaction that takes the lock `name` and holds it to its end.

    patience: seconds to wait for it; an hour when left out. Raises LockTimeout.
    """
    with connection.transaction():
        _wait(connection, "pg_advisory_xact_lock", name, patience)
        yield


def try_session_lock(connection: Connection, name: str) -> bool:
    """Take the lock `name` if it is free, until the connection is closed; return whether it was free."""
    return connection.execute(_call("pg_try_advisory_lock"), (name,)).fetchone() == (True,)


def _wait(connection: Connection, function: str, name: str, patience: float | None = None) -> None:
    patience = PATIENCE_SECONDS if patience is None else patience
    deadline, seconds = time.monotonic() + patience, FIRST_LOOK_SECONDS
    while not _is_taken_within(connection, function, name, min(seconds, patience)):
        holder = _find_holder(connection, name)
        if holder and time.monotonic() >= deadline:
            raise LockTimeout(
                f"{name} is still locked after {_in_words(patience)}, by {_describe(holder)}. Run this "
                f"again when that has ended, or end it: SELECT pg_terminate_backend({holder['pid']}).",
                lock=name,
                **{key: str(value) for key, value in holder.items() if value},
            )
        if holder:
            log.info("waiting for %s, which is locked by %s", name, _describe(holder))
        seconds = min(NEXT_LOOK_SECONDS, max(deadline - time.monotonic(), 0.1))


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} s"


def _is_taken_within(connection: Connection, function: str, name: str, seconds: float) -> bool:
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{seconds * 1000:.0f}",))
            connection.execute(_call(function), (name,))
            connection.execute("SET LOCAL lock_timeout TO DEFAULT")  # for the rest of the caller's transaction
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _call(function: str) -> bytes:
    return f"SELECT {function}(hashtextextended(%s, 0))".encode()


def _find_holder(connection: Connection, name: str) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("locks/find_holder"), {"name": name}).fetchone()


def _describe(holder: dict[str, Any]) -> str:
    since = f" since {holder['since']:%Y-%m-%d %H:%M:%S %Z}" if holder["since"] else ""
    return f"{holder['application_name'] or 'a session'} of {holder['role']}, pid {holder['pid']}{since}"
