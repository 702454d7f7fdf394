"""Groups within the actor's scope: one that the actor may not see is refused like one that does not exist.

Methods flush and never commit: the action is the transaction. Purging is in `admin_repository.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    delete,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from groups_platform.group_service.errors import (
    AmbiguousGroup,
    Forbidden,
    GroupNotFound,
    GroupServiceError,
    UnknownUsers,
)
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.repositories.database_errors import refused_by
from groups_platform.group_service.repositories.group.columns import refusals, stored_columns
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import (
    GroupCreator,
    GroupData,
    GroupFilter,
    GroupModifier,
    GroupName,
    GroupRef,
    MemberChange,
)
from groups_platform.group_service.types.user import Actor, UserRole, UserUpdateMode
from groups_platform.masking import public_registry

MOST_NAMED = 10  # domains in a question which group is meant

MEMBER_IDS = func.array(
    select(MembershipRow.user_id)
    .where(MembershipRow.group_id == GroupRow.id)
    .order_by(MembershipRow.user_id)
    .scalar_subquery(),
    type_=ARRAY(Uuid),
)


class GroupRepository:
    """Reads the groups that `actor` may see, writes those that `actor` administrates."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def create(self, creator: GroupCreator, now: datetime) -> GroupData:
        """Insert a group. Raises Forbidden, InvalidGroupName, or what the constraint says."""
        if not self._actor.administrates(creator.domain_name):
            raise Forbidden(f"{self._actor.name} may not create groups in {creator.domain_name}.")
        values = stored_columns({field.name: getattr(creator, field.name) for field in fields(creator)})
        statement = insert(GroupRow).values(**values, created_at=now, modified_at=now).returning(GroupRow)
        with refused_by(refusals(values)):
            return self._data((await self._session.scalars(statement)).one())

    async def find_id(self, group: GroupRef) -> UUID:
        """The id of the group with this name among those that the actor may see; an id as it is.

        Raises AmbiguousGroup, GroupNotFound, or Forbidden where the actor may not know whether there is such a group.
        """
        if not isinstance(group, GroupName):
            return group
        named = select(GroupRow.id, GroupRow.domain_name).where(_has_name(group), self._readable())
        found = (await self._session.execute(named.order_by(GroupRow.domain_name).limit(MOST_NAMED))).all()
        if len(found) > 1:
            names = sorted(f"{domain_name}/{group.name}" for _, domain_name in found)
            raise AmbiguousGroup(f"Which one: {', '.join(names)}?", groups=names)
        if not found:
            knows = self._actor.reads_everything or self._actor.administrates(group.domain_name)
            raise self._absent(group, knows=knows)
        found_id: UUID = found[0].id
        return found_id

    async def get(self, group: GroupRef, *, with_members: bool = False) -> GroupData:
        """One group. Raises like `find_id`."""
        group_id = await self.find_id(group)
        statement = self._select(with_members).where(GroupRow.id == group_id, self._readable())
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise self._absent(group_id, knows=self._actor.reads_everything)
        return self._data(*row)

    async def readable_ids(self, groups: Collection[GroupRef] | None) -> Sequence[UUID]:
        """Those of `groups`, of all groups where it is None, that the actor may see. Raises like `find_id`."""
        statement = select(GroupRow.id).where(self._readable())
        if groups is not None:
            statement = statement.where(_is_one_of(GroupRow.id, [await self.find_id(group) for group in groups]))
        return (await self._session.scalars(statement)).all()

    async def lock(self, group: GroupRef) -> GroupData:
        """The group, locked until the transaction ends. Raises like `find_id`."""
        group_id = await self.find_id(group)
        statement = select(GroupRow).where(GroupRow.id == group_id, self._administrable())
        fresh = statement.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.scalars(fresh)).one_or_none()
        if row is None:
            raise self._absent(group_id, knows=self._actor.administrates(None))
        return self._data(row)

    async def modify(self, group: GroupData, modifier: GroupModifier, now: datetime) -> GroupData:
        """Change the fields that are given. Raises like `create`. Members of a moved group are not looked at."""
        changes = {field.name: getattr(modifier, field.name) for field in fields(modifier)}
        given = {name: change.value for name, change in changes.items() if not change.is_nop}
        domain_name = given.get("domain_name", group.domain_name)
        if not self._actor.administrates(domain_name):
            raise Forbidden(f"{self._actor.name} may not move groups to {domain_name}.")
        return await self._update(group, stored_columns(given), now)

    async def set_active(self, group: GroupData, is_active: bool, now: datetime) -> GroupData:
        """Delete softly, or restore. Raises IntegrationIdTaken."""
        return await self._update(group, {"is_active": is_active}, now)

    async def _update(self, group: GroupData, changes: Mapping[str, Any], now: datetime) -> GroupData:
        statement = (
            update(GroupRow)
            .where(GroupRow.id == group.id, self._administrable())
            .values(**changes, modified_at=func.greatest(GroupRow.modified_at, now))  # the row may have been waited for
            .returning(GroupRow)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        with refused_by(refusals({"name": group.name, "domain_name": group.domain_name, **changes})):
            row = (await self._session.scalars(statement)).one_or_none()
        if row is None:
            raise self._absent(group.id, knows=self._actor.administrates(None))
        return self._data(row)

    async def change_members(self, group: GroupData, mode: UserUpdateMode, user_ids: Collection[UUID]) -> MemberChange:
        """Change who is in a locked group. Raises UnknownUsers naming those who are not in the group's domain.

        A member who has left the domain since can be removed, and neither added nor kept by name.
        """
        before, wanted = set(await self.member_ids(group.id)), set(user_ids)
        checked = wanted - before if mode is UserUpdateMode.REMOVE else wanted
        await self.refuse_strangers(checked, group.domain_name)
        after = {
            UserUpdateMode.ADD: before | wanted,
            UserUpdateMode.REMOVE: before - wanted,
            UserUpdateMode.REPLACE: wanted,
        }[mode]
        change = MemberChange(tuple(sorted(after - before)), tuple(sorted(before - after)))
        if change.added:
            new = select(literal(group.id), UserRow.uuid).where(_is_one_of(UserRow.uuid, change.added))
            join = insert(MembershipRow).from_select(["group_id", "user_id"], new).on_conflict_do_nothing()
            await self._session.execute(join)
        if change.removed:
            is_leaving = _is_one_of(MembershipRow.user_id, change.removed)
            await self._session.execute(delete(MembershipRow).where(MembershipRow.group_id == group.id, is_leaving))
        return change

    async def member_ids(self, group_id: UUID) -> Sequence[UUID]:
        """Who is in the group, in the order of their ids."""
        statement = select(MembershipRow.user_id).where(MembershipRow.group_id == group_id)
        return (await self._session.scalars(statement.order_by(MembershipRow.user_id))).all()

    async def refuse_strangers(self, user_ids: Collection[UUID], domain_name: str) -> None:
        """Raises UnknownUsers naming those who are no users of the domain; the others stay in it until the commit."""
        # locked, so that no user leaves the domain before the membership is committed
        statement = select(UserRow.uuid).where(_is_one_of(UserRow.uuid, user_ids), UserRow.domain_name == domain_name)
        known = set(await self._session.scalars(statement.order_by(UserRow.uuid).with_for_update(read=True)))
        strangers = sorted(str(user_id) for user_id in set(user_ids) - known)
        if strangers:
            raise UnknownUsers(
                f"Not users of {domain_name}: {', '.join(strangers)}. Nothing was changed.", users=strangers
            )

    async def search(
        self, wanted: GroupFilter, *, limit: int, after: tuple[str, UUID] | None = None, with_members: bool = False
    ) -> list[GroupData]:
        """At most `limit` groups in the order of (name, id), those after the given place, in one query."""
        if wanted.integration_id is not None and self._actor.role not in (UserRole.SUPERADMIN, UserRole.ADMIN):
            raise Forbidden(f"{self._actor.name} may not search by integration id.")
        statement = self._select(with_members).where(self._readable(), *_conditions(wanted))
        if after is not None:
            statement = statement.where(tuple_(GroupRow.name, GroupRow.id) > after)
        rows = await self._session.execute(statement.order_by(GroupRow.name, GroupRow.id).limit(limit))
        return [self._data(*row) for row in rows]

    def _select(self, with_members: bool) -> Select[Any]:
        columns = (GroupRow, MEMBER_IDS) if with_members else (GroupRow,)
        return select(*columns)

    def _readable(self) -> ColumnElement[bool]:
        if self._actor.reads_everything:
            return true()
        return self._administrable() if self._actor.role is UserRole.ADMIN else _has_member(self._actor.id)

    def _administrable(self) -> ColumnElement[bool]:
        if self._actor.role is UserRole.ADMIN:
            return GroupRow.domain_name == self._actor.domain_name
        return true() if self._actor.role is UserRole.SUPERADMIN else false()

    def _absent(self, group: GroupRef, *, knows: bool) -> GroupServiceError:
        facts = {"group_id" if isinstance(group, UUID) else "group": str(group)}
        if knows:
            return GroupNotFound(f"There is no group {group}.", **facts)
        return Forbidden(f"{self._actor.name} has no such access to a group {group}.", **facts)

    def _data(self, row: GroupRow, member_ids: Sequence[UUID] | None = None) -> GroupData:
        is_admin = self._actor.administrates(row.domain_name)
        return GroupData(
            id=row.id,
            name=row.name,
            domain_name=row.domain_name,
            description=row.description,
            is_active=row.is_active,
            type=row.type,
            total_resource_slots=ResourceSlot.from_json(row.total_resource_slots),
            allowed_vfolder_hosts=row.allowed_vfolder_hosts,
            resource_policy=row.resource_policy,
            created_at=row.created_at,
            modified_at=row.modified_at,
            dotfiles=tuple(row.dotfiles) if is_admin else None,
            container_registry=row.container_registry if is_admin else public_registry(row.container_registry),
            integration_id=row.integration_id if is_admin else None,
            member_ids=None if member_ids is None else tuple(member_ids),
        )


def _conditions(wanted: GroupFilter) -> list[ColumnElement[bool]]:
    names = ("domain_name", "is_active", "type", "integration_id")
    equal = {name: getattr(wanted, name) for name in names}
    conditions = [getattr(GroupRow, name) == value for name, value in equal.items() if value is not None]
    if wanted.name is not None:
        conditions.append(_has_name(GroupName(wanted.name)))
    if wanted.name_part is not None:
        conditions.append(GroupRow.name.icontains(normalize("NFC", wanted.name_part), autoescape=True))
    if wanted.member_id is not None:
        conditions.append(_has_member(wanted.member_id))
    return conditions


def _has_name(group: GroupName) -> ColumnElement[bool]:
    named = GroupRow.name == normalize("NFC", group.name)  # as names are stored
    return named if group.domain_name is None else and_(named, GroupRow.domain_name == group.domain_name)


def _has_member(user_id: UUID | None) -> ColumnElement[bool]:
    is_member = (MembershipRow.group_id == GroupRow.id, MembershipRow.user_id == user_id)
    return select(MembershipRow.group_id).where(*is_member).exists()


def _is_one_of(column: InstrumentedAttribute[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    return column == any_(literal(list(ids), ARRAY(Uuid)))  # one parameter, however many ids
