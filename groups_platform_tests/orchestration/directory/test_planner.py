"""When a sync day is requested, and what the tick says. Pure: what there is of each day in, decision out."""

from __future__ import annotations

from typing import Any

from groups_platform.directory.days import DayState, DayStatus
from groups_platform.directory.source import SyncDay
from groups_platform.orchestration.directory.planner import Sighting, counts_when, is_ready, plan_next_day, sight

APPLIED = DayStatus("day1", DayState.APPLIED, "day1 is applied.", "a")
DUE = DayStatus("day2", DayState.WAITING, "day2 runs next.", "b", is_due=True, holds_back=True)
WAITS = DayStatus("day3", DayState.WAITING, "day3 waits for day2.", "c", holds_back=True)


NOW, QUIET = 1_000_000.0, 30


def blocked(state: DayState, sentence: str) -> DayStatus:
    return DayStatus("day2", state, sentence, "b", holds_back=True)


def folder(fingerprint: str = "f", *, is_complete: bool = False, **fields: Any) -> SyncDay:
    return SyncDay("day1", "/src/sync-day1", frozenset(), (), fingerprint, is_complete, **fields)


def test_p9_where_no_time_is_told_a_day_counts_when_the_ticks_see_no_change_for_long_enough() -> None:
    seen: dict[str, Sighting] = {}

    def is_ready_at(fingerprint: str, now: float) -> bool:
        nonlocal seen
        day = folder(fingerprint)
        seen = sight([day], seen, now)
        return is_ready(day, seen["day1"], now, QUIET)

    assert not is_ready_at("a", NOW)
    assert not is_ready_at("b", NOW + QUIET)
    assert not is_ready_at("b", NOW + 2 * QUIET - 1)
    assert is_ready_at("b", NOW + 2 * QUIET)


def test_p9_a_day_counts_at_once_when_its_own_times_say_that_it_rests() -> None:
    fresh = Sighting("f", NOW)
    for changed_at, ready in ((NOW - QUIET, True), (NOW - QUIET + 1, False), (NOW + 3600, False)):
        assert is_ready(folder(changed_at=changed_at), fresh, NOW, QUIET) == ready
    long_seen = Sighting("f", NOW - QUIET)
    assert is_ready(folder(changed_at=NOW + 3600), long_seen, NOW, QUIET), "a clock that is fast holds up nobody"


def test_p9_a_marker_counts_at_once_unless_it_is_older_than_a_file() -> None:
    fresh = Sighting("f", NOW)
    assert is_ready(folder(is_complete=True), fresh, NOW, QUIET)
    stale = folder(is_marked=True, changed_at=NOW)
    assert not is_ready(stale, fresh, NOW, QUIET)
    assert counts_when(stale, QUIET).startswith("its _SUCCESS is older than its files")


def test_the_day_that_is_due_is_requested() -> None:
    plan = plan_next_day([APPLIED, DUE, WAITS])
    assert (plan.request, plan.reason) == (DUE, "")


def test_only_what_is_not_done_is_remembered_for_the_next_tick() -> None:
    arriving = DayStatus("day4", DayState.ARRIVING, "", "d", holds_back=True)
    assert plan_next_day([APPLIED, DUE, WAITS, arriving]).seen == {"day2": "b", "day3": "c", "day4": "d"}


def test_a_day_that_runs_is_waited_for() -> None:
    plan = plan_next_day([APPLIED, blocked(DayState.RUNNING, "day2 is running."), WAITS])
    assert plan.request is None
    assert plan.reason == "day2 is running. The days after it wait. 1 day after it is ready."


def test_p12_a_held_day_waits_for_a_person_and_the_command_is_told() -> None:
    held = blocked(DayState.HELD, "day2 is held. groups-platform approve day2 --plan p --reason TEXT applies it.")
    plan = plan_next_day([APPLIED, held])
    assert plan.reason == f"{held.sentence} The days after it wait for a person."
    failed = blocked(DayState.FAILED, "day2 failed. Deliver sync-day2 again.")
    assert plan_next_day([APPLIED, failed, WAITS]).reason == (
        "day2 failed. Deliver sync-day2 again. The days after it wait for a person. 1 day after it is ready."
    )


def test_nothing_to_do_says_what_became_of_the_days() -> None:
    late = DayStatus("day0", DayState.LATE, "day0 was held, and that is moot.", "a")
    rejected = DayStatus("day2", DayState.REJECTED, "ann has rejected day2.", "b")
    assert plan_next_day([late, APPLIED, rejected]).reason == (
        "Every sync day of the source is dealt with: 1 applied, 1 rejected, 1 late."
    )
    assert plan_next_day([]).reason == "The source has no sync days."


def test_p13_folders_that_are_ignored_are_named_by_the_tick() -> None:
    ignored = [
        DayStatus(f"sync_{n}", DayState.IGNORED, f"It is not read. Rename it to sync-{n}.", is_near=True)
        for n in range(5)
    ]
    ignored.append(DayStatus("backup", DayState.IGNORED, "It is not read: its name is not sync-<day>."))
    assert plan_next_day(ignored).reason == (
        "The source has no sync days. sync_0: It is not read. Rename it to sync-0. sync_1: It is not read. Rename it "
        "to sync-1. sync_2: It is not read. Rename it to sync-2. groups-platform days names 2 more that are not read."
    )
