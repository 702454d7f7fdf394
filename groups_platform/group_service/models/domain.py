"""Domains, which own users and groups, and the resource policies that groups follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base


class DomainRow(Base):
    """A domain. total_resource_slots and allowed_vfolder_hosts are as in GroupRow."""

    __tablename__ = "domains"

    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=BY_DATABASE)
    total_resource_slots: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    allowed_vfolder_hosts: Mapped[dict[str, Any]] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    modified_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)


class ProjectResourcePolicyRow(Base):
    """Limits of a project: 0 means none, sizes are bytes."""

    __tablename__ = "project_resource_policies"

    name: Mapped[str] = mapped_column(primary_key=True)
    max_vfolder_count: Mapped[int] = mapped_column(server_default=BY_DATABASE)
    max_quota_scope_size: Mapped[int] = mapped_column(BigInteger, server_default=BY_DATABASE)
    max_network_count: Mapped[int] = mapped_column(server_default=BY_DATABASE)
    created_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
    modified_at: Mapped[datetime] = mapped_column(server_default=BY_DATABASE)
