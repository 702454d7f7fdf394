"""When a sync day is requested, and what the tick says. Pure: what there is of each day in, decision out."""

from __future__ import annotations

from groups_platform.directory.days import DayState, DayStatus
from groups_platform.directory.source import SyncDay
from groups_platform.orchestration.directory.planner import is_ready, plan_next_day

APPLIED = DayStatus("day1", DayState.APPLIED, "day1 is applied.", "a")
DUE = DayStatus("day2", DayState.WAITING, "day2 runs next.", "b", is_due=True, holds_back=True)
WAITS = DayStatus("day3", DayState.WAITING, "day3 waits for day2.", "c", holds_back=True)


def blocked(state: DayState, sentence: str) -> DayStatus:
    return DayStatus("day2", state, sentence, "b", holds_back=True)


def folder(fingerprint: str = "f", *, is_complete: bool = False) -> SyncDay:
    return SyncDay("day1", "/src/sync-day1", frozenset(), (), fingerprint, is_complete)


def test_a_folder_counts_when_it_is_unchanged_over_two_ticks_or_carries_the_marker() -> None:
    assert not is_ready(folder("a"), {})
    assert not is_ready(folder("b"), {"day1": "a"})
    assert is_ready(folder("b"), {"day1": "b"})
    assert is_ready(folder("a", is_complete=True), {})


def test_the_day_that_is_due_is_requested() -> None:
    plan = plan_next_day([APPLIED, DUE, WAITS])
    assert (plan.request, plan.reason) == (DUE, "")


def test_only_what_is_not_done_is_remembered_for_the_next_tick() -> None:
    arriving = DayStatus("day4", DayState.ARRIVING, "", "d", holds_back=True)
    assert plan_next_day([APPLIED, DUE, WAITS, arriving]).seen == {"day2": "b", "day3": "c", "day4": "d"}


def test_a_day_that_runs_is_waited_for() -> None:
    plan = plan_next_day([APPLIED, blocked(DayState.RUNNING, "day2 is running."), WAITS])
    assert plan.request is None
    assert plan.reason == "day2 is running. The days after it wait. 1 day(s) after it are ready."


def test_p12_a_held_day_waits_for_a_person_and_the_command_is_told() -> None:
    held = blocked(DayState.HELD, "day2 is held. groups-platform approve day2 --plan p --reason TEXT applies it.")
    plan = plan_next_day([APPLIED, held])
    assert plan.reason == f"{held.sentence} The days after it wait for a person."
    failed = blocked(DayState.FAILED, "day2 failed. Deliver sync-day2 again.")
    assert plan_next_day([APPLIED, failed, WAITS]).reason == (
        "day2 failed. Deliver sync-day2 again. The days after it wait for a person. 1 day(s) after it are ready."
    )


def test_nothing_to_do_says_what_became_of_the_days() -> None:
    late = DayStatus("day0", DayState.LATE, "day0 was held, and that is moot.", "a")
    rejected = DayStatus("day2", DayState.REJECTED, "ann has rejected day2.", "b")
    assert plan_next_day([late, APPLIED, rejected]).reason == (
        "Every sync day of the source is dealt with: 1 applied, 1 rejected, 1 late."
    )
    assert plan_next_day([]).reason == "The source has no sync days."


def test_p13_folders_that_are_ignored_are_named_by_the_tick() -> None:
    ignored = [DayStatus(f"sync_{n}", DayState.IGNORED, f"It is not read. Rename it to sync-{n}.") for n in range(5)]
    assert plan_next_day(ignored).reason == (
        "The source has no sync days. sync_0: It is not read. Rename it to sync-0. sync_1: It is not read. Rename it "
        "to sync-1. sync_2: It is not read. Rename it to sync-2. groups-platform days names 2 more that are not read."
    )
