"""The audit log: one row per attempted action, written by `manager.record_attempt` and never changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, Table
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import Base, enum_column
from groups_platform.group_service.types.audit import AuditStatus


class AuditRow(Base):
    """An attempt: who did what to which entity, how it ended, what it changed. Secrets are masked before."""

    __tablename__ = "audit_log"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    action_id: Mapped[UUID]
    action: Mapped[str]
    is_read: Mapped[bool]
    entity_type: Mapped[str]
    entity_id: Mapped[str | None]
    entity_name: Mapped[str | None]
    domain_name: Mapped[str | None]
    former_domain_name: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor: Mapped[str]
    status: Mapped[AuditStatus] = mapped_column(enum_column(AuditStatus))
    error_code: Mapped[str | None]
    description: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    run_id: Mapped[str | None]
    started_at: Mapped[datetime]
    duration: Mapped[timedelta]


# The table's columns: pages of it are rows, not objects.
ENTRY = cast(Table, AuditRow.__table__).columns
