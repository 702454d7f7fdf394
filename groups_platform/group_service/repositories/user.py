"""Finds users: those for whom the service acts, and those whom an actor may see."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import UnknownActor
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.types.user import Actor, UserData, UserRole


async def get_actor(session: AsyncSession, email: str) -> Actor:
    """The active user with this e-mail address, as an actor. Raises UnknownActor."""
    user = await session.scalar(select(UserRow).where(UserRow.email == email, UserRow.status == "active"))
    if user is None:
        raise UnknownActor(f"No active user has the e-mail address {email}.", email=email)
    return Actor(user.email, user.role, user.uuid, user.domain_name)


async def find_users_by(
    session: AsyncSession, actor: Actor, ids: Collection[UUID], emails: Collection[str]
) -> tuple[UserData, ...]:
    """The users with any of these ids or e-mail addresses whom the actor may see, in the order of their addresses."""
    wanted = or_(UserRow.uuid.in_(ids), UserRow.email.in_(emails))
    users = await session.scalars(select(UserRow).where(wanted, _visible(actor)).order_by(UserRow.email))
    return tuple(UserData(u.uuid, u.email, u.full_name, u.role, u.status, u.domain_name) for u in users)


def _visible(actor: Actor) -> ColumnElement[bool]:
    if actor.reads_everything:
        return true()
    if actor.role is UserRole.ADMIN:
        return UserRow.domain_name == actor.domain_name
    return UserRow.uuid == actor.id
