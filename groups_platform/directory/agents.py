"""Who an agent is: its state, its groups, and what became of it on which day."""

from __future__ import annotations

from dataclasses import dataclass

from groups_platform.directory.reports import query
from groups_platform.errors import UnknownAgent


@dataclass(frozen=True)
class GroupOfAgent:
    """A group whose member the agent is (is_direct), or one above it.

    since: the first applied day of the membership; for a group above of the earliest one below it. by_group_id,
    by_name: the nearest group below whose member the agent is, None for a direct one.
    """

    group_id: int
    name: str
    is_inactive: bool
    is_direct: bool
    since: str | None
    by_group_id: int | None
    by_name: str | None


@dataclass(frozen=True)
class AgentEvent:
    """On an applied day the agent became active or inactive (name: of the agent), joined or left a group (its name)."""

    day: str
    event: str
    group_id: int | None
    name: str


@dataclass(frozen=True)
class Agent:
    """An agent of the directory. since: the applied day of its state. events: oldest first."""

    agent_id: int
    name: str | None
    email: str | None
    is_active: bool
    since: str | None
    groups: tuple[GroupOfAgent, ...]
    events: tuple[AgentEvent, ...]


def read_agent(url: str, agent_id: int) -> Agent:
    """Return what the tables and histories have of the agent. Raises UnknownAgent, DatabaseUnavailable."""
    found = query(url, "read_agent", agent_id=agent_id)
    if not found:
        raise UnknownAgent(f"No agent has the id {agent_id}.", agent=agent_id)
    row = found[0]
    events = tuple(AgentEvent(**event) for event in query(url, "read_agent_events", agent_id=agent_id))
    groups = tuple(GroupOfAgent(**group) for group in query(url, "read_groups_of_agent", agent_id=agent_id))
    return Agent(agent_id, row["name"], row["email"], row["active"], _since(events), groups, events)


def _since(events: tuple[AgentEvent, ...]) -> str | None:
    """The day of the last change of state; a new name or address is none."""
    since, last = None, None
    for event in events:
        if event.group_id is None and event.event != last:
            since, last = event.day, event.event
    return since
