"""Users."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base, enum_column
from groups_platform.group_service.types.user import UserRole, UserUpdateMode

__all__ = ["UserRole", "UserRow", "UserUpdateMode"]


class UserRow(Base):
    """A user. status: `active`, or why not; only active users act. is_email_shared: an older user has it too."""

    __tablename__ = "users"

    uuid: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    email: Mapped[str]
    full_name: Mapped[str | None]
    role: Mapped[UserRole] = mapped_column(enum_column(UserRole), server_default=BY_DATABASE)
    status: Mapped[str] = mapped_column(server_default=BY_DATABASE)
    domain_name: Mapped[str] = mapped_column(ForeignKey("manager.domains.name"))
    is_email_shared: Mapped[bool] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    modified_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
