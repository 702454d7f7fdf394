"""What every action has: a name, who may do it, a frozen input, a result, and the context that it runs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    from groups_platform.group_service.clients.config import ManagerConfigProvider
    from groups_platform.group_service.clients.storage import StorageSessionManager
    from groups_platform.group_service.clients.valkey import ValkeyStatClient
    from groups_platform.group_service.types.user import Actor

Data = TypeVar("Data")


class Access(str, Enum):
    """What an actor must be allowed for an action: to read the group or to administrate it."""

    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True)
class BaseAction:
    """What somebody wants. `entity_id()` names what it is about, None when that is not known before."""

    name: ClassVar[str]
    access: ClassVar[Access]
    entity_type: ClassVar[str] = "group"

    def entity_id(self) -> str | None:
        """The id of what the action is about, None when it is about no one thing."""
        return None


@dataclass(frozen=True)
class GroupAction(BaseAction):
    """What somebody wants of one group."""

    group_id: UUID

    def entity_id(self) -> str:
        """The group's id."""
        return str(self.group_id)


@dataclass
class ActionContext:
    """One attempt's transaction and surroundings; a handler reads the time from `now` and looks nothing up itself."""

    session: AsyncSession
    actor: Actor
    now: datetime
    config: ManagerConfigProvider
    storage: StorageSessionManager
    valkey: ValkeyStatClient | None
    run_id: str | None = None
    action_id: UUID | None = None
    # What the audit row says of the entity before and after; the handler fills them, the processor masks secrets.
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    # What follows the commit and is no part of it: if it fails, the action stands. It answers with warnings.
    after_commit: Callable[[AsyncSession], Awaitable[tuple[str, ...]]] | None = None
