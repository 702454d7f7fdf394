"""Deleting softly, and restoring."""

from __future__ import annotations

from uuid import uuid4

from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.group import GroupCreator, GroupModifier
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import FULL, change_members, seen


async def test_s9_a_deleted_group_is_inactive_and_keeps_everything(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    users = tuple(sorted(await deployment.users(2)))
    async with create_group(**FULL) as group:
        await change_members(group_service, group, "add", users)
        await deployment.kernel(group, "TERMINATED")
        folder = await deployment.vfolder(group)
        result = await group_service.delete_group(DeleteGroupAction(group.id))
        assert (result.success, result.entity_id()) == (True, str(group.id))
        kept = (await group_service.get_group(GetGroupAction(group.id, with_members=True))).data
        assert kept is not None
        assert (seen(kept), kept.member_ids) == ({**seen(group), "is_active": False}, users)
        assert kept.modified_at > group.modified_at
        assert await deployment.count(type(folder)) == 1


async def test_s9_deleting_twice_and_restoring_twice_succeed(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        first = await group_service.delete_group(DeleteGroupAction(group.id))
        second = await group_service.delete_group(DeleteGroupAction(group.id))
        assert second.success and second.data == first.data
        for _ in range(2):
            restored = await group_service.restore_group(RestoreGroupAction(group.id))
            assert restored.data is not None
            assert (restored.success, seen(restored.data)) == (True, seen(group))


async def test_s9_an_active_kernel_does_not_keep_a_group_from_being_deleted(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.kernel(group, "RUNNING")
        assert (await group_service.delete_group(DeleteGroupAction(group.id))).success
        await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")


async def test_s9_unknown_groups(group_service: GroupService) -> None:
    for result in (
        await group_service.delete_group(DeleteGroupAction(uuid4())),
        await group_service.restore_group(RestoreGroupAction(uuid4())),
    ):
        assert (result.success, result.error and result.error.code) == (False, "group_not_found")


async def test_s9_restoring_fails_where_another_group_took_the_integration_id(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group(name="old", integration_id="7") as old:
        await group_service.delete_group(DeleteGroupAction(old.id))
        new = (
            await group_service.create_group(CreateGroupAction(GroupCreator("new", DOMAIN, integration_id="7")))
        ).data
        assert new is not None
        activate = ModifyGroupAction(old.id, GroupModifier(is_active=OptionalState.update(True)))
        for refused in (
            await group_service.restore_group(RestoreGroupAction(old.id)),
            await group_service.modify_group(activate),
        ):
            assert (refused.success, refused.error and refused.error.code) == (False, "integration_id_taken")
        await group_service.delete_group(DeleteGroupAction(new.id))
        assert (await group_service.restore_group(RestoreGroupAction(old.id))).success
