"""Dotfiles one by one: a change leaves the others alone, keeps the rules of the whole, and is audited without data."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.create_dotfile import CreateDotfileAction
from groups_platform.group_service.services.group.actions.delete_dotfile import DeleteDotfileAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.update_dotfile import UpdateDotfileAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment

BASHRC = {"path": ".bashrc", "data": "alias ll='ls -l'", "perm": "644"}
NETRC = {"path": ".netrc", "data": "password hunter2", "perm": "600"}


async def change(service: GroupService, action: Any) -> GroupData:
    result = await getattr(service, action.name)(action)
    assert result.success, result.error
    group: GroupData = result.data
    return group


async def refusal(service: GroupService, action: Any) -> str:
    result = await getattr(service, action.name)(action)
    assert result.data is None
    code: str = result.error.code
    return code


async def test_s33_one_is_added_changed_and_removed_and_the_others_stay(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    service = group_service.acting_as(deployment.admin)
    async with create_group(dotfiles=[BASHRC]) as made:
        added = await change(service, CreateDotfileAction(made.id, ".netrc", NETRC["data"], "600"))
        assert added.dotfiles == (BASHRC, NETRC)
        assert added.modified_at > made.modified_at
        changed = await change(service, UpdateDotfileAction(made.id, ".bashrc", data="export A=1"))
        assert changed.dotfiles == ({**BASHRC, "data": "export A=1"}, NETRC)
        assert changed.modified_at > added.modified_at
        private = await change(service, UpdateDotfileAction(made.id, ".bashrc", perm="600"))
        assert private.dotfiles == ({"path": ".bashrc", "data": "export A=1", "perm": "600"}, NETRC)
        left = await change(service, DeleteDotfileAction(made.id, ".bashrc"))
        assert left.dotfiles == (NETRC,)
        assert left.modified_at > private.modified_at
        stored = await group_service.get_group(GetGroupAction(made.id))
        assert stored.data == left


async def test_s33_the_perm_of_a_new_one_is_644(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group() as group:
        added = await change(group_service, CreateDotfileAction(group.id, ".vimrc", ""))
        assert added.dotfiles == ({"path": ".vimrc", "data": "", "perm": "644"},)


async def test_s33_a_path_is_there_or_not(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group(dotfiles=[BASHRC]) as group:
        for action, code in (
            (CreateDotfileAction(group.id, ".bashrc", "other"), "dotfile_exists"),
            (UpdateDotfileAction(group.id, ".netrc", "other"), "dotfile_not_found"),
            (DeleteDotfileAction(group.id, ".netrc"), "dotfile_not_found"),
        ):
            assert await refusal(group_service, action) == code
        stored = await group_service.get_group(GetGroupAction(group.id))
        assert stored.data == group


async def test_s33_a_change_of_nothing_is_a_mistake(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group(dotfiles=[BASHRC]) as group:
        with pytest.raises(InvalidAPIParameters):
            await group_service.update_dotfile(UpdateDotfileAction(group.id, ".bashrc"))


async def test_s33_the_rules_are_those_of_all_dotfiles_together(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    half = "x" * 32 * 1024
    async with create_group(dotfiles=[{**BASHRC, "data": half}]) as group:
        for action in (
            CreateDotfileAction(group.id, ".ssh/authorized_keys", "key"),
            CreateDotfileAction(group.id, "../.netrc", ""),
            CreateDotfileAction(group.id, ".netrc", "", "999"),
            CreateDotfileAction(group.id, ".netrc", "\0"),
            CreateDotfileAction(group.id, ".netrc", f"{half}y"),
            UpdateDotfileAction(group.id, ".bashrc", perm="rw"),
            UpdateDotfileAction(group.id, ".bashrc", data=f"{half}{half}y"),
        ):
            assert await refusal(group_service, action) == "invalid_value"
        both = await change(group_service, CreateDotfileAction(group.id, ".netrc", half))
        assert both.dotfiles is not None and len(both.dotfiles) == 2


async def test_s33_only_admins_of_the_domain_change_them(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(dotfiles=[BASHRC]) as group:
        for actor in (deployment.user, deployment.monitor, deployment.other_admin):
            service = group_service.acting_as(actor)
            for action in (
                CreateDotfileAction(group.id, ".netrc", ""),
                UpdateDotfileAction(group.id, ".bashrc", ""),
                DeleteDotfileAction(group.id, ".bashrc"),
            ):
                assert await refusal(service, action) == "forbidden"
        stored = await group_service.get_group(GetGroupAction(group.id))
        assert stored.data == group


async def test_s33_the_audit_log_names_the_path_and_never_the_data(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(dotfiles=[BASHRC]) as group:
        create = CreateDotfileAction(group.id, ".netrc", "password hunter2", "600")
        assert "hunter2" not in repr(create)
        await change(group_service, create)
        await refusal(group_service, create)
        await change(group_service, UpdateDotfileAction(group.id, ".netrc", data="password hunter3"))
        await change(group_service, DeleteDotfileAction(group.id, ".netrc"))
        created, again = await deployment.audit("create_dotfile")
        (updated,) = await deployment.audit("update_dotfile")
        (deleted,) = await deployment.audit("delete_dotfile")
        assert created.after and created.after["dotfile_added"] == ".netrc"
        assert (again.error_code, again.description) == ("dotfile_exists", "The group has a dotfile '.netrc' already.")
        assert updated.after and updated.after["dotfile_changed"] == ".netrc"
        assert deleted.after and deleted.after["dotfile_removed"] == ".netrc"
        written = str([(row.before, row.after, row.description) for row in (created, again, updated, deleted)])
        assert "hunter" not in written and "alias" not in written
        assert {row.entity_id for row in (created, again, updated, deleted)} == {str(group.id)}


async def test_s33_ten_create_one_path(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group() as group:
        results = await asyncio.gather(
            *[group_service.create_dotfile(CreateDotfileAction(group.id, ".netrc", str(n))) for n in range(10)]
        )
        assert Counter(result.error.code if result.error else "created" for result in results) == {
            "created": 1,
            "dotfile_exists": 9,
        }
        (winner,) = [result.data for result in results if result.data]
        stored = await group_service.get_group(GetGroupAction(group.id))
        assert stored.data == winner


async def test_s33_ten_create_ten_paths_and_all_stay(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group() as group:
        creations = [CreateDotfileAction(group.id, f".rc{number}", "") for number in range(10)]
        await asyncio.gather(*[change(group_service, action) for action in creations])
        stored = await group_service.get_group(GetGroupAction(group.id))
        assert stored.data and stored.data.dotfiles
        assert {dotfile["path"] for dotfile in stored.data.dotfiles} == {action.path for action in creations}
