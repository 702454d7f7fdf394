"""M4 and M5 against an independent model: random directories, rules and hands, over some days."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from groups_platform.provisioning.plan import ProvisioningPlan
from groups_platform_tests.provisioning.model import Model, Project, Rule
from groups_platform_tests.provisioning.world import DOMAIN, OTHER, World

PEOPLE, GROUPS = range(1, 16), range(1, 11)
AWKWARD = [None, " A1@Example.com ", "a2@example.com", "STRASSE@example.com", "nobody@example.com", "A3@EXAMPLE.com"]


class Story:
    """Does the same to the model and, by SQL, to the database."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance, self.model = world, chance, Model()
        self.rule_ids: dict[int, Any] = {}
        for n in PEOPLE:
            self.add_user(f"a{n}@example.com", self.some([DOMAIN, DOMAIN, DOMAIN, OTHER]))
            self.add_agent(n, f"a{n}@example.com")
        self.add_user("straße@example.com", DOMAIN)
        for n in GROUPS:
            parent = self.some([None, *range(1, n)])
            self.model.groups[n] = (f"team-{n}", parent)
            world.group(n, parent=parent)
            for agent in chance.sample(PEOPLE, 4):
                self.join(n, agent)
        for n in chance.sample(GROUPS, 3):
            self.add_rule(n)
        world.flag()

    def some(self, choices: Any) -> Any:
        return self.chance.choice(list(choices))

    def add_user(self, email: str, domain: str) -> None:
        self.model.users[email] = (domain, True)
        self.world.user(email, domain=domain)

    def add_agent(self, agent_id: int, email: str | None) -> None:
        self.model.agents[agent_id] = (email, True)
        self.world.agent(agent_id, email)

    def join(self, group_id: int, agent_id: int) -> None:
        if (group_id, agent_id) not in self.model.memberships:
            self.model.memberships.add((group_id, agent_id))
            self.world.join(group_id, agent_id)

    def leave(self) -> None:
        group_id, agent_id = self.some(sorted(self.model.memberships) or [(0, 0)])
        self.model.memberships.discard((group_id, agent_id))
        self.world.leave(group_id, agent_id)

    def change_agent(self) -> None:
        agent_id = self.some(PEOPLE)
        email, active = self.model.agents[agent_id]
        if self.chance.random() < 0.5:
            active = not active
        else:
            email = self.some([*AWKWARD, f"a{agent_id}@example.com"])
        self.model.agents[agent_id] = (email, active)
        self.world.run(
            "UPDATE directory.agents SET email = %s, active = %s WHERE agent_id = %s", email, active, agent_id
        )

    def empty_group(self) -> None:
        group_id = self.some(GROUPS)
        for each in self.model.below(group_id):
            for pair in [p for p in self.model.memberships if p[0] == each]:
                self.model.memberships.remove(pair)
                self.world.leave(*pair)

    def change_user(self) -> None:
        email = self.some(self.model.users)
        domain, active = self.some([DOMAIN, OTHER]), self.chance.random() < 0.7
        self.model.users[email] = (domain, active)
        self.world.run(
            "UPDATE manager.users SET domain_name = %s, status = %s WHERE email = %s",
            domain,
            "active" if active else "inactive",
            email,
        )

    def change_group(self) -> None:
        group_id = self.some(sorted(self.model.groups))
        name = self.some([f"team-{group_id}", "same", f"new-{group_id}", f"team-{self.some(GROUPS)}"])
        parent = self.some([None, *GROUPS])
        self.model.groups[group_id] = (name, parent)
        self.world.run(
            "UPDATE directory.groups SET name = %s, parent_group_id = %s WHERE group_id = %s", name, parent, group_id
        )

    def add_rule(self, group_id: int | None = None) -> None:
        group_id = group_id or self.some(GROUPS)
        if any(rule.group_id == group_id for rule in self.model.rules):
            return
        rule = Rule(group_id, self.some([DOMAIN, DOMAIN, OTHER]))
        self.model.rules.append(rule)
        self.rule_ids[group_id] = self.world.rule(group_id, domain_name=rule.domain)
        self.change_rule(rule)

    def change_rule(self, rule: Rule | None = None) -> None:
        if not (rule or self.model.rules):
            return
        rule = rule or self.some(self.model.rules)
        rule.policy = self.some(["default", "large", "gone"])
        rule.slots = self.some([{}, {"cpu": "4"}])
        rule.template = self.some(["{name}", "{name}", "p-{id}"])
        rule.with_groups_below = self.chance.random() < 0.4
        rule.members_of = self.some(["direct", "below"])
        rule.is_exact = self.chance.random() < 0.3
        self.world.run(
            "UPDATE manager.provisioning_rules SET resource_policy = %s, total_resource_slots = %s, name_template = %s,"
            " with_groups_below = %s, members_of = %s, is_exact = %s WHERE id = %s",
            rule.policy,
            Jsonb(rule.slots),
            rule.template,
            rule.with_groups_below,
            rule.members_of,
            rule.is_exact,
            self.rule_ids[rule.group_id],
        )

    def drop_rule(self) -> None:
        if self.model.rules:
            rule = self.some(self.model.rules)
            self.model.rules.remove(rule)
            self.world.run("DELETE FROM manager.provisioning_rules WHERE id = %s", self.rule_ids.pop(rule.group_id))

    def act_by_hand(self) -> None:
        """A person changes a project: its members, whether it is there, its policy, or its link."""
        if not self.model.projects:
            return
        project: Project = self.some(self.model.projects)
        row_id = self.world.one(
            "SELECT id FROM manager.groups WHERE name = %s AND domain_name = %s", project.name, project.domain
        )
        what = self.some(["member", "member", "active", "policy", "link", "name", "purge"])
        if what == "member":
            email = self.some(self.model.users)
            if email not in project.members:
                project.members[email] = False
                self.world.run(
                    "INSERT INTO manager.association_groups_users SELECT %s, uuid FROM manager.users WHERE email = %s",
                    row_id,
                    email,
                )
        elif what == "active":
            project.is_active = not project.is_active
            project.deleted_by = None if project.is_active else "person"
            self.world.run("UPDATE manager.groups SET is_active = NOT is_active WHERE id = %s", row_id)
        elif what == "name":
            name = self.some([f"by-hand-{self.chance.randrange(10**9)}", f"team-{self.some(GROUPS)}"])
            if not any((p.name, p.domain) == (name, project.domain) for p in self.model.projects):
                project.name = name
                self.world.run("UPDATE manager.groups SET name = %s WHERE id = %s", name, row_id)
        elif what == "purge":
            self.model.projects.remove(project)
            self.world.run("DELETE FROM manager.groups WHERE id = %s", row_id)
        elif what == "policy":
            project.policy = "large"
            self.world.run("UPDATE manager.groups SET resource_policy = 'large' WHERE id = %s", row_id)
        elif self.chance.random() < 0.3:
            project.group_id = project.rule = None
            project.members = dict.fromkeys(project.members, False)
            self.world.run("UPDATE manager.groups SET integration_id = NULL WHERE id = %s", row_id)

    def make_project(self) -> None:
        """A person makes a project, perhaps one that is linked, with somebody in it."""
        name, domain = f"team-{self.some(GROUPS)}", self.some([DOMAIN, OTHER])
        linked: int | None = self.some([None, *GROUPS])
        if any(p.group_id == linked for p in self.model.projects):
            linked = None
        if domain in self.model.inactive_domains or any(
            (p.name, p.domain) == (name, domain) for p in self.model.projects
        ):
            return
        email = self.some(self.model.users)
        self.model.projects.append(Project(linked, name, domain, "default", {}, {email: False}))
        row_id = self.world.one(
            "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id)"
            " VALUES (%s, %s, 'default', %s) RETURNING id",
            name,
            domain,
            linked and f"directory:{linked}",
        )
        self.world.run(
            "INSERT INTO manager.association_groups_users SELECT %s, uuid FROM manager.users WHERE email = %s",
            row_id,
            email,
        )

    def make_user(self) -> None:
        """A person makes an account, perhaps for who has one in other letters."""
        email = self.some(["strasse@example.com", f"\u2003a{self.some(PEOPLE)}@example.com", "nobody@example.com"])
        if email not in self.model.users:
            self.add_user(email, self.some([DOMAIN, OTHER]))

    def lose_group(self) -> None:
        """The directory does not know a group any more, or knows it again."""
        group_id = self.some(GROUPS)
        if group_id in self.model.groups:
            del self.model.groups[group_id]
            self.model.memberships = {pair for pair in self.model.memberships if pair[0] != group_id}
            self.world.run("DELETE FROM directory.group_membership WHERE group_id = %s", group_id)
            self.world.run("DELETE FROM directory.groups WHERE group_id = %s", group_id)
        else:
            self.model.groups[group_id] = (f"team-{group_id}", None)
            self.world.group(group_id)

    def change_domain(self) -> None:
        """A domain is deactivated, or comes back."""
        self.model.inactive_domains ^= {OTHER}
        self.world.run("UPDATE manager.domains SET is_active = NOT is_active WHERE name = %s", OTHER)

    def day(self) -> None:
        doings = [self.leave, self.change_agent, self.change_user, self.change_group, self.add_rule, self.change_rule]
        doings += [self.drop_rule, self.empty_group, self.act_by_hand, self.act_by_hand, self.act_by_hand]
        doings += [self.make_project, self.make_user, self.lose_group, self.change_domain]
        for doing in self.chance.sample(doings, 8):
            doing()
        for _ in range(3):
            self.join(self.some(sorted(self.model.groups)), self.some(PEOPLE))
        self.world.flag()

    def told(self, planned: ProvisioningPlan) -> tuple[set[Any], set[Any]]:
        """Who is not matched, and what is in the way, as the plan has it."""
        people = {(row["reason"], row["group_id"], row["agent_id"] or row["email"]) for row in planned.people}
        return people, {(row["reason"], row["group_id"]) for row in planned.blockers}

    def expected(self) -> list[tuple[Any, ...]]:
        return sorted(
            (p.domain, p.name, p.is_active, p.policy, p.slots, sorted(p.members)) for p in self.model.projects
        )

    def stored(self) -> list[tuple[Any, ...]]:
        rows = self.world.run(
            """
            SELECT p.domain_name, p.name, p.is_active, p.resource_policy, p.total_resource_slots,
                   array_remove(array_agg(u.email::TEXT), NULL) AS members
            FROM manager.groups AS p
            LEFT JOIN manager.association_groups_users AS m ON m.group_id = p.id
            LEFT JOIN manager.users AS u ON u.uuid = m.user_id
            GROUP BY p.id
            """
        )
        return sorted((*list(row.values())[:5], sorted(row["members"])) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_projects_and_members_are_those_of_the_model_after_each_day(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    story = Story(World(database_url, tmp_path), random.Random(seed))

    for day in range(12):
        planned = story.world.provision().or_raise().planned
        story.model.provision()
        assert story.told(planned) == (story.model.unmatched, story.model.blocked), f"seed {seed}, day {day}"
        assert story.stored() == story.expected(), f"seed {seed}, day {day}"
        audited = len(story.world.audit())
        again = story.world.provision()
        story.model.provision()  # a name may have become free
        assert story.stored() == story.expected(), f"seed {seed}, day {day}, again"
        assert len(story.world.audit()) == audited + again.projects
        story.day()
