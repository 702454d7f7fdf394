"""What provisioning shall make of a directory and rules, once more in plain Python, from the contract (M1 to M5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from unicodedata import normalize


@dataclass
class Rule:
    group_id: int
    domain: str
    policy: str = "default"
    slots: dict[str, str] = field(default_factory=dict)
    template: str = "{name}"
    with_groups_below: bool = False
    members_of: str = "direct"
    is_exact: bool = False


@dataclass
class Project:
    """members: the address of each user, and whether provisioning added them. deleted_by: rule, person, or nobody."""

    group_id: int | None
    name: str
    domain: str
    policy: str
    slots: dict[str, str]
    members: dict[str, bool] = field(default_factory=dict)
    is_active: bool = True
    rule: Rule | None = None
    deleted_by: str | None = None


@dataclass
class Model:
    """groups: name and parent. agents: address and whether active. users: domain and whether active, by address."""

    groups: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    agents: dict[int, tuple[str | None, bool]] = field(default_factory=dict)
    users: dict[str, tuple[str, bool]] = field(default_factory=dict)
    memberships: set[tuple[int, int]] = field(default_factory=set)
    rules: list[Rule] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    policies: frozenset[str] = frozenset({"default", "large"})
    inactive_domains: set[str] = field(default_factory=set)
    unmatched: set[tuple[str, int, int | str]] = field(default_factory=set)
    blocked: set[tuple[str, int]] = field(default_factory=set)

    def provision(self) -> None:
        """One run. unmatched: afterwards whom it could not match, and why; blocked: which groups, and why."""
        self.unmatched, self.blocked = set(), set()
        claims: dict[int, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            for group_id in self.below(rule.group_id) if rule.with_groups_below else {rule.group_id}:
                if group_id in self.groups:
                    claims[group_id].append(rule)
        taken = {(project.domain, project.name): project for project in self.projects}
        for project in [p for p in self.projects if p.rule and p.is_active and p.group_id not in claims]:
            project.is_active, project.deleted_by = False, "rule"
        for group_id, rules in sorted(claims.items()):
            if len(rules) == 1:
                self._provision(group_id, rules[0], taken)
            else:
                self.blocked.add(("claimed_twice", group_id))

    def _provision(self, group_id: int, rule: Rule, taken: dict[tuple[str, str], Project]) -> None:
        project = next((p for p in self.projects if p.group_id == group_id), None)
        is_active = any(self.agents[a][1] for g, a in self.memberships if g in self.below(group_id))
        if project and project.domain != rule.domain:
            if is_active or project.is_active:
                self.blocked.add(("linked_elsewhere", group_id))
            return
        if not is_active:
            if project and project.is_active:
                project.is_active, project.deleted_by, project.rule = False, "rule", rule
            return
        if project and not project.is_active and project.deleted_by != "rule":
            self.blocked.add(("deleted_by_hand", group_id))
            return
        name = rule.template.format(name=self.groups[group_id][0], id=group_id)
        is_free = (rule.domain, name) not in taken
        reason = self._obstacle(project, rule, name, is_free=is_free)
        if reason:
            self.blocked.add((reason, group_id))
        if project is None:
            if reason:
                return
            project = Project(group_id, name, rule.domain, rule.policy, dict(rule.slots))
            self.projects.append(project)
        if is_free:
            taken[rule.domain, name] = project
            project.name = name
        if rule.policy in self.policies:
            project.policy = rule.policy
        project.slots, project.rule = dict(rule.slots), rule
        project.is_active, project.deleted_by = True, None
        self._change_members(project, rule, group_id)

    def _change_members(self, project: Project, rule: Rule, group_id: int) -> None:
        agents, users = self.addresses()
        scope = self.below(group_id) if rule.members_of == "below" else {group_id}
        wanted = set()
        for agent_id in {a for g, a in self.memberships if g in scope and self.agents[a][1]}:
            address = fold(self.agents[agent_id][0])
            named = [user for user in self.users if fold(user) == address]
            reason = self._mismatch(address, agents, named, rule.domain)
            if reason:
                self.unmatched.add((reason, group_id, agent_id))
            else:
                wanted |= set(named)
        for user in wanted - project.members.keys():
            project.members[user] = True
        for user in project.members.keys() - wanted:
            address = fold(user) or ""
            is_sure = agents[address] <= 1 and users[address] <= 1
            if rule.is_exact or project.members[user]:
                if is_sure:
                    del project.members[user]
                else:
                    self.unmatched.add(("kept", group_id, user))

    def _obstacle(self, project: Project | None, rule: Rule, name: str, *, is_free: bool) -> str | None:
        """What is in the way of a new project, or of the new name or policy of one: the first of several."""
        is_taken = not is_free and (project is None or project.name != name)
        is_unknown = rule.policy not in self.policies
        if project is None and is_unknown:
            return "unknown_policy"
        if project is None and rule.domain in self.inactive_domains:
            return "inactive_domain"
        return "name_taken" if is_taken else "unknown_policy" if is_unknown else None

    def _mismatch(self, address: str | None, agents: Counter[str], named: list[str], domain: str) -> str | None:
        """Why an agent with this address, which these users have, is no member."""
        if address is None:
            return "no_address"
        if agents[address] > 1:
            return "several_agents"
        if len(named) != 1:
            return "several_users" if named else "no_user"
        user_domain, is_active = self.users[named[0]]
        return "inactive_user" if not is_active else "other_domain" if user_domain != domain else None

    def addresses(self) -> tuple[Counter[str], Counter[str]]:
        """How many agents, and how many users, have an address."""
        agents = Counter(address for email, _ in self.agents.values() if (address := fold(email)))
        return agents, Counter(address for user in self.users if (address := fold(user)))

    def below(self, group_id: int) -> set[int]:
        """The group and all below it."""
        found, waiting = {group_id}, [group_id]
        while waiting:
            above = waiting.pop()
            new = {g for g, (_, parent) in self.groups.items() if parent == above} - found
            found |= new
            waiting += new
        return found


def fold(address: str | None) -> str | None:
    return normalize("NFC", normalize("NFC", address.strip()).casefold()) or None if address else None
