"""Writes the audit log: one row per attempt, whatever came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.models.audit import AuditRow


async def record_attempt(session: AsyncSession, attempt: Mapping[str, Any]) -> bool:
    """Insert the row of an attempt; False if the attempt has one already.

    Where another transaction has inserted it and not ended yet, this waits until it has. So the answer also tells
    whether a transaction was committed whose connection broke at that moment.
    """
    statement = insert(AuditRow).values(**attempt).on_conflict_do_nothing(index_elements=["action_id"])
    return (await session.execute(statement.returning(AuditRow.id))).one_or_none() is not None
