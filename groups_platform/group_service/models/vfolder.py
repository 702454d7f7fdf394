"""Virtual folders, and what a purge still has to remove from storage."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base


class VFolderRow(Base):
    """A folder in storage, of a group or of a user."""

    __tablename__ = "vfolders"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    host: Mapped[str]
    name: Mapped[str]
    group: Mapped[UUID | None] = mapped_column(ForeignKey("manager.groups.id"))
    user: Mapped[UUID | None] = mapped_column(ForeignKey("manager.users.uuid"))
    status: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)


class VFolderDeletionRow(Base):
    """A folder whose row is gone and which storage still holds; this row goes when the folder is gone."""

    __tablename__ = "vfolder_deletions"

    vfolder_id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str]
    group_id: Mapped[UUID]
    domain_name: Mapped[str | None]
    requested_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    attempts: Mapped[int] = mapped_column(server_default=BY_DATABASE)
    tried_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
