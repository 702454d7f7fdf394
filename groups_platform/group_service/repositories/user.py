"""Finds the users for whom the service acts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import UnknownActor
from groups_platform.group_service.models.user import Actor, UserRow


async def get_actor(session: AsyncSession, email: str) -> Actor:
    """The active user with this e-mail address, as an actor. Raises UnknownActor."""
    user = await session.scalar(select(UserRow).where(UserRow.email == email, UserRow.status == "active"))
    if user is None:
        raise UnknownActor(f"No active user has the e-mail address {email}.", email=email)
    return Actor(user.email, user.role, user.uuid, user.domain_name)
