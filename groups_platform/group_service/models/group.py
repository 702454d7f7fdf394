"""Groups, also known as projects, and who is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base, enum_column
from groups_platform.group_service.types.group import ProjectType

__all__ = ["GROUP", "GROUPS", "GroupRow", "MembershipRow", "ProjectType"]


class GroupRow(Base):
    """A group.

    total_resource_slots: slot name → decimal string. allowed_vfolder_hosts: host → what is allowed there.
    dotfiles: objects of path, data, perm. integration_id: its id in another system.
    """

    __tablename__ = "groups"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    name: Mapped[str]
    domain_name: Mapped[str] = mapped_column(ForeignKey("manager.domains.name"))
    description: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=BY_DATABASE)
    type: Mapped[ProjectType] = mapped_column(enum_column(ProjectType), server_default=BY_DATABASE)
    total_resource_slots: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    allowed_vfolder_hosts: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    dotfiles: Mapped[list[dict[str, Any]]] = mapped_column(server_default=BY_DATABASE)
    resource_policy: Mapped[str] = mapped_column(ForeignKey("manager.project_resource_policies.name"))
    container_registry: Mapped[dict[str, Any] | None]
    integration_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    modified_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)


# The table and its columns, for queries whose answers are rows: they cost a fifth less than those for objects.
GROUPS = cast(Table, GroupRow.__table__)
GROUP = GROUPS.columns


class MembershipRow(Base):
    """A user who is in a group."""

    __tablename__ = "association_groups_users"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("manager.groups.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("manager.users.uuid"), primary_key=True)
