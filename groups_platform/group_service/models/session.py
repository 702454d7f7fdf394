"""Sessions, and the kernels (containers) that they run."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base


class SessionRow(Base):
    """A session of a user, for a group."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    name: Mapped[str | None]
    access_key: Mapped[str | None]
    session_type: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    domain_name: Mapped[str] = mapped_column(ForeignKey("manager.domains.name"))
    group_id: Mapped[UUID] = mapped_column(ForeignKey("manager.groups.id"))
    user_uuid: Mapped[UUID] = mapped_column(ForeignKey("manager.users.uuid"))
    status: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    terminated_at: Mapped[datetime | None]


class KernelRow(Base):
    """A container of a session. vfolder_mounts: objects of vfolder_id (or vfid, or id), host, name, path."""

    __tablename__ = "kernels"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("manager.sessions.id"))
    domain_name: Mapped[str] = mapped_column(ForeignKey("manager.domains.name"))
    group_id: Mapped[UUID] = mapped_column(ForeignKey("manager.groups.id"))
    user_uuid: Mapped[UUID] = mapped_column(ForeignKey("manager.users.uuid"))
    access_key: Mapped[str | None]
    agent: Mapped[str | None]
    container_id: Mapped[str | None]
    image: Mapped[str | None]
    cluster_mode: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    status: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    status_info: Mapped[str | None]
    status_changed: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    status_history: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    terminated_at: Mapped[datetime | None]
    occupied_slots: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    attached_devices: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    resource_opts: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    vfolder_mounts: Mapped[list[dict[str, Any]]] = mapped_column(server_default=BY_DATABASE)
    last_stat: Mapped[dict[str, Any] | None]
