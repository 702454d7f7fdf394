"""P12 and P18 with real processes: a sync or a replay killed at any moment leaves the old state or the new one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from groups_platform.database.connection import connect
from groups_platform.directory.apply import apply_day
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import Protection
from groups_platform.errors import DayHeld
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.course import compare_history
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.directory.test_histories import Rows, compare, rows
from groups_platform_tests.directory.test_killed import wait_for_line
from groups_platform_tests.directory.test_replay import Tables, state
from groups_platform_tests.hand_process import GRACE, NO_SPARK, STRICT, replay_by_hand
from groups_platform_tests.pipeline import Pipeline
from groups_platform_tests.staged_by_hand import fingerprint_of, staged_by_hand
from groups_platform_tests.thirty_days import fold

# In the order of day: each changes something in every table.
DAYS = {
    "day1": ([group(n, [100 + n, 200 + n]) for n in range(1, 9)], [agent(n) for n in (*range(101, 109), 201, 202)]),
    "day2": ([group(n, [100 + n], parent=1) for n in range(1, 8)], [agent(n) for n in range(101, 107)]),
    "day3": ([group(n, [100 + n, 900], parent=2) for n in range(1, 8)], [agent(n) for n in range(101, 108)]),
    "day4": ([group(n, [101, 203], name="4") for n in range(3, 10)], [agent(n) for n in (*range(101, 108), 203)]),
}
QUICK = ("agents", "membership_history", "sync_attempts")
SYNC_TABLES = ("groups", "group_membership", "missing_groups", "findings", "group_history", "sync_days", "sync_plans")
REPLAY_TABLES = ("groups", "group_membership", "pending_membership", "findings", "group_history", "sync_days")
KEPT = "SELECT sync_day, plan_id, outcome FROM sync_plans", "SELECT * FROM sync_decisions"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_days(tmp_path_factory.mktemp("killed"))


def write_days(source: Path) -> Path:
    for label, (groups, agents) in DAYS.items():
        write_day(source / f"sync-{label}", groups, agents)
    return source


@pytest.fixture(scope="module")
def in_order(folders: Path, new_database: NewDatabase) -> dict[str, Tables]:
    """The tables after each day, where nobody was killed."""
    with new_database() as url:
        return {label: tables(url) for label in DAYS if sync(url, folders, label).is_applied}


def sync(url: str, folders: Path, label: str, protection: Protection = GRACE) -> DayResult:
    folder = folders / f"sync-{label}"
    with staged_by_hand(url, label, folder, fingerprint=fingerprint_of(folder)) as staged:
        return apply_day(staged, protection=protection)


def tables(url: str) -> Tables:
    return state(Pipeline(NO_SPARK, url, "", ""))


def kept(url: str) -> list[Rows]:
    return [set(rows(url, query)) for query in KEPT]


def compare_fold(url: str, folders: Path, *labels: str) -> None:
    folded = fold({label: folders / f"sync-{label}" for label in labels}, GRACE.grace_days)
    compare(url, folded.model)
    compare_history(url, folded.live, [*labels])
    assert [day for (day,) in rows(url, "SELECT sync_day FROM sync_days ORDER BY sort_key")] == list(labels)


def no_staging(url: str) -> bool:
    return rows(url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'directory\\_staging%%'") == []


@contextmanager
def process(url: str, folders: Path, step: str, label: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that syncs or replays; what is left of it, also of its sessions, is ended with the block."""
    command = [sys.executable, "-m", "groups_platform_tests.hand_process", url, str(folders), step, label]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield child
    finally:
        kill(child)
        assert child.stdout
        child.stdout.close()


