"""P12, P16, P18 and P19 where days come again, late or while a replay runs: small inputs, each for one rule."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from groups_platform.directory.day_result import DayResult
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import Protection
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.directory.replay import replay_days
from groups_platform.errors import DayHeld, IncompleteSnapshot, ReplayImpossible
from groups_platform_tests import oracle
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.directory.test_histories import compare, rows
from groups_platform_tests.hand_process import GRACE, NO_SPARK, STRICT, replay_by_hand
from groups_platform_tests.staged_by_hand import fingerprint_of, fold_by_hand, staged_by_hand
from groups_platform_tests.thirty_days import fold

BOTH = [group(1, [10]), group(6, [11])]
AGENTS = [agent(10), agent(11)]


def deliver(
    url: str,
    source: Path,
    label: str,
    groups: Iterable[object] = BOTH,
    agents: Iterable[object] | None = AGENTS,
    protection: Protection = GRACE,
) -> DayResult:
    folder = write_day(source / f"sync-{label}", groups, agents)
    with staged_by_hand(url, label, folder, fingerprint=fingerprint_of(folder)) as staged:
        return apply_delivery(staged, protection=protection)


def model_of(source: Path, *labels: str) -> oracle.Directory:
    folded = fold({label: source / f"sync-{label}" for label in labels}, GRACE.grace_days)
    assert [*folded.live] == [*labels]
    return folded.model


def reject(url: str, source: Path, label: str) -> None:
    fingerprint = fingerprint_of(source / f"sync-{label}")
    decide(url, label, Verdict.REJECT, fingerprint=fingerprint, decided_by="ada", reason="of another system")


def members_of_6(url: str) -> list[tuple[Any, ...]]:
    return rows(url, "SELECT agent_id FROM directory.group_membership WHERE group_id = 6")


def test_p19_a_correction_without_the_group_counts_after_the_days_before(database_url: str, tmp_path: Path) -> None:
    """6 has no record on day2 and on day3, as day3 was corrected: two days in a row."""
    deliver(database_url, tmp_path, "day1")
    deliver(database_url, tmp_path, "day2", BOTH[:1])
    deliver(database_url, tmp_path, "day3")
    corrected = deliver(database_url, tmp_path, "day3", BOTH[:1])
    assert corrected.findings["ended_upstream"] == 1
    assert members_of_6(database_url) == []
    compare(database_url, model_of(tmp_path, "day1", "day2", "day3"))


def test_p16_a_correction_by_which_an_ended_group_is_not_back_counts_it_as_missing_and_ended(
    database_url: str, tmp_path: Path
) -> None:
    """6 ends on day3 and comes back with day4; by the correction its record is rejected, which brings nobody back."""
    deliver(database_url, tmp_path, "day1")
    for label in ("day2", "day3"):
        deliver(database_url, tmp_path, label, BOTH[:1])
    deliver(database_url, tmp_path, "day4")
    corrected = deliver(database_url, tmp_path, "day4", [*BOTH[:1], {"id": 6}])
    assert corrected.plan
    assert {kind: number for kind, number in corrected.plan.counts.items() if number} == {
        "groups_missing": 1,
        "groups_ended": 1,
        "memberships_removed": 1,
        "groups_turned_inactive": 1,
    }
    compare(database_url, model_of(tmp_path, "day1", "day2", "day3", "day4"))


@pytest.mark.parametrize("absent_first", [True, False])
def test_p19_a_day_that_comes_twice_counts_once(database_url: str, tmp_path: Path, absent_first: bool) -> None:
    deliver(database_url, tmp_path, "day1")
    if not absent_first:
        deliver(database_url, tmp_path, "day2")
    for _ in range(3):
        deliver(database_url, tmp_path, "day2", [group(1, [10], name="again"), *BOTH[2:]])
    assert members_of_6(database_url) == [(11,)]
    compare(database_url, model_of(tmp_path, "day1", "day2"))
    assert deliver(database_url, tmp_path, "day3", BOTH[:1]).findings["ended_upstream"] == 1
    compare(database_url, model_of(tmp_path, "day1", "day2", "day3"))


def test_p18_a_day_that_was_refused_only_for_coming_first_is_in_the_fold(database_url: str, tmp_path: Path) -> None:
    """In the right order day2, which has no roster, is a full snapshot: the agents are known from day1."""
    refused = deliver(database_url, tmp_path, "day2", [group(1, [11]), group(7, [10])], agents=None)
    assert isinstance(refused.refusal, IncompleteSnapshot)
    assert deliver(database_url, tmp_path, "day1").is_applied
    assert replay_by_hand(database_url, tmp_path).days == ("day1", "day2")
    compare(database_url, model_of(tmp_path, "day1", "day2"))


def test_p18_a_late_day_that_is_no_full_snapshot_is_left_out(database_url: str, tmp_path: Path) -> None:
    deliver(database_url, tmp_path, "day1")
    deliver(database_url, tmp_path, "day3")
    late = deliver(database_url, tmp_path, "day2", [])
    assert (type(late.refusal), late.newest_day) == (IncompleteSnapshot, "day3")
    result = replay_by_hand(database_url, tmp_path)
    assert [*result.left_out] == ["day2"]
    assert (result.rows_written, result.plan.is_empty) == (0, True)


def test_p18_a_rejected_correction_leaves_what_was_applied_of_the_day(database_url: str, tmp_path: Path) -> None:
    """The rejection is of the late content; of day1 the content that was applied still counts."""
    folder = tmp_path / "sync-day1"
    deliver(database_url, tmp_path, "day1", [*BOTH, group(7)])
    before = (folder / "admin_groups" / "groups.json").read_bytes()
    deliver(database_url, tmp_path, "day2")
    assert deliver(database_url, tmp_path, "day1", [group(1)]).newest_day == "day2"
    reject(database_url, tmp_path, "day1")
    with pytest.raises(ReplayImpossible, match="day1"):  # the lake has the rejected content
        replay_by_hand(database_url, tmp_path)
    (folder / "admin_groups" / "groups.json").write_bytes(before)
    with staged_by_hand(database_url, "day1", folder, fingerprint=fingerprint_of(folder)) as staged:
        apply_delivery(staged, protection=GRACE)
    assert replay_by_hand(database_url, tmp_path).days == ("day1", "day2")
    compare(database_url, model_of(tmp_path, "day1", "day2"))


def test_p18_content_that_is_held_while_a_replay_runs_is_not_folded(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay began with the applied content of day2 in the lake; a correction that is held takes its place."""
    deliver(database_url, tmp_path, "day1")
    deliver(database_url, tmp_path, "day2")
    before = model_of(tmp_path, "day1", "day2")

    def correct(label: str) -> None:
        if label == "day2":
            held = deliver(database_url, tmp_path, "day2", [group(1, []), group(6, [])], protection=STRICT)
            assert isinstance(held.refusal, DayHeld)

    fold_by_hand(monkeypatch, lambda lake, label: Path(lake) / f"sync-{label}")
    with pytest.raises(ReplayImpossible):
        replay_days(NO_SPARK, str(tmp_path), database_url, GRACE, progress=correct)
    compare(database_url, before)


