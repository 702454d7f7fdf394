"""Creating groups: defaults, names, each way to fail."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone
from typing import Any

import pytest

from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import GroupCreator, ProjectType
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment


async def create(service: GroupService, name: str = "research", **fields: Any) -> Any:
    return await service.create_group(
        CreateGroupAction(GroupCreator(**{"name": name, "domain_name": DOMAIN, **fields}))
    )


async def test_s6_a_group_has_defaults(group_service: GroupService) -> None:
    before = datetime.now(timezone.utc)
    result = await create(group_service)
    assert (result.success, result.error) == (True, None)
    group = result.data
    assert result.entity_id() == str(group.id)
    assert (group.name, group.domain_name, group.description) == ("research", DOMAIN, None)
    assert (group.type, group.is_active, group.resource_policy) == (ProjectType.GENERAL, True, "default")
    assert (group.total_resource_slots, group.allowed_vfolder_hosts, group.dotfiles) == (ResourceSlot(), {}, ())
    assert (group.container_registry, group.integration_id) == (None, None)
    assert before <= group.created_at == group.modified_at <= datetime.now(timezone.utc)


async def test_s6_everything_given_is_stored(group_service: GroupService) -> None:
    given: dict[str, Any] = {
        "type": ProjectType.MODEL_STORE,
        "description": "Models of the lab",
        "is_active": False,
        "total_resource_slots": ResourceSlot.from_user_input({"cpu": "4", "mem": "8g"}, None),
        "allowed_vfolder_hosts": {"local": ["create-vfolder"]},
        "dotfiles": ({"path": ".bashrc", "data": "alias ll='ls -l'", "perm": "644"},),
        "resource_policy": "development-policy",
        "container_registry": {"registry": "registry.example.com", "project": "lab"},
        "integration_id": "21000402100",
    }
    created = (await create(group_service, **given)).data
    shown = {**given, "allowed_vfolder_hosts": {"local": ("create-vfolder",)}}  # nothing in a result can change
    assert {name: getattr(created, name) for name in shown} == shown
    assert (await group_service.get_group(GetGroupAction(created.id))).data == created


@pytest.mark.parametrize(
    ("fields", "code", "facts"),
    [
        ({"domain_name": "nowhere.example"}, "unknown_domain", {"domain_name": "nowhere.example"}),
        ({"domain_name": "x" * 100}, "unknown_domain", {"domain_name": "x" * 100}),
        ({"resource_policy": "nothing"}, "unknown_resource_policy", {"resource_policy": "nothing"}),
        ({"resource_policy": "x" * 300}, "unknown_resource_policy", {"resource_policy": "x" * 99 + "…"}),
        ({"name": "-bad"}, "invalid_group_name", {"name": "-bad"}),
        ({"integration_id": "x" * 513}, "invalid_value", {"field": "input.integration_id", "longest": 512}),
        ({"description": "with a \0 in it"}, "invalid_value", {"field": "input.description"}),
        ({"description": "half a \ud800"}, "invalid_value", {"field": "input.description"}),
        ({"domain_name": "half a \ud800"}, "invalid_value", {"field": "input.domain_name"}),
        ({"type": "bogus"}, "invalid_value", {"field": "input.type", "type": "str"}),
        (
            {"total_resource_slots": {"cpu": "much"}},
            "invalid_value",
            {"field": "total_resource_slots", "slot": "cpu", "value": "'much'"},
        ),
        ({"dotfiles": 4}, "invalid_value", {"field": "input.dotfiles", "type": "int"}),
        ({"is_active": None}, "invalid_value", {"field": "input.is_active", "type": "NoneType"}),
        ({"resource_policy": None}, "invalid_value", {"field": "input.resource_policy", "type": "NoneType"}),
        ({"name": 5}, "invalid_value", {"field": "input.name", "type": "int"}),
        ({"name": None}, "invalid_value", {"field": "input.name", "type": "NoneType"}),
    ],
)
async def test_s6_a_failure_says_which_and_writes_nothing(
    group_service: GroupService, deployment: Deployment, fields: dict[str, Any], code: str, facts: dict[str, Any]
) -> None:
    result = await create(group_service, **fields)
    assert (result.success, result.data, result.entity_id()) == (False, None, None)
    assert (result.error.code, result.error.facts) == (code, facts)
    assert await deployment.count(GroupRow) == 0
    (row,) = await deployment.audit()
    assert (row.action, row.status, row.error_code, row.action_id) == (
        "create_group",
        "failure",
        code,
        result.action_id,
    )


async def test_s6_a_taken_name_is_refused_also_that_of_a_deleted_group(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group(name="research") as group:
        for _ in range(2):
            taken = await create(group_service, "research")
            assert (taken.success, taken.error.code) == (False, "group_name_taken")
            assert taken.error.facts == {"name": "research", "domain_name": DOMAIN}
            await group_service.delete_group(DeleteGroupAction(group.id))


async def test_s5_two_domains_may_use_one_name(group_service: GroupService) -> None:
    assert (await create(group_service)).success
    assert (await create(group_service, domain_name=OTHER_DOMAIN)).success


async def test_s6_an_integration_id_is_taken_by_active_groups_of_the_domain_only(group_service: GroupService) -> None:
    first = await create(group_service, "first", integration_id="7")
    assert first.success
    refused = await create(group_service, "second", integration_id="7")
    assert (refused.success, refused.error.code) == (False, "integration_id_taken")
    assert (await create(group_service, "second", integration_id="7", is_active=False)).success
    assert (await create(group_service, "second", integration_id="7", domain_name=OTHER_DOMAIN)).success
    await group_service.delete_group(DeleteGroupAction(first.data.id))
    assert (await create(group_service, "third", integration_id="7")).success


@pytest.mark.parametrize(
    "name", ["a", "7", "a" * 64, "development-team", "v1.2_final-3", "Forschung", "研究", "Ελλάδα", "тест9", "टीमी"]
)
async def test_s5_names_that_are_allowed(group_service: GroupService, name: str) -> None:
    assert (await create(group_service, name)).data.name == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "a" * 65, "-a", "a-", ".a", "a.", "_a", "a_", "a b", "a/b", "a\n", "a😀b", "²", "\u0301a", "a\u200bb"],
)
async def test_s5_names_that_are_not(group_service: GroupService, name: str) -> None:
    result = await create(group_service, name)
    assert result.error.code == "invalid_group_name"


async def test_s5_one_name_in_two_spellings_of_unicode_is_one_name(group_service: GroupService) -> None:
    assert (await create(group_service, "caf\u00e9")).success
    assert (await create(group_service, "cafe\u0301")).error.code == "group_name_taken"


async def test_s4_actions_and_data_do_not_change(create_group: CreateGroup) -> None:
    async with create_group() as group:
        with pytest.raises(dataclasses.FrozenInstanceError):
            group.name = "other"  # type: ignore[misc]
