"""Reading the audit log and finding users: filters, order, and who may know what."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.find_users import FindUsersAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.audit import AuditEntry, AuditFilter, AuditStatus
from groups_platform.group_service.types.group import GroupFilter
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_access import SECRETIVE, SECRETS


async def entries(service: GroupService, limit: int = 100, **filter_: Any) -> tuple[AuditEntry, ...]:
    data = (await service.search_audit(SearchAuditAction(AuditFilter(**filter_), limit))).data
    assert data is not None
    return data.entries


async def test_s20_the_newest_come_first_and_every_filter_narrows(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await group_service.acting_as(deployment.admin).delete_group(DeleteGroupAction(group.id))
        await group_service.acting_as(deployment.user).delete_group(DeleteGroupAction(group.id))
        found = await entries(group_service)
        assert [(e.action, e.status.value) for e in found] == [
            ("delete_group", "denied"),
            ("delete_group", "success"),
            ("create_group", "success"),
        ]
        assert [e.actor for e in await entries(group_service, actor="system", action="create_group")] == ["system"]
        assert [e.error_code for e in await entries(group_service, status=AuditStatus.DENIED)] == ["forbidden"]
        assert len(await entries(group_service, entity_id=str(group.id))) == 3
        assert len(await entries(group_service, limit=1)) == 1
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        assert await entries(group_service, since=tomorrow) == ()
    with pytest.raises(InvalidAPIParameters):
        await entries(group_service, limit=1001)


async def test_s19_the_admin_of_a_domain_reads_what_was_done_to_its_groups(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="mine"), create_group(name="theirs", domain_name=OTHER_DOMAIN) as theirs:
        await group_service.search_groups(SearchGroupsAction())
        await group_service.acting_as(deployment.admin).get_group(GetGroupAction(theirs.id))
        of_theirs = await entries(group_service.acting_as(deployment.other_admin), with_reads=True)
        assert [(e.action, e.actor) for e in of_theirs] == [
            ("get_group", "admin@example.com"),
            ("create_group", "system"),
        ]
        assert {e.entity_id for e in of_theirs} == {str(theirs.id)}
        own = await entries(group_service.acting_as(deployment.admin), actor="admin@example.com", with_reads=True)
        assert [e.action for e in own] == ["get_group"]
        await group_service.purge_group(PurgeGroupAction(theirs.id))
    purged = await entries(group_service.acting_as(deployment.other_admin), action="purge_group", actor="system")
    assert [e.status.value for e in purged] == ["success"]


async def test_s19_others_read_no_audit_and_nobody_reads_secrets(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(**SECRETIVE):
        for actor in (deployment.user, deployment.monitor):
            result = await group_service.acting_as(actor).search_audit(SearchAuditAction())
            assert (result.data, result.error and result.error.code) == (None, "forbidden")
        written = str(await entries(group_service))
        assert not any(secret in written for secret in SECRETS[:2])


async def test_s19_users_are_found_by_those_who_may_see_them(
    group_service: GroupService, deployment: Deployment
) -> None:
    async def found(actor: Any) -> list[str]:
        action = FindUsersAction(ids=[deployment.user.id], emails=["admin@example.com", "other_user@example.org"])
        data = (await group_service.acting_as(actor).find_users(action)).data
        return [user.email.split("@")[0] for user in data or ()]

    assert await found(deployment.superadmin) == ["admin", "other_user", "user"]
    assert await found(deployment.monitor) == ["admin", "other_user", "user"]
    assert await found(deployment.admin) == ["admin", "user"]
    assert await found(deployment.other_admin) == ["other_user"]
    assert await found(deployment.user) == ["user"]


async def test_s12_a_search_by_the_whole_name(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group(name="alpha"), create_group(name="alpha-2"):
        page = (await group_service.search_groups(SearchGroupsAction(GroupFilter(name="alpha")))).data
        assert page is not None
        assert [group.name for group in page.groups] == ["alpha"]
