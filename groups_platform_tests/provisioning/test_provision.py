"""M4 and M5: what a plan says, and what comes of applying it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from groups_platform.directory.decisions import Verdict, decide
from groups_platform.errors import ProvisioningHeld, ProvisioningIncomplete, UnknownPlan
from groups_platform.provisioning.apply import provision
from groups_platform.provisioning.plan import LABEL, ProvisioningPlan
from groups_platform.settings import DEFAULT_LIMITS
from groups_platform_tests.provisioning.world import DOMAIN, OTHER, World


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return World(database_url, tmp_path)


def counts(planned: ProvisioningPlan) -> dict[str, int]:
    return {kind: number for kind, number in planned.plan.counts.items() if number}


def members(*numbers: int) -> list[str]:
    return sorted(f"a{number}@example.com" for number in numbers)


def team(world: World, size: int = 3, **rule: Any) -> None:
    """Group 1 with this many people, and a rule for it."""
    for number in range(1, size + 1):
        world.person(number)
    world.group(1, range(1, size + 1))
    world.rule(1, **rule)


def team_that_left(world: World, leavers: int) -> None:
    """A provisioned team of 30, of which so many have left since; the limits are the default ones."""
    team(world, 30)
    world.limits = dict(DEFAULT_LIMITS)
    world.provision().or_raise()
    for number in range(1, leavers + 1):
        world.leave(1, number)


def approve(world: World, plan_id: str) -> None:
    decide(world.url, LABEL, Verdict.APPROVE, fingerprint="", decided_by="ann", reason="they left", plan_id=plan_id)


def test_a_rule_makes_a_project_with_the_active_people_of_its_group(world: World) -> None:
    team(world, resource_policy="large", total_resource_slots={"cpu": "4"})
    world.agent(9, active=False)
    world.user("a9@example.com")
    world.join(1, 9)

    planned = world.plan()
    result = world.provision()

    assert counts(planned) == {"projects_created": 1, "members_added": 3}
    assert result.or_raise().projects == 1
    assert world.projects() == {"team-1": (True, members(1, 2, 3))}
    (project,) = world.run("SELECT * FROM manager.groups")
    assert project["integration_id"] == "directory:1"
    assert (project["resource_policy"], project["total_resource_slots"]) == ("large", {"cpu": "4"})
    (row,) = world.audit()
    assert (row["action"], row["actor"], row["status"]) == ("provision_group", "directory", "success")
    assert (row["entity_id"], row["run_id"]) == (str(project["id"]), "test-run")
    assert len(row["after"]["members_added"]) == 3


def test_a_second_run_writes_nothing_not_even_an_audit_row(world: World) -> None:
    team(world)
    world.provision().or_raise()
    before = world.run("SELECT xmin::TEXT, * FROM manager.groups"), world.audit()
    plans = world.run("SELECT xmin::TEXT, plan_id FROM sync_plans")

    again = world.provision()

    assert again.planned.plan.is_empty
    assert (world.run("SELECT xmin::TEXT, * FROM manager.groups"), world.audit()) == before
    assert world.run("SELECT xmin::TEXT, plan_id FROM sync_plans") == plans


def test_an_agent_who_leaves_loses_the_project_and_one_who_comes_gets_it(world: World) -> None:
    team(world)
    world.provision().or_raise()
    world.leave(1, 1)
    world.deactivate(2)
    world.person(4)
    world.join(1, 4)

    assert counts(world.plan()) == {"members_added": 1, "members_removed": 2}
    world.provision().or_raise()

    assert world.projects() == {"team-1": (True, members(3, 4))}
    after = world.audit()[-1]["after"]
    assert (len(after["members_added"]), len(after["members_removed"])) == (1, 2)


@pytest.mark.parametrize("is_exact", [False, True])
def test_members_added_by_hand_stay_unless_the_rule_is_exact(world: World, is_exact: bool) -> None:
    team(world, is_exact=is_exact)
    world.provision().or_raise()
    guest = world.user("guest@example.com")
    world.run("INSERT INTO manager.association_groups_users SELECT id, %s FROM manager.groups", guest)

    world.provision().or_raise()

    assert ("guest@example.com" in world.projects()["team-1"][1]) is not is_exact


def test_who_was_added_by_hand_stays_when_the_agent_leaves(world: World) -> None:
    team(world)
    by_hand = world.person(4)
    world.provision().or_raise()
    world.run("INSERT INTO manager.association_groups_users SELECT id, %s FROM manager.groups", by_hand)
    world.join(1, 4)
    assert world.provision().planned.plan.is_empty

    world.leave(1, 4)

    assert world.provision().planned.plan.is_empty
    assert world.projects()["team-1"][1] == members(1, 2, 3, 4)


def test_an_inactive_group_loses_its_project_and_gets_it_back(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.deactivate(1)

    assert counts(world.plan()) == {"projects_deleted": 1}
    world.provision().or_raise()
    assert world.projects() == {"team-1": (False, members(1))}
    assert world.provision().planned.plan.is_empty

    world.person(2)
    world.join(1, 2)
    world.flag()
    assert counts(world.plan()) == {"projects_restored": 1, "members_added": 1, "members_removed": 1}
    world.provision().or_raise()
    assert world.projects() == {"team-1": (True, members(2))}
    assert len(world.run("SELECT 1 FROM manager.groups")) == 1


def test_an_inactive_group_gets_no_project(world: World) -> None:
    world.agent(1, active=False)
    world.group(1, [1])
    world.rule(1)

    assert world.plan().plan.is_empty


def test_a_project_whose_group_left_the_rules_is_deleted_and_one_linked_by_hand_is_not(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.run(
        "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id)"
        " VALUES ('x', %s, 'default', 'directory:5')",
        DOMAIN,
    )
    world.run("DELETE FROM manager.provisioning_rules")

    world.provision().or_raise()

    assert world.projects() == {"team-1": (False, members(1)), "x": (True, [])}


def test_what_a_person_deleted_stays_deleted_and_is_told(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.run("UPDATE manager.groups SET is_active = FALSE")

    planned = world.plan()

    assert planned.plan.is_empty
    assert [(row["reason"], row["group_id"]) for row in planned.blockers] == [("deleted_by_hand", 1)]


def test_a_person_who_deletes_a_project_that_came_back_by_hand_is_heard(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.deactivate(1)
    world.provision().or_raise()
    world.run("UPDATE manager.groups SET is_active = TRUE")  # a person restores it, and then deletes it
    world.run("UPDATE manager.groups SET is_active = FALSE")
    world.run("UPDATE directory.agents SET active = TRUE")
    world.flag()

    planned = world.plan()

    assert planned.plan.is_empty
    assert planned.blocked == {"deleted_by_hand": 1}


def test_a_project_whose_link_a_person_cuts_is_an_ordinary_one(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.run("UPDATE manager.groups SET integration_id = NULL, name = 'kept'")
    world.deactivate(1)

    assert world.provision().planned.plan.is_empty
    assert world.run("SELECT 1 FROM manager.provisioned_projects") == []
    assert world.run("SELECT 1 FROM manager.provisioned_members") == []
    assert world.projects() == {"kept": (True, members(1))}


def test_an_existing_project_is_taken_over_and_made_as_the_rule_says(world: World) -> None:
    team(world, 2, resource_policy="large", total_resource_slots={"cpu": "2"})
    guest = world.user("guest@example.com")
    project = world.one(
        "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id)"
        " VALUES ('old', %s, 'default', 'directory:1') RETURNING id",
        DOMAIN,
    )
    world.run("INSERT INTO manager.association_groups_users VALUES (%s, %s)", project, guest)

    assert counts(world.plan()) == {
        "projects_taken_over": 1,
        "projects_renamed": 1,
        "projects_changed": 1,
        "members_added": 2,
    }
    world.provision().or_raise()

    assert world.projects() == {"team-1": (True, [*members(1, 2), "guest@example.com"])}
    (row,) = world.run("SELECT * FROM manager.groups")
    assert (row["resource_policy"], row["total_resource_slots"]) == ("large", {"cpu": "2"})
    assert world.plan().plan.is_empty


def test_a_renamed_group_renames_its_project(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.run("UPDATE directory.groups SET name = 'new-name'")

    assert counts(world.plan()) == {"projects_renamed": 1}
    world.provision().or_raise()

    assert list(world.projects()) == ["new-name"]


def test_groups_below_have_projects_too_and_members_below_count_where_the_rule_says(world: World) -> None:
    for number in (1, 2, 3):
        world.person(number)
    world.group(1, [1])
    world.group(2, [2], parent=1)
    world.group(3, [3], parent=2)
    world.rule(1, with_groups_below=True, members_of="below")

    world.provision().or_raise()

    assert world.projects() == {
        "team-1": (True, members(1, 2, 3)),
        "team-2": (True, members(2, 3)),
        "team-3": (True, members(3)),
    }


def test_what_is_in_the_way_is_told_and_the_rest_is_done(world: World) -> None:
    for number in range(1, 8):
        world.person(number)
        world.group(number, [number], name="same" if number < 3 else "")
    for number in (1, 2):
        world.rule(number)
    world.rule(3, resource_policy="gone")
    world.rule(4, domain_name=OTHER)
    world.run("UPDATE manager.domains SET is_active = FALSE WHERE name = %s", OTHER)
    world.run(
        "INSERT INTO manager.groups (name, domain_name, resource_policy) VALUES ('team-5', %s, 'default')", DOMAIN
    )
    world.rule(5)
    world.rule(6)
    world.rule(7)

    planned = world.plan()
    world.provision().or_raise()

    assert {row["group_id"]: row["reason"] for row in planned.blockers} == {
        2: "name_taken",
        3: "unknown_policy",
        4: "inactive_domain",
        5: "name_taken",
    }
    assert planned.blocked == {"name_taken": 2, "unknown_policy": 1, "inactive_domain": 1}
    assert sorted(world.projects()) == ["same", "team-5", "team-6", "team-7"]
    assert world.plan().plan.is_empty


def test_a_group_of_two_rules_is_left_alone(world: World) -> None:
    team(world, 2)
    world.group(2, [2])
    world.rule(2, with_groups_below=True)
    world.provision().or_raise()
    world.run("UPDATE directory.groups SET parent_group_id = 2 WHERE group_id = 1")
    world.leave(1, 1)

    planned = world.plan()

    assert planned.plan.is_empty
    assert planned.blocked == {"claimed_twice": 1}


def test_a_project_in_another_domain_than_the_rule_says_is_left_alone(world: World) -> None:
    team(world, 1)
    world.provision().or_raise()
    world.run("UPDATE manager.groups SET domain_name = %s", OTHER)
    world.leave(1, 1)

    planned = world.plan()

    assert planned.plan.is_empty
    assert planned.blocked == {"linked_elsewhere": 1}


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        (None, "no_address"),
        ("nobody@example.com", "no_user"),
        ("TWIN@example.com", "several_users"),
        ("a2@example.com", "several_agents"),
        ("gone@example.com", "inactive_user"),
        ("far@example.com", "other_domain"),
    ],
)
def test_who_cannot_be_matched_is_listed_and_not_guessed(world: World, email: str | None, reason: str) -> None:
    team(world, 2)
    world.run(
        "INSERT INTO manager.users (email, domain_name, is_email_shared)"
        " VALUES ('twin@example.com', %s, FALSE), ('Twin@example.com', %s, TRUE)",
        DOMAIN,
        DOMAIN,
    )
    world.user("gone@example.com", status="inactive")
    world.user("far@example.com", domain=OTHER)
    world.agent(7, email)
    world.join(1, 7)

    planned = world.plan()
    world.provision().or_raise()

    assert (7, reason) in [(row["agent_id"], row["reason"]) for row in planned.people]
    assert world.projects()["team-1"][1] == (members(1) if reason == "several_agents" else members(1, 2))


def test_a_member_who_became_ambiguous_is_kept_and_listed(world: World) -> None:
    team(world, 2)
    world.provision().or_raise()
    world.agent(7, " A2@Example.com", active=False)
    world.leave(1, 2)

    planned = world.plan()

    assert planned.plan.is_empty
    assert [(row["reason"], row["email"]) for row in planned.people] == [("kept", "a2@example.com")]


def test_people_match_in_any_case_and_form_of_their_address(world: World) -> None:
    world.agent(1, " STRASSE@Example.com ")
    world.user("straße@example.com")
    world.agent(2, "jose\u0301@example.com")
    world.user("josé@example.com")
    world.group(1, [1, 2])
    world.rule(1)

    world.provision().or_raise()

    assert world.projects()["team-1"][1] == ["josé@example.com", "straße@example.com"]


def test_mass_removals_are_held_until_somebody_approves_this_plan(world: World) -> None:
    team_that_left(world, 11)

    held = world.provision()

    assert isinstance(held.refusal, ProvisioningHeld)
    assert held.refusal.code == "provisioning_held"
    assert f"approve provisioning --plan {held.planned.plan.id}" in str(held.refusal)
    assert [excess.limit for excess in held.planned.excesses] == ["members_removed"]
    assert len(world.projects()["team-1"][1]) == 30
    with pytest.raises(UnknownPlan):
        approve(world, "another")
    approve(world, held.planned.plan.id)
    world.provision().or_raise()
    assert len(world.projects()["team-1"][1]) == 19


def test_a_plan_that_became_another_since_it_was_approved_is_held_anew(world: World) -> None:
    team_that_left(world, 11)
    seen = world.provision().planned.plan.id
    approve(world, seen)
    world.leave(1, 12)

    held = world.provision()

    assert isinstance(held.refusal, ProvisioningHeld)
    assert held.planned.plan.id != seen
    assert len(world.projects()["team-1"][1]) == 30


def test_an_approval_counts_once(world: World) -> None:
    team_that_left(world, 11)
    plan_id = world.provision().planned.plan.id
    approve(world, plan_id)
    world.provision().or_raise()
    for number in range(1, 12):
        world.join(1, number)
    world.provision().or_raise()
    for number in range(1, 12):
        world.leave(1, number)

    for look in (world.provision, world.plan, world.provision, world.plan, world.provision):
        assert look().refusal, "also after somebody has looked"

    assert world.provision().planned.plan.id == plan_id
    approve(world, plan_id)
    assert world.provision().refusal is None


def test_an_approval_holds_when_somebody_looks_or_joins_before_it_is_applied(world: World) -> None:
    team_that_left(world, 11)
    approve(world, world.provision().planned.plan.id)
    guest = world.user("guest@example.com")
    world.run("INSERT INTO manager.association_groups_users SELECT id, %s FROM manager.groups", guest)

    world.plan()

    assert world.provision().refusal is None


def test_an_approval_is_used_up_by_a_run_that_crashes(world: World) -> None:
    team(world, 30)
    world.limits = dict(DEFAULT_LIMITS)
    world.provision().or_raise()
    everybody = world.run("SELECT * FROM manager.provisioned_members")
    for number in range(1, 13):
        world.leave(1, number)
    plan_id = world.provision().planned.plan.id
    approve(world, plan_id)

    def crash(done: int) -> None:
        raise SystemExit(f"all of {done} is done, and not noted yet")

    with pytest.raises(SystemExit):
        provision(world.settings, world.url, progress=crash)
    assert world.provision().planned.plan.is_empty
    for row in everybody:  # as somebody's restored copy has them
        for table in ("association_groups_users", "provisioned_members"):
            world.run(f"INSERT INTO manager.{table} VALUES (%s, %s) ON CONFLICT DO NOTHING", *row.values())

    again = world.provision()

    assert again.planned.plan.id == plan_id
    assert isinstance(again.refusal, ProvisioningHeld)


def test_what_an_approved_run_could_not_do_needs_no_second_approval(world: World) -> None:
    team_that_left(world, 13)
    world.run('UPDATE manager.provisioning_rules SET total_resource_slots = \'{"cpu": "-1"}\'')
    approve(world, world.provision().planned.plan.id)
    assert isinstance(world.provision().refusal, ProvisioningIncomplete)
    world.run("UPDATE manager.provisioning_rules SET total_resource_slots = '{}'")

    assert world.provision().refusal is None

    assert len(world.projects()["team-1"][1]) == 17
    assert world.run("SELECT 1 FROM manager.approved_removals") == []


def test_what_a_crash_left_of_an_approved_plan_needs_no_second_approval(world: World) -> None:
    team_that_left(world, 13)
    world.run(  # as the run that crashed has left it
        "INSERT INTO manager.approved_removals SELECT group_id, user_id FROM manager.provisioned_members"
        " JOIN manager.users ON uuid = user_id WHERE email = ANY (%s)",
        members(*range(1, 12)),
    )

    assert world.provision().refusal is None
    assert len(world.projects()["team-1"][1]) == 17
    assert world.run("SELECT 1 FROM manager.approved_removals") == []


def test_a_refused_project_is_told_and_the_others_are_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    team(world, 1)
    world.person(2)
    world.group(2, [2])
    world.rule(2, total_resource_slots={"cpu": "-1"})

    result = world.provision()

    assert isinstance(result.refusal, ProvisioningIncomplete)
    assert result.refused == {"invalid_value": 1}
    assert list(world.projects()) == ["team-1"]
