"""M5 with real processes: one that is killed is completed by the next run; of two at once one waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from groups_platform.directory.decisions import Verdict, decide
from groups_platform.errors import ProvisioningHeld
from groups_platform.provisioning.plan import LABEL
from groups_platform.settings import DEFAULT_LIMITS
from groups_platform_tests.directory.test_killed import wait_for_line
from groups_platform_tests.provisioning.world import World

GROUPS = 24


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    """A rule for many groups with two people each."""
    world = World(database_url, tmp_path)
    world.run("INSERT INTO directory.groups VALUES (1, 'all', NULL, NULL, NULL, TRUE)")
    world.run(
        "INSERT INTO directory.groups SELECT n, 'team-' || n, 1, NULL, NULL, FALSE FROM generate_series(2, %s) AS n",
        GROUPS + 1,
    )
    world.run(
        "INSERT INTO directory.agents SELECT n, format('a%%s@example.com', n), NULL, TRUE"
        " FROM generate_series(20, %s) AS n",
        10 * (GROUPS + 2),
    )
    world.run("INSERT INTO manager.users (email, domain_name) SELECT email, 'example.com' FROM directory.agents")
    world.run(
        "INSERT INTO directory.group_membership SELECT n, n * 10 + i"
        " FROM generate_series(2, %s) AS n, generate_series(0, 1) AS i",
        GROUPS + 1,
    )
    world.rule(1, with_groups_below=True)
    world.run("UPDATE directory.groups SET inactive = FALSE WHERE group_id = 1")
    world.limits = dict(DEFAULT_LIMITS)
    return world


def kill_after(world: World, line: str) -> None:
    """Provision in a process, and kill it when it has said the line."""
    command = [sys.executable, "-m", "groups_platform_tests.provisioning.provision_process", world.url, str(world.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        wait_for_line(process, line)
        os.killpg(process.pid, signal.SIGKILL)


def made(world: World) -> int:
    """Projects; each has its members, its row of provisioning and one audit row, or is not there at all."""
    projects = world.one("SELECT count(*) FROM manager.groups")
    members = world.one("SELECT count(*) FROM manager.association_groups_users")
    assert members == 2 * world.one("SELECT count(*) FROM manager.groups WHERE name <> 'all'")
    assert world.one("SELECT count(*) FROM manager.provisioned_members") == members
    assert world.one("SELECT count(*) FROM manager.provisioned_projects") == projects
    assert world.one("SELECT count(*) FROM manager.audit_log WHERE action = 'provision_group'") == projects
    return int(projects)


def test_what_a_kill_leaves_is_completed_by_the_next_run(world: World) -> None:
    for line in ("done 4", "done 8"):
        before = made(world)
        kill_after(world, line)
        assert before < made(world) < GROUPS + 1

    world.provision().or_raise()

    assert made(world) == GROUPS + 1
    assert world.provision().planned.plan.is_empty


def test_an_approved_plan_is_completed_after_a_kill_without_a_second_approval(world: World) -> None:
    world.provision().or_raise()
    world.run("DELETE FROM directory.group_membership WHERE agent_id %% 10 = 1")
    held = world.provision()
    assert isinstance(held.refusal, ProvisioningHeld)
    plan_id = held.planned.plan.id
    decide(world.url, LABEL, Verdict.APPROVE, fingerprint="", decided_by="ann", reason="left", plan_id=plan_id)

    kill_after(world, "done 8")
    left = world.plan()
    assert 0 < left.plan.counts["members_removed"] < GROUPS

    assert world.provision().refusal is None
    assert world.one("SELECT count(*) FROM manager.association_groups_users") == GROUPS
    assert world.provision().planned.plan.is_empty


def test_of_two_at_once_the_second_waits_and_finds_nothing_to_do(world: World) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: world.provision().or_raise(), range(2)))

    assert sorted(result.projects for result in results) == [0, GROUPS + 1]
    assert made(world) == GROUPS + 1
