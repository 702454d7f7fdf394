"""When a sync day is requested. Pure: listings in, decision out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groups_platform.directory.source import SyncDay
from groups_platform.orchestration.directory import planner
from groups_platform.orchestration.directory.planner import DayState, Plan, Sighting

IN_PROGRESS, SUCCEEDED, FAILED = DayState.IN_PROGRESS, DayState.SUCCEEDED, DayState.FAILED


NOW, QUIET = 1_000_000.0, 30


def day(label: str, fingerprint: str = "f", *, is_complete: bool = False, **fields: Any) -> SyncDay:
    return SyncDay(label, f"/src/sync-{label}", frozenset(), (), fingerprint, is_complete, **fields)


def plan_next_day(
    days: list[SyncDay], seen: Mapping[str, Sighting], states: Mapping[str, DayState], now: float = NOW
) -> Plan:
    return planner.plan_next_day(days, seen, states, now, QUIET)


SEEN = {"day1": Sighting("f", NOW - QUIET)}


def test_p9_where_no_time_is_told_a_day_counts_when_the_ticks_see_no_change_for_long_enough() -> None:
    first = plan_next_day([day("day1", "a")], {}, {})
    assert first.request is None
    assert first.reason == ("sync-day1 may still be arriving: it counts when nothing in it has changed for 30 s.")
    growing = plan_next_day([day("day1", "b")], first.seen, {}, NOW + QUIET)
    assert growing.request is None
    early = plan_next_day([day("day1", "b")], growing.seen, {}, NOW + 2 * QUIET - 1)
    assert early.request is None
    settled = plan_next_day([day("day1", "b")], early.seen, {}, NOW + 2 * QUIET)
    assert settled.request == day("day1", "b")
    assert settled.reason == ""


def test_p9_a_day_counts_at_once_when_its_own_times_say_that_it_rests() -> None:
    for changed_at, is_ready in ((NOW - QUIET, True), (NOW - QUIET + 1, False), (NOW + 3600, False)):
        one = day("day1", changed_at=changed_at)
        assert (plan_next_day([one], {}, {}).request == one) == is_ready
    assert plan_next_day([day("day1", changed_at=NOW + 3600)], SEEN, {}).request, "a clock that is fast holds up nobody"


def test_p9_a_marker_that_is_older_than_a_file_says_nothing() -> None:
    stale = plan_next_day([day("day1", is_marked=True, changed_at=NOW)], {}, {})
    assert stale.request is None
    assert "its _SUCCESS is older than its files" in stale.reason


def test_a_day_with_success_marker_counts_at_once() -> None:
    assert plan_next_day([day("day1", is_complete=True)], {}, {}).request is not None


def test_days_are_requested_one_at_a_time_in_order() -> None:
    days = [day("day1", is_complete=True), day("day2", is_complete=True)]
    assert plan_next_day(days, {}, {}).request == days[0]
    running = plan_next_day(days, {}, {"day1": IN_PROGRESS})
    assert running.request is None
    assert "day1 is running" in running.reason
    assert plan_next_day(days, {}, {"day1": SUCCEEDED}).request == days[1]


def test_a_failed_day_holds_back_the_days_after_it() -> None:
    plan = plan_next_day([day("day1"), day("day2", is_complete=True)], SEEN, {"day1": FAILED})
    assert plan.request is None
    assert "Deliver sync-day1 again" in plan.reason


def test_a_day_that_is_still_arriving_holds_back_the_days_after_it() -> None:
    plan = plan_next_day([day("day1"), day("day2", is_complete=True)], {}, {})
    assert plan.request is None


def test_nothing_to_do_says_so() -> None:
    assert plan_next_day([day("day1")], SEEN, {"day1": SUCCEEDED}).reason.startswith("Every sync day")
    assert plan_next_day([], {}, {}).reason == "The source has no sync days."
