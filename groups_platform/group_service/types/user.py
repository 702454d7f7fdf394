"""Users, their roles, and the actor: the user, or the system itself, for whom the service acts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from groups_platform.group_service.errors import InvalidUserId
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.text import cut, quote


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


def parse_user(user: UUID | str) -> UUID | str:
    """The user that is named: an id, also as text, or an e-mail address. Raises InvalidUserId for another text."""
    if isinstance(user, UUID) or "@" in user:
        return user
    try:
        return UUID(user)
    except ValueError:
        raise InvalidUserId(
            f"{quote(user)} is not a user: write an id (a UUID) or an e-mail address.", user_id=cut(user)
        ) from None


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


class UserStatus(str, Enum):
    """Whether a user may act and be added to groups: only an active one. Others may have stored further statuses."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"
    BEFORE_VERIFICATION = "before-verification"


FULL_NAME = {"longest": 256}
UserRef: TypeAlias = UUID | str
"""What an action takes for a user: the id, also as text, or the e-mail address in any case."""


@dataclass(frozen=True)
class UserCreator:
    """A new user. email: unique in any case, and for good. Roles and statuses may be given by their values."""

    email: str
    domain_name: str
    full_name: str | None = field(default=None, metadata=FULL_NAME)
    role: UserRole | str = UserRole.USER
    status: UserStatus | str = UserStatus.ACTIVE


@dataclass(frozen=True)
class UserModifier:
    """Changes of a user; what is not given stays. domain_name: memberships in groups of the old domain stay stored."""

    full_name: TriState[str] = field(default_factory=TriState.nop, metadata=FULL_NAME)
    role: OptionalState[UserRole | str] = field(default_factory=OptionalState.nop)
    status: OptionalState[UserStatus | str] = field(default_factory=OptionalState.nop)
    domain_name: OptionalState[str] = field(default_factory=OptionalState.nop)


def user_state(user: UserData) -> dict[str, str | None]:
    """A user in types of JSON."""
    return {**asdict(user), "id": str(user.id), "role": user.role.value}


@dataclass(frozen=True)
class UserActionResult(BaseActionResult[UserData]):
    """A user as they are after the action."""

    def entity_id(self) -> str | None:
        """The user's id."""
        return str(self.data.id) if self.data else None


@dataclass(frozen=True)
class UserFilter:
    """The filter of a listing; None is any. name_part: anywhere in e-mail address or full name, in any case."""

    domain_name: str | None = None
    status: UserStatus | str | None = None
    role: UserRole | str | None = None
    name_part: str | None = None


@dataclass(frozen=True)
class UserPage:
    """Users in the order of their addresses. next_cursor asks for the page that follows; None on the last."""

    users: tuple[UserData, ...]
    next_cursor: str | None = None
