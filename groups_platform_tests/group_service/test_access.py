"""Who may do what: every action by every role, in and out of the domain, and what each of them gets to see."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.errors import DatabaseError, UnknownActor
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import RetryVFolderDeletionsAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.group import GroupCreator, GroupFilter, GroupModifier
from groups_platform.group_service.types.user import SYSTEM
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members

SECRETS = ("hunter2", "s3cr3t", "ext-4711")
SECRETIVE: dict[str, Any] = {
    "dotfiles": ({"path": ".netrc", "data": "machine x password hunter2", "perm": "600"},),
    "container_registry": {"registry": "https://me:s3cr3t@registry.example.com", "project": "p", "password": "s3cr3t"},
    "integration_id": "ext-4711",
}
READERS = ("superadmin", "monitor", "admin", "user")
ADMINS = ("superadmin", "admin")
ACTIONS: dict[str, tuple[Callable[[UUID], BaseAction], tuple[str, ...]]] = {
    "get_group": (lambda group_id: GetGroupAction(group_id, with_members=True), READERS),
    "create_group": (lambda _: CreateGroupAction(GroupCreator("new", DOMAIN, description="new")), ADMINS),
    "modify_group": (
        lambda group_id: ModifyGroupAction(group_id, GroupModifier(description=TriState.update("changed"))),
        ADMINS,
    ),
    "delete_group": (DeleteGroupAction, ADMINS),
    "restore_group": (RestoreGroupAction, ADMINS),
    "purge_group": (PurgeGroupAction, ADMINS),
    "retry_vfolder_deletions": (lambda _: RetryVFolderDeletionsAction(), (*ADMINS, "other_admin")),
}
ROLES = ("superadmin", "monitor", "admin", "user", "other_admin", "other_user")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ACTIONS)
async def test_s19_every_action_by_every_role(
    group_service: GroupService, deployment: Deployment, caplog: pytest.LogCaptureFixture, name: str, role: str
) -> None:
    caplog.set_level(logging.DEBUG)
    make_action, allowed = ACTIONS[name]
    created = await group_service.create_group(CreateGroupAction(GroupCreator("secretive", DOMAIN, **SECRETIVE)))
    assert created.data is not None
    await change_members(group_service, created.data, "add", [deployment.user.id])
    before = (await group_service.get_group(GetGroupAction(created.data.id, with_members=True))).data

    service = group_service.acting_as(getattr(deployment, role))
    result = await getattr(service, name)(make_action(created.data.id))

    assert result.success is (role in allowed)
    (row,) = [row for row in await deployment.audit(name) if row.actor_id == service.actor.id]
    assert (row.actor, row.action_id, row.run_id) == (service.actor.name, result.action_id, "test-run")
    if role not in allowed:
        assert (result.error.code, row.status, row.error_code) == ("forbidden", "denied", "forbidden")
        after = (await group_service.get_group(GetGroupAction(created.data.id, with_members=True))).data
        assert after == before
    if role not in ADMINS:
        assert not [secret for secret in SECRETS if secret in repr(result) + repr(result.data) + repr(result.error)]
        assert SECRETS[1] not in str(getattr(result.data, "container_registry", None))
    logged = caplog.text + str([record.__dict__ for record in caplog.records])
    audited = str([row.__dict__ for row in await deployment.audit()])
    assert not [secret for secret in SECRETS[:2] if secret in logged + audited]


async def test_s19_only_admins_see_the_sensitive_fields(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(**SECRETIVE) as group:
        await change_members(group_service, group, "add", [deployment.user.id])
        for role in READERS:
            service = group_service.acting_as(getattr(deployment, role))
            one = (await service.get_group(GetGroupAction(group.id))).data
            assert one is not None
            (found,) = (await service.search_groups(SearchGroupsAction())).data.groups  # type: ignore[union-attr]
            assert found == one
            if role in ADMINS:
                assert {name: getattr(one, name) for name in SECRETIVE} == SECRETIVE
            else:
                assert (one.dotfiles, one.integration_id) == (None, None)
                assert one.container_registry == {"registry": "https://***@registry.example.com", "project": "p"}


async def test_s19_a_search_finds_what_the_actor_may_read(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="mine") as mine, create_group(name="theirs"):
        await change_members(group_service, mine, "add", [deployment.user.id])
        found = {}
        for role in ROLES:
            service = group_service.acting_as(getattr(deployment, role))
            page = (await service.search_groups(SearchGroupsAction(GroupFilter(domain_name=DOMAIN)))).data
            assert page is not None
            found[role] = [group.name for group in page.groups]
        both = ["mine", "theirs"]
        assert found == {
            "superadmin": both, "monitor": both, "admin": both, "user": ["mine"], "other_admin": [], "other_user": [],
        }  # fmt: skip


async def test_s19_the_integration_id_is_not_found_out_by_searching_for_it(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(integration_id="ext-4711"):
        search = SearchGroupsAction(GroupFilter(integration_id="ext-4711"))
        for role in ROLES:
            result = await group_service.acting_as(getattr(deployment, role)).search_groups(search)
            if role in ("superadmin", "admin", "other_admin"):
                assert result.data and len(result.data.groups) == (role != "other_admin")
            else:
                assert result.error and result.error.code == "forbidden"


@pytest.mark.parametrize("role", ["user", "other_admin", "other_user"])
async def test_s19_a_group_out_of_reach_looks_like_one_that_does_not_exist(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, role: str
) -> None:
    service, unknown = group_service.acting_as(getattr(deployment, role)), uuid4()
    async with create_group() as group:
        for name, (make_action, _) in ACTIONS.items():
            if name not in ("create_group", "retry_vfolder_deletions"):
                there = await getattr(service, name)(make_action(group.id))
                nowhere = await getattr(service, name)(make_action(unknown))
                assert there.error.code == nowhere.error.code
                assert there.error.message.replace(str(group.id), "…") == nowhere.error.message.replace(
                    str(unknown), "…"
                )


async def test_s19_an_admin_who_may_not_purge_learns_nothing_of_what_blocks(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.kernel(group)
        for role in ("monitor", "user", "other_admin"):
            for is_dry_run in (True, False):
                purge = PurgeGroupAction(group.id, dry_run=is_dry_run)
                result = await group_service.acting_as(getattr(deployment, role)).purge_group(purge)
                assert result.error and (result.error.code, "kernel" in str(result.error)) == ("forbidden", False)
        await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")


async def test_s8_an_admin_cannot_tell_a_stranger_from_nobody(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    service, nobody = group_service.acting_as(deployment.admin), uuid4()
    async with create_group() as group:
        stranger = await change_members(service, group, "add", [deployment.other_user.id])
        unknown = await change_members(service, group, "add", [nobody])
        assert stranger.error.message.replace(str(deployment.other_user.id), "…") == unknown.error.message.replace(
            str(nobody), "…"
        )


async def test_s19_an_admin_cannot_give_a_group_what_is_another_domains(
    group_service: GroupService, deployment: Deployment
) -> None:
    service = group_service.acting_as(deployment.other_admin)
    for domain in (DOMAIN, "nowhere.example"):
        result = await service.create_group(CreateGroupAction(GroupCreator("mine", domain)))
        assert result.error and result.error.code == "forbidden"


async def test_s19_the_actor_can_be_named_by_e_mail(
    database_fixture: str, group_service: GroupService, deployment: Deployment
) -> None:
    assert await group_service.get_actor("admin@example.com") == deployment.admin
    async with open_service(database_fixture, actor="monitor@example.com") as service:
        assert service.actor == "monitor@example.com"
        refused = await service.create_group(CreateGroupAction(GroupCreator("team", DOMAIN)))
        assert refused.error and refused.error.code == "forbidden"
    await deployment.run("UPDATE manager.users SET status = 'inactive' WHERE email = 'admin@example.com'")
    for email in ("admin@example.com", "nobody@example.com"):
        with pytest.raises(UnknownActor, match=email):
            await group_service.get_actor(email)


@pytest.mark.parametrize(
    ("registry", "shown"),
    [
        ("registry.example.com:5000/team", "registry.example.com:5000/team"),
        ("https://registry.example.com", "https://registry.example.com"),
        ("me:s3cr3t@registry.example.com/team", "***@registry.example.com/team"),
        ("https://me:s3cr3t@registry.example.com/team", "https://***@registry.example.com/team"),
        ("https://me:p@ss/hunter2@registry.example.com", "https://***@registry.example.com"),
        ("https://me:a b hunter2@registry.example.com", "https://***@registry.example.com"),
        ("https://registry.example.com/x?token=hunter2#s3cr3t", "https://registry.example.com/x?***"),
    ],
)
async def test_s19_a_registry_is_shown_without_who_signs_in(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, registry: str, shown: str
) -> None:
    async with create_group(container_registry={"registry": registry}) as group:
        seen = await group_service.acting_as(deployment.monitor).get_group(GetGroupAction(group.id))
        assert seen.data and seen.data.container_registry == {"registry": shown}
        (row,) = await deployment.audit("create_group")
        assert row.after and row.after["container_registry"] == {"registry": shown}


async def test_s19_admins_clean_up_after_the_groups_of_their_domain(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, storage_root: Path
) -> None:
    folders = {}
    for domain in (DOMAIN, OTHER_DOMAIN):
        async with create_group(domain_name=domain) as group:
            folders[domain] = (await deployment.vfolder(group)).id
            storage_root.rename(storage_root.with_name("elsewhere"))
            assert (await group_service.purge_group(PurgeGroupAction(group.id))).warnings
            storage_root.with_name("elsewhere").rename(storage_root)
    for actor, domain in ((deployment.other_admin, OTHER_DOMAIN), (deployment.admin, DOMAIN)):
        done = await group_service.acting_as(actor).retry_vfolder_deletions(RetryVFolderDeletionsAction())
        assert done.data and done.data.removed == (folders[domain],)


async def test_s19_an_unspeakable_address_is_no_actors(group_service: GroupService) -> None:
    with pytest.raises(UnknownActor, match="ud800"):
        await group_service.get_actor("half a \ud800")


async def test_s19_an_actor_cannot_be_looked_up_in_a_database_that_is_away(group_service: GroupService) -> None:
    nowhere = create_async_engine("postgresql+psycopg://nobody:s3cr3t@127.0.0.1:1/nowhere")
    service = GroupService(replace(group_service.processor, sessions=async_sessionmaker(nowhere)))
    with pytest.raises(DatabaseError) as refused:
        await service.get_actor("admin@example.com")
    assert "s3cr3t" not in str(refused.value)


async def test_s19_a_denied_modification_does_not_wait_for_the_group(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    """Who may not change a group cannot hold it either, so nobody waits for them."""
    async with create_group() as group, deployment.session() as session:
        await session.execute(select(GroupRow.id).where(GroupRow.id == group.id).with_for_update())
        modifier = GroupModifier(name=OptionalState.update("mine"))
        result = await group_service.acting_as(deployment.other_admin).modify_group(
            ModifyGroupAction(group.id, modifier)
        )
        assert result.error and result.error.code == "forbidden"


async def test_s19_only_who_administrates_both_domains_moves_a_group(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    move = GroupModifier(domain_name=OptionalState.update(OTHER_DOMAIN))
    async with create_group() as group:
        for actor, code in ((deployment.admin, "forbidden"), (deployment.other_admin, "forbidden"), (SYSTEM, None)):
            result = await group_service.acting_as(actor).modify_group(ModifyGroupAction(group.id, move))
            assert (result.error and result.error.code) == code
        seen = await group_service.acting_as(deployment.other_admin).get_group(GetGroupAction(group.id))
        assert seen.data and seen.data.domain_name == OTHER_DOMAIN
