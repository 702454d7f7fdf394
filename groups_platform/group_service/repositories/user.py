"""Users: those for whom the service acts, those whom an actor may see, and those whom an actor may change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    TableValuedColumn,
    Text,
    Uuid,
    any_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import (
    EmailTaken,
    Forbidden,
    GroupServiceError,
    InvalidValue,
    OwnAccount,
    UnknownActor,
    UnknownUser,
)
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.repositories.changes import given, moved_on, values_of
from groups_platform.group_service.repositories.database_errors import refused_by
from groups_platform.group_service.repositories.domain import unknown_domain
from groups_platform.group_service.types.text import cut, quote
from groups_platform.group_service.types.user import (
    Actor,
    UserCreator,
    UserData,
    UserFilter,
    UserModifier,
    UserRef,
    UserRole,
    UserStatus,
)

Member = TypeVar("Member", bound=Enum)

LONGEST_EMAIL = 320
LONGEST_DOMAIN_NAME = 64
ACTORS = select(UserRow.uuid, UserRow.email, UserRow.role, UserRow.domain_name, UserRow.status)
ABOVE_ADMINS = (UserRole.SUPERADMIN, UserRole.MONITOR)  # their rights reach beyond a domain


async def read_actor(session: AsyncSession, actor: Actor | str) -> Actor:
    """Who acts, as that user is now; an actor without an id, such as the system, is taken as it is.

    actor: an Actor, or the e-mail address of a user, in any case. Raises UnknownActor for nobody, and for users who are
    not active (any more).
    """
    if isinstance(actor, Actor):
        if not _is_well_formed(actor):
            raise UnknownActor("An actor has a name, a role, and the id of a user, or none for the system.")
        if actor.id is None:
            return actor
    name = actor.name if isinstance(actor, Actor) else str(actor).strip()
    is_actor = UserRow.uuid == actor.id if isinstance(actor, Actor) else has_email(name)
    found = ACTORS.where(is_actor).order_by(*_exactly_first(name)).limit(1)
    user = None
    if name.isprintable():  # else Postgres could not even compare it
        user = (await session.execute(found)).one_or_none()
    if user is None or user.status != "active":
        raise UnknownActor(f"No active user has the e-mail address {cut(name)}.", email=cut(name))
    return Actor(user.email, user.role, user.uuid, user.domain_name)


def _is_well_formed(actor: Actor) -> bool:
    return isinstance(actor.name, str) and isinstance(actor.role, UserRole) and isinstance(actor.id, UUID | None)


async def was_user_at(session: AsyncSession, actor: Actor, time: datetime) -> bool:
    """Whether the actor was a user at that time; the system always was."""
    made = await session.scalar(select(UserRow.created_at).where(UserRow.uuid == actor.id))
    return made is None or made <= time


def has_email(email: str) -> ColumnElement[bool]:
    """Whether a user has this e-mail address, in any case."""
    # Postgres folds both sides, as in the index that makes them unique: Python folds some letters differently
    return func.lower(UserRow.email) == func.lower(_trimmed(email))


def _exactly_first(email: str) -> Sequence[ColumnElement[Any]]:
    """The order of users from before addresses were unique in any case: first who has it as it is written."""
    return UserRow.email != email, UserRow.is_email_shared.asc()


async def find_ids(session: AsyncSession, emails: Collection[str], *conditions: ColumnElement[bool]) -> dict[str, UUID]:
    """The ids of users with these e-mail addresses, in any case, by the address as it is given here."""
    trimmed = {email: _trimmed(email) for email in emails}
    given = _unnested(trimmed.values())
    statement = (
        select(given.label("email"), UserRow.uuid)
        .where(func.lower(UserRow.email) == func.lower(given), *conditions)
        .order_by(UserRow.email == given, ~UserRow.is_email_shared)  # the last one counts: who has it as it is written
    )
    found = {row.email: row.uuid for row in await session.execute(statement)}
    return {email: found[trimmed[email]] for email in emails if trimmed[email] in found}


async def find_users_by(
    session: AsyncSession, actor: Actor, ids: Collection[UUID], emails: Collection[str]
) -> tuple[UserData, ...]:
    """The users with any of these ids or e-mail addresses whom the actor may see, in the order of their addresses."""
    given = _unnested(_trimmed(email) for email in emails)
    wanted = or_(
        UserRow.uuid == any_(literal(list(ids), ARRAY(Uuid))), func.lower(UserRow.email).in_(select(func.lower(given)))
    )
    users = await session.scalars(select(UserRow).where(wanted, _visible(actor)).order_by(UserRow.email))
    return tuple(_data(user) for user in users)


def _trimmed(email: str) -> str:
    return normalize("NFC", email.strip())  # as addresses are stored


def _unnested(texts: Iterable[str]) -> TableValuedColumn[str]:
    """A column of these texts, by one parameter: a query has only so many."""
    return func.unnest(literal(list(texts), ARRAY(Text))).column_valued()


def check_email(email: str) -> str:
    """The address as it is stored. Raises InvalidValue; whether it exists can only be tried."""
    email = _trimmed(email)
    name, _, host = email.partition("@")
    has_space = any(character.isspace() or not character.isprintable() for character in email)
    if not (name and host) or "@" in host or has_space or len(email) > LONGEST_EMAIL:
        raise InvalidValue(
            f"{quote(email)} is not an e-mail address. Write one such as ann@example.com, without spaces and with at "
            f"most {LONGEST_EMAIL} characters.",
            field="email",
        )
    return email


class UserRepository:
    """Reads the users whom `actor` may see; writes those whom `actor` administrates. Only flushes."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def create(self, creator: UserCreator, now: datetime) -> UserData:
        """Insert a user. Raises Forbidden, InvalidValue, EmailTaken, UnknownDomain."""
        values = _stored(values_of(creator))
        if not self._actor.administrates(values["domain_name"]):
            raise Forbidden(f"{self._actor.name} may not create users in {cut(values['domain_name'])}.")
        self._refuse_role(values["role"])
        statement = insert(UserRow).values(**values, created_at=now, modified_at=now).returning(UserRow)
        with refused_by(_refusals(values)):
            return _data((await self._session.scalars(statement)).one())

    async def lock(self, user: UserRef) -> UserData:
        """The user, locked until the transaction ends. Raises UnknownUser, Forbidden.

        The actor is locked too, and still may act: so of two superadmins who demote each other one is left.
        """
        user_id = await self._find_id(user)
        ids = {user_id, *([self._actor.id] if self._actor.id else [])}
        statement = select(UserRow).where(UserRow.uuid.in_(ids)).order_by(UserRow.uuid).with_for_update()
        rows = await self._session.scalars(statement.execution_options(populate_existing=True))
        found = {row.uuid: _data(row) for row in rows}
        if self._actor.id:
            self._refuse_changed(found.get(self._actor.id))
        target = found.get(user_id)
        if target is None or not self._actor.administrates(target.domain_name):
            raise self._absent(user)
        if target.role in ABOVE_ADMINS and not self._actor.administrates(None):
            raise Forbidden(f"{self._actor.name} may not change a {target.role.value}.")
        return target

    async def modify(self, user: UserData, modifier: UserModifier, now: datetime) -> UserData:
        """Change the fields of a locked user that are given.

        Raises OwnAccount, Forbidden, InvalidValue, UnknownDomain.
        """
        changes = _stored(given(modifier))
        after = {"role": user.role, "status": user.status, "domain_name": user.domain_name} | changes
        if user.id == self._actor.id and (after["role"], after["status"]) != (user.role, user.status):
            raise OwnAccount(f"{user.email} cannot change the own role or status. Somebody else has to.")
        if after["role"] is not user.role:
            self._refuse_role(after["role"])
        if not self._actor.administrates(after["domain_name"]):
            raise Forbidden(f"{self._actor.name} may not move users to {cut(after['domain_name'])}.")
        if not changes:
            return user
        statement = (
            update(UserRow)
            .where(UserRow.uuid == user.id)
            .values(**changes, modified_at=moved_on(UserRow.modified_at, now))
            .returning(UserRow)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        with refused_by(_refusals(after)):
            return _data((await self._session.scalars(statement)).one())

    async def count_memberships(self, user: UserData) -> int:
        """How many groups of the user's domain list the user."""
        statement = (
            select(func.count())
            .select_from(MembershipRow)
            .join(GroupRow, GroupRow.id == MembershipRow.group_id)
            .where(MembershipRow.user_id == user.id, GroupRow.domain_name == user.domain_name)
        )
        return await self._session.scalar(statement) or 0

    async def search(self, wanted: UserFilter, *, limit: int, after: str | None = None) -> list[UserData]:
        """At most `limit` users in the order of their addresses, those after the given address."""
        named = ("domain_name", "status", "role")
        equal = _parsed({name: getattr(wanted, name) for name in named if getattr(wanted, name) is not None})
        conditions = [getattr(UserRow, name) == value for name, value in equal.items()]
        if wanted.name_part is not None:
            part = normalize("NFC", wanted.name_part)
            columns = (UserRow.email, UserRow.full_name)
            conditions.append(or_(*(column.icontains(part, autoescape=True) for column in columns)))
        if after is not None:
            conditions.append(UserRow.email > after)
        statement = select(UserRow).where(_visible(self._actor), *conditions)
        return [_data(row) for row in await self._session.scalars(statement.order_by(UserRow.email).limit(limit))]

    async def _find_id(self, user: UserRef) -> UUID:
        is_meant, order = _is_named(user)
        statement = select(UserRow.uuid).where(is_meant, self._administrable()).order_by(*order).limit(1)
        found: UUID | None = await self._session.scalar(statement)
        if found is None:
            raise self._absent(user)
        return found

    def _administrable(self) -> ColumnElement[bool]:
        if self._actor.role is UserRole.ADMIN:
            return UserRow.domain_name == self._actor.domain_name
        return true() if self._actor.role is UserRole.SUPERADMIN else false()

    def _absent(self, user: UserRef) -> GroupServiceError:
        if self._actor.administrates(None):
            return UnknownUser(f"There is no user {cut(str(user))}.", user=cut(str(user)))
        return Forbidden(f"{self._actor.name} has no such access to a user {cut(str(user))}.", user=cut(str(user)))

    def _refuse_role(self, role: UserRole) -> None:
        if role in ABOVE_ADMINS and not self._actor.administrates(None):
            raise Forbidden(f"{self._actor.name} may not give the role {role.value}.")

    def _refuse_changed(self, own: UserData | None) -> None:
        """Whether the actor is still who they were when the action began."""
        may_act = own is not None and own.status == UserStatus.ACTIVE.value
        if own is None or not may_act or (own.role, own.domain_name) != (self._actor.role, self._actor.domain_name):
            raise Forbidden(f"The rights of {self._actor.name} have changed meanwhile. Try again.")


def _is_named(user: UserRef) -> tuple[ColumnElement[bool], Sequence[ColumnElement[Any]]]:
    """The condition, and the order for an address."""
    try:
        return UserRow.uuid == (user if isinstance(user, UUID) else UUID(user)), []
    except ValueError:
        return has_email(str(user)), _exactly_first(str(user).strip())


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a creator or modifier as the columns store them. Raises InvalidValue, UnknownDomain."""
    stored = _parsed(values)
    if "email" in stored:
        stored["email"] = check_email(stored["email"])
    if stored.get("full_name") is not None:
        stored["full_name"] = normalize("NFC", stored["full_name"])
    if len(stored.get("domain_name", "")) > LONGEST_DOMAIN_NAME:  # the column would call it a fault of its own
        raise unknown_domain(stored["domain_name"])
    return stored


def _parsed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Roles, statuses and names of domains in the form in which they are stored. Raises InvalidValue."""
    parsed = dict(values)
    if "role" in parsed:
        parsed["role"] = _member(UserRole, parsed["role"], "role")
    if "status" in parsed:
        parsed["status"] = _member(UserStatus, parsed["status"], "status").value
    if "domain_name" in parsed:
        parsed["domain_name"] = normalize("NFC", parsed["domain_name"])
    return parsed


def _member(enum: type[Member], value: Any, field: str) -> Member:
    try:
        return enum(value)
    except ValueError:
        known = ", ".join(member.value for member in enum)
        raise InvalidValue(f"{field} cannot be {quote(value)}. Write one of {known}.", field=field) from None


def _refusals(values: Mapping[str, Any]) -> dict[str, GroupServiceError]:
    """The errors by the constraint that refuses these columns."""
    email, domain = values.get("email", ""), values["domain_name"]
    taken = EmailTaken(f"Another user has the e-mail address {cut(email)}, perhaps in another case.", email=cut(email))
    return {
        "users_email_key": taken,
        "users_email_in_any_case_key": taken,
        "users_domain_name_fkey": unknown_domain(domain),
    }


def _data(row: UserRow) -> UserData:
    return UserData(row.uuid, row.email, row.full_name, row.role, row.status, row.domain_name)


def _visible(actor: Actor) -> ColumnElement[bool]:
    if actor.reads_everything:
        return true()
    if actor.role is UserRole.ADMIN:
        return UserRow.domain_name == actor.domain_name
    return UserRow.uuid == actor.id
