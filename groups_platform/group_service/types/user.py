"""Users, their roles, and the actor: the user, or the system itself, for whom the service acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class UserRole(str, Enum):
    """What a user may do; `Actor.administrates` says where."""

    SUPERADMIN = "superadmin"
    ADMIN = "admin"
    USER = "user"
    MONITOR = "monitor"


class UserUpdateMode(str, Enum):
    """How `user_uuids` changes the members of a group."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True)
class UserData:
    """A user."""

    id: UUID
    email: str
    full_name: str | None
    role: UserRole
    status: str
    domain_name: str


@dataclass(frozen=True)
class Actor:
    """Who acts. name: for people, in the log and the audit. id and domain_name: None for the system itself."""

    name: str
    role: UserRole
    id: UUID | None = None
    domain_name: str | None = None

    @property
    def reads_everything(self) -> bool:
        """Whether groups of every domain are visible."""
        return self.role in (UserRole.SUPERADMIN, UserRole.MONITOR)

    def administrates(self, domain_name: str | None) -> bool:
        """Whether the actor is an admin of this domain; of None, no domain in particular, only a superadmin is."""
        if self.role is UserRole.ADMIN:
            return domain_name is not None and domain_name == self.domain_name
        return self.role is UserRole.SUPERADMIN


SYSTEM = Actor("system", UserRole.SUPERADMIN)
