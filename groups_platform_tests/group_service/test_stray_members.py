"""S35: members who are no active users of their group's domain are listed for its admins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.list_stray_members import ListStrayMembersAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.stray_member import StrayMember
from groups_platform.group_service.types.user import UserModifier
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment


async def change_members(service: GroupService, group: GroupData, mode: str, users: list[UUID]) -> None:
    change = ModifyGroupAction(
        group.id, user_update_mode=OptionalState.update(mode), user_uuids=OptionalState.update(users)
    )
    assert (await service.modify_group(change)).success


async def change_user(service: GroupService, user: UUID, **fields: Any) -> None:
    changes = {name: OptionalState.update(value) for name, value in fields.items()}
    assert (await service.modify_user(ModifyUserAction(user, UserModifier(**changes)))).success


async def strays(service: GroupService, **asked: Any) -> tuple[StrayMember, ...]:
    page = (await service.list_stray_members(ListStrayMembersAction(**asked))).data
    assert page is not None
    return page.members


@pytest.fixture
async def physics(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> AsyncIterator[tuple[GroupData, list[UUID]]]:
    """A group of four, and another of the other domain with one."""
    users = sorted(await deployment.users(4))
    async with create_group(name="physics") as group, create_group(name="abroad", domain_name=OTHER_DOMAIN) as abroad:
        await change_members(group_service, group, "add", users)
        await change_members(group_service, abroad, "add", [deployment.other_user.id])
        yield group, users


async def test_s35_members_who_do_not_belong_are_listed_with_the_reason(
    group_service: GroupService, deployment: Deployment, physics: tuple[GroupData, list[UUID]]
) -> None:
    group, (moved, inactive, both, belongs) = physics
    assert await strays(group_service) == ()
    await change_user(group_service, moved, domain_name=OTHER_DOMAIN)
    await change_user(group_service, inactive, status="deleted")
    await change_user(group_service, both, domain_name=OTHER_DOMAIN, status="inactive")
    found = await strays(group_service)
    assert [(stray.user_id, stray.user_domain_name, stray.user_status, stray.why) for stray in found] == [
        (moved, OTHER_DOMAIN, "active", f"is of {OTHER_DOMAIN}"),
        (inactive, DOMAIN, "deleted", "is deleted"),
        (both, OTHER_DOMAIN, "inactive", f"is of {OTHER_DOMAIN} and inactive"),
    ]
    emails = {user.uuid: user.email for user in await deployment.run("SELECT uuid, email FROM manager.users")}
    assert {(s.group_id, s.domain_name, s.group_name, s.email == emails[s.user_id]) for s in found} == {
        (group.id, DOMAIN, "physics", True)
    }
    assert belongs not in {stray.user_id for stray in found}


async def test_s35_the_list_ends_when_they_are_removed_or_come_back(
    group_service: GroupService, physics: tuple[GroupData, list[UUID]]
) -> None:
    group, (moved, inactive, *_) = physics
    await change_user(group_service, moved, domain_name=OTHER_DOMAIN)
    await change_user(group_service, inactive, status="inactive")
    assert (await group_service.delete_group(DeleteGroupAction(group.id))).success
    assert len(await strays(group_service)) == 2, "those of deleted groups too: they may be restored"
    await change_user(group_service, inactive, status="active")
    await change_members(group_service, group, "remove", [moved])
    assert await strays(group_service) == ()


async def test_s35_who_sees_whose(
    group_service: GroupService, deployment: Deployment, physics: tuple[GroupData, list[UUID]]
) -> None:
    await change_user(group_service, physics[1][0], status="inactive")
    await change_user(group_service, deployment.other_user.id, domain_name=DOMAIN)
    seen = {"superadmin": ["physics", "abroad"], "admin": ["physics"], "other_admin": ["abroad"]}
    for role in ("superadmin", "monitor", "admin", "user", "other_admin"):
        result = await group_service.acting_as(getattr(deployment, role)).list_stray_members(ListStrayMembersAction())
        if role in seen:
            assert result.data is not None
            assert [stray.group_name for stray in result.data.members] == seen[role]
        else:
            assert result.error is not None
            assert result.error.code == "forbidden"
    rows = await deployment.audit("list_stray_members")
    assert [row.status.value for row in rows] == ["success", "denied", "success", "denied", "success"]
    assert all(row.is_read for row in rows)


async def test_s35_pages_follow_each_other(
    group_service: GroupService, deployment: Deployment, physics: tuple[GroupData, list[UUID]]
) -> None:
    for user in physics[1]:
        await change_user(group_service, user, status="inactive")
    await change_user(group_service, deployment.other_user.id, status="inactive")
    whole, found, cursor = await strays(group_service), [], None
    while not found or cursor:
        page = (await group_service.list_stray_members(ListStrayMembersAction(cursor, 2))).data
        assert page is not None
        found.append(page.members)
        cursor = page.next_cursor
    assert [len(members) for members in found] == [2, 2, 1]
    assert tuple(member for members in found for member in members) == whole
    assert [member.domain_name for member in whole] == [DOMAIN] * 4 + [OTHER_DOMAIN]


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "WyJhIl0="}])
async def test_s35_pages_that_make_no_sense_are_refused(group_service: GroupService, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidAPIParameters):
        await group_service.list_stray_members(ListStrayMembersAction(**asked))
