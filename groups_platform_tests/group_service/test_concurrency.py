"""Many at once: one outcome, which some order of one after the other explains, and every attempt audited once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy.exc import IntegrityError as ConstraintViolated

from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.session import KernelRow
from groups_platform.group_service.models.vfolder import VFolderRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveKernelsError,
    PurgeGroupActionVFoldersMountedToActiveKernelsError,
)
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.group import GroupCreator, GroupData, GroupModifier
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members


async def outcomes(deployment: Deployment, action: str) -> Counter[str]:
    return Counter(f"{row.status.value} {row.error_code or ''}".strip() for row in await deployment.audit(action))


async def test_s6_twenty_create_one_name(group_service: GroupService, deployment: Deployment) -> None:
    create = CreateGroupAction(GroupCreator("research", DOMAIN))
    results = await asyncio.gather(*[group_service.create_group(create) for _ in range(20)])
    assert Counter(result.error.code if result.error else "created" for result in results) == {
        "created": 1,
        "group_name_taken": 19,
    }
    assert await deployment.count(GroupRow) == 1
    assert await outcomes(deployment, "create_group") == {"success": 1, "failure group_name_taken": 19}


async def test_s8_twenty_add_overlapping_members(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    users = await deployment.users(20)
    async with create_group() as group:
        additions = [[users[n], users[(n + 1) % 20], users[(n + 7) % 20]] for n in range(20)]
        results = await asyncio.gather(*[change_members(group_service, group, "add", ids) for ids in additions])
        assert all(result.success for result in results)
        sizes = sorted(len(result.data.member_ids) for result in results)
        assert sizes[-1] == await deployment.count(MembershipRow) == 20
        rows = await deployment.audit("modify_group")
        added = Counter(user for row in rows if row.after for user in row.after["members_added"])
        assert (len(rows), added) == (20, Counter(str(user) for user in users))


async def test_s8_two_replacements_leave_one_of_the_two_sets(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    a, b, c = await deployment.users(3)
    async with create_group() as group:
        for _ in range(5):
            await asyncio.gather(
                change_members(group_service, group, "replace", [a, b]),
                change_members(group_service, group, "replace", [b, c]),
            )
            left = (await group_service.get_group(GetGroupAction(group.id, with_members=True))).data
            assert left and left.member_ids in (tuple(sorted([a, b])), tuple(sorted([b, c])))
        assert await outcomes(deployment, "modify_group") == {"success": 10}


async def test_s7_two_changes_of_different_fields_both_stay(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        await asyncio.gather(
            group_service.modify_group(
                ModifyGroupAction(group.id, GroupModifier(description=TriState.update("described")))
            ),
            group_service.modify_group(ModifyGroupAction(group.id, GroupModifier(name=OptionalState.update("named")))),
        )
        left = (await group_service.get_group(GetGroupAction(group.id))).data
        assert left and (left.name, left.description) == ("named", "described")


async def test_s11_a_purge_waits_for_a_kernel_that_starts_first_and_then_refuses(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        pending = await deployment.kernel(group, "PENDING")
        async with deployment.session() as session:
            kernel = await session.get(KernelRow, pending.id)
            assert kernel is not None
            kernel.status = "RUNNING"
            await session.flush()
            purge = asyncio.ensure_future(group_service.purge_group(PurgeGroupAction(group.id)))
            await asyncio.sleep(0.3)
            assert not purge.done()
        with pytest.raises(PurgeGroupActionActiveKernelsError):
            await purge
        assert await outcomes(deployment, "purge_group") == {"failure active_kernels": 1}
        await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")


async def test_s11_a_purge_waits_for_a_new_kernel_and_then_refuses(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        async with deployment.session() as session:
            await deployment.start(session, group)
            purge = asyncio.ensure_future(group_service.purge_group(PurgeGroupAction(group.id)))
            await asyncio.sleep(0.3)
            assert not purge.done()
        with pytest.raises(PurgeGroupActionActiveKernelsError):
            await purge
        await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")


async def test_s11_a_kernel_that_comes_after_the_purge_finds_no_group(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        async with deployment.session() as holder:
            # somebody who looks at the group keeps the purge from ending, and the kernel comes in between
            await holder.execute(GroupRow.__table__.select().with_for_update(key_share=True, read=True))
            purge = asyncio.ensure_future(group_service.purge_group(PurgeGroupAction(group.id)))
            await asyncio.sleep(0.3)
            assert not purge.done()
        assert (await purge).success
        with pytest.raises(ConstraintViolated):
            await deployment.kernel(group)


@pytest.mark.parametrize("is_kernel_first", [True, False])
async def test_s11_a_purge_and_a_kernel_of_another_group_that_mounts_its_folder(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, is_kernel_first: bool
) -> None:
    async with create_group() as group, create_group() as other:
        folder = await deployment.vfolder(group)
        if is_kernel_first:
            async with deployment.session() as session:
                await deployment.start(session, other, mounts=[folder])
                purge = asyncio.ensure_future(group_service.purge_group(PurgeGroupAction(group.id)))
                await asyncio.sleep(0.3)
                assert not purge.done()
            with pytest.raises(PurgeGroupActionVFoldersMountedToActiveKernelsError):
                await purge
            await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")
        else:
            assert (await group_service.purge_group(PurgeGroupAction(group.id))).success
            with pytest.raises(ConstraintViolated, match="gone"):
                await deployment.kernel(other, mounts=[folder])


async def test_s11_purges_and_kernels_at_once_never_leave_a_kernel_without_its_group(
    group_service: GroupService, deployment: Deployment
) -> None:
    async def start(group: GroupData, folder: VFolderRow) -> bool:
        try:
            await deployment.kernel(group, mounts=[folder])
        except ConstraintViolated:
            return False
        return True

    async def purge(group: GroupData) -> bool:
        try:
            return (await group_service.purge_group(PurgeGroupAction(group.id))).success
        except (PurgeGroupActionActiveKernelsError, PurgeGroupActionVFoldersMountedToActiveKernelsError):
            return False

    for number in range(10):
        created = await group_service.create_group(CreateGroupAction(GroupCreator(f"race-{number}", DOMAIN)))
        assert created.data is not None
        folder = await deployment.vfolder(created.data)
        has_started, is_purged = await asyncio.gather(start(created.data, folder), purge(created.data))
        assert has_started is not is_purged
    assert sum((await outcomes(deployment, "purge_group")).values()) == 10


async def test_s10_two_purges_of_one_group(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.vfolder(group)
        results = await asyncio.gather(*[group_service.purge_group(PurgeGroupAction(group.id)) for _ in range(5)])
        assert sorted(result.error.code if result.error else "" for result in results) == ["", *["group_not_found"] * 4]
        assert await outcomes(deployment, "purge_group") == {"success": 1, "failure group_not_found": 4}


async def test_s8_a_purge_and_a_change_of_members(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    users = await deployment.users(3)
    async with create_group() as group:
        changed, purged = await asyncio.gather(
            change_members(group_service, group, "add", users), group_service.purge_group(PurgeGroupAction(group.id))
        )
        assert purged.success
        assert changed.success or changed.error.code == "group_not_found"
        assert await deployment.count(MembershipRow) == 0
