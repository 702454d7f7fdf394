"""Users, their roles, and the actor: the user, or the system itself, for whom the service acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base, enum_column


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


class UserRow(Base):
    """A user. status: `active`, or why not; only active users act."""

    __tablename__ = "users"

    uuid: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    email: Mapped[str]
    full_name: Mapped[str | None]
    role: Mapped[UserRole] = mapped_column(enum_column(UserRole), server_default=BY_DATABASE)
    status: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    domain_name: Mapped[str] = mapped_column(ForeignKey("manager.domains.name"))
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    modified_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)


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
