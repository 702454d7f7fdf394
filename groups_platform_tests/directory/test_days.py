"""P13 and P14: what there is of each day, and which one runs next. Pure: listings and rows in, sentences out."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from groups_platform.directory.apply import apply_day
from groups_platform.directory.day_names import IgnoredFolder
from groups_platform.directory.days import (
    DayRun,
    DayState,
    DayStatus,
    Folder,
    KnownDay,
    describe_days,
    find_blocker,
    find_open,
    newest_applied,
    read_known_days,
)
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import Protection
from groups_platform.directory.staging import staged_day
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.pipeline import Pipeline

AT = datetime(2026, 11, 4, 6, 30, tzinfo=timezone.utc)
HELD = "day2 is held, and nothing of it was applied."


def applied(label: str, fingerprint: str = "a") -> KnownDay:
    return KnownDay(label, fingerprint, AT, fingerprint, "applied", "", run_id="run0")


def tried(label: str, outcome: str, fingerprint: str = "a", message: str = "", plan_id: str | None = None) -> KnownDay:
    return KnownDay(label, None, None, fingerprint, outcome, message, plan_id, "run0")


def decided(day: KnownDay, decision: str, fingerprint: str = "a", plan_id: str | None = None) -> KnownDay:
    facts = {"decision_id": 7, "decision": decision, "decided_fingerprint": fingerprint, "decided_plan_id": plan_id}
    return KnownDay(**{**vars(day), **facts, "decided_by": "ann@example.com", "reason": "a page is lost"})


def failed(fingerprint: str = "a", **facts: object) -> DayRun:
    return DayRun("0123456789", fingerprint, has_failed=True, **facts)  # type: ignore[arg-type]


def describe(
    folders: list[Folder], known: list[KnownDay] | None = None, runs: dict[str, DayRun] | None = None
) -> list[DayStatus]:
    return describe_days(folders, [], {day.sync_day: day for day in known or []}, runs or {})


def states(days: list[DayStatus]) -> dict[str, str]:
    return {day.label: day.state.value for day in days}


def due(days: list[DayStatus]) -> list[str]:
    return [day.label for day in days if day.is_due]


def only(folder: Folder, known: KnownDay | None = None, run: DayRun | None = None) -> DayStatus:
    (day,) = describe([folder], [known] if known else [], {folder.label: run} if run else {})
    return day


def test_p13_every_state_is_told_at_once() -> None:
    folders = [Folder(f"day{number}", "a") for number in range(1, 13)]
    folders[9] = Folder("day10", "a", is_ready=False)
    known = [
        applied("day1"),
        decided(tried("day2", "held", plan_id="p"), "reject"),
        decided(tried("day3", "incomplete"), "skip"),
        tried("day4", "late"),
        tried("day5", "held", message="day5 is held.", plan_id="p"),
        applied("day6"),
        tried("day7", "held", message="day7 is held.", plan_id="q"),
        tried("day8", "incomplete", message="day8 is not a full snapshot."),
    ]
    runs = {"day9": DayRun("r9", "a", is_in_progress=True), "day11": failed()}
    days = describe_days(
        folders,
        [IgnoredFolder("sync_day13", "It is not read.")],
        {day.sync_day: day for day in known},
        runs,
    )
    assert states(days) == {
        "day1": "applied",
        "day2": "rejected",
        "day3": "skipped",
        "day4": "late",
        "day5": "late",
        "day6": "applied",
        "day7": "held",
        "day8": "failed",
        "day9": "running",
        "day10": "arriving",
        "day11": "failed",
        "day12": "waiting",
        "sync_day13": "ignored",
    }
    sentences = {day.label: day.sentence for day in days}
    assert sentences["day1"] == "day1 is applied, since 2026-11-04 06:30 UTC."
    assert sentences["day2"] == "ann@example.com has rejected day2: a page is lost"
    assert "groups-platform replay" in sentences["day4"]
    assert "day5 was held, and that is moot since day6" in sentences["day5"]
    assert sentences["day7"] == "day7 is held."
    assert "run 01234567" in sentences["day11"]
    assert sentences["day12"] == "day12 waits for day9, which is running."
    assert {day.label: day.plan_id for day in days if day.plan_id} == {"day7": "q"}


def test_p14_a_day_is_compared_with_what_was_applied_and_not_with_its_runs() -> None:
    succeeded = DayRun("r2", "a")
    assert only(Folder("day1", "a"), applied("day1", "a")).state is DayState.APPLIED
    assert only(Folder("day1", "b"), applied("day1", "a")).is_due
    # delivered as A, then B, then A again: a run of A has succeeded, and B is what the tables show
    back = only(Folder("day1", "a"), applied("day1", "b"), succeeded)
    assert (back.state, back.is_due) == (DayState.WAITING, True)
    # and a run that failed says nothing about a day that its transaction had applied
    assert only(Folder("day1", "a"), applied("day1", "a"), failed("a")).state is DayState.APPLIED
    # nor one that failed with other content
    assert only(Folder("day1", "b"), applied("day1", "c"), failed("a")).is_due


def test_days_run_one_at_a_time_and_in_natural_order() -> None:
    folders = [Folder("day10", "a"), Folder("Day2", "a"), Folder("day1", "a")]
    assert [day.label for day in describe(folders)] == ["day1", "Day2", "day10"]
    assert due(describe(folders)) == ["day1"]
    assert due(describe(folders, [applied("day1")])) == ["Day2"]
    running = describe(folders, [applied("day1")], {"day10": DayRun("r", "a", is_in_progress=True)})
    assert due(running) == []
    assert running[1].sentence == "Day2 waits for day10, which is running."


@pytest.mark.parametrize(
    ("known", "run", "folder"),
    [
        (tried("day2", "held", plan_id="p"), None, Folder("day2", "a")),
        (tried("day2", "incomplete"), None, Folder("day2", "a")),
        (tried("day2", "failed"), None, Folder("day2", "a")),
        (None, failed(), Folder("day2", "a")),
        (None, None, Folder("day2", problem="sync-day2 cannot be listed as a whole.")),
    ],
)
def test_p13_a_day_that_is_not_done_holds_back_the_later_ones_unless_it_is_older_than_the_newest(
    known: KnownDay | None, run: DayRun | None, folder: Folder
) -> None:
    folders, runs = [Folder("day1", "a"), folder, Folder("day3", "a"), Folder("day4", "a")], {}
    before = [applied("day1"), *([known] if known else [])]
    if run:
        runs["day2"] = run
    days = describe(folders, before, runs)
    assert due(days) == []
    blocker = find_blocker(days)
    assert blocker is not None
    assert blocker.label == "day2"
    has = "has failed" if days[1].state is DayState.FAILED else f"is {days[1].state.value}"
    assert days[3].sentence == f"day4 waits for day2, which {has}."
    after = describe(folders, [*before, applied("day3")], runs)
    assert due(after) == ["day4"]
    assert after[1].state is DayState.LATE
    assert "moot since day3" in after[1].sentence
    assert "groups-platform replay" in after[1].sentence


def test_a_day_that_arrives_holds_back_the_later_ones_unless_it_is_older_than_the_newest() -> None:
    folders = [Folder("day1", "a", is_ready=False), Folder("day2", "a")]
    assert due(describe(folders)) == []
    assert "may still be arriving" in describe(folders)[0].sentence
    assert due(describe(folders, [applied("day2", "old")])) == ["day2"]


def test_p15_a_late_day_is_read_once_and_again_when_it_changes() -> None:
    folders, newest = [Folder("2026-11-04", "a"), Folder("day1", "a")], applied("day1")
    assert due(describe(folders, [newest])) == ["2026-11-04"]
    read = describe(folders, [newest, tried("2026-11-04", "late")])
    assert (due(read), read[0].state) == ([], DayState.LATE)
    assert due(describe(folders, [newest, tried("2026-11-04", "late", "other")])) == ["2026-11-04"]
    # where the newer day is no longer applied, it is none of the past
    assert due(describe(folders, [tried("2026-11-04", "late")])) == ["2026-11-04"]


def test_a_corrected_past_day_is_late_and_what_was_applied_of_it_stands() -> None:
    corrected = KnownDay("day1", "a", AT, "b", "late", "", run_id="r")
    days = describe([Folder("day1", "b"), Folder("day2", "a")], [corrected, applied("day2")])
    assert days[0].state is DayState.LATE
    assert "What was applied of it before stands." in days[0].sentence
    returned = describe([Folder("day1", "a")], [corrected])[0]
    assert (returned.state, returned.is_due) == (DayState.WAITING, True), "a replay would fold what came late"


def test_p12_an_applied_day_that_is_rejected_says_that_a_replay_takes_it_out() -> None:
    day = only(Folder("day1", "a"), decided(applied("day1"), "reject"))
    assert day.state is DayState.APPLIED
    assert day.sentence.endswith("has rejected it since, and groups-platform replay takes it out of the tables.")


def test_p12_a_decision_holds_for_the_content_and_the_plan_that_it_names() -> None:
    held = tried("day2", "held", message=HELD, plan_id="p")
    for decision, state in (("reject", DayState.REJECTED), ("skip", DayState.SKIPPED)):
        assert only(Folder("day2", "a"), decided(held, decision)).state is state
        assert only(Folder("day2", "b"), decided(held, decision)).is_due
    approved = only(Folder("day2", "a"), decided(held, "approve", plan_id="p"))
    assert (approved.state, approved.is_due, approved.decision_id) == (DayState.WAITING, True, 7)
    assert approved.sentence == "day2 runs next: ann@example.com has approved its plan p."
    anew = only(Folder("day2", "a"), decided(held, "approve", plan_id="other"))
    assert (anew.state, anew.sentence, anew.plan_id) == (DayState.HELD, HELD, "p")
    changed = only(Folder("day2", "b"), decided(held, "approve", plan_id="p"))
    assert (changed.is_due, changed.decision_id) == (True, None)


def test_p12_an_approved_day_runs_once_for_its_approval() -> None:
    approved = decided(tried("day2", "held", message=HELD, plan_id="p"), "approve", plan_id="p")
    assert only(Folder("day2", "a"), approved, failed()).is_due  # the run that was held
    assert only(Folder("day2", "a"), approved, failed(decision_id=6)).is_due
    after = only(Folder("day2", "a"), approved, failed(decision_id=7))
    assert (after.state, after.is_due) == (DayState.FAILED, False)
    gone = only(Folder("day2", "a"), approved, failed(decision_id=7, is_gone=True))
    assert (gone.is_due, gone.decision_id, gone.retries) == (True, 7, "0123456789")


def test_p14_a_run_whose_process_was_gone_is_tried_again_once() -> None:
    day = only(Folder("day1", "a"), None, failed(is_gone=True))
    assert (day.state, day.is_due, day.retries) == (DayState.WAITING, True, "0123456789")
    again = only(Folder("day1", "a"), None, failed(is_gone=True, is_retry=True))
    assert (again.state, again.is_due) == (DayState.FAILED, False)
    assert "gone a second time" in again.sentence
    assert only(Folder("day1", "b"), None, failed(is_gone=True, is_retry=True)).is_due


def test_a_day_of_which_only_the_name_is_known_has_the_content_that_was_last_seen() -> None:
    assert only(Folder("day1"), applied("day1")).state is DayState.APPLIED
    assert only(Folder("day1"), tried("day1", "held", plan_id="p")).state is DayState.HELD
    changed = KnownDay("day1", "a", AT, "b", "held", "day1 is held.", "p")
    assert only(Folder("day1"), changed).state is DayState.HELD
    assert only(Folder("day1")).is_due


def test_p14_runs_are_looked_at_only_where_the_tables_do_not_say_all() -> None:
    known = [
        applied("day1"),
        tried("day2", "held", plan_id="p"),
        decided(tried("day3", "held", plan_id="p"), "approve", plan_id="p"),
        tried("day4", "late"),
        decided(tried("day5", "failed"), "reject"),
        applied("day6", "before"),
    ]
    folders = [Folder(f"day{number}", "a") for number in range(1, 8)]
    assert find_open(folders, {day.sync_day: day for day in known}) == ["day3", "day6", "day7"]


def test_the_newest_applied_day_is_the_last_in_natural_order() -> None:
    known = [applied("day9"), applied("Day10"), tried("day11", "held")]
    assert newest_applied({day.sync_day: day for day in known}) == "Day10"
    assert newest_applied({}) is None


def test_the_tables_know_each_day_once(pipeline: Pipeline) -> None:
    """With real rows: applied, corrected, held and decided; one query for all."""
    members, source = list(range(100, 140)), Path(pipeline.source)

    def sync(label: str, groups: list[object], limits: Protection | None = None) -> str:
        write_day(source / f"sync-{label}", groups, [agent(number) for number in members])
        pipeline.fill_lake(label)
        with staged_day(pipeline.spark, pipeline.lake, label, pipeline.url) as staged:
            apply_day(staged, f"run of {label}", limits)
            return staged.fingerprint

    first = sync("day1", [group(1, members)])
    second = sync("day2", [group(1, members)])
    corrected = sync("day1", [group(1, members[:5])])
    third = sync("day3", [group(1, [])])
    held = read_known_days(pipeline.url)["day3"]
    assert held.plan_id
    decide(pipeline.url, "day3", Verdict.SKIP, fingerprint=third, decided_by="bob@example.com", reason="a mistake")
    decide(
        pipeline.url,
        "day3",
        Verdict.APPROVE,
        fingerprint=third,
        decided_by="ann@example.com",
        reason="right",
        plan_id=held.plan_id,
    )
    known = read_known_days(pipeline.url)
    assert known.keys() == {"day1", "day2", "day3"}
    day1, day2, day3 = known["day1"], known["day2"], known["day3"]
    assert (day1.applied_fingerprint, day1.tried_fingerprint, day1.outcome) == (first, corrected, "late")
    assert (day2.applied_fingerprint, day2.outcome, day2.run_id) == (second, "applied", "run of day2")
    assert (day3.applied_fingerprint, day3.decision, day3.decided_by) == (None, "approve", "ann@example.com")
    assert day3.is_approved
    days = describe([Folder("day1", corrected), Folder("day2", second), Folder("day3", third)], list(known.values()))
    assert states(days) == {"day1": "late", "day2": "applied", "day3": "waiting"}
