"""The audit log: one row per attempt, of any outcome; searched by admins, counted by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.types.audit import AuditCount, AuditEntry, AuditFilter, AuditStatus
from groups_platform.group_service.types.period import Period
from groups_platform.group_service.types.user import Actor


async def record_attempt(session: AsyncSession, attempt: Mapping[str, Any]) -> bool:
    """Insert the row of an attempt; False if the attempt has one already.

    Where another transaction has inserted it and not ended yet, this waits until it has. So the answer also tells
    whether a transaction was committed whose connection broke at that moment.
    """
    statement = insert(AuditRow).values(**attempt).on_conflict_do_nothing(index_elements=["action_id"])
    return (await session.execute(statement.returning(AuditRow.id))).one_or_none() is not None


async def search_attempts(
    session: AsyncSession, actor: Actor, wanted: AuditFilter, limit: int
) -> tuple[AuditEntry, ...]:
    """The newest entries that the actor may see."""
    equal = {name: getattr(wanted, name) for name in ("action", "entity_id", "actor", "status")}
    conditions = [getattr(AuditRow, name) == value for name, value in equal.items() if value is not None]
    if wanted.since is not None:
        conditions.append(AuditRow.started_at >= wanted.since)
    columns = [getattr(AuditRow, name) for name in AuditEntry.__dataclass_fields__]
    statement = select(*columns).where(_visible(actor), *conditions)
    newest = statement.order_by(AuditRow.started_at.desc(), AuditRow.id.desc()).limit(limit)
    return tuple(AuditEntry(*row) for row in await session.execute(newest))


async def count_attempts(session: AsyncSession, period: Period, time_zone: str) -> tuple[AuditCount, ...]:
    """The attempts of the period, of everybody, by day, action, status and error code. time_zone: the period's."""
    parameters = {"start": period.start, "end": period.end, "time_zone": time_zone}
    rows = await session.execute(read_statement("manager/audit_summary"), parameters)
    return tuple(AuditCount(**{**row, "status": AuditStatus(row["status"])}) for row in rows.mappings())


def _visible(actor: Actor) -> ColumnElement[bool]:
    """For the admin of a domain: what was done to its groups, also to those that are purged, and by the admin."""
    if actor.administrates(None):
        return true()
    domains = [state["domain_name"].astext for state in (AuditRow.before, AuditRow.after)]
    groups = select(cast(GroupRow.id, Text)).where(GroupRow.domain_name == actor.domain_name)
    return or_(
        AuditRow.actor_id == actor.id,
        and_(
            AuditRow.entity_type == "group",
            or_(
                *(domain == actor.domain_name for domain in domains),
                and_(func.coalesce(*domains).is_(None), AuditRow.entity_id.in_(groups)),
            ),
        ),
    )
