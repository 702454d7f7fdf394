"""P10 to P12, P16, P17 and P19: what a day would change, what is held, who decides, and what was on each day."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from groups_platform.database.connection import connect
from groups_platform.directory.apply import apply_day
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import OFF, Protection, find_excesses
from groups_platform.directory.plan import KINDS, Plan, find_plan
from groups_platform.errors import DayHeld, DayRejected, InvalidDecision, LockTimeout, UnknownPlan
from groups_platform.settings import DEFAULT_LIMITS, Limit
from groups_platform_tests.days import Record, agent, group, write_day
from groups_platform_tests.directory.test_histories import rows
from groups_platform_tests.staged_by_hand import fingerprint_of, staged_by_hand, sync_by_hand

GROUPS = [group(1), *(group(n, [100 + n, 200 + n], parent=1) for n in range(2, 42))]
AGENTS = [agent(n) for n in (*range(100, 142), *range(200, 242))]
GUARDED = Protection()


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """A database with day1 applied: a group above 40 others, with two active members each."""
    assert sync(database_url, tmp_path, "day1", GROUPS, AGENTS).is_applied
    return database_url


def sync(
    url: str,
    tmp_path: Path,
    label: str,
    groups: Iterable[Record] = GROUPS,
    agents: Iterable[Record] = AGENTS,
    protection: Protection = GUARDED,
) -> DayResult:
    return sync_by_hand(url, label, write_day(tmp_path / f"sync-{label}", groups, agents), protection)


def plan(url: str, tmp_path: Path, label: str, groups: Iterable[Record], agents: Iterable[Record] = AGENTS) -> Plan:
    with staged_by_hand(url, label, write_day(tmp_path / f"sync-{label}", groups, agents)) as staged:
        result = apply_day(staged, is_plan=True)
    assert not result.is_applied
    assert result.plan
    return result.plan


def tables(url: str) -> dict[str, list[tuple[Any, ...]]]:
    names = (
        "groups",
        "agents",
        "group_membership",
        "group_history",
        "agent_history",
        "membership_history",
        "sync_days",
    )
    return {name: sorted(rows(url, f"SELECT * FROM directory.{name}"), key=repr) for name in names}


CHANGED = [
    group(1),
    group(2, [102, 202], parent=1, name="renamed"),
    group(3, [103, 203], parent=2),
    group(4, [104], parent=1),
    group(5, [105, 205, 106], parent=1),
    *GROUPS[5:-1],
    group(99, [100], parent=1),
]


def test_p10_a_plan_counts_every_kind_of_change_and_undoes_it(url: str, tmp_path: Path) -> None:
    before = tables(url)
    agents = [*AGENTS[1:], agent(300), agent(141, active=False)]
    agents = [a for a in agents if not (a["id"] == 141 and a["contact"]["active"])]
    planned = plan(url, tmp_path, "day2", CHANGED, agents)
    assert tables(url) == before
    assert planned.counts == {
        **dict.fromkeys(KINDS, 0),
        "agents_new": 1,
        "agents_deactivated": 2,
        "groups_new": 1,
        "groups_renamed": 1,
        "groups_moved": 1,
        "groups_missing": 1,
        "memberships_added": 2,
        "memberships_removed": 1,
    }
    (renamed,) = planned.samples["groups_renamed"]
    assert (renamed["group_id"], renamed["before"], renamed["after"]) == (2, "Group 2", "renamed")
    stored = find_plan(url, "day2")
    assert stored
    assert (stored["plan_id"], stored["outcome"], stored["counts"]) == (planned.id, "planned", planned.counts)


def test_p10_the_plan_is_what_the_transaction_changes(url: str, tmp_path: Path) -> None:
    planned = plan(url, tmp_path, "day2", CHANGED)
    applied = sync(url, tmp_path, "day2", CHANGED)
    assert applied.is_applied
    assert applied.plan == planned
    again = sync(url, tmp_path, "day2", CHANGED)
    assert again.plan
    assert again.plan.is_empty


def test_p10_an_agent_who_is_renamed_and_absent_is_one_change(database_url: str, tmp_path: Path) -> None:
    one = [group(1, [10])]
    assert sync(database_url, tmp_path, "day1", one, [agent(10), agent(11)]).is_applied
    renamed = {**agent(10), "contact": {"name": "Ada", "email": "ada@example.com"}}
    folder = write_day(tmp_path / "sync-day2", one, [agent(11)], details=[renamed])
    result = sync_by_hand(database_url, "day2", folder, GUARDED)
    assert result.is_applied
    assert result.plan
    assert {kind: count for kind, count in result.plan.counts.items() if count} == {
        "agents_deactivated": 1,
        "groups_turned_inactive": 1,
    }
    assert result.changes["agents"].updated == 1
    known = rows(database_url, "SELECT active, name, email FROM directory.agents_as_of('day2') WHERE agent_id = 10")
    assert known == [(False, "Ada", "ada@example.com")]


def test_p10_the_id_does_not_depend_on_order_and_depends_on_every_row(url: str, tmp_path: Path) -> None:
    ids = [
        plan(url, tmp_path, "day2", groups, agents).id
        for groups, agents in [
            (CHANGED, AGENTS),
            (CHANGED[::-1], AGENTS[::-1]),
            ([*CHANGED[:-1], group(99, [101], parent=1)], AGENTS),
            ([*CHANGED[:-1], group(99, [100], parent=2)], AGENTS),
            ([*CHANGED[:-1], group(99, [100], parent=1, name="other")], AGENTS),
            (CHANGED, [agent(100, active=False), *AGENTS[1:]]),
        ]
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 5


def test_p10_the_id_tells_groups_apart_whose_ids_differ_by_many_powers_of_two(
    database_url: str, tmp_path: Path
) -> None:
    groups = [group(number) for number in (1, 2**32, 2**62, 3)]
    assert sync(database_url, tmp_path, "day1", groups, AGENTS).is_applied
    ids = {plan(database_url, tmp_path, "day2", groups[:i] + groups[i + 1 :], AGENTS).id for i in range(4)}
    assert len(ids) == 4


def test_p10_the_greatest_id_has_a_plan(database_url: str, tmp_path: Path) -> None:
    greatest = 2**63 - 1
    everybody = [agent(greatest), agent(10)]
    assert sync(database_url, tmp_path, "day1", [group(1, [10])], everybody).is_applied
    assert sync(database_url, tmp_path, "day2", [group(1, [10]), group(greatest, [greatest])], everybody).is_applied
    assert sync(database_url, tmp_path, "day3", [group(1, [10]), group(greatest, [])], everybody).is_applied


LOST: dict[str, tuple[list[Record], list[Record], str]] = {
    "a page of the roster": (GROUPS, AGENTS[:60], "agents_deactivated"),
    "a renamed key of members": ([{**g, "agent_ids": []} for g in GROUPS], AGENTS, "memberships_removed"),
    "half of the groups": (GROUPS[:20], AGENTS, "groups_missing"),
    "everybody's status": (GROUPS, [agent(a["id"], active=False) for a in AGENTS], "groups_turned_inactive"),
    "the hierarchy": ([{**g, "parent_group_id": None} for g in GROUPS], AGENTS, "groups_moved"),
}


@pytest.mark.parametrize("lost", LOST)
def test_p11_what_nobody_expects_is_held(url: str, tmp_path: Path, lost: str) -> None:
    groups, agents, limit = LOST[lost]
    before = tables(url)
    held = sync(url, tmp_path, "day2", groups, agents)
    assert isinstance(held.refusal, DayHeld)
    assert limit in {excess.limit for excess in held.excesses}
    assert tables(url) == before
    said = str(held.refusal)
    assert said.startswith("day2 is held")
    assert held.plan
    assert f"groups-platform approve day2 --plan {held.plan.id}" in said
    attempt = rows(url, "SELECT outcome, plan_id FROM directory.sync_attempts WHERE sync_day = 'day2'")
    assert attempt == [("held", held.plan.id)]


def test_p11_a_day_without_a_roster_is_not_compared_with_one_that_has_it(url: str, tmp_path: Path) -> None:
    """D7 allows it, and a roster on the day after is compared with the newest one."""
    folder = write_day(tmp_path / "sync-day2", GROUPS, None)
    assert sync_by_hand(url, "day2", folder, GUARDED).is_applied
    held = sync(url, tmp_path, "day3", GROUPS, AGENTS[:40])
    assert "agents_read_fewer" in {excess.limit for excess in held.excesses}


def test_p11_a_share_is_what_it_says() -> None:
    assert Limit(0.29, 0).allowed(100) == 29
    assert Limit(0.07, 0).allowed(10_000) == 700


def test_p11_a_small_day_changes_what_it_likes(database_url: str, tmp_path: Path) -> None:
    assert sync(database_url, tmp_path, "day1", [group(1, [10]), group(2, [11])], [agent(10), agent(11)]).is_applied
    assert sync(database_url, tmp_path, "day2", [group(1)], [agent(11)]).is_applied


def test_p11_the_first_day_has_no_limits_and_off_is_off(url: str, tmp_path: Path) -> None:
    assert sync(url, tmp_path, "day2", GROUPS[:2], AGENTS[:10], OFF).is_applied


def test_p11_both_the_share_and_the_rows_are_to_be_exceeded() -> None:
    stored = {
        "active_agents": 100, "memberships": 1000, "active_groups": 100, "groups": 100, "groups_read": 100,
        "agents_read": 100,
    }  # fmt: skip
    none = dict.fromkeys(DEFAULT_LIMITS, 0)

    def excess_of(limits: dict[str, Limit | None], **changes: int) -> list[str]:
        return [excess.limit for excess in find_excesses({**none, **changes}, stored, limits)]

    limits = dict(DEFAULT_LIMITS)
    assert excess_of(limits, agents_deactivated=20) == []
    assert excess_of(limits, agents_deactivated=21) == ["agents_deactivated"]
    assert excess_of({**limits, "agents_deactivated": Limit(0.2, 30)}, agents_deactivated=30) == []
    assert excess_of({**limits, "agents_deactivated": None}, agents_deactivated=100) == []
    assert excess_of(limits, groups_missing=11, memberships_removed=900) == ["memberships_removed", "groups_missing"]


def approve(url: str, plan_id: str | None, label: str = "day2") -> None:
    decide(url, label, Verdict.APPROVE, fingerprint="", decided_by="ada", reason="a merger", plan_id=plan_id)


def test_p12_an_approval_applies_the_plan_that_was_seen(url: str, tmp_path: Path) -> None:
    held = sync(url, tmp_path, "day2", GROUPS[:20])
    assert held.plan
    approve(url, held.plan.id)
    applied = sync(url, tmp_path, "day2", GROUPS[:20])
    assert applied.is_applied
    assert applied.plan == held.plan
    assert applied.excesses
    assert find_plan(url, "day2", held.plan.id)["outcome"] == "applied"  # type: ignore[index]


def test_p12_to_look_at_the_plan_of_a_held_day_leaves_it_to_be_approved(url: str, tmp_path: Path) -> None:
    held = sync(url, tmp_path, "day2", GROUPS[:20])
    assert held.plan
    assert plan(url, tmp_path, "day2", GROUPS[:20]) == held.plan
    assert find_plan(url, "day2")["outcome"] == "held"  # type: ignore[index]
    approve(url, held.plan.id)
    assert sync(url, tmp_path, "day2", GROUPS[:20]).is_applied


def test_p12_a_plan_can_be_approved_before_the_day_runs(url: str, tmp_path: Path) -> None:
    planned = plan(url, tmp_path, "day2", GROUPS[:20])
    approve(url, planned.id)
    assert sync(url, tmp_path, "day2", GROUPS[:20]).is_applied


def test_p12_rejected_content_is_not_applied_until_somebody_approves_it(url: str, tmp_path: Path) -> None:
    folder = write_day(tmp_path / "sync-day2", CHANGED, AGENTS)
    said = {"fingerprint": fingerprint_of(folder), "decided_by": "grace", "reason": "of another system"}
    decide(url, "day2", Verdict.REJECT, **said)
    before = tables(url)
    rejected = sync_by_hand(url, "day2", folder, GUARDED)
    assert isinstance(rejected.refusal, DayRejected)
    assert "grace has rejected day2 with this content: of another system." in str(rejected.refusal)
    assert tables(url) == before
    with staged_by_hand(url, "day2", folder) as staged:
        planned = apply_day(staged, is_plan=True).plan
    assert planned
    approve(url, planned.id)
    assert sync_by_hand(url, "day2", folder, GUARDED).is_applied


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "\udcff"])
def test_p12_a_decision_has_a_reason_that_can_be_read(url: str, text: str) -> None:
    for said in ({"reason": text, "decided_by": "ada"}, {"reason": "so", "decided_by": text}):
        with pytest.raises(InvalidDecision, match="must be a text that is not blank"):
            decide(url, "day2", Verdict.SKIP, fingerprint="x", **said)


def test_p12_another_plan_is_held_anew(url: str, tmp_path: Path) -> None:
    held = sync(url, tmp_path, "day2", GROUPS[:20])
    assert held.plan
    approve(url, held.plan.id)
    other = sync(url, tmp_path, "day2", GROUPS[:19])
    assert isinstance(other.refusal, DayHeld)
    with pytest.raises(UnknownPlan, match="day2 does not wait with the plan"):
        approve(url, held.plan.id)


def test_p12_of_a_day_that_is_as_it_was_when_held_before_that_plan_is_approved(url: str, tmp_path: Path) -> None:
    folders = [write_day(tmp_path / name / "sync-day2", GROUPS[:n], AGENTS) for name, n in (("a", 20), ("b", 19))]
    first = sync_by_hand(url, "day2", folders[0], GUARDED)
    sync_by_hand(url, "day2", folders[1], GUARDED)
    assert first.plan

    assert sync_by_hand(url, "day2", folders[0], GUARDED).plan == first.plan

    approve(url, first.plan.id)
    assert sync_by_hand(url, "day2", folders[0], GUARDED).is_applied


def test_p12_the_newest_decision_holds(url: str, tmp_path: Path) -> None:
    held = sync(url, tmp_path, "day2", GROUPS[:20])
    assert held.plan
    approve(url, held.plan.id)
    said = {"fingerprint": fingerprint_of(tmp_path / "sync-day2"), "decided_by": "grace", "reason": "half an export"}
    decide(url, "day2", Verdict.REJECT, **said)
    with staged_by_hand(url, "day2", tmp_path / "sync-day2") as staged:
        assert isinstance(apply_day(staged).refusal, DayRejected)


@pytest.mark.parametrize("plan_id", [None, "nope"])
def test_p12_nothing_but_a_held_plan_is_approved(url: str, tmp_path: Path, plan_id: str | None) -> None:
    with pytest.raises(UnknownPlan):
        approve(url, plan_id)
    assert sync(url, tmp_path, "day2", CHANGED).is_applied
    with pytest.raises(UnknownPlan):
        approve(url, find_plan(url, "day2")["plan_id"])  # type: ignore[index]


@pytest.mark.parametrize("change", ["UPDATE {} SET reason = 'other'", "DELETE FROM {}", "TRUNCATE {}"])
def test_p12_decisions_are_append_only(url: str, change: str) -> None:
    decide(url, "day2", Verdict.SKIP, fingerprint="x", decided_by="ada", reason="no export that day")
    with connect(url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(change.format("directory.sync_decisions").encode())


def test_p16_content_delivered_again_replaces_what_the_day_had_said(url: str, tmp_path: Path) -> None:
    assert sync(url, tmp_path, "day2", [group(1), group(2, [102], parent=1, name="x"), *GROUPS[2:]]).is_applied
    assert sync(url, tmp_path, "day2", GROUPS).is_applied
    assert rows(url, "SELECT DISTINCT from_day, to_day FROM directory.group_history") == [("day1", None)]
    assert rows(url, "SELECT DISTINCT from_day, to_day FROM directory.membership_history") == [("day1", None)]
    assert sync(url, tmp_path, "day2", [group(1), group(2, [102], parent=1, name="y"), *GROUPS[2:]]).is_applied
    history = "SELECT from_day, to_day, name FROM directory.group_history WHERE group_id = 2 ORDER BY from_day"
    assert rows(url, history) == [("day1", "day2", "Group 2"), ("day2", None, "y")]
    gone = "SELECT from_day, to_day FROM directory.membership_history WHERE agent_id = 202"
    assert rows(url, gone) == [("day1", "day2")]


def test_p17_a_day_that_was_not_applied_has_no_as_of(url: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="The day day9 was not applied"):
        rows(url, "SELECT * FROM directory.groups_as_of('day9')")


def test_p19_a_group_ends_when_it_is_missing_for_the_days_of_grace(url: str, tmp_path: Path) -> None:
    without = [*GROUPS[:5], *GROUPS[6:]]  # 6 has 106 and 206
    members = "SELECT agent_id FROM directory.group_membership WHERE group_id = 6 ORDER BY agent_id"
    for label, code in (("day2", "missing_upstream"), ("day3", "missing_upstream"), ("day4", "ended_upstream")):
        assert rows(url, members) == [(106,), (206,)]
        result = sync(url, tmp_path, label, without)
        assert result.is_applied
        assert result.findings[code] == 1
        assert sync(url, tmp_path, label, without).rows_written == 0
    assert rows(url, members) == []
    assert rows(url, "SELECT name, inactive FROM directory.groups WHERE group_id = 6") == [("Group 6", True)]
    assert rows(url, "SELECT count(*) FROM directory.memberships_as_of('day3') WHERE group_id = 6") == [(2,)]
    fifth = sync(url, tmp_path, "day5", without)
    assert (fifth.findings["missing_upstream"], fifth.findings["ended_upstream"]) == (0, 0)

    assert sync(url, tmp_path, "day6", [*without, group(6, [106], parent=1)]).is_applied
    assert rows(url, members) == [(106,)]
    missing = "SELECT group_id, since_day, ended_day, to_day FROM directory.missing_groups"
    assert rows(url, missing) == [(6, "day2", "day4", "day6")]


def test_p19_a_group_that_comes_back_in_time_has_lost_nothing(url: str, tmp_path: Path) -> None:
    without = [*GROUPS[:5], *GROUPS[6:]]
    for label, groups in (("day2", without), ("day3", without), ("day4", GROUPS), ("day5", without), ("day6", without)):
        assert sync(url, tmp_path, label, groups).findings["ended_upstream"] == 0
    assert rows(url, "SELECT count(*) FROM directory.group_membership WHERE group_id = 6") == [(2,)]


def test_p19_content_delivered_again_says_anew_which_groups_are_missing(url: str, tmp_path: Path) -> None:
    without = [*GROUPS[:5], *GROUPS[6:]]
    missing = "SELECT since_day, ended_day, to_day FROM directory.missing_groups WHERE group_id = 6"
    assert sync(url, tmp_path, "day2", without).is_applied
    assert rows(url, missing) == [("day2", None, None)]
    assert sync(url, tmp_path, "day2", GROUPS).is_applied
    assert rows(url, missing) == []
    assert sync(url, tmp_path, "day2", without).is_applied
    assert sync(url, tmp_path, "day3", GROUPS).is_applied
    assert rows(url, missing) == [("day2", None, "day3")]
    assert sync(url, tmp_path, "day3", without).is_applied
    assert rows(url, missing) == [("day2", None, None)]
    assert sync(url, tmp_path, "day4", without).findings["ended_upstream"] == 1
    assert sync(url, tmp_path, "day4", GROUPS).is_applied
    assert rows(url, missing) == [("day2", None, "day4")]
    assert rows(url, "SELECT count(*) FROM directory.group_membership WHERE group_id = 6") == [(2,)]


def test_p19_without_grace_days_no_group_ever_ends(url: str, tmp_path: Path) -> None:
    for number in range(2, 8):
        sync(url, tmp_path, f"day{number}", GROUPS[:-1], AGENTS, Protection(grace_days=0))
    assert rows(url, "SELECT count(*) FROM directory.group_membership WHERE group_id = 41") == [(2,)]


def test_who_holds_the_tables_is_named_after_the_timeout(url: str, tmp_path: Path) -> None:
    before = tables(url)
    with connect(url, purpose="maintenance") as holder:
        holder.execute("SELECT pg_advisory_xact_lock(hashtextextended('groups_platform.directory', 0))")
        with pytest.raises(LockTimeout, match=r"still locked after 0.5 s, by groups_platform maintenance"):
            sync(url, tmp_path, "day2", CHANGED, protection=Protection(lock_timeout=0.5))
    assert tables(url) == before
    assert sync(url, tmp_path, "day2", CHANGED).is_applied
