"""Finds users: those for whom the service acts, and those whom an actor may see."""

from __future__ import annotations

from collections.abc import Collection
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import UnknownActor
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.types.user import Actor, UserData, UserRole


async def read_actor(session: AsyncSession, actor: Actor | str) -> Actor:
    """Who acts, as that user is now; an actor without an id, such as the system, is taken as it is.

    actor: an Actor, or the e-mail address of a user, in any case. Raises UnknownActor for nobody, and for users who are
    not active (any more).
    """
    if isinstance(actor, Actor) and actor.id is None:
        return actor
    name = actor.name if isinstance(actor, Actor) else str(actor).strip()
    is_actor = UserRow.uuid == actor.id if isinstance(actor, Actor) else has_email(name)
    # of users from before addresses were unique in any case, the one who has it as it is written
    found = select(UserRow).where(is_actor).order_by(UserRow.email != name, UserRow.is_email_shared).limit(1)
    user = None
    if name.isprintable():  # else Postgres could not even compare it
        user = await session.scalar(found.execution_options(populate_existing=True))
    if user is None or user.status != "active":
        shown = name[:100].encode(errors="backslashreplace").decode()
        raise UnknownActor(f"No active user has the e-mail address {shown}.", email=shown)
    return Actor(user.email, user.role, user.uuid, user.domain_name)


def has_email(email: str) -> ColumnElement[bool]:
    """Whether a user has this e-mail address, in any case."""
    return func.lower(UserRow.email) == _folded(email)


async def find_ids(session: AsyncSession, emails: Collection[str], *conditions: ColumnElement[bool]) -> dict[str, UUID]:
    """The ids of users with these e-mail addresses, in any case, by the address as it is given here."""
    wanted = {_folded(email): email for email in emails}
    statement = select(func.lower(UserRow.email).label("email"), UserRow.uuid).where(
        func.lower(UserRow.email).in_(wanted), ~UserRow.is_email_shared, *conditions
    )
    found = {row.email: row.uuid for row in await session.execute(statement)}
    return {email: found[_folded(email)] for email in emails if _folded(email) in found}


def _folded(email: str) -> str:
    return normalize("NFC", email.strip()).lower()


async def find_users_by(
    session: AsyncSession, actor: Actor, ids: Collection[UUID], emails: Collection[str]
) -> tuple[UserData, ...]:
    """The users with any of these ids or e-mail addresses whom the actor may see, in the order of their addresses."""
    wanted = or_(UserRow.uuid.in_(ids), func.lower(UserRow.email).in_([_folded(email) for email in emails]))
    users = await session.scalars(select(UserRow).where(wanted, _visible(actor)).order_by(UserRow.email))
    return tuple(UserData(u.uuid, u.email, u.full_name, u.role, u.status, u.domain_name) for u in users)


def _visible(actor: Actor) -> ColumnElement[bool]:
    if actor.reads_everything:
        return true()
    if actor.role is UserRole.ADMIN:
        return UserRow.domain_name == actor.domain_name
    return UserRow.uuid == actor.id
