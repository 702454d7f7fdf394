"""P12 and P18 with threads: two deciders, two replays, a replay and a sync at once.

The tables are always those of a fold of days in their order, for everybody who reads them.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from groups_platform.database.connection import connect
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.replay import ReplayResult, replay_days
from groups_platform.errors import DayHeld, ReplayImpossible
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.directory.test_histories import rows
from groups_platform_tests.directory.test_protection_killed import (
    blocked,
    compare_fold,
    deliver_late,
    no_staging,
    sessions,
    sync,
    wait_until,
    write_days,
)
from groups_platform_tests.hand_process import GRACE, NO_SPARK, STRICT
from groups_platform_tests.staged_by_hand import fingerprint_of, fold_by_hand
from groups_platform_tests.thirty_days import fold

Replay = Callable[..., ReplayResult]
Shown = tuple[tuple[str, ...], frozenset[tuple[Any, ...]], frozenset[tuple[Any, ...]]]

ALL = ("day1", "day2", "day3", "day4")
# What may be seen while day4 is synced and day2, which came late, is folded in.
WHOLE = (("day1", "day3"), ("day1", "day2", "day3"), ("day1", "day3", "day4"), ALL)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    return write_days(tmp_path)


@pytest.fixture
def late(database_url: str, folders: Path) -> str:
    return deliver_late(database_url, folders)


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch, folders: Path) -> Replay:
    """A replay for several threads: days are staged by hand until the test ends."""
    fold_by_hand(monkeypatch, lambda lake, label: Path(lake) / f"sync-{label}")
    return lambda url, **how: replay_days(NO_SPARK, str(folders), url, GRACE, **how)


@pytest.mark.parametrize("rounds", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_p12_two_deciders_at_once_and_the_newest_decision_holds(database_url: str, tmp_path: Path, rounds: int) -> None:
    """Each round is a day whose members are the others, so that it is held whichever was applied last."""
    url, barrier = database_url, threading.Barrier(2)
    write_day(tmp_path / "sync-day0", [group(1, [1, 2])], [agent(1), agent(2), agent(3), agent(4)])
    assert sync(url, tmp_path, "day0", STRICT).is_applied
    applied = 0
    for number in range(1, rounds + 1):
        label = f"day{number}"
        now = rows(url, "SELECT agent_id FROM group_membership")
        write_day(tmp_path / f"sync-{label}", [group(1, [3, 4] if (1,) in now else [1, 2])])
        held = sync(url, tmp_path, label, STRICT)
        assert held.plan
        assert isinstance(held.refusal, DayHeld)
        fingerprint, plan_id = fingerprint_of(tmp_path / f"sync-{label}"), held.plan.id

        def decide_at_once(verdict: Verdict, label: str = label, mark: str = fingerprint, plan: str = plan_id) -> int:
            barrier.wait(30)
            approval = plan if verdict is Verdict.APPROVE else None
            said = {"fingerprint": mark, "decided_by": verdict.value, "reason": "so", "plan_id": approval}
            return decide(url, label, verdict, **said).decision_id  # type: ignore[arg-type]

        with ThreadPoolExecutor(2) as pool:
            ids = set(pool.map(decide_at_once, [Verdict.APPROVE, Verdict.REJECT]))
        query = "SELECT decision_id, decision FROM sync_decisions WHERE sync_day = %s ORDER BY decision_id"
        decisions = rows(url, query, label)
        assert {decision_id for decision_id, _ in decisions} == ids
        assert {decision for _, decision in decisions} == {"approve", "reject"}
        is_approved = decisions[-1][1] == "approve"
        assert sync(url, tmp_path, label, STRICT).is_applied == is_approved
        assert (rows(url, "SELECT agent_id FROM group_membership") != now) == is_approved
        applied += is_approved
    assert rows(url, "SELECT count(*) FROM sync_decisions") == [(2 * rounds,)]
    assert rows(url, "SELECT count(*) FROM sync_days") == [(1 + applied,)]
    for change in ("UPDATE sync_decisions SET reason = 'x'", "DELETE FROM sync_decisions"):
        with connect(url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(change.encode())


def test_p18_two_replays_at_once(late: str, folders: Path, replay: Replay) -> None:
    barrier = threading.Barrier(2)

    def wait(_: str) -> None:
        barrier.wait(60)

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(replay, late, progress=wait) for _ in range(2)]
        written = sorted(run.result().rows_written for run in runs)
    assert written[0] == 0 < written[1]
    compare_fold(late, folders, "day1", "day2", "day3")
    assert no_staging(late)


@pytest.mark.parametrize("moment", ["day1", "day2", "day3"])
def test_p18_a_replay_is_refused_where_the_next_day_was_applied(
    late: str, folders: Path, replay: Replay, moment: str
) -> None:
    def apply_day4(label: str) -> None:
        if label == moment:
            assert sync(late, folders, "day4").is_applied

    with pytest.raises(ReplayImpossible, match="Run the replay again"):
        replay(late, progress=apply_day4)
    compare_fold(late, folders, "day1", "day3", "day4")
    replay(late)
    compare_fold(late, folders, *ALL)
    assert no_staging(late)


def test_p18_a_replay_is_refused_where_the_newest_day_was_corrected(late: str, folders: Path, replay: Replay) -> None:
    def correct(label: str) -> None:
        if label == "day2":
            write_day(folders / "sync-day3", [group(1, [101, 108]), group(8)], [agent(101), agent(108)])
            assert sync(late, folders, "day3").is_applied

    with pytest.raises(ReplayImpossible, match="Run the replay again"):
        replay(late, progress=correct)
    replay(late)
    compare_fold(late, folders, "day1", "day2", "day3")


def waits_for_the_tables(url: str) -> bool:
    return bool(sessions(url, "wait_event_type = 'Lock' AND wait_event = 'advisory'"))


def test_p18_a_sync_waits_for_a_replay_that_takes_over(late: str, folders: Path, replay: Replay) -> None:
    with ThreadPoolExecutor(2) as pool:
        with blocked(late, "group_history") as wait:
            folded = pool.submit(replay, late)
            wait()
            synced = pool.submit(sync, late, folders, "day4")
            wait_until(lambda: waits_for_the_tables(late))
        assert folded.result().days == ("day1", "day2", "day3")
        assert synced.result().is_applied
    compare_fold(late, folders, *ALL)
    assert replay(late).rows_written == 0


def test_p18_a_replay_waits_for_a_sync_and_is_refused(late: str, folders: Path, replay: Replay) -> None:
    with ThreadPoolExecutor(2) as pool:
        with blocked(late, "group_history") as wait:
            synced = pool.submit(sync, late, folders, "day4")
            wait()
            folded = pool.submit(replay, late)
            wait_until(lambda: waits_for_the_tables(late))
        assert synced.result().is_applied
        with pytest.raises(ReplayImpossible, match="Run the replay again"):
            folded.result()
    compare_fold(late, folders, "day1", "day3", "day4")
    replay(late)
    compare_fold(late, folders, *ALL)


def look(url: str) -> Shown:
    """The applied days, the groups and the memberships, as a report reads them: in one transaction."""
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        days = connection.execute("SELECT sync_day FROM sync_days ORDER BY sort_key").fetchall()
        groups = connection.execute("SELECT group_id, name, parent_group_id, inactive FROM groups").fetchall()
        members = connection.execute("SELECT group_id, agent_id FROM group_membership").fetchall()
    return tuple(day for (day,) in days), frozenset(groups), frozenset(members)


def whole(folders: Path, labels: tuple[str, ...]) -> Shown:
    model = fold({label: folders / f"sync-{label}" for label in labels}, GRACE.grace_days).model
    rows_of = ((row.group_id, row.name, row.parent_group_id, row.inactive) for row in model.groups.values())
    return labels, frozenset(rows_of), frozenset(model.membership())


@contextmanager
def looking(url: str) -> Iterator[set[Shown]]:
    """What a reader sees all the while."""
    seen: set[Shown] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            seen.add(look(url))

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            yield seen
        finally:
            is_over.set()
        reader.result()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))])
def test_p18_a_replay_and_a_sync_at_any_two_moments(late: str, folders: Path, replay: Replay, seed: int) -> None:
    def sync_later() -> None:
        time.sleep(random.Random(seed).uniform(0, 2))
        assert sync(late, folders, "day4").is_applied

    with looking(late) as seen, ThreadPoolExecutor(2) as pool:
        folded, synced = pool.submit(replay, late), pool.submit(sync_later)
        synced.result()
        with suppress(ReplayImpossible):
            folded.result()
    assert seen <= {whole(folders, labels) for labels in WHOLE}
    replay(late)
    assert look(late) == whole(folders, ALL)
    assert replay(late).rows_written == 0
    assert no_staging(late)
