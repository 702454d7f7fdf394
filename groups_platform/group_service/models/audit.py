"""The audit log: one row per attempted action, written and never changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base, enum_column
from groups_platform.group_service.types.audit import AuditStatus


class AuditRow(Base):
    """An attempt: who did what to which entity, how it ended, what it changed. Secrets are masked before."""

    __tablename__ = "audit_log"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    action_id: Mapped[UUID]
    action: Mapped[str]
    entity_type: Mapped[str]
    entity_id: Mapped[str | None]
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
