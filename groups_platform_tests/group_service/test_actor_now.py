"""An actor is who they are now (S30): role, status and domain are read in each action's transaction."""

from __future__ import annotations

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupCreator
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members


async def create(service: GroupService, name: str, domain: str = DOMAIN) -> str | None:
    error = (await service.create_group(CreateGroupAction(GroupCreator(name, domain)))).error
    return error and error.code


async def change_user(deployment: Deployment, **fields: str) -> None:
    for name, value in fields.items():
        await deployment.run(f"UPDATE manager.users SET {name} = '{value}' WHERE email = 'admin@example.com'")


async def test_s30_a_dismissed_admin_does_nothing_any_more(group_service: GroupService, deployment: Deployment) -> None:
    service = group_service.acting_as(deployment.admin)
    assert await create(service, "before") is None
    await change_user(deployment, status="deleted")
    assert await create(service, "after") == "unknown_actor"
    await change_user(deployment, status="active", role="user")
    assert await create(service, "after") == "forbidden"
    await change_user(deployment, role="admin", domain_name=OTHER_DOMAIN)
    assert await create(service, "after") == "forbidden"
    assert await create(service, "after", OTHER_DOMAIN) is None


async def test_s30_an_actor_is_named_by_an_address_in_any_case(
    database_fixture: str, group_service: GroupService, deployment: Deployment
) -> None:
    assert await create(group_service.acting_as(" Admin@Example.COM "), "by-admin") is None
    async with open_service(database_fixture, actor="ADMIN@example.com") as service:
        assert await create(service, "by-admin-too") is None
        assert await create(service, "not-there", OTHER_DOMAIN) == "forbidden"
    rows = await deployment.audit("create_group")
    assert {(row.actor, row.actor_id) for row in rows} == {("admin@example.com", deployment.admin.id)}


async def test_s35_a_member_who_left_the_domain_loses_the_group_at_once(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    service = group_service.acting_as(deployment.user)
    async with create_group() as group:
        await change_members(group_service, group, "add", [deployment.user.id])
        assert (await service.get_group(GetGroupAction(group.id))).success
        await deployment.run("UPDATE manager.users SET domain_name = 'example.org' WHERE email = 'user@example.com'")
        refused = await service.get_group(GetGroupAction(group.id))
        assert refused.error and refused.error.code == "forbidden"
        page = (await service.search_groups(SearchGroupsAction())).data
        assert page is not None and page.groups == ()
        for _ in range(2):
            removed = await change_members(group_service, group, "remove", [deployment.user.id])
            assert removed.success
