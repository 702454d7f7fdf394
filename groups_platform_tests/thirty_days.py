"""Long random histories of small days: what upstream knows and how it tells it, and what the model says of a day.

Nothing here reads a table: `Upstream` writes folders, `Told` compares two states of the model.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groups_platform.settings import Limit
from groups_platform_tests import oracle
from groups_platform_tests.days import Record, agent, group, write_day
from groups_platform_tests.directory.test_histories import World

Rows = list[tuple[Any, ...]]

LONGEST_ABSENCE = 5
NEVER = {"updated_at": "never"}  # rejects a record whose id can be read


class Upstream(World):
    """A world whose groups and agents are away for some days, and which now and then tells of itself badly."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng, rng.choice([6, 12, 24]), rng.choice([4, 8]))
        self.away_groups: dict[int, int] = {}
        self.away_agents: dict[int, int] = {}

    def is_now(self, share: float) -> bool:
        return self.rng.random() < share

    def next_day(self) -> None:
        """One day later: something changed, somebody left, somebody is back."""
        self.change()
        for away, everybody in ((self.away_groups, [*self.parents]), (self.away_agents, [*self.agents])):
            for id_, days in list(away.items()):
                away[id_] = days - 1
                if not away[id_]:
                    del away[id_]
            if self.is_now(0.35):
                away.setdefault(self.rng.choice(everybody), self.rng.randint(1, LONGEST_ABSENCE))

    def write_day(self, folder: Path, *, is_first: bool = False) -> None:
        """Write the day as upstream tells it."""
        groups = self.tell_groups()
        roster = None if self.is_now(0.12) and not is_first else self.tell_roster()
        files = {"admin_groups/cut.jsonl": '{"id": 1, "na'} if self.is_now(0.04) and not is_first else None
        write_day(folder, groups, roster, details=self.tell_details(), files=files)

    def tell_groups(self) -> list[object]:
        fault = self.rng.choice(["half are lost", "no members", "no parents", *[None] * 22])
        told: list[object] = []
        for group_id, parent in self.parents.items():
            record = group(group_id, sorted(self.members[group_id]), parent, name=self.names[group_id])
            if group_id in self.away_groups or (fault == "half are lost" and self.is_now(0.5)):
                told += [{**record, "deleted": True}] if self.is_now(0.2) else []
                continue
            if fault == "no members":
                record["agent_ids"] = []
            if fault == "no parents":
                record["parent_group_id"] = None
            told += self.tell_group(record)
        if self.is_now(0.15):
            told.append(self.rng.choice([{"id": "nobody"}, {"name": "nameless"}, [], {**group(None)}]))
        self.rng.shuffle(told)
        return told or [group(0)]

    def tell_group(self, record: Record) -> list[object]:
        """The record, or what was made of it."""
        said = {key: value for key, value in record.items() if key != "agent_ids"}
        fates: list[list[object]] = [
            [said],
            [{**record, **NEVER}],
            [{**record, "agent_ids": [*record["agent_ids"], "x"]}],
            [{**record, "name": "older", "updated_at": "2026-10-01"}, record],
            [{**record, "deleted": True, "updated_at": "2026-10-01"}, record],
            [record, {**record, **NEVER}],
        ]
        return self.rng.choice(fates) if self.is_now(0.2) else [record]

    def tell_roster(self) -> list[object] | None:
        is_half_lost = self.is_now(0.05)
        told: list[object] = [
            {**agent(agent_id, active=active), **(NEVER if self.is_now(0.03) else {})}
            for agent_id, active in self.agents.items()
            if agent_id not in self.away_agents and not (is_half_lost and self.is_now(0.6))
        ]
        if told and self.is_now(0.1):
            told.append(self.rng.choice([{"id": None}, {"id": 12.5}, "an agent"]))
        return told or None

    def tell_details(self) -> list[object] | None:
        """Details also of agents who are away, or whom no roster has named yet."""
        if self.is_now(0.6):
            return None
        ids = {*self.away_agents, self.rng.choice([*self.agents]), self.rng.choice([1990, 1991, 1992])}
        return [agent(id_, contact={"name": f"Known {id_}", "active": self.is_now(0.5)}) for id_ in sorted(ids)]


