"""Groups within the actor's scope: one that the actor may not see is refused like one that does not exist.

Methods flush and never commit: the action is the transaction. Purging is in `admin_repository.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    delete,
    false,
    func,
    literal,
    or_,
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
from groups_platform.group_service.models.group import GROUP, GROUPS, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.repositories.changes import given, moved_on, values_of
from groups_platform.group_service.repositories.database_errors import refused_by
from groups_platform.group_service.repositories.group.columns import refusals, stored_columns
from groups_platform.group_service.repositories.group.filters import conditions, has_member, has_name
from groups_platform.group_service.repositories.user import find_ids
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import (
    GroupCreator,
    GroupData,
    GroupFilter,
    GroupModifier,
    GroupOrder,
    GroupRef,
    MemberChange,
    parse_group,
)
from groups_platform.group_service.types.text import cut
from groups_platform.group_service.types.user import Actor, UserRole, UserUpdateMode
from groups_platform.masking import public_registry

MOST_NAMED = 10  # domains in a question which group is meant, users in a refusal

MEMBER_IDS = func.array(
    select(MembershipRow.user_id)
    .where(MembershipRow.group_id == GROUP.id)
    .order_by(MembershipRow.user_id)
    .scalar_subquery(),
    type_=ARRAY(Uuid),
).label("member_ids")
SELECT, SELECT_WITH_MEMBERS = select(*GROUP), select(*GROUP, MEMBER_IDS)
CREATE = insert(GROUPS).returning(*GROUP)


class GroupRepository:
    """Reads the groups that `actor` may see, writes those that `actor` administrates."""

    def __init__(self, session: AsyncSession, actor: Actor, hosts: Collection[str] | None = None) -> None:
        """hosts: the names of the storage hosts that a group may be given; None for any."""
        self._session = session
        self._actor = actor
        self._hosts = hosts

    async def create(self, creator: GroupCreator, now: datetime) -> GroupData:
        """Insert a group. Raises Forbidden, InvalidGroupName, or what the constraint says."""
        if not self._actor.administrates(creator.domain_name):
            raise Forbidden(f"{self._actor.name} may not create groups in {cut(creator.domain_name)}.")
        values = stored_columns(values_of(creator), self._hosts)
        with refused_by(refusals(values)):
            created = await self._session.execute(CREATE, values | {"created_at": now, "modified_at": now})
        return self._data(created.one())

    async def find_id(self, group: GroupRef) -> UUID:
        """The id of the group with this name among those that the actor may see; an id as it is.

        Raises AmbiguousGroup, GroupNotFound, or Forbidden where the actor may not know whether there is such a group.
        """
        if isinstance(group, str):
            group = parse_group(group)
        if isinstance(group, UUID):
            return group
        named = select(GROUP.id, GROUP.domain_name).where(has_name(group), self._readable())
        found = (await self._session.execute(named.order_by(GROUP.domain_name).limit(MOST_NAMED))).all()
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
        statement = _select(with_members).where(GROUP.id == group_id, self._readable())
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise self._absent(group_id, knows=self._actor.reads_everything)
        return self._data(row, with_members)

    async def readable_ids(self, groups: Collection[GroupRef] | None) -> Sequence[UUID]:
        """Those of `groups`, of all groups where it is None, that the actor may see. Raises like `find_id`."""
        statement = select(GROUP.id).where(self._readable())
        if groups is not None:
            statement = statement.where(_is_one_of(GROUP.id, [await self.find_id(group) for group in groups]))
        return (await self._session.scalars(statement)).all()

    async def lock(self, group: GroupRef) -> GroupData:
        """The group, locked until the transaction ends. Raises like `find_id`."""
        group_id = await self.find_id(group)
        statement = SELECT.where(GROUP.id == group_id, self._administrable()).with_for_update()
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise self._absent(group_id, knows=self._actor.administrates(None))
        return self._data(row)

    async def modify(
        self, group: GroupData, modifier: GroupModifier, now: datetime, *, with_members: bool = False
    ) -> GroupData:
        """Change the fields that are given. Raises like `create`. Members of a moved group are not looked at."""
        changes = given(modifier)
        domain_name = changes.get("domain_name", group.domain_name)
        if not self._actor.administrates(domain_name):
            raise Forbidden(f"{self._actor.name} may not move groups to {cut(domain_name)}.")
        return await self._update(group, stored_columns(changes, self._hosts), now, with_members=with_members)

    async def set_active(self, group: GroupData, is_active: bool, now: datetime) -> GroupData:
        """Delete softly, or restore. Raises IntegrationIdTaken."""
        return await self._update(group, {"is_active": is_active}, now)

    async def _update(
        self, group: GroupData, changes: Mapping[str, Any], now: datetime, *, with_members: bool = False
    ) -> GroupData:
        statement = (
            update(GROUPS)
            .where(GROUP.id == group.id, self._administrable())
            .values(**changes, modified_at=moved_on(GROUP.modified_at, now))
            .returning(*GROUP, *([MEMBER_IDS] if with_members else []))
        )
        with refused_by(refusals({"name": group.name, "domain_name": group.domain_name, **changes})):
            row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise self._absent(group.id, knows=self._actor.administrates(None))
        return self._data(row, with_members)

    async def change_members(
        self, group: GroupData, mode: UserUpdateMode, users: Collection[UUID | str]
    ) -> MemberChange:
        """Change who is in a locked group; users: ids and e-mail addresses.

        Raises UnknownUsers naming those who may not become or stay members: they are not active, or not in the group's
        domain. Who is no member can be removed, whatever their domain and status.
        """
        # only who may know of everybody's address learns that it is one
        anywhere = mode is UserUpdateMode.REMOVE and self._actor.reads_everything
        before, wanted = set(await self.member_ids(group.id)), await self._ids_of(users, group, anywhere=anywhere)
        if mode is UserUpdateMode.REMOVE:
            after = before - wanted
            await self._refuse_nobody(wanted - before)
        else:
            after = wanted if mode is UserUpdateMode.REPLACE else before | wanted
            await self.refuse_strangers(wanted, group.domain_name, members=before)
        change = MemberChange(tuple(sorted(after - before)), tuple(sorted(before - after)))
        if change.added:
            new = select(literal(group.id), UserRow.uuid).where(_is_one_of(UserRow.uuid, change.added))
            join = insert(MembershipRow).from_select(["group_id", "user_id"], new).on_conflict_do_nothing()
            await self._session.execute(join)
        if change.removed:
            is_leaving = _is_one_of(MembershipRow.user_id, change.removed)
            await self._session.execute(delete(MembershipRow).where(MembershipRow.group_id == group.id, is_leaving))
        return change

    async def _ids_of(self, users: Collection[UUID | str], group: GroupData, *, anywhere: bool) -> set[UUID]:
        """The users' ids. An address is looked up in the group's domain and among its members, or anywhere."""
        emails = {who for who in users if isinstance(who, str)}
        ids = {who for who in users if isinstance(who, UUID)}
        if not emails:
            return ids
        is_near = or_(UserRow.domain_name == group.domain_name, _is_in(UserRow.uuid, group.id))
        named = await find_ids(self._session, emails, true() if anywhere else is_near)
        if unknown := sorted(emails - named.keys()):
            raise _strangers(unknown, group.domain_name)
        return ids | set(named.values())

    async def _refuse_nobody(self, user_ids: Collection[UUID]) -> None:
        """Raises UnknownUsers naming the ids of nobody."""
        if user_ids:
            known = await self._session.scalars(select(UserRow.uuid).where(_is_one_of(UserRow.uuid, user_ids)))
            if nobody := set(user_ids) - set(known):
                raise _strangers(sorted(map(str, nobody)))

    async def member_ids(self, group_id: UUID) -> Sequence[UUID]:
        """Who is in the group, in the order of their ids."""
        statement = select(MembershipRow.user_id).where(MembershipRow.group_id == group_id)
        return (await self._session.scalars(statement.order_by(MembershipRow.user_id))).all()

    async def refuse_strangers(
        self, user_ids: Collection[UUID], domain_name: str, *, members: Collection[UUID] | None = None
    ) -> None:
        """Raises UnknownUsers naming those who are no active users of the domain; the others stay so until the commit.

        members: who may have another status, because they are members already; None for all.
        """
        # locked, so that no user leaves the domain before the membership is committed
        statement = select(UserRow.uuid, UserRow.status)
        statement = statement.where(_is_one_of(UserRow.uuid, user_ids), UserRow.domain_name == domain_name)
        rows = await self._session.execute(statement.order_by(UserRow.uuid).with_for_update(read=True))
        known = {user_id for user_id, status in rows if status == "active" or members is None or user_id in members}
        if strangers := sorted(str(user_id) for user_id in set(user_ids) - known):
            raise _strangers(strangers, domain_name)

    async def get_many(self, group_ids: Collection[UUID], *, with_members: bool = False) -> list[GroupData]:
        """Those of the groups that the actor may see, in one query, in the order of name and id."""
        statement = _select(with_members).where(_is_one_of(GROUP.id, group_ids), self._readable())
        rows = await self._session.execute(statement.order_by(GROUP.name, GROUP.id))
        return [self._data(row, with_members) for row in rows]

    async def search(
        self,
        wanted: GroupFilter,
        *,
        limit: int,
        order: GroupOrder = GroupOrder.NAME,
        descending: bool = False,
        after: tuple[Any, UUID] | None = None,
        with_members: bool = False,
    ) -> list[GroupData]:
        """At most `limit` groups in this order, those after the given place (the value and the id), in one query."""
        if wanted.integration_id is not None and self._actor.role not in (UserRole.SUPERADMIN, UserRole.ADMIN):
            raise Forbidden(f"{self._actor.name} may not search by integration id.")
        column = GROUP[order.value]
        statement = _select(with_members).where(self._readable(), *conditions(wanted))
        if after is not None:
            place = tuple_(column, GROUP.id)
            statement = statement.where(place < after if descending else place > after)
        places = (column.desc(), GROUP.id.desc()) if descending else (column, GROUP.id)
        rows = await self._session.execute(statement.order_by(*places).limit(limit))
        return [self._data(row, with_members) for row in rows]

    def _readable(self) -> ColumnElement[bool]:
        if self._actor.reads_everything:
            return true()
        if self._actor.role is UserRole.ADMIN:
            return self._administrable()
        # who has left the group's domain has lost what the membership gave (S35)
        return and_(GROUP.domain_name == self._actor.domain_name, has_member(self._actor.id))

    def _administrable(self) -> ColumnElement[bool]:
        if self._actor.role is UserRole.ADMIN:
            return GROUP.domain_name == self._actor.domain_name
        return true() if self._actor.role is UserRole.SUPERADMIN else false()

    def _absent(self, group: GroupRef, *, knows: bool) -> GroupServiceError:
        name = cut(str(group))
        facts = {"group_id" if isinstance(group, UUID) else "group": name}
        if knows:
            return GroupNotFound(f"There is no group {name}.", **facts)
        return Forbidden(f"{self._actor.name} has no such access to a group {name}.", **facts)

    def _data(self, row: Row[Any], with_members: bool = False) -> GroupData:
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
            member_ids=tuple(row.member_ids) if with_members else None,
        )


def _select(with_members: bool) -> Select[Any]:
    return SELECT_WITH_MEMBERS if with_members else SELECT


def _strangers(users: Sequence[str], domain_name: str | None = None) -> UnknownUsers:
    of = "of anywhere" if domain_name is None else f"that {domain_name} has"
    more = ", …" if len(users) > MOST_NAMED else ""
    named = ", ".join(user[:100] for user in users[:MOST_NAMED])
    return UnknownUsers(
        f"No active users {of}: {named}{more}. Nothing was changed.", users=[user[:100] for user in users]
    )


def _is_in(user_id: InstrumentedAttribute[UUID], group_id: UUID) -> ColumnElement[bool]:
    is_member = (MembershipRow.group_id == group_id, MembershipRow.user_id == user_id)
    return select(MembershipRow.user_id).where(*is_member).exists()


def _is_one_of(column: InstrumentedAttribute[UUID] | Column[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    return column == any_(literal(list(ids), ARRAY(Uuid)))  # one parameter, however many ids
