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

    def provision(self) -> None:
        """One run."""
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

    def _provision(self, group_id: int, rule: Rule, taken: dict[tuple[str, str], Project]) -> None:
        project = next((p for p in self.projects if p.group_id == group_id), None)
        if project and project.domain != rule.domain:
            return
        if not any(self.agents[a][1] for g, a in self.memberships if g in self.below(group_id)):
            if project and project.is_active:
                project.is_active, project.deleted_by, project.rule = False, "rule", rule
            return
        if project and not project.is_active and project.deleted_by != "rule":
            return
        name = rule.template.format(name=self.groups[group_id][0], id=group_id)
        is_free = (rule.domain, name) not in taken
        if project is None:
            if not is_free or rule.policy not in self.policies:
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
            if address and agents[address] == 1:
                named = [user for user in self.users if fold(user) == address]
                wanted |= {user for user in named if len(named) == 1 and self.users[user] == (rule.domain, True)}
        for user in wanted - project.members.keys():
            project.members[user] = True
        for user in project.members.keys() - wanted:
            address = fold(user) or ""
            is_sure = agents[address] <= 1 and users[address] <= 1
            if is_sure and (rule.is_exact or project.members[user]):
                del project.members[user]

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
