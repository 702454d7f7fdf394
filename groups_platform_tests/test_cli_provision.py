"""Provisioning in a terminal (M3 to M5): for people, for programs, and what is held."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from groups_platform_tests.provisioning.world import World
from groups_platform_tests.test_cli_group import run


@pytest.fixture
def world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """A rule for group 1 with two people, and an agent whom nobody can match."""
    for name in [name for name in os.environ if name.startswith("GROUPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_url)
    world = World(database_url, tmp_path)
    for number in (1, 2):
        world.person(number)
    world.agent(3, "nobody@example.com")
    world.group(1, (1, 2, 3), name="[winter] tyres")
    world.rule(1)
    return world


def data(*arguments: str) -> Any:
    """What a program gets."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["data"]


def error(*arguments: str, exit_code: int = 1) -> dict[str, Any]:
    """What a program gets that failed."""
    result = run(*arguments, "--json")
    assert result.exit_code == exit_code, result.output
    answer: dict[str, Any] = json.loads(result.stdout)["error"]
    return answer


def test_the_plan_is_shown_and_then_applied(world: World) -> None:
    planned = run("provision", "--plan")
    assert planned.exit_code == 0, planned.output
    for said in ("projects created", "example.com/winter-tyres", "1 person cannot be matched", "within all limits"):
        assert said in planned.output
    assert world.projects() == {}

    done = run("provision")

    assert done.exit_code == 0, done.output
    assert "1 project provisioned." in done.output
    assert world.projects() == {"winter-tyres": (True, ["a1@example.com", "a2@example.com"])}
    assert "Every project is as its rule says." in run("provision").output


def test_people_who_are_not_matched_are_listed(world: World) -> None:
    found = data("provision", "--people")
    assert found["counts"] == {"no_user": 1}
    assert [(row["agent_id"], row["reason"], row["email"]) for row in found["people"]] == [
        (3, "no_user", "nobody@example.com")
    ]
    (row,) = csv.DictReader(run("provision", "--people", "--csv").stdout.splitlines())
    assert (row["group_name"], row["agent_name"]) == ("[winter] tyres", "Agent 3")
    assert "no_user" in run("provision", "--people").output.replace(" ", "_")


def test_the_plan_is_one_document_and_its_rows_are_csv(world: World) -> None:
    planned = data("provision", "--plan")
    assert planned["plan"]["counts"]["members_added"] == 2
    rows = list(csv.DictReader(run("provision", "--plan", "--csv").stdout.splitlines()))
    assert [row["kind"] for row in rows] == ["members_added", "members_added", "projects_created"]


def test_what_is_held_says_the_command_that_approves_it_and_that_applies_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("provision").exit_code == 0
    monkeypatch.setenv("GROUPS_LIMITS", "members_removed=0/0")
    world.leave(1, 1)

    refused = error("provision")
    plan_id = refused["facts"]["plan_id"]
    assert refused["code"] == "provisioning_held"
    assert f"groups-platform approve provisioning --plan {plan_id} --reason TEXT" in refused["message"]
    assert len(world.projects()["winter-tyres"][1]) == 2
    assert "It would be held." in run("provision", "--plan").output
    assert error("approve", "provisioning", "--plan", "another", "--reason", "left")["code"] == "unknown_plan"

    approved = run("approve", "provisioning", "--plan", plan_id, "--reason", "left")

    assert approved.exit_code == 0, approved.output
    assert world.projects()["winter-tyres"][1] == ["a2@example.com"]


def test_plan_and_people_are_not_asked_for_at_once(world: World) -> None:
    assert error("provision", "--plan", "--people", exit_code=2)["code"] == "usage_error"