@dataclass(frozen=True)
class Told:
    """Two states of the model, and the numbers of records that were read before and now: what a day changes."""

    before: oracle.Directory
    after: oracle.Directory
    read_before: Mapping[str, int]
    read: Mapping[str, int]

    def counts(self) -> dict[str, int]:
        """The kinds of a plan that two states show."""
        before, after = self.before, self.after
        stored, stored_agents = before.groups, before.agents
        both = [(stored[id_], row) for id_, row in after.groups.items() if id_ in stored]
        agents = [(stored_agents[id_].active, row.active) for id_, row in after.agents.items() if id_ in stored_agents]
        gone_agents = stored_agents.keys() - after.agents.keys()  # only a correction takes somebody out
        return {
            "agents_new": len(after.agents.keys() - before.agents.keys()),
            "agents_deactivated": agents.count((True, False)) + sum(stored_agents[id_].active for id_ in gone_agents),
            "agents_reactivated": agents.count((False, True)),
            "groups_new": len(after.groups.keys() - stored.keys()),
            "groups_renamed": sum(old.name != new.name for old, new in both),
            "groups_moved": sum(old.parent_group_id != new.parent_group_id for old, new in both),
            "groups_missing": len(after.missing() - before.missing()) + len(stored.keys() - after.groups.keys()),
            "groups_ended": len(after.ended.items() - before.ended.items()),
            "memberships_added": len(after.membership() - before.membership()),
            "memberships_removed": len(before.membership() - after.membership()),
            "groups_turned_inactive": sum(new.inactive and not old.inactive for old, new in both),
            "groups_turned_active": sum(old.inactive and not new.inactive for old, new in both),
        }

    def excesses(self, limits: Mapping[str, Limit | None]) -> set[str]:
        """The limits that are exceeded: both the share of what was stored and the number of rows."""
        before = self.before
        stored = {
            "agents_deactivated": sum(row.active for row in before.agents.values()),
            "memberships_removed": len(before.membership()),
            "groups_turned_inactive": sum(not row.inactive for row in before.groups.values()),
            "groups_missing": len(before.groups),
            "groups_moved": len(before.groups),
            "groups_read_fewer": self.read_before["groups"],
            "agents_read_fewer": self.read_before["agents"],
        }
        fewer = {f"{kind}_read_fewer": self.read_before[kind] - self.read[kind] for kind in self.read}
        changed = {**self.counts(), **fewer}
        return {
            name
            for name, limit in limits.items()
            if limit and changed[name] > limit.rows and changed[name] > limit.share * stored[name]
        }


def as_of(directory: oracle.Directory) -> dict[str, Rows]:
    """What the functions of P17 return for the model's newest day."""
    groups = directory.groups.values()
    return {
        "groups": [(row.group_id, row.name, row.parent_group_id, row.inactive) for row in groups],
        "agents": [(row.agent_id, row.active, row.name, row.email) for row in directory.agents.values()],
        "memberships": [(*pair, True) for pair in directory.membership()],
    }


KEYS = {"groups": 1, "agents": 1, "memberships": 2}


def intervals(live: Mapping[str, Mapping[str, Rows]], labels: list[str], table: str) -> set[tuple[Any, ...]]:
    """The rows of a history: key, values, from_day and to_day, one per longest run of applied days that say the same.

    live: what `as_of` said after each of `labels`, which are in their order.
    """
    rows = set()
    running: dict[Any, tuple[Any, str]] = {}
    for label in [*labels, None]:
        now = {row[: KEYS[table]]: row[KEYS[table] :] for row in live[label][table]} if label else {}
        for key, (values, since) in list(running.items()):
            if label is None or now.get(key) != values:
                rows.add((*key, *values, since, label))
                del running[key]
        for key, values in now.items():
            if label is not None and key not in running:
                running[key] = values, label
    return rows


@dataclass
class Fold:
    """The model after days in their order. live: what `as_of` said after each that is a full snapshot."""

    model: oracle.Directory
    live: dict[str, dict[str, Rows]] = field(default_factory=dict)


def fold(folders: Mapping[str, Path], grace_days: int) -> Fold:
    """These days in this order."""
    folded = Fold(oracle.Directory(grace_days=grace_days))
    for label, folder in folders.items():
        before = copy.deepcopy(folded.model)
        try:
            folded.model.sync(folder, label)
        except oracle.IncompleteSnapshot:
            folded.model = before
        else:
            folded.live[label] = as_of(folded.model)
    return folded
