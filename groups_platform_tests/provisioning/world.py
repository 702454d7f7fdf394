"""A directory, a deployment and rules, written by SQL, and what provisioning makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from groups_platform.database.connection import connect
from groups_platform.provisioning.apply import ProvisioningResult, provision
from groups_platform.provisioning.plan import ProvisioningPlan, plan_provisioning
from groups_platform.settings import DEFAULT_LIMITS, Limit, Settings

DOMAIN, OTHER = "example.com", "example.org"
NO_LIMITS: dict[str, Limit | None] = dict.fromkeys(DEFAULT_LIMITS)


@dataclass
class World:
    """Two domains, two policies; everything else is added by the test."""

    url: str
    home: Path
    limits: dict[str, Limit | None] = field(default_factory=lambda: dict(NO_LIMITS))

    def __post_init__(self) -> None:
        self.run("INSERT INTO manager.domains (name) VALUES (%s), (%s)", DOMAIN, OTHER)
        self.run("INSERT INTO manager.project_resource_policies (name) VALUES ('default'), ('large')")

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, source="", lake="").model_copy(update={"limits": self.limits})

    def run(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        with connect(self.url) as connection, connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *parameters: Any) -> Any:
        (row,) = self.run(statement, *parameters)
        return next(iter(row.values()))

    def group(self, group_id: int, agents: Iterable[int] = (), *, parent: int | None = None, name: str = "") -> None:
        """A group of the directory with these members; the flags follow from `flag`."""
        self.run(
            "INSERT INTO directory.groups (group_id, name, parent_group_id, inactive) VALUES (%s, %s, %s, FALSE)",
            group_id,
            name or f"team-{group_id}",
            parent,
        )
        for agent in agents:
            self.join(group_id, agent)
        self.flag()

    def join(self, group_id: int, agent_id: int) -> None:
        self.run("INSERT INTO directory.group_membership VALUES (%s, %s)", group_id, agent_id)

    def leave(self, group_id: int, agent_id: int) -> None:
        self.run("DELETE FROM directory.group_membership WHERE group_id = %s AND agent_id = %s", group_id, agent_id)

    def agent(self, agent_id: int, email: str | None = "", *, active: bool = True) -> None:
        address = f"a{agent_id}@example.com" if email == "" else email
        self.run(
            "INSERT INTO directory.agents (agent_id, email, name, active) VALUES (%s, %s, %s, %s)",
            agent_id,
            address,
            f"Agent {agent_id}",
            active,
        )

    def user(self, email: str, *, domain: str = DOMAIN, status: str = "active") -> UUID:
        statement = "INSERT INTO manager.users (email, domain_name, status) VALUES (%s, %s, %s) RETURNING uuid"
        return self.one(statement, email, domain, status)  # type: ignore[no-any-return]

    def person(self, number: int, *, domain: str = DOMAIN) -> UUID:
        """An agent, and the user with the same address."""
        self.agent(number)
        return self.user(f"a{number}@example.com", domain=domain)

    def deactivate(self, agent_id: int) -> None:
        self.run("UPDATE directory.agents SET active = FALSE WHERE agent_id = %s", agent_id)
        self.flag()

    def flag(self) -> None:
        """The flags of inactivity, from their definition."""
        self.run(
            """
            UPDATE directory.groups AS g SET inactive = NOT EXISTS (
                SELECT FROM directory.groups_below(g.group_id) AS below
                JOIN directory.group_membership AS m ON m.group_id = below.group_id
                JOIN directory.agents AS a ON a.agent_id = m.agent_id AND a.active
            )
            """
        )

    def rule(self, group_id: int, **columns: Any) -> UUID:
        values = {"directory_group_id": group_id, "domain_name": DOMAIN, "resource_policy": "default", **columns}
        values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        statement = f"INSERT INTO manager.provisioning_rules ({names}) VALUES ({marks}) RETURNING id"
        return self.one(statement, *values.values())  # type: ignore[no-any-return]

    def plan(self) -> ProvisioningPlan:
        return plan_provisioning(self.url, self.limits)

    def provision(self) -> ProvisioningResult:
        return provision(self.settings, self.url, run_id="test-run")

    def projects(self) -> dict[str, tuple[bool, list[str]]]:
        """By name: whether the project is active, and the addresses of its members."""
        rows = self.run(
            """
            SELECT p.name, p.is_active, array_remove(array_agg(u.email::TEXT ORDER BY u.email), NULL) AS members
            FROM manager.groups AS p
            LEFT JOIN manager.association_groups_users AS m ON m.group_id = p.id
            LEFT JOIN manager.users AS u ON u.uuid = m.user_id
            GROUP BY p.id ORDER BY p.name
            """
        )
        return {row["name"]: (row["is_active"], row["members"]) for row in rows}

    def audit(self) -> list[dict[str, Any]]:
        return self.run("SELECT * FROM manager.audit_log ORDER BY number")
