"""Members who are no active users of their group's domain, and so have no rights in the group."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from groups_platform.group_service.types.user import UserStatus


@dataclass(frozen=True)
class StrayMember:
    """A membership that gives nothing. user_status: also one that others have stored. why: `is of example.org`."""

    group_id: UUID
    domain_name: str
    group_name: str
    user_id: UUID
    email: str
    user_domain_name: str
    user_status: str
    why: str = field(init=False)

    def __post_init__(self) -> None:
        """Say for people what keeps the user from being a member as others are."""
        reasons = [f"of {self.user_domain_name}"] * (self.user_domain_name != self.domain_name)
        reasons += [self.user_status] * (self.user_status != UserStatus.ACTIVE.value)
        object.__setattr__(self, "why", f"is {' and '.join(reasons)}")


@dataclass(frozen=True)
class StrayMemberPage:
    """Stray members in the order of their groups. next_cursor asks for the page that follows; None on the last."""

    members: tuple[StrayMember, ...]
    next_cursor: str | None = None
