"""Purges groups of any domain: finds what blocks a purge, removes a group, and lists the folders left in storage.

Permissions are not checked here: the caller has checked them. The SQL is in `sql/manager/purge_*.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.errors import GroupNotFound
from groups_platform.group_service.models.endpoint import EndpointRow, RoutingRow
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.session import KernelRow, SessionRow
from groups_platform.group_service.models.vfolder import VFolderDeletionRow, VFolderRow

MOST_LISTED = 100


@dataclass(frozen=True)
class Blocking:
    """What blocks a purge. count: all of it; listed: the facts of the first hundred, in types of JSON."""

    count: int
    listed: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Dependents:
    """What a purge removes besides the group. counts: rows by table. vfolders, endpoints: names, a hundred at most.

    digest: of the group and of every row.
    """

    counts: dict[str, int]
    vfolders: tuple[str, ...]
    endpoints: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class PendingFolder:
    """A folder that storage still holds and should not."""

    id: UUID
    host: str


class AdminGroupRepository:
    """Purges groups of any domain."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_group(self, group_id: UUID) -> None:
        """Wait until no other transaction changes or purges the group, which may be gone then."""
        await self._session.execute(select(GroupRow.id).where(GroupRow.id == group_id).with_for_update())

    async def lock_dependents(self, group_id: UUID) -> None:
        """Lock what could come to block a purge, or to belong to it. The group itself has to be locked before."""
        endpoints = select(EndpointRow.id).where(EndpointRow.project == group_id).order_by(EndpointRow.id)
        vfolders = select(VFolderRow.id).where(VFolderRow.group == group_id).order_by(VFolderRow.id)
        await self._session.execute(endpoints.with_for_update())
        await self._session.execute(vfolders.with_for_update())
        await self._session.execute(read_statement("manager/purge_lock_kernels"), {"group_id": group_id})
        # after the kernels, as in `purge`: kernels and routings that would come to a session wait
        sessions = select(SessionRow.id).where(SessionRow.group_id == group_id).order_by(SessionRow.id)
        await self._session.execute(select(func.count()).select_from(sessions.with_for_update().subquery()))

    async def mounted_vfolders(self, group_id: UUID) -> Blocking:
        """Folders of the group that active kernels of any group have mounted."""
        return await self._blocking("manager/purge_mounted_vfolders", group_id)

    async def active_kernels(self, group_id: UUID) -> Blocking:
        """Kernels of the group that `manager.is_active_status` says are active."""
        return await self._blocking("manager/purge_active_kernels", group_id)

    async def active_endpoints(self, group_id: UUID) -> Blocking:
        """Endpoints of the group that `manager.is_active_stage` says are active."""
        return await self._blocking("manager/purge_active_endpoints", group_id)

    async def _blocking(self, statement: str, group_id: UUID) -> Blocking:
        parameters = {"group_id": group_id, "listed": MOST_LISTED}
        rows = (await self._session.execute(read_statement(statement), parameters)).mappings().all()
        listed = tuple({key: _to_json(value) for key, value in row.items() if key != "total"} for row in rows)
        return Blocking(rows[0]["total"] if rows else 0, listed)

    async def find_dependents(self, group_id: UUID) -> Dependents:
        """What a purge removes besides the group, in one snapshot."""
        parameters = {"group_id": group_id, "listed": MOST_LISTED}
        row = (await self._session.execute(read_statement("manager/purge_plan"), parameters)).one()
        return Dependents(row.counts, tuple(row.vfolders), tuple(row.endpoints), row.digest)

    async def purge(self, group_id: UUID, now: datetime) -> None:
        """Remove a locked group and everything of it; its folders become pending. Raises GroupNotFound.

        A session of another group that serves an endpoint of this one stays: it is usage of that group.
        """
        endpoints = select(EndpointRow.id).where(EndpointRow.project == group_id)
        sessions = select(SessionRow.id).where(SessionRow.group_id == group_id)
        folders = (
            select(VFolderRow.id, VFolderRow.host, VFolderRow.group, GroupRow.domain_name, literal(now))
            .join(GroupRow, GroupRow.id == VFolderRow.group)
            .where(VFolderRow.group == group_id)
        )
        columns = ["vfolder_id", "host", "group_id", "domain_name", "requested_at"]
        await self._session.execute(insert(VFolderDeletionRow).from_select(columns, folders))
        for statement in (
            delete(RoutingRow).where(or_(RoutingRow.endpoint.in_(endpoints), RoutingRow.session.in_(sessions))),
            delete(EndpointRow).where(EndpointRow.project == group_id),
            delete(KernelRow).where(or_(KernelRow.group_id == group_id, KernelRow.session_id.in_(sessions))),
            delete(SessionRow).where(SessionRow.group_id == group_id),
            delete(VFolderRow).where(VFolderRow.group == group_id),
            delete(MembershipRow).where(MembershipRow.group_id == group_id),
        ):
            await self._session.execute(statement, execution_options={"synchronize_session": False})
        removed = delete(GroupRow).where(GroupRow.id == group_id).returning(GroupRow.id)
        if await self._session.scalar(removed, execution_options={"synchronize_session": False}) is None:
            raise GroupNotFound(f"There is no group {group_id}.", group_id=str(group_id))

    async def claim_folder(
        self, now: datetime, *, group_id: UUID | None = None, domain_name: str | None = None
    ) -> PendingFolder | None:
        """The oldest pending folder, of a group or domain, that no other call has claimed or tried since `now`."""
        row = VFolderDeletionRow
        statement = select(row.vfolder_id, row.host).where(or_(row.tried_at.is_(None), row.tried_at < now))
        if group_id is not None:
            statement = statement.where(row.group_id == group_id)
        if domain_name is not None:
            statement = statement.where(row.domain_name == domain_name)
        oldest = statement.order_by(row.requested_at, row.vfolder_id).limit(1).with_for_update(skip_locked=True)
        found = (await self._session.execute(oldest)).one_or_none()
        return None if found is None else PendingFolder(*found)

    async def forget_folder(self, folder: PendingFolder) -> None:
        """Storage has removed the folder: its row goes."""
        await self._session.execute(delete(VFolderDeletionRow).where(VFolderDeletionRow.vfolder_id == folder.id))

    async def keep_folder(self, folder: PendingFolder, reason: str, now: datetime) -> None:
        """Storage refused; the folder stays pending, with the reason."""
        row = VFolderDeletionRow
        tried = update(row).where(row.vfolder_id == folder.id)
        await self._session.execute(tried.values(attempts=row.attempts + 1, tried_at=now, last_error=reason))


def _to_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    return str(value) if isinstance(value, UUID) else value