def kill(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(60)


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def sessions(url: str, where: str = "TRUE") -> list[tuple[Any, ...]]:
    others = "datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    return rows(url, f"SELECT pid FROM pg_stat_activity WHERE {others} AND {where}")


@contextmanager
def blocked(url: str, table: str) -> Iterator[Callable[[], None]]:
    """Whoever writes to the table waits until the block ends; yields what waits until somebody does."""
    with connect(url) as connection:
        connection.execute(f"LOCK TABLE directory.{table} IN SHARE MODE".encode())
        yield lambda: wait_until(lambda: bool(sessions(url, "wait_event_type = 'Lock' AND wait_event = 'relation'")))


@pytest.fixture
def approved(database_url: str, folders: Path) -> str:
    """A database with day1 applied, and day2 held and approved."""
    assert sync(database_url, folders, "day1", STRICT).is_applied
    held = sync(database_url, folders, "day2", STRICT)
    assert isinstance(held.refusal, DayHeld)
    assert held.plan
    approve(database_url, "day2", held.plan.id)
    return database_url


def approve(url: str, label: str, plan_id: str) -> None:
    decide(url, label, Verdict.APPROVE, fingerprint="", decided_by="ada", reason="a merger", plan_id=plan_id)


def check_after_kill(url: str, folders: Path, before: Tables, after: Tables, decided: list[Rows]) -> None:
    """The old state with all that was decided, or the new one; running again makes it the new one."""
    wait_until(lambda: not sessions(url))
    is_old = tables(url) == before
    assert is_old or tables(url) == after
    assert kept(url) == decided or not is_old
    again = sync(url, folders, "day2", STRICT)
    assert (again.is_applied, again.rows_written > 0) == (True, is_old)
    assert tables(url) == after
    assert no_staging(url)
    plans, decisions = kept(url)
    assert decisions == decided[1]
    assert {(day, plan) for day, plan, _ in decided[0]} <= {(day, plan) for day, plan, _ in plans}
    assert ("day2", next(iter(decisions))[3], "applied") in plans
    assert sync(url, folders, "day2", STRICT).rows_written == 0


@pytest.mark.parametrize("table", [*QUICK, *(pytest.param(t, marks=pytest.mark.slow) for t in SYNC_TABLES)])
def test_p12_a_sync_killed_between_approval_and_commit(
    approved: str, folders: Path, in_order: dict[str, Tables], table: str
) -> None:
    before, decided = tables(approved), kept(approved)
    with blocked(approved, table) as wait, process(approved, folders, "sync", "day2") as child:
        wait_for_line(child, "staged")
        wait()
        kill(child)
        assert tables(approved) == before
    wait_until(lambda: not sessions(approved))
    assert tables(approved) == before
    check_after_kill(approved, folders, before, in_order["day2"], decided)


@contextmanager
def slowed(url: str, *names: str) -> Iterator[None]:
    """Each statement that writes to these tables takes a tenth of a second longer."""
    function = "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"
    with connect(url, autocommit=True) as connection:
        connection.execute(function.format("PERFORM pg_sleep(0.1);").encode())
        for name in names:
            event = "AFTER INSERT OR UPDATE OR DELETE"
            statement = f"CREATE TRIGGER wait {event} ON directory.{name} EXECUTE FUNCTION public.wait()"
            connection.execute(statement.encode())
        yield
        wait_until(lambda: len(sessions(url)) == 1)  # this one
        connection.execute("DROP FUNCTION public.wait CASCADE")


@pytest.mark.parametrize("moment", [0, *(pytest.param(moment, marks=pytest.mark.slow) for moment in range(1, 8))])
def test_p12_a_sync_killed_at_any_moment_after_the_approval(
    approved: str, folders: Path, in_order: dict[str, Tables], moment: int
) -> None:
    before, decided = tables(approved), kept(approved)
    with slowed(approved, *QUICK, *SYNC_TABLES):
        with process(approved, folders, "sync", "day2") as child:
            wait_for_line(child, "staged")
            time.sleep(random.Random(moment).uniform(0, 2.5))
            kill(child)
        wait_until(lambda: len(sessions(approved)) <= 1)
    check_after_kill(approved, folders, before, in_order["day2"], decided)


@pytest.fixture
def late(database_url: str, folders: Path) -> str:
    return deliver_late(database_url, folders)


def deliver_late(url: str, folders: Path) -> str:
    """A database with day1 and day3 applied, and day2 late."""
    for label in ("day1", "day3", "day2"):
        sync(url, folders, label)
    return url


def check_after_killed_replay(url: str, folders: Path, before: Tables, after: Tables) -> None:
    wait_until(lambda: not sessions(url))
    assert tables(url) == before
    assert replay_by_hand(url, folders).rows_written > 0
    assert tables(url) == after
    assert no_staging(url)
    assert replay_by_hand(url, folders).rows_written == 0


@pytest.mark.parametrize("label", ["day2", *(pytest.param(day, marks=pytest.mark.slow) for day in ("day1", "day3"))])
def test_p18_a_replay_killed_while_it_folds(late: str, folders: Path, in_order: dict[str, Tables], label: str) -> None:
    before = tables(late)
    with process(late, folders, "replay") as child:
        wait_for_line(child, f"fold {label}")
        time.sleep(random.Random(label).uniform(0, 0.2))
        kill(child)
    check_after_killed_replay(late, folders, before, in_order["day3"])


@pytest.mark.parametrize("table", [*QUICK, *(pytest.param(t, marks=pytest.mark.slow) for t in REPLAY_TABLES)])
def test_p18_a_replay_killed_while_it_takes_over(
    late: str, folders: Path, in_order: dict[str, Tables], table: str
) -> None:
    before = tables(late)
    with blocked(late, table) as wait, process(late, folders, "replay") as child:
        wait_for_line(child, "fold day3")
        wait()
        kill(child)
        assert tables(late) == before
    check_after_killed_replay(late, folders, before, in_order["day3"])


def test_p18_what_a_killed_replay_left_goes_with_the_next_sync(late: str, folders: Path) -> None:
    with process(late, folders, "replay") as child:
        wait_for_line(child, "fold day3")
        kill(child)
    wait_until(lambda: not sessions(late))
    assert not no_staging(late)
    assert sync(late, folders, "day4").is_applied
    assert no_staging(late)
    compare_fold(late, folders, "day1", "day3", "day4")
