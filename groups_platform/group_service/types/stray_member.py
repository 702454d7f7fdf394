"""Members who are no active users of their group's domain, and so have no rights in the group."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class StrayMember:
    """A membership that gives nothing. user_status: also one that others have stored. why: for people."""

    group_id: UUID
    domain_name: str
    group_name: str
    user_id: UUID
    email: str
    user_domain_name: str
    user_status: str
    why: str


@dataclass(frozen=True)
class StrayMemberPage:
    """Stray members in the order of their groups. next_cursor asks for the page that follows; None on the last."""

    members: tuple[StrayMember, ...]
    next_cursor: str | None = None
