"""Remove from storage what purges left there (S11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.errors import InvalidAPIParameters, StorageFault
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.group import RemovedFolders


@dataclass(frozen=True)
class RetryVFolderDeletionsAction(BaseAction):
    """Try every pending folder once, at most `limit` of them. Two calls at the same time share the work.

    The admin of a domain tries the folders of its groups.
    """

    name: ClassVar[str] = "retry_vfolder_deletions"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "vfolder"

    limit: int = 1000


@dataclass(frozen=True)
class RetryVFolderDeletionsActionResult(BaseActionResult[RemovedFolders]):
    """What was removed, and what storage refused, which the warnings say too."""


async def retry_vfolder_deletions(
    action: RetryVFolderDeletionsAction, context: ActionContext
) -> RetryVFolderDeletionsActionResult:
    """Remove from storage the folders of purged groups that are still there (S11).

    action: RetryVFolderDeletionsAction. limit: how many folders to try at most, each once.
    Returns RetryVFolderDeletionsActionResult; data is RemovedFolders. Each folder that storage refused is a warning.
    error.code: forbidden.
    Raises InvalidAPIParameters for a limit below 1.
    """
    if action.limit < 1:
        raise InvalidAPIParameters(f"limit is {action.limit}; at least one folder is tried.", limit=action.limit)
    domain_name = None if context.actor.administrates(None) else context.actor.domain_name
    done = await remove_folders(
        context.session, context.storage, context.now, domain_name=domain_name, limit=action.limit
    )
    told = {"removed": [str(i) for i in done.removed], "failed": {str(i): why for i, why in done.failed.items()}}
    context.record(Entity(domain_name=domain_name), None, told)
    return RetryVFolderDeletionsActionResult(success=True, data=done, warnings=warnings_of(done))


async def remove_folders(
    session: AsyncSession,
    storage: StorageSessionManager,
    now: datetime,
    *,
    group_id: UUID | None = None,
    domain_name: str | None = None,
    limit: int | None = None,
) -> RemovedFolders:
    """Claim pending folders one by one, so that other calls take the rest, and remove them from storage.

    A folder that was removed and whose row came back with a rollback is tried again, which succeeds.
    """
    repository = AdminGroupRepository(session)
    removed: list[UUID] = []
    failed: dict[UUID, str] = {}
    while limit is None or len(removed) + len(failed) < limit:
        folder = await repository.claim_folder(now, group_id=group_id, domain_name=domain_name)
        if folder is None:
            break
        try:
            await storage.delete_folder(folder.host, folder.id)
        except StorageFault as fault:
            failed[folder.id] = str(fault)
            await repository.keep_folder(folder, str(fault), now)
        else:
            removed.append(folder.id)
            await repository.forget_folder(folder)
    return RemovedFolders(tuple(removed), failed)


def warnings_of(done: RemovedFolders) -> tuple[str, ...]:
    """A sentence for each folder that stays in storage."""
    return tuple(f"Folder {folder_id} stays in storage for now: {why}" for folder_id, why in done.failed.items())