def test_p10_the_plan_of_a_replay_has_a_row_for_every_changed_group(database_url: str, tmp_path: Path) -> None:
    """Of 6, which day3 does not have, only the time of the last update differs."""
    deliver(database_url, tmp_path, "day1")
    deliver(database_url, tmp_path, "day3", BOTH[:1])
    deliver(database_url, tmp_path, "day2", [BOTH[0], group(6, [11], updated_at="2026-11-05T00:00:00Z")])
    result = replay_by_hand(database_url, tmp_path)
    compare(database_url, model_of(tmp_path, "day1", "day2", "day3"))
    assert result.plan.counts["groups_changed"] == 1


def test_p12_a_plan_that_changed_between_approval_and_apply_is_held_anew(database_url: str, tmp_path: Path) -> None:
    """day3 is staged when day2 is applied, which makes another difference of the same content."""
    deliver(database_url, tmp_path, "day1")
    fewer = [group(1, []), group(6, [])]
    seen = deliver(database_url, tmp_path, "day3", fewer, protection=STRICT).plan
    assert seen
    said = {"fingerprint": "", "decided_by": "ada", "reason": "so"}
    decide(database_url, "day3", Verdict.APPROVE, plan_id=seen.id, **said)
    folder = tmp_path / "sync-day3"
    with staged_by_hand(database_url, "day3", folder, fingerprint=fingerprint_of(folder)) as staged:
        assert deliver(database_url, tmp_path, "day2", [*BOTH, group(7, [10])], protection=STRICT).is_applied
        anew = apply_delivery(staged, protection=STRICT)
        assert isinstance(anew.refusal, DayHeld)
        assert anew.plan
        assert anew.plan.id != seen.id
        compare(database_url, model_of(tmp_path, "day1", "day2"))
        decide(database_url, "day3", Verdict.APPROVE, plan_id=anew.plan.id, **said)
        assert apply_delivery(staged, protection=STRICT).is_applied
    compare(database_url, model_of(tmp_path, "day1", "day2", "day3"))
    outcomes = dict(rows(database_url, "SELECT plan_id, outcome FROM directory.sync_plans WHERE sync_day = 'day3'"))
    assert outcomes == {seen.id: "held", anew.plan.id: "applied"}
