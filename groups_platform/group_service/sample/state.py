"""What there is of the sample. Which of it the sample made is told by the audit log, where its actions have one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.models.domain import DomainRow, ProjectResourcePolicyRow
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.sample.records import records, reference, sample_id
from groups_platform.group_service.types.audit import AuditStatus
from groups_platform.group_service.types.user import UserData

RUN = "sample-deployment"


@dataclass(frozen=True)
class Group:
    """A group of the sample as it is now; people may have renamed or moved it."""

    id: UUID
    domain_name: str
    is_active: bool
    member_ids: frozenset[UUID]


@dataclass(frozen=True)
class State:
    """What there is. users: by address. groups: those that the sample made, by the `domain/name` that it gave them.

    taken: the `domain/name` of groups that others made. performed: the action and the id of what it was about, for
    every action of the sample that the audit log still has.
    """

    domains: frozenset[str]
    policies: frozenset[str]
    users: Mapping[str, UserData]
    groups: Mapping[str, Group]
    taken: frozenset[str]
    performed: frozenset[tuple[str, str]]


async def read_state(connection: AsyncConnection) -> State:
    """What there is of the sample now: what others have committed meanwhile is seen too."""
    audit = select(AuditRow.action, AuditRow.entity_id, AuditRow.domain_name, AuditRow.entity_name)
    own = (await connection.execute(audit.where(AuditRow.run_id == RUN, AuditRow.status == AuditStatus.SUCCESS))).all()
    ids = {sample_id("group", reference(group)): reference(group) for group in records("groups")}
    ids |= {UUID(row.entity_id): f"{row.domain_name}/{row.entity_name}" for row in own if row.action == "create_group"}
    groups, taken = await _groups(connection, ids)
    return State(
        domains=frozenset((await connection.scalars(select(DomainRow.name))).all()),
        policies=frozenset((await connection.scalars(select(ProjectResourcePolicyRow.name))).all()),
        users=await _users(connection),
        groups=groups,
        taken=taken,
        performed=frozenset((row.action, row.entity_id) for row in own),
    )


async def _users(connection: AsyncConnection) -> dict[str, UserData]:
    columns = (UserRow.uuid, UserRow.email, UserRow.full_name, UserRow.role, UserRow.status, UserRow.domain_name)
    emails = [user["email"] for user in records("users")]
    # of users from before addresses were unique in any case, the oldest
    statement = select(*columns).where(func.lower(UserRow.email).in_(emails)).order_by(UserRow.is_email_shared.desc())
    return {row.email.lower(): UserData(*row) for row in await connection.execute(statement)}


async def _groups(connection: AsyncConnection, ids: Mapping[UUID, str]) -> tuple[dict[str, Group], frozenset[str]]:
    names = [(group["domain"], group["name"]) for group in records("groups")]
    columns = (GroupRow.id, GroupRow.domain_name, GroupRow.name, GroupRow.is_active)
    is_near = or_(GroupRow.id.in_(ids), tuple_(GroupRow.domain_name, GroupRow.name).in_(names))
    found = (await connection.execute(select(*columns).where(is_near))).all()
    memberships = select(MembershipRow.group_id, MembershipRow.user_id)
    members = defaultdict(set)
    for row in await connection.execute(memberships.where(MembershipRow.group_id.in_(row.id for row in found))):
        members[row.group_id].add(row.user_id)
    own = {
        ids[row.id]: Group(row.id, row.domain_name, row.is_active, frozenset(members[row.id]))
        for row in found
        if row.id in ids
    }
    return own, frozenset(f"{row.domain_name}/{row.name}" for row in found if row.id not in ids)
