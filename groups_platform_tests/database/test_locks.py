"""Advisory locks: one at a time, nobody waits for ever, and who gives up is told who holds the lock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from groups_platform.database import locks
from groups_platform.database.connection import Connection, connect, migrate, one_at_a_time
from groups_platform.database.locks import session_lock, transaction_lock, try_session_lock
from groups_platform.directory.apply import recompute_flags
from groups_platform.directory.lake import lock_day
from groups_platform.errors import LockTimeout

NAME = "groups_platform.test"


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE_SECONDS", 0.2)


@pytest.fixture
def holder(database_url: str) -> Iterator[Connection]:
    """Somebody else."""
    with connect(database_url, autocommit=True, purpose="sync day1") as connection:
        yield connection


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("is_in_transaction", [False, True])
def test_who_waits_too_long_is_told_who_holds_the_lock(
    database_url: str, holder: Connection, is_in_transaction: bool
) -> None:
    session_lock(holder, NAME)
    with connect(database_url, autocommit=True) as connection:
        with pytest.raises(
            LockTimeout, match=r"groups_platform\.test is still locked .*groups_platform sync day1 of"
        ) as e:
            if is_in_transaction:
                with transaction_lock(connection, NAME):
                    raise AssertionError("it was locked")
            else:
                session_lock(connection, NAME)
        assert connection.execute("SHOW lock_timeout").fetchone() == ("0",)
    assert f"pg_terminate_backend({holder.info.backend_pid})" in str(e.value)
    assert e.value.code == "lock_timeout"
    assert e.value.facts["pid"] == str(holder.info.backend_pid)
    assert e.value.facts["application_name"] == "groups_platform sync day1"
    assert e.value.facts["since"]


def other(name: str) -> str:
    return f"groups_platform.{name}"


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize(
    ("name", "work"),
    [
        (other("directory"), recompute_flags),
        (other("lake.day1"), lambda url: lock_day(url, "day1")),
        (other("dagster"), lambda url: one_at_a_time(url, other("dagster")).__enter__()),
    ],
)
def test_everything_that_locks_gives_up(
    database_url: str, holder: Connection, name: str, work: Callable[[str], object]
) -> None:
    session_lock(holder, name)
    with pytest.raises(LockTimeout, match=name):
        work(database_url)


@pytest.mark.usefixtures("impatience")
def test_migrations_give_up(empty_url: str) -> None:
    with connect(empty_url, autocommit=True) as holder:
        session_lock(holder, other("migrations"))
        with pytest.raises(LockTimeout, match="migrations"):
            migrate(empty_url)


def test_who_waits_says_so_and_goes_on_when_the_lock_is_free(
    database_url: str, holder: Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "FIRST_LOOK_SECONDS", 0.05)
    caplog.set_level(logging.INFO, locks.__name__)
    session_lock(holder, NAME)
    freed = threading.Timer(0.5, holder.close)
    freed.start()
    with connect(database_url, autocommit=True) as connection:
        session_lock(connection, NAME)
        assert not can_lock(database_url)
    freed.join()
    assert "waiting for groups_platform.test, which is locked by groups_platform sync day1 of" in caplog.text
    assert can_lock(database_url)


def can_lock(url: str) -> bool:
    with connect(url, autocommit=True) as connection:
        return try_session_lock(connection, NAME)


def test_a_lock_of_a_transaction_ends_with_it(database_url: str) -> None:
    with connect(database_url) as connection:
        with transaction_lock(connection, NAME):
            connection.execute("CREATE TABLE kept (id INTEGER)")
            assert not can_lock(database_url)
            assert connection.execute("SHOW lock_timeout").fetchone() == ("0",)
        assert can_lock(database_url)
    with connect(database_url) as connection:
        assert connection.execute("SELECT to_regclass('kept') IS NULL").fetchone() == (False,)
        with transaction_lock(connection, NAME), transaction_lock(connection, NAME):  # one's own is no hindrance
            assert not can_lock(database_url)


def test_sessions_have_names(database_url: str) -> None:
    with connect(database_url) as plain, connect(database_url, purpose="sync day1") as named:
        assert plain.execute("SHOW application_name").fetchone() == ("groups_platform",)
        assert named.execute("SHOW application_name").fetchone() == ("groups_platform sync day1",)
    with connect(f"{database_url}&application_name=mine", purpose="sync day1") as chosen:
        assert chosen.execute("SHOW application_name").fetchone() == ("mine",)
