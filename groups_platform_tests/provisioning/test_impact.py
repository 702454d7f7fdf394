"""M7: the plan of a sync day says what it would do to projects, and a project with running kernels holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from groups_platform.directory.apply import apply_day
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import OFF, Protection
from groups_platform.errors import DayHeld
from groups_platform.provisioning.impact import read_impact
from groups_platform.settings import DEFAULT_LIMITS
from groups_platform_tests.days import Record, agent, group, write_day
from groups_platform_tests.provisioning.world import DOMAIN, World
from groups_platform_tests.staged_by_hand import fingerprint_of, staged_by_hand, sync_by_hand

ONLY_KERNELS = {**OFF.limits, "projects_with_running_kernels": DEFAULT_LIMITS["projects_with_running_kernels"]}
GUARDED = Protection(ONLY_KERNELS, impact=read_impact)
GROUPS = [group(1), group(2, [20, 21], parent=1), group(3, [30], parent=2)]
AGENTS = [agent(n) for n in (20, 21, 30)]
IMPACT = ("projects_to_be_deleted", "projects_losing_all_members", "projects_with_running_kernels")


class Days:
    """Days by hand over the world's database; day1 is applied."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder, self.number = world, folder, 0
        self.sync(GROUPS, AGENTS).or_raise()

    def write(self, groups: list[Record], agents: list[Record]) -> tuple[str, Path]:
        self.number += 1
        label = f"day{self.number}"
        return label, write_day(self.folder / f"sync-{label}", groups, agents)

    def sync(self, groups: list[Record], agents: list[Record], protection: Protection = GUARDED) -> DayResult:
        return sync_by_hand(self.world.url, *self.write(groups, agents), protection)

    def plan(self, groups: list[Record], agents: list[Record], protection: Protection = GUARDED) -> DayResult:
        label, folder = self.write(groups, agents)
        with staged_by_hand(self.world.url, label, folder) as staged:
            return apply_day(staged, protection=protection, is_plan=True)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return World(database_url, tmp_path)


@pytest.fixture
def days(world: World, tmp_path: Path) -> Days:
    return Days(world, tmp_path)


def project(world: World, group_id: int, *, kernels: int = 0, rule: dict[str, Any] | None = None) -> UUID:
    """A live project of the directory group; provisioned where a rule is given."""
    found: UUID = world.one(
        "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id)"
        " VALUES (%s, %s, 'default', %s) RETURNING id",
        f"p{group_id}",
        DOMAIN,
        f"directory:{group_id}",
    )
    if rule is not None:
        rule_id = world.rule(group_id, **rule)
        world.run("INSERT INTO manager.provisioned_projects (project_id, rule_id) VALUES (%s, %s)", found, rule_id)
    user = world.user(f"owner{group_id}@example.com")
    for _ in range(kernels):
        world.run(
            "WITH s AS ("
            "INSERT INTO manager.sessions (domain_name, group_id, user_uuid) VALUES (%s, %s, %s) RETURNING id)"
            " INSERT INTO manager.kernels (session_id, domain_name, group_id, user_uuid, status, occupied_slots)"
            ' SELECT id, %s, %s, %s, \'RUNNING\', \'{"cpu": "2", "mem": "1024"}\' FROM s',
            *(DOMAIN, found, user) * 2,
        )
    world.run("INSERT INTO manager.vfolders (host, name, \"group\") VALUES ('local', 'data', %s)", found)
    return found


def impact(result: DayResult) -> dict[str, list[tuple[Any, ...]]]:
    assert result.plan
    counted = {kind: result.plan.counts[kind] for kind in IMPACT if result.plan.counts[kind]}
    rows = {kind: [(r["group_id"], r["before"], r["after"]) for r in result.plan.samples[kind]] for kind in counted}
    assert {kind: len(found) for kind, found in rows.items()} == counted
    return rows


def without(*ids: int) -> list[Record]:
    return [one for one in AGENTS if one["id"] not in ids]


def test_a_project_of_a_rule_whose_group_turns_inactive_would_be_deleted(world: World, days: Days) -> None:
    project(world, 3, kernels=2, rule={})

    result = days.plan(GROUPS, without(30))

    holds = (3, "example.com/p3", "2 running kernels, cpu 4, mem 2048, 1 folder")
    assert impact(result) == {"projects_to_be_deleted": [holds], "projects_with_running_kernels": [holds]}


@pytest.mark.parametrize("slots", ['{"cpu": "1.2.3", "mem": "."}', '{"cpu": null}', "[1]", '"4"', "null"])
def test_slots_that_nobody_can_read_count_as_zero(world: World, days: Days, slots: str) -> None:
    project(world, 3, kernels=1, rule={})
    world.run("UPDATE manager.kernels SET occupied_slots = %s::JSONB", slots)

    holds = impact(days.plan(GROUPS, without(30)))["projects_with_running_kernels"][0][2]

    assert holds.startswith("1 running kernel, ")
    assert holds.endswith("1 folder")


