"""Resource policies: made, changed, deleted when unused, listed; who may, what is refused, and what the log says."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from groups_platform.group_service.models.domain import ProjectResourcePolicyRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.create_resource_policy import CreateResourcePolicyAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.delete_resource_policy import DeleteResourcePolicyAction
from groups_platform.group_service.services.group.actions.list_resource_policies import ListResourcePoliciesAction
from groups_platform.group_service.services.group.actions.modify_resource_policy import ModifyResourcePolicyAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.group import GroupCreator
from groups_platform.group_service.types.resource_policy import ResourcePolicyCreator, ResourcePolicyModifier
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

ROLES = ("superadmin", "monitor", "admin", "user", "other_admin", "other_user")


async def create(service: GroupService, name: str = "large", **limits: Any) -> Any:
    return await service.create_resource_policy(CreateResourcePolicyAction(ResourcePolicyCreator(name, **limits)))


async def modify(service: GroupService, name: str = "default", **limits: Any) -> Any:
    states = {limit: OptionalState.update(value) for limit, value in limits.items()}
    return await service.modify_resource_policy(ModifyResourcePolicyAction(name, ResourcePolicyModifier(**states)))


async def delete(service: GroupService, name: str = "default") -> Any:
    return await service.delete_resource_policy(DeleteResourcePolicyAction(name))


async def names(service: GroupService, **asked: Any) -> list[str]:
    listed = await service.list_resource_policies(ListResourcePoliciesAction(**asked))
    assert listed.data is not None
    return [policy.name for policy in listed.data.policies]


async def test_s25_a_policy_from_its_creation_to_its_end(group_service: GroupService, deployment: Deployment) -> None:
    made = (await create(group_service)).data
    assert (made.max_vfolder_count, made.max_quota_scope_size, made.max_network_count) == (0, 0, 0)
    changed = (await modify(group_service, "large", max_quota_scope_size="100g", max_vfolder_count=7)).data
    assert (changed.max_vfolder_count, changed.max_quota_scope_size, changed.max_network_count) == (7, 100 * 2**30, 0)
    assert changed.modified_at > made.modified_at
    assert (await modify(group_service, "large")).data == changed
    assert await names(group_service) == ["default", "development-policy", "large"]
    assert (await delete(group_service, "large")).data == changed
    assert await names(group_service) == ["default", "development-policy"]

    (created,) = await deployment.audit("create_resource_policy")
    assert (created.entity_type, created.entity_id, created.entity_name) == ("resource_policy", "large", "large")
    assert (created.before, created.after["max_vfolder_count"]) == (None, 0)
    row, _ = await deployment.audit("modify_resource_policy")
    assert (row.before["max_vfolder_count"], row.after["max_vfolder_count"]) == (0, 7)
    assert "max_network_count" not in row.after
    (gone,) = await deployment.audit("delete_resource_policy")
    assert (gone.before["max_vfolder_count"], gone.after) == (7, None)


@pytest.mark.parametrize("name", ["", " a", "a ", "a" * 257, "a\nb", "a\u200bb"])
async def test_s25_names_that_no_policy_has(group_service: GroupService, deployment: Deployment, name: str) -> None:
    refused = (await create(group_service, name)).error
    assert (refused.code, refused.facts["field"]) == ("invalid_value", "name")
    assert await deployment.count(ProjectResourcePolicyRow) == 2


async def test_s25_names_that_a_policy_may_have(group_service: GroupService) -> None:
    for name in ("a", "large, for labs", "ä" * 256):
        assert (await create(group_service, name)).data.name == name


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("max_vfolder_count", -1),
        ("max_vfolder_count", 2**31),
        ("max_network_count", 2**31),
        ("max_quota_scope_size", 2**63),
        ("max_quota_scope_size", "much"),
        ("max_quota_scope_size", "inf"),
        ("max_quota_scope_size", "-1g"),
        ("max_quota_scope_size", ""),
    ],
)
async def test_s25_a_limit_that_cannot_be(group_service: GroupService, limit: str, value: Any) -> None:
    for result in (await create(group_service, **{limit: value}), await modify(group_service, **{limit: value})):
        assert (result.error.code, result.error.facts["field"].split(".")[-1]) == ("invalid_value", limit)


async def test_s25_a_policy_name_is_given_once(group_service: GroupService) -> None:
    assert (await create(group_service, "default")).error.code == "resource_policy_taken"
    results = await asyncio.gather(*[create(group_service) for _ in range(10)])
    codes = Counter(result.error.code if result.error else "created" for result in results)
    assert codes == {"created": 1, "resource_policy_taken": 9}


async def test_s25_a_policy_that_groups_follow_stays(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group():
        await group_service.delete_group(DeleteGroupAction(group.id))
        refused = (await delete(group_service)).error
        assert (refused.code, refused.facts["groups"]) == ("resource_policy_in_use", 2)
        assert "2 groups" in refused.message
        (row,) = await deployment.audit("delete_resource_policy")
        assert (row.status, row.error_code, row.entity_id) == ("failure", "resource_policy_in_use", "default")
    assert (await delete(group_service)).success


async def test_s25_an_unknown_policy(group_service: GroupService) -> None:
    for result in (await modify(group_service, "none", max_vfolder_count=1), await delete(group_service, "none")):
        assert (result.error.code, result.error.facts) == ("unknown_resource_policy", {"resource_policy": "none"})


async def test_s25_a_policy_is_deleted_while_a_group_comes(group_service: GroupService, deployment: Deployment) -> None:
    async def come(number: int) -> Any:
        creator = GroupCreator(f"group-{number}", DOMAIN, resource_policy=f"policy-{number}")
        return await group_service.create_group(CreateGroupAction(creator))

    for number in range(10):
        await create(group_service, f"policy-{number}")
        came, deleted = await asyncio.gather(come(number), delete(group_service, f"policy-{number}"))
        assert came.success is not deleted.success
        code = deleted.error.code if came.success else came.error.code
        assert code == ("resource_policy_in_use" if came.success else "unknown_resource_policy")


@pytest.mark.parametrize("role", ROLES)
async def test_s25_superadmins_write_policies_and_everybody_reads_them(
    group_service: GroupService, deployment: Deployment, role: str
) -> None:
    service = group_service.acting_as(getattr(deployment, role))
    results = [
        await create(service),
        await modify(service, max_vfolder_count=1),
        await delete(service, "development-policy"),
    ]
    wanted = None if role == "superadmin" else "forbidden"
    assert [result.error and result.error.code for result in results] == [wanted] * 3
    seen = await names(service)
    assert seen == (["default", "large"] if role == "superadmin" else ["default", "development-policy"])
    rows = [row for row in await deployment.audit() if row.actor_id == service.actor.id and not row.is_read]
    assert [row.status.value for row in rows] == ["success" if role == "superadmin" else "denied"] * 3


async def test_s25_policies_are_listed_by_pages_and_parts(group_service: GroupService) -> None:
    await create(group_service, "large")
    assert await names(group_service, name_part="L") == ["default", "development-policy", "large"]
    page = (await group_service.list_resource_policies(ListResourcePoliciesAction(limit=2))).data
    assert page is not None
    assert [policy.name for policy in page.policies] == ["default", "development-policy"]
    assert await names(group_service, cursor=page.next_cursor) == ["large"]
