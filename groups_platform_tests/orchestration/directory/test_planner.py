"""When a sync day is requested. Pure: listings in, decision out."""

from __future__ import annotations

from groups_platform.directory.source import SyncDay
from groups_platform.orchestration.directory.planner import DayState, plan_next_day

IN_PROGRESS, SUCCEEDED, FAILED = DayState.IN_PROGRESS, DayState.SUCCEEDED, DayState.FAILED


def day(label: str, fingerprint: str = "f", *, is_complete: bool = False) -> SyncDay:
    return SyncDay(label, f"/src/sync-{label}", frozenset(), (), fingerprint, is_complete)


def test_a_day_counts_when_it_is_unchanged_over_two_ticks() -> None:
    first = plan_next_day([day("day1", "a")], {}, {})
    assert first.request is None
    assert "may still be arriving" in first.reason
    growing = plan_next_day([day("day1", "b")], first.seen, {})
    assert growing.request is None
    settled = plan_next_day([day("day1", "b")], growing.seen, {})
    assert settled.request == day("day1", "b")
    assert settled.reason == ""


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
    plan = plan_next_day([day("day1"), day("day2", is_complete=True)], {"day1": "f"}, {"day1": FAILED})
    assert plan.request is None
    assert "Deliver sync-day1 again" in plan.reason


def test_a_day_that_is_still_arriving_holds_back_the_days_after_it() -> None:
    plan = plan_next_day([day("day1"), day("day2", is_complete=True)], {}, {})
    assert plan.request is None


def test_nothing_to_do_says_so() -> None:
    assert plan_next_day([day("day1")], {"day1": "f"}, {"day1": SUCCEEDED}).reason.startswith("Every sync day")
    assert plan_next_day([], {}, {}).reason == "The source has no sync days."
