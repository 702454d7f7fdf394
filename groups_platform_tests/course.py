"""A random history over a database of its own: after each delivery everything is as the independent model says."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groups_platform.directory.day_result import DayResult
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.errors import DayHeld, DayRejected, IncompleteSnapshot
from groups_platform.settings import Limit
from groups_platform_tests import oracle
from groups_platform_tests.directory.test_histories import compare, compare_findings, rows, versions
from groups_platform_tests.staged_by_hand import fingerprint_of, staged_by_hand
from groups_platform_tests.thirty_days import Told, Upstream, as_of, intervals

LIMITS: dict[str, Limit | None] = {
    "agents_deactivated": Limit(0.3, 2), "memberships_removed": Limit(0.3, 3), "groups_turned_inactive": Limit(0.3, 3),
    "groups_missing": Limit(0.2, 3), "groups_moved": Limit(0.3, 4), "groups_read_fewer": Limit(0.4, 4),
    "agents_read_fewer": Limit(0.4, 3),
}  # fmt: skip
GUARDED = Protection(LIMITS, grace_days=2)
GRACE = Protection(OFF.limits, grace_days=2)

AS_OF = """
    SELECT d.sync_day, 'groups', g.group_id, g.name, g.parent_group_id::TEXT, g.inactive
    FROM directory.sync_days AS d CROSS JOIN LATERAL directory.groups_as_of(d.sync_day) AS g
    UNION ALL
    SELECT d.sync_day, 'agents', a.agent_id, a.name, a.email, a.active
    FROM directory.sync_days AS d CROSS JOIN LATERAL directory.agents_as_of(d.sync_day) AS a
    UNION ALL
    SELECT d.sync_day, 'memberships', m.group_id, m.agent_id::TEXT, NULL, TRUE
    FROM directory.sync_days AS d CROSS JOIN LATERAL directory.memberships_as_of(d.sync_day) AS m
