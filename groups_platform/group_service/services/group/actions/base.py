"""The base classes of the actions' inputs, and the context in which a handler runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.types.audit import Entity, differences
from groups_platform.group_service.types.group import GroupName, GroupRef, parse_group
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
    """The input of an action. The class variables are the same for every action of a class.

    is_read: it changes nothing but the audit log. is_snapshot: it reads much, all of it from one snapshot of the
    database (REPEATABLE READ), and may take as long as the setting for usage says.
    """

    name: ClassVar[str]
    access: ClassVar[Access]
    entity_type: ClassVar[str] = "group"
    is_read: ClassVar[bool] = False
    is_snapshot: ClassVar[bool] = False

    def subject(self) -> GroupRef | None:
        """The one group that the action is about; None where there is no such group, or it does not exist yet."""
        return None

    def entity(self) -> Entity:
        """What the action is about as far as its input tells, for the audit row of a refusal."""
        subject = self.subject()
        group = parse_group(subject) if isinstance(subject, str) else subject
        if isinstance(group, GroupName):
            return Entity(name=group.name, domain_name=group.domain_name)
        return Entity() if group is None else Entity(str(group))


@dataclass(frozen=True)
class GroupAction(BaseAction):
    """The input of an action on one group, named by its id, a GroupName, or a text such as `domain/name`."""

    group_id: GroupRef

    def subject(self) -> GroupRef:
        """The group."""
        return self.group_id


@dataclass
class ActionContext:
    """The transaction and the surroundings of one try. now: when the attempt began, the same for every try of it.

    actor: with the role and the domain that the user has in this transaction.
    """

    session: AsyncSession
    actor: Actor
    now: datetime
    config: ManagerConfigProvider
    storage: StorageSessionManager
    valkey: ValkeyStatClient | None
    run_id: str | None = None
    action_id: UUID | None = None
    # What the audit row says; set by `record`. The processor masks secrets.
    entity: Entity | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    # Runs after the commit, in a transaction of its own, and returns warnings. If it fails, the action stays done.
    after_commit: Callable[[AsyncSession], Awaitable[tuple[str, ...]]] | None = None

    @property
    def groups(self) -> GroupRepository:
        """The groups in the actor's scope."""
        return GroupRepository(self.session, self.actor, self.storage.hosts)

    def record(
        self, entity: Entity, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, **more: Any
    ) -> None:
        """Say for the audit log what the action was about, and what changed.

        before, after: the whole states in types of JSON; None where it did not exist yet, or is gone. more: is added
        to `after`.
        """
        self.entity = entity
        self.before, after = differences(before, after)
        self.after = {**(after or {}), **more} if more or after is not None else None
