"""Purges that one admin asked for and another has to approve."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base, enum_column
from groups_platform.group_service.types.purge import PurgeRequestState


class PurgeRequestRow(Base):
    """A request. It outlives the group, so nothing of it is a foreign key. plan: counts, vfolders, endpoints."""

    __tablename__ = "purge_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    group_id: Mapped[UUID]
    group_name: Mapped[str]
    domain_name: Mapped[str]
    plan: Mapped[dict[str, Any]]
    plan_digest: Mapped[str]
    requested_by_id: Mapped[UUID | None]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[PurgeRequestState] = mapped_column(enum_column(PurgeRequestState), server_default=BY_DATABASE)
    approved_by_id: Mapped[UUID | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