"""
HISTORIES = {
    "groups": "SELECT group_id, name, parent_group_id, inactive, from_day, to_day FROM directory.group_history",
    "agents": "SELECT agent_id, active, name, email, from_day, to_day FROM directory.agent_history",
    "memberships": "SELECT group_id, agent_id, TRUE, from_day, to_day FROM directory.membership_history",
}


@dataclass(frozen=True)
class Delivery:
    """A folder `sync-<label>` below a source of its own."""

    label: str
    source: Path

    @property
    def folder(self) -> Path:
        return self.source / f"sync-{self.label}"

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.folder)


def sync(url: str, delivery: Delivery, protection: Protection) -> DayResult:
    with staged_by_hand(url, delivery.label, delivery.folder, fingerprint=delivery.fingerprint) as staged:
        return apply_delivery(staged, protection=protection)


@dataclass
class Course:
    """A database and the model of it, day after day. `counts`: the content of each day that a fold has."""

    url: str
    rng: random.Random
    model: oracle.Directory = field(default_factory=lambda: oracle.Directory(grace_days=GUARDED.grace_days))
    counts: dict[str, Delivery] = field(default_factory=dict)
    live: dict[str, dict[str, list[tuple[Any, ...]]]] = field(default_factory=dict)
    read: dict[str, dict[str, int]] = field(default_factory=dict)
    approved: set[tuple[str, str]] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)

    def labels(self) -> list[str]:
        """The applied days in their order."""
        return sorted(self.live, key=oracle.natural_order)

    def deliver(self, delivery: Delivery) -> None:
        before = copy.deepcopy(self.model)
        try:
            expected = self.model.sync(delivery.folder, delivery.label)
        except oracle.IncompleteSnapshot:
            self.seen["incomplete"] += 1
            self.refused(delivery, IncompleteSnapshot)
            self.forget_correction(delivery, before)
            return
        if not expected.applied:
            self.come_late(delivery)
            return
        has_roster = (delivery.folder / "agents").is_dir()
        told = self.tell(delivery.label, before, expected, has_roster=has_roster)
        excesses = told.excesses(LIMITS) if before.newest_label else set()
        result = sync(self.url, delivery, GUARDED)
        assert result.plan
        assert {kind: result.plan.counts[kind] for kind in told.counts()} == told.counts()
        assert {excess.limit for excess in result.excesses} == excesses
        if excesses and (delivery.label, result.plan.id) not in self.approved:
            self.seen["held"] += 1
            assert isinstance(result.refusal, DayHeld)
            compare(self.url, before)
            if self.rng.random() < 0.5:
                self.decide(delivery, self.rng.choice([Verdict.REJECT, Verdict.SKIP]))
                self.refused(delivery, DayRejected)
                self.forget_correction(delivery, before)
                return
            self.decide(delivery, Verdict.APPROVE, result.plan.id)
            result = sync(self.url, delivery, GUARDED)
        self.applied(delivery, result, expected)

    def tell(self, label: str, before: oracle.Directory, expected: oracle.DayResult, *, has_roster: bool) -> Told:
        """What the day changes. A day without a roster is not compared with those that had one (D7)."""
        read = {"groups": expected.groups.read, "agents": expected.agents.read}
        earlier = [self.read[day] for day in self.labels() if oracle.natural_order(day) < oracle.natural_order(label)]
        read_before = {kind: next((day[kind] for day in reversed(earlier) if day[kind]), n) for kind, n in read.items()}
        return Told(before, self.model, read_before if has_roster else {**read_before, "agents": read["agents"]}, read)

    def applied(self, delivery: Delivery, result: DayResult, expected: oracle.DayResult) -> None:
        assert result.is_applied
        self.seen["corrected" if delivery.label in self.live else "applied"] += 1
        self.seen["ended"] += result.findings["ended_upstream"]
        self.counts[delivery.label] = delivery
        self.live[delivery.label] = as_of(self.model)
        self.read[delivery.label] = {"groups": expected.groups.read, "agents": expected.agents.read}
        compare(self.url, self.model)
        compare_findings(self.url, delivery.label, result, expected)
        compare_history(self.url, self.live, self.labels())

    def come_late(self, delivery: Delivery) -> None:
        """A day that is older than the newest applied one changes nothing, and counts in the fold."""
        self.seen["late"] += 1
        before = versions(self.url)
        result = sync(self.url, delivery, GUARDED)
        assert (result.is_applied, result.newest_day) == (False, self.model.newest_label)
        assert {**versions(self.url), "findings": []} == {**before, "findings": []}
        if delivery.label in self.live and isinstance(result.refusal, IncompleteSnapshot):
            return  # what was applied of it counts
        self.counts[delivery.label] = delivery
        if delivery.label not in self.live and self.rng.random() < 0.2:
            self.seen["late and rejected"] += 1
            self.decide(delivery, Verdict.REJECT)
            del self.counts[delivery.label]

    def refused(self, delivery: Delivery, refusal: type[Exception]) -> None:
        before = versions(self.url)
        result = sync(self.url, delivery, GUARDED)
        assert isinstance(result.refusal, refusal)
        assert {**versions(self.url), "findings": []} == {**before, "findings": []}

    def forget_correction(self, delivery: Delivery, before: oracle.Directory) -> None:
        """What was refused of a day that is applied is replaced by what had been applied, which writes nothing."""
        self.model = before
        if delivery.label in self.counts:
            self.seen["correction refused"] += 1
            assert sync(self.url, self.counts[delivery.label], GUARDED).rows_written == 0
        compare(self.url, before)

    def decide(self, delivery: Delivery, verdict: Verdict, plan_id: str | None = None) -> None:
        if plan_id:
            self.approved.add((delivery.label, plan_id))
        said: dict[str, Any] = {"fingerprint": delivery.fingerprint, "decided_by": "ada", "reason": "seen"}
        decide(self.url, delivery.label, verdict, plan_id=plan_id, **said)


def compare_history(url: str, live: Mapping[str, Mapping[str, list[tuple[Any, ...]]]], labels: list[str]) -> None:
    """P16 and P17: the intervals, and what every applied day was."""
    for table, query in HISTORIES.items():
        stored, expected = rows(url, query), intervals(live, labels, table)
        assert (set(stored) - expected, expected - set(stored)) == (set(), set()), table
        assert len(stored) == len(expected)
    told = [(label, *row) for label, tables in live.items() for row in as_rows(tables)]
    assert Counter(rows(url, AS_OF)) == Counter(told)


def as_rows(tables: Mapping[str, list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """The rows of `as_of` in the form of AS_OF."""
    groups = [
        ("groups", i, name, parent if parent is None else str(parent), flag)
        for i, name, parent, flag in tables["groups"]
    ]
    agents = [("agents", i, name, email, active) for i, active, name, email in tables["agents"]]
    return groups + agents + [("memberships", i, str(agent), None, True) for i, agent, _ in tables["memberships"]]


def run_course(url: str, tmp_path: Path, seed: int, days: int) -> Course:
    """Deliver the days of a seed: some later than others, some twice."""
    rng = random.Random(seed)
    upstream, course, sources = Upstream(rng), Course(url, rng), iter(range(1000))
    waiting: list[tuple[int, Delivery]] = []

    def write(label: str, **how: Any) -> Delivery:
        delivery = Delivery(label, tmp_path / f"source{next(sources)}")
        upstream.write_day(delivery.folder, **how)
        return delivery

    for number in range(1, days + 1):
        label = f"day{number}"
        today = write(label, is_first=number == 1)
        upstream.next_day()
        if number > 1 and rng.random() < 0.12:
            waiting.append((number + rng.randint(1, 6), today))
        else:
            course.deliver(today)
        while rng.random() < 0.25:
            upstream.change()
            newest = course.model.newest_label or label
            course.deliver(write(newest))
        if course.labels()[:-1] and rng.random() < 0.06:
            course.deliver(write(rng.choice(course.labels()[:-1])))
        for _, late in [entry for entry in waiting if entry[0] <= number]:
            course.deliver(late)
        waiting = [entry for entry in waiting if entry[0] > number]
    return course
