"""The audit log: what a row says, what it hides, and that nobody rewrites it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import TriState
from groups_platform.group_service.types.group import GroupModifier
from groups_platform.group_service.types.user import SYSTEM
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.test_access import SECRETIVE
from groups_platform_tests.group_service.test_modify_group import change_members


async def last(deployment: Deployment) -> AuditRow:
    return (await deployment.audit())[-1]


async def test_s20_a_success_says_who_did_what_and_what_changed(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    service = group_service.acting_as(deployment.admin)
    old, new = await deployment.users(2)
    async with create_group(**SECRETIVE) as group:
        await change_members(service, group, "add", [old])
        result = await change_members(service, group, "replace", [new])
        row = await last(deployment)
        assert (row.action_id, row.action, row.entity_type, row.entity_id) == (
            result.action_id,
            "modify_group",
            "group",
            str(group.id),
        )
        assert (row.actor_id, row.actor, row.status) == (deployment.admin.id, "admin@example.com", "success")
        assert (row.error_code, row.description, row.run_id) == (None, None, "test-run")
        assert timedelta(0) < row.duration < timedelta(seconds=30)
        assert row.before and row.after
        assert (row.after["members_added"], row.after["members_removed"]) == ([str(new)], [str(old)])
        assert (row.before.keys(), row.after.keys() - row.before.keys()) == (
            {"modified_at"},
            {"members_added", "members_removed"},
        )
        assert (row.entity_name, row.domain_name, row.is_read) == (group.name, group.domain_name, False)
        created = (await deployment.audit("create_group"))[0].after
        assert created and created["dotfiles"] == [{"path": ".netrc", "data": "***", "perm": "600"}]
        assert created["container_registry"] == {
            "registry": "https://***@registry.example.com",
            "project": "p",
            "password": "***",
        }


async def test_s20_a_failure_and_a_refusal_say_why(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.kernel(group)
        with pytest.raises(PurgeGroupActionActiveKernelsError) as refused:
            await group_service.purge_group(PurgeGroupAction(group.id))
        row = await last(deployment)
        assert (row.status, row.error_code, row.description) == ("failure", "active_kernels", str(refused.value))
        assert (row.action_id, row.entity_id) == (refused.value.action_id, str(group.id))
        await group_service.acting_as(deployment.monitor).purge_group(PurgeGroupAction(group.id))
        assert ((await last(deployment)).status, (await last(deployment)).error_code) == ("denied", "forbidden")
        await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")


async def test_s20_a_purge_keeps_what_the_group_was_and_who_was_in_it(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    users = sorted(await deployment.users(2))
    async with create_group(name="gone") as group:
        await change_members(group_service, group, "add", users)
        await group_service.purge_group(PurgeGroupAction(group.id))
    (row, _) = await deployment.audit("purge_group")
    assert row.before and row.after
    assert row.before["name"] == "gone"
    assert row.after["members_removed"] == [str(user) for user in users]
    assert row.after["purged"]["members"] == 2


async def test_s20_reading_is_audited_too(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await group_service.get_group(GetGroupAction(group.id))
        await group_service.search_groups(SearchGroupsAction())
        assert [row.action for row in await deployment.audit()] == ["create_group", "get_group", "search_groups"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE manager.audit_log SET actor = 'nobody'",
        "DELETE FROM manager.audit_log",
        "TRUNCATE manager.audit_log",
        "TRUNCATE manager.audit_log CASCADE",
    ],
)
async def test_s20_the_log_is_append_only(group_service: GroupService, deployment: Deployment, statement: str) -> None:
    await group_service.search_groups(SearchGroupsAction())
    with pytest.raises(DBAPIError, match="append-only"):
        await deployment.run(statement)
    assert len(await deployment.audit()) == 1


async def test_s20_a_mistake_in_a_handler_is_audited_and_raised(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    class Clumsy(GroupModifier):
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("a secret: hunter2")

    async with create_group() as group:
        with pytest.raises(RuntimeError):
            await group_service.modify_group(ModifyGroupAction(group.id, Clumsy()))
        row = await last(deployment)
        assert (row.status, row.error_code) == ("failure", "internal_error")
        assert "hunter2" not in str(row.description)


async def test_s20_a_caller_who_gives_up_is_audited_and_changes_nothing(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(description="before") as group:
        async with deployment.session() as session:
            await session.execute(select(GroupRow.id).where(GroupRow.id == group.id).with_for_update())
            modifier = GroupModifier(description=TriState.update("after"))
            task = asyncio.ensure_future(group_service.modify_group(ModifyGroupAction(group.id, modifier)))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        row = await last(deployment)
        assert (row.action, row.status, row.error_code) == ("modify_group", "failure", "cancelled")
        unchanged = (await group_service.get_group(GetGroupAction(group.id))).data
        assert unchanged and unchanged.description == "before"


async def test_s20_the_system_has_a_name(group_service: GroupService, deployment: Deployment) -> None:
    await group_service.search_groups(SearchGroupsAction())
    row = await last(deployment)
    assert (row.actor_id, row.actor) == (None, SYSTEM.name)
