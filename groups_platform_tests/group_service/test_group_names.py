"""Groups by name: looked up among those that the actor sees, refused without a word on others, audited by id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import normalize
from uuid import UUID

import pytest

from groups_platform.group_service.errors import InvalidGroupName
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.audit import AuditFilter
from groups_platform.group_service.types.group import GroupName, GroupRef, check_group_name, parse_group
from groups_platform.group_service.types.text import quote
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.kernels import add_kernel, at

ID = "12345678-1234-1234-1234-123456789012"
ACTIONS: dict[str, Callable[[GroupRef], BaseAction]] = {
    "get_group": GetGroupAction,
    "modify_group": ModifyGroupAction,
    "delete_group": DeleteGroupAction,
    "restore_group": RestoreGroupAction,
    "purge_group": lambda group: PurgeGroupAction(group, dry_run=True),
    "usage_per_period": lambda group: UsagePerPeriodAction("20241001", "20241002", group),
}


@pytest.mark.parametrize(
    ("text", "domain", "group"),
    [
        (ID, None, UUID(ID)),
        (ID, "a", GroupName(ID, "a")),
        ("physics", None, GroupName("physics")),
        ("physics", "a", GroupName("physics", "a")),
        ("a/physics", None, GroupName("physics", "a")),
        ("a/b/physics", None, GroupName("physics", "a/b")),
    ],
)
def test_a_group_is_written_as_its_id_or_name(text: str, domain: str | None, group: GroupRef) -> None:
    assert parse_group(text, domain) == group


@pytest.mark.parametrize("name", ["a9", "研究0", "टीमी", "Ünïcode-7", "e\u0301"])
def test_s36_letters_of_any_script_name_a_group(name: str) -> None:
    assert check_group_name(name) == normalize("NFC", name)


@pytest.mark.parametrize(
    "name", ["a٣", "٣", "a৯b", "ａ９", "𝟗a", "x" * 65, "x" * 5_000_000, "e" + "\u0301" * 300, 5, None], ids=quote
)
def test_s36_s31_digits_are_ascii_and_the_error_is_short(name: Any) -> None:
    with pytest.raises(InvalidGroupName) as refused:
        check_group_name(name)
    assert len(refused.value.facts["name"]) <= 100
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", ACTIONS)
async def test_every_action_takes_a_name(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, name: str
) -> None:
    async with create_group(name="physics") as group:
        for named in (GroupName("physics", DOMAIN), GroupName("physics")):
            result = await getattr(group_service.acting_as(deployment.admin), name)(ACTIONS[name](named))
            assert result.success, result.error
            assert (await deployment.audit(name))[-1].entity_id == str(group.id)


async def test_usage_and_the_audit_log_by_names(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group(name="physics") as group, create_group(name="optics"):
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        usage = await group_service.usage_per_month(UsagePerMonthAction("202410", [GroupName("physics", DOMAIN)]))
        assert [g.g_id for g in usage.data.groups] == [group.id]
        found = await group_service.search_audit(SearchAuditAction(AuditFilter(entity_id=GroupName("physics"))))
        assert [entry.action for entry in found.data.entries] == ["create_group"]
        await deployment.run("DELETE FROM manager.kernels")


@pytest.mark.parametrize("name", ACTIONS)
async def test_a_name_that_the_actor_does_not_see_is_as_one_that_is_not_there(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, name: str
) -> None:
    async with create_group(name="physics") as group:
        service = group_service.acting_as(deployment.other_admin)
        for domain in (DOMAIN, None):
            there, not_there = [
                (await getattr(service, name)(ACTIONS[name](GroupName(named, domain)))).error
                for named in ("physics", "optics")
            ]
            assert there.code == not_there.code == "forbidden"
            assert there.message.replace("physics", "optics") == not_there.message
            assert there.facts.keys() == not_there.facts.keys() == {"group"}
        rows = await deployment.audit(name)
        assert {(row.actor, row.status.value) for row in rows} == {(deployment.other_admin.name, "denied")}
        assert [row.entity_id for row in rows] == [str(group.id), f"{DOMAIN}/optics", str(group.id), "optics"]


async def test_a_name_that_more_than_one_visible_group_has_is_asked_back(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group(name="physics"), create_group(name="physics", domain_name=OTHER_DOMAIN) as other:
        asked = (await group_service.get_group(GetGroupAction(GroupName("physics")))).error
        assert (asked.code, asked.message) == (
            "ambiguous_group",
            "Which one: example.com/physics, example.org/physics?",
        )
        assert asked.facts == {"groups": ("example.com/physics", "example.org/physics")}
        own = await group_service.acting_as(deployment.other_admin).get_group(GetGroupAction(GroupName("physics")))
        assert own.data.id == other.id
        (row, _) = await deployment.audit("get_group")
        assert (row.entity_id, row.error_code) == ("physics", "ambiguous_group")


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (GroupName("physics", DOMAIN), "group_not_found"),
        (GroupName("physics"), "forbidden"),
        (GroupName("physics", "nowhere"), "forbidden"),
        (GroupName("x" * 10_000, DOMAIN), "group_not_found"),
        (GroupName("half a \udcff", DOMAIN), "invalid_value"),
        (GroupName("nul \0", DOMAIN), "invalid_value"),
        (GroupName("physics", "nul \0"), "invalid_value"),
    ],
)
async def test_an_unknown_name_is_refused_and_audited(
    group_service: GroupService, deployment: Deployment, group: GroupName, code: str
) -> None:
    result = await group_service.acting_as(deployment.admin).get_group(GetGroupAction(group))
    assert result.error.code == code
    (row,) = await deployment.audit("get_group")
    assert (row.error_code, row.actor_id) == (code, deployment.admin.id)
    assert row.entity_id.startswith(str(group)[:4])
