"""The repositories by themselves: scope in SQL, and transactions that belong to whoever opened them."""

from __future__ import annotations

from datetime import datetime, timezone
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from groups_platform.group_service.errors import (
    Forbidden,
    GroupNameTaken,
    GroupNotFound,
    IntegrityError,
    ObjectNotFound,
    UnknownUsers,
)
from groups_platform.group_service.models.base import Base
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.group import GroupCreator, GroupModifier, MemberChange
from groups_platform.group_service.types.user import UserUpdateMode
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
RENAME = GroupModifier(name=OptionalState.update("renamed"))


async def test_s22_time_is_an_argument_and_nothing_is_committed(
    group_repository: GroupRepository, deployment: Deployment
) -> None:
    group = await group_repository.create(GroupCreator("research", DOMAIN), NOW)
    assert (group.created_at, group.modified_at) == (NOW, NOW)
    assert await group_repository.get(group.id) == group
    assert await deployment.count(GroupRow) == 0


async def test_s21_errors_are_typed(group_repository: GroupRepository, deployment: Deployment) -> None:
    group = await group_repository.create(GroupCreator("research", DOMAIN), NOW)
    with pytest.raises(GroupNotFound) as absent:
        await group_repository.get(uuid4())
    assert isinstance(absent.value, ObjectNotFound)
    with pytest.raises(UnknownUsers):
        await group_repository.change_members(group, UserUpdateMode.ADD, [uuid4()])
    with pytest.raises(GroupNameTaken) as taken:
        await group_repository.create(GroupCreator("research", DOMAIN), NOW)
    assert isinstance(taken.value, IntegrityError)


@pytest.mark.parametrize("role", ["monitor", "user", "other_admin", "other_user"])
async def test_s22_nothing_out_of_scope_is_written(
    engine: AsyncEngine, create_group: CreateGroup, deployment: Deployment, role: str
) -> None:
    async with create_group() as group, async_sessionmaker(engine)() as session:
        repository = GroupRepository(session, getattr(deployment, role))
        with pytest.raises(Forbidden):
            await repository.create(GroupCreator("mine", DOMAIN), NOW)
        with pytest.raises(Forbidden):
            await repository.lock(group.id)
        with pytest.raises(Forbidden):
            await repository.modify(group, RENAME, NOW)
        with pytest.raises(Forbidden):
            await repository.set_active(group, False, NOW)


async def test_s22_members(group_repository: GroupRepository, deployment: Deployment) -> None:
    a, b = sorted(await deployment.users(2))
    group = await group_repository.create(GroupCreator("research", DOMAIN), NOW)
    added = await group_repository.change_members(group, UserUpdateMode.ADD, [b, a])
    assert added == MemberChange(added=(a, b))
    assert await group_repository.change_members(group, UserUpdateMode.REPLACE, [b]) == MemberChange(removed=(a,))
    assert await group_repository.member_ids(group.id) == [b]


async def test_s10_blockers_and_counts_of_nothing(admin_group_repository: AdminGroupRepository) -> None:
    nothing = uuid4()
    assert (await admin_group_repository.active_kernels(nothing)).count == 0
    assert (await admin_group_repository.mounted_vfolders(nothing)).count == 0
    assert (await admin_group_repository.active_endpoints(nothing)).count == 0
    found = await admin_group_repository.find_dependents(nothing)
    assert (set(found.counts.values()), found.vfolders, found.endpoints) == ({0}, (), ())


async def test_s36_a_purge_of_an_unknown_group_says_so(admin_group_repository: AdminGroupRepository) -> None:
    with pytest.raises(GroupNotFound):
        await admin_group_repository.purge(uuid4(), NOW)


async def test_the_rows_are_what_the_migration_made(deployment: Deployment) -> None:
    columns = await deployment.run(
        "SELECT table_name, column_name, is_nullable = 'YES' AS is_nullable"
        " FROM information_schema.columns WHERE table_schema = 'manager'"
    )
    mapped = {
        (table.name, column.name, bool(column.nullable))
        for table in Base.metadata.tables.values()
        for column in table.columns
    }
    assert mapped == {tuple(column) for column in columns if column.table_name in {name for name, _, _ in mapped}}
