"""The table of rules, and the directory's groups as far as rules name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, Table, Text, column, table
from sqlalchemy.orm import Mapped, mapped_column

from groups_platform.group_service.models.base import BY_DATABASE, Base, enum_column
from groups_platform.provisioning.types import MembersOf


class RuleRow(Base):
    """A rule. total_resource_slots: slot name → decimal string."""

    __tablename__ = "provisioning_rules"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=BY_DATABASE)
    directory_group_id: Mapped[int] = mapped_column(BigInteger)
    with_groups_below: Mapped[bool]
    domain_name: Mapped[str]
    resource_policy: Mapped[str]
    total_resource_slots: Mapped[dict[str, Any]]
    name_template: Mapped[str]
    members_of: Mapped[MembersOf] = mapped_column(enum_column(MembersOf))
    is_exact: Mapped[bool]
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]


RULES = cast(Table, RuleRow.__table__)
RULE = RULES.columns

DIRECTORY_GROUPS = table("groups", column("group_id", BigInteger), column("name", Text), schema="directory")
DIRECTORY_GROUP = DIRECTORY_GROUPS.columns
