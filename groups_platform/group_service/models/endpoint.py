"""Endpoints, which serve models, and the routings from them to the sessions behind."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base


class EndpointRow(Base):
    """An endpoint of a project. lifecycle_stage: created, destroying or destroyed."""

    __tablename__ = "endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    name: Mapped[str]
    domain: Mapped[str] = mapped_column(ForeignKey("manager.domains.name"))
    project: Mapped[UUID] = mapped_column(ForeignKey("manager.groups.id"))
    created_user: Mapped[UUID] = mapped_column(ForeignKey("manager.users.uuid"))
    lifecycle_stage: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    destroyed_at: Mapped[datetime | None]


class RoutingRow(Base):
    """A way from an endpoint to a session that serves it."""

    __tablename__ = "routings"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    endpoint: Mapped[UUID] = mapped_column(ForeignKey("manager.endpoints.id"))
    session: Mapped[UUID | None] = mapped_column(ForeignKey("manager.sessions.id"))
    status: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
