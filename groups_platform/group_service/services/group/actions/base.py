"""The base classes of the actions' inputs, and the context in which a handler runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.types.group import GroupRef
from groups_platform.group_service.types.user import Actor, UserRole

if TYPE_CHECKING:
    from groups_platform.group_service.clients.config import ManagerConfigProvider
    from groups_platform.group_service.clients.storage import StorageSessionManager
    from groups_platform.group_service.clients.valkey import ValkeyStatClient


class Access(Enum):
    """The roles that may attempt an action; on which groups is decided by `GroupRepository`."""

    READ = frozenset(UserRole)
    ADMIN = frozenset({UserRole.SUPERADMIN, UserRole.ADMIN})
    SUPERADMIN = frozenset({UserRole.SUPERADMIN})


@dataclass(frozen=True)
class BaseAction:
    """The input of an action. name, access and entity_type are the same for every action of a class."""

    name: ClassVar[str]
    access: ClassVar[Access]
    entity_type: ClassVar[str] = "group"

    def subject(self) -> GroupRef | None:
        """The one group that the action is about; None where there is no such group, or it does not exist yet."""
        return None

    def entity_id(self) -> str | None:
        """The subject as the caller wrote it, for the audit log and the log line."""
        subject = self.subject()
        return None if subject is None else str(subject)


@dataclass(frozen=True)
class GroupAction(BaseAction):
    """The input of an action on one group, named by its id or a GroupName."""

    group_id: GroupRef

    def subject(self) -> GroupRef:
        """The group."""
        return self.group_id


@dataclass
class ActionContext:
    """The transaction and the surroundings of one try. now: when the attempt began, the same for every try of it."""

    session: AsyncSession
    actor: Actor
    now: datetime
    config: ManagerConfigProvider
    storage: StorageSessionManager
    valkey: ValkeyStatClient | None
    run_id: str | None = None
    action_id: UUID | None = None
    # What the audit row says of the entity; the handler sets both, the processor masks secrets.
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    # Runs after the commit, in a transaction of its own, and returns warnings. If it fails, the action stays done.
    after_commit: Callable[[AsyncSession], Awaitable[tuple[str, ...]]] | None = None
