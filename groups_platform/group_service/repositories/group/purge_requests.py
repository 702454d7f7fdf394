"""Purges that wait for a second admin. Requests change under the lock of the group's row, so one waits at most."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, insert, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import Forbidden, PurgeRequestNotFound
from groups_platform.group_service.models.purge_request import PurgeRequestRow
from groups_platform.group_service.types.group import PurgePlan
from groups_platform.group_service.types.purge import LIFETIME, PurgeRequest, PurgeRequestPage, PurgeRequestState
from groups_platform.group_service.types.user import Actor, UserRole


class PurgeRequestRepository:
    """The requests of the domains that `actor` administrates; all of them for who reads everything.

    now: when the attempt began, which tells the requests that have expired.
    """

    def __init__(self, session: AsyncSession, actor: Actor, now: datetime) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    async def add(self, plan: PurgePlan) -> PurgeRequest:
        """Store what the actor asks for; it replaces a waiting request. The group has to be locked."""
        await self.replace_waiting(plan.group.id)
        statement = insert(PurgeRequestRow).values(
            group_id=plan.group.id,
            group_name=plan.group.name,
            domain_name=plan.group.domain_name,
            plan={"counts": dict(plan.counts), "vfolders": list(plan.vfolders), "endpoints": list(plan.endpoints)},
            plan_digest=plan.digest,
            requested_by_id=self._actor.id,
            requested_by=self._actor.name,
            requested_at=self._now,
            expires_at=self._now + LIFETIME,
        )
        return self._data((await self._session.scalars(statement.returning(PurgeRequestRow))).one())

    async def get(self, request_id: UUID) -> PurgeRequest:
        """A request as it is now. Raises PurgeRequestNotFound, or Forbidden where the actor may not know of it."""
        statement = select(PurgeRequestRow).where(PurgeRequestRow.id == request_id, self._visible())
        fresh = statement.execution_options(populate_existing=True)
        row = (await self._session.scalars(fresh)).one_or_none()
        if row is not None:
            return self._data(row)
        if self._actor.reads_everything:
            raise PurgeRequestNotFound(f"There is no purge request {request_id}.", request_id=str(request_id))
        raise Forbidden(
            f"{self._actor.name} has no access to a purge request {request_id}.", request_id=str(request_id)
        )

    async def approve(self, request: PurgeRequest) -> None:
        """The actor has approved a waiting request, whose group is locked."""
        await self._end_waiting(
            request.group_id,
            state=PurgeRequestState.APPROVED,
            approved_by_id=self._actor.id,
            approved_by=self._actor.name,
            approved_at=self._now,
        )

    async def replace_waiting(self, group_id: UUID) -> None:
        """What waits for this group, which is locked, waits no longer."""
        await self._end_waiting(group_id, state=PurgeRequestState.REPLACED)

    async def search(self, *, limit: int, after: UUID | None = None) -> PurgeRequestPage:
        """Requests, newest first; those that follow the request `after`, which may also be one that does not exist."""
        place = (PurgeRequestRow.requested_at, PurgeRequestRow.id)
        statement = select(PurgeRequestRow).where(self._visible())
        if after is not None:
            last = select(*place).where(PurgeRequestRow.id == after)
            statement = statement.where(tuple_(*place) < last.scalar_subquery())
        newest = statement.order_by(*(column.desc() for column in place)).limit(
            limit + 1
        )  # one more: does a page follow
        found = [self._data(row) for row in await self._session.scalars(newest)]
        return PurgeRequestPage(tuple(found[:limit]), str(found[limit - 1].id) if len(found) > limit else None)

    async def _end_waiting(self, group_id: UUID, **changes: object) -> None:
        is_waiting = (PurgeRequestRow.group_id == group_id, PurgeRequestRow.state == PurgeRequestState.WAITING)
        statement = update(PurgeRequestRow).where(*is_waiting).values(**changes)
        await self._session.execute(statement, execution_options={"synchronize_session": False})

    def _visible(self) -> ColumnElement[bool]:
        if self._actor.reads_everything:
            return true()
        if self._actor.role is UserRole.ADMIN:
            return PurgeRequestRow.domain_name == self._actor.domain_name
        return false()

    def _data(self, row: PurgeRequestRow) -> PurgeRequest:
        is_late = row.state is PurgeRequestState.WAITING and row.expires_at <= self._now
        return PurgeRequest(
            id=row.id,
            group_id=row.group_id,
            group_name=row.group_name,
            domain_name=row.domain_name,
            counts=row.plan["counts"],
            vfolders=tuple(row.plan["vfolders"]),
            endpoints=tuple(row.plan["endpoints"]),
            plan_digest=row.plan_digest,
            requested_by_id=row.requested_by_id,
            requested_by=row.requested_by,
            requested_at=row.requested_at,
            expires_at=row.expires_at,
            state=PurgeRequestState.EXPIRED if is_late else row.state,
            approved_by_id=row.approved_by_id,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
        )
