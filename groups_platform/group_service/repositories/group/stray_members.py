"""Finds memberships of users who are not active, or not of the group's domain: they stay stored and give nothing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.types.stray_member import StrayMember
from groups_platform.group_service.types.user import Actor, UserStatus

COLUMNS = (
    GroupRow.id, GroupRow.domain_name, GroupRow.name,
    UserRow.uuid, UserRow.email, UserRow.domain_name.label("user_domain_name"), UserRow.status,
)  # fmt: skip


async def find_stray_members(
    session: AsyncSession, actor: Actor, *, limit: int, after: tuple[str, str, UUID] | None = None
) -> list[StrayMember]:
    """At most `limit` stray members of groups, deleted ones too, that the actor, who is an admin, administrates.

    Ordered by domain and name of the group and id of the user; those after such a place.
    """
    place = tuple_(GroupRow.domain_name, GroupRow.name, UserRow.uuid)
    is_own = true() if actor.administrates(None) else GroupRow.domain_name == actor.domain_name
    statement = (
        select(*COLUMNS)
        .join(MembershipRow, MembershipRow.group_id == GroupRow.id)
        .join(UserRow, UserRow.uuid == MembershipRow.user_id)
        .where(is_own, or_(UserRow.domain_name != GroupRow.domain_name, UserRow.status != UserStatus.ACTIVE.value))
        .order_by(GroupRow.domain_name, GroupRow.name, UserRow.uuid)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(place > after)
    return [StrayMember(*row) for row in await session.execute(statement)]