def test_a_linked_project_without_a_rule_would_lose_all_members(world: World, days: Days) -> None:
    project(world, 3)

    result = days.plan(GROUPS, without(30))

    assert impact(result) == {"projects_losing_all_members": [(3, "example.com/p3", "0 running kernels, 1 folder")]}


@pytest.mark.parametrize(("members_of", "loses"), [("direct", True), ("below", False)])
def test_a_group_that_is_active_by_groups_below_loses_its_direct_members(
    world: World, days: Days, members_of: str, loses: bool
) -> None:
    project(world, 2, rule={"members_of": members_of})

    assert list(impact(days.plan(GROUPS, without(20, 21)))) == (["projects_losing_all_members"] if loses else [])
    moved = [GROUPS[0], group(2, [], parent=1), GROUPS[2]]
    assert list(impact(days.plan(moved, AGENTS))) == (["projects_losing_all_members"] if loses else [])


def test_who_stays_in_a_project_keeps_it(world: World, days: Days) -> None:
    project(world, 2, kernels=1, rule={})

    assert impact(days.plan(GROUPS, without(20))) == {}


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_project_whose_group_moves_away_from_its_rule_would_be_deleted(
    world: World, days: Days, is_claimed: bool
) -> None:
    project(world, 3, kernels=1, rule={"directory_group_id": 2, "with_groups_below": True})
    if is_claimed:
        world.rule(3)

    moved = [*GROUPS[:2], group(3, [30], parent=1)]

    found = impact(days.plan(moved, AGENTS))
    again = sync_by_hand(world.url, "day1", write_day(days.folder / "again" / "sync-day1", moved, AGENTS), GUARDED)

    assert list(found) == ([] if is_claimed else ["projects_to_be_deleted", "projects_with_running_kernels"])
    assert impact(again) == found
    assert isinstance(again.refusal, DayHeld) is not is_claimed


def test_a_project_whose_group_never_was_when_the_day_comes_again_would_be_deleted(world: World, days: Days) -> None:
    project(world, 2, kernels=1, rule={"members_of": "below"})
    without_it = [group(1, [20, 21]), group(3, [30], parent=1)]

    again = sync_by_hand(world.url, "day1", write_day(days.folder / "again" / "sync-day1", without_it, AGENTS), GUARDED)

    assert list(impact(again)) == ["projects_to_be_deleted", "projects_with_running_kernels"]
    assert isinstance(again.refusal, DayHeld)


def test_deleted_and_other_projects_do_not_count(world: World, days: Days) -> None:
    project(world, 3, kernels=1, rule={})
    project(world, 2, kernels=1)
    world.run("UPDATE manager.groups SET is_active = FALSE WHERE name = 'p3'")
    world.run("UPDATE manager.groups SET integration_id = 'other:2' WHERE name = 'p2'")

    assert impact(days.plan(GROUPS, [agent(99)])) == {}


def test_one_project_with_running_kernels_holds_the_day_until_somebody_approves(world: World, days: Days) -> None:
    project(world, 3, kernels=1, rule={})
    label, folder = days.write(GROUPS, without(30))

    held = sync_by_hand(world.url, label, folder, GUARDED)

    assert isinstance(held.refusal, DayHeld)
    assert "Projects with running kernels: 1 of 1" in str(held.refusal)
    assert held.plan
    decide(
        world.url,
        label,
        Verdict.APPROVE,
        fingerprint=fingerprint_of(folder),
        decided_by="ann",
        reason="they know",
        plan_id=held.plan.id,
    )
    assert sync_by_hand(world.url, label, folder, GUARDED).is_applied


def test_the_day_delivered_again_is_held_too(world: World, days: Days) -> None:
    project(world, 3, kernels=1, rule={})
    again = write_day(days.folder / "again" / "sync-day1", GROUPS, without(30))

    held = sync_by_hand(world.url, "day1", again, GUARDED)

    assert isinstance(held.refusal, DayHeld)
    assert impact(held)["projects_to_be_deleted"][0][0] == 3


def test_a_further_kernel_makes_no_other_plan(world: World, days: Days) -> None:
    project(world, 3, kernels=1, rule={})
    first = days.plan(GROUPS, without(30))
    world.run(
        "INSERT INTO manager.kernels (session_id, domain_name, group_id, user_uuid, status)"
        " SELECT session_id, domain_name, group_id, user_uuid, 'PENDING' FROM manager.kernels"
    )

    again = days.plan(GROUPS, without(30))

    assert first.plan and again.plan
    assert first.plan.id == again.plan.id
    assert impact(first) != impact(again)


def test_without_links_the_impact_costs_one_statement(
    world: World, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def watched(connection: Any, rows: Any, tables: str) -> Any:
        execute = psycopg.Connection.execute
        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Connection, "execute", lambda *a, **k: seen.append(str(a[1])) or execute(*a, **k))
            return read_impact(connection, rows, tables)

    result = days.plan(GROUPS, without(30), Protection(ONLY_KERNELS, impact=watched))

    assert result.plan is not None
    assert len(seen) == 1
