"""Domains: made, changed, deactivated and listed; who may, what is refused, and what the log says."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.models.domain import DomainRow
from groups_platform.group_service.services.group.actions.create_domain import CreateDomainAction
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.deactivate_domain import DeactivateDomainAction
from groups_platform.group_service.services.group.actions.list_domains import ListDomainsAction
from groups_platform.group_service.services.group.actions.modify_domain import ModifyDomainAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.domain import DomainCreator, DomainFilter, DomainModifier
from groups_platform.group_service.types.group import GroupCreator, GroupModifier
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment

ROLES = ("superadmin", "monitor", "admin", "user", "other_admin", "other_user")
LIMITS = {"cpu": "8", "mem": "16g"}


async def create(service: GroupService, name: Any = "norrvik", **fields: Any) -> Any:
    return await service.create_domain(CreateDomainAction(DomainCreator(name, **fields)))


async def modify(service: GroupService, name: str = DOMAIN, **changes: Any) -> Any:
    return await service.modify_domain(ModifyDomainAction(name, DomainModifier(**changes)))


async def names(service: GroupService, **wanted: Any) -> list[str]:
    listed = await service.list_domains(ListDomainsAction(DomainFilter(**wanted)))
    assert listed.data is not None
    return [domain.name for domain in listed.data.domains]


async def test_s25_a_domain_has_defaults(group_service: GroupService) -> None:
    made = (await create(group_service)).data
    assert (made.name, made.description, made.is_active) == ("norrvik", None, True)
    assert (made.total_resource_slots, dict(made.allowed_vfolder_hosts)) == (ResourceSlot(), {})
    assert made.created_at == made.modified_at
    assert await names(group_service) == [DOMAIN, OTHER_DOMAIN, "norrvik"]


async def test_s25_a_domain_with_every_field(group_service: GroupService) -> None:
    fields = {"description": "tyres", "is_active": False, "allowed_vfolder_hosts": {"local": "local"}}
    result = await create(group_service, "norrvik.example", total_resource_slots=LIMITS, **fields)
    assert {name: getattr(result.data, name) for name in fields} == fields
    assert result.data.total_resource_slots.to_json() == {"cpu": "8", "mem": "17179869184"}
    assert result.entity_id() == "norrvik.example"


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "a" * 65, "a@b", "."])
async def test_s25_names_that_no_domain_has(group_service: GroupService, deployment: Deployment, name: str) -> None:
    result = await create(group_service, name)
    assert (result.success, result.data, result.error.code) == (False, None, "invalid_domain_name")
    assert await deployment.count(DomainRow) == 2
    (row,) = await deployment.audit("create_domain")
    assert (row.status, row.error_code, row.entity_type) == ("failure", "invalid_domain_name", "domain")


async def test_s25_a_name_is_given_once(group_service: GroupService, deployment: Deployment) -> None:
    await group_service.deactivate_domain(DeactivateDomainAction(DOMAIN))
    assert (await create(group_service, DOMAIN)).error.code == "domain_name_taken"
    results = await asyncio.gather(*[create(group_service) for _ in range(10)])
    codes = Counter(result.error.code if result.error else "created" for result in results)
    assert codes == {"created": 1, "domain_name_taken": 9}
    assert await deployment.count(DomainRow) == 3


async def test_s31_a_host_that_is_not_configured_is_named(group_service: GroupService) -> None:
    hosts = {"moon": "moon"}
    changed = await modify(group_service, allowed_vfolder_hosts=OptionalState.update(hosts))
    for result in (await create(group_service, allowed_vfolder_hosts=hosts), changed):
        assert (result.error.code, result.error.facts["field"]) == ("invalid_value", "allowed_vfolder_hosts")


@pytest.mark.parametrize("field", [{"total_resource_slots": {"cpu": "many"}}, {"total_resource_slots": {"mem": "-1"}}])
async def test_s25_a_bad_amount_is_named(group_service: GroupService, field: Any) -> None:
    refused = (await create(group_service, **field)).error
    assert (refused.code, refused.facts["field"]) == ("invalid_value", "total_resource_slots")
    states = {name: OptionalState.update(value) for name, value in field.items()}
    assert (await modify(group_service, **states)).error.code == "invalid_value"


async def test_s25_only_what_is_given_changes(group_service: GroupService, deployment: Deployment) -> None:
    before = (await create(group_service, description="old", total_resource_slots=LIMITS)).data
    after = (await modify(group_service, "norrvik", description=TriState.update("new"))).data
    assert (after.description, after.total_resource_slots) == ("new", before.total_resource_slots)
    assert after.modified_at > before.modified_at
    cleared = (await modify(group_service, "norrvik", description=TriState.nullify())).data
    assert cleared.description is None
    assert (await modify(group_service, "norrvik")).data == cleared

    *_, told, cleared_row, nothing = await deployment.audit("modify_domain")
    assert (told.entity_id, told.entity_name, told.domain_name) == ("norrvik",) * 3
    assert (told.before["description"], told.after["description"]) == ("old", "new")
    assert told.before.keys() == {"description", "modified_at"}
    assert cleared_row.after["description"] is None
    assert not nothing.before and not nothing.after


async def test_s25_a_change_is_later_than_the_one_before(group_service: GroupService, deployment: Deployment) -> None:
    ahead = datetime.now(timezone.utc) + timedelta(hours=1)
    await deployment.run("UPDATE manager.domains SET modified_at = :ahead", ahead=ahead)
    changed = (await modify(group_service, description=TriState.update("new"))).data
    assert changed.modified_at == ahead + timedelta(microseconds=1)


async def test_s25_a_domain_is_deactivated_and_activated(group_service: GroupService, deployment: Deployment) -> None:
    first = await group_service.deactivate_domain(DeactivateDomainAction(DOMAIN))
    second = await group_service.deactivate_domain(DeactivateDomainAction(DOMAIN))
    assert first.data == second.data
    assert not first.data.is_active
    assert await names(group_service, is_active=False) == [DOMAIN]
    assert (await modify(group_service, is_active=OptionalState.update(True))).data.is_active
    assert await names(group_service, is_active=False) == []
    row, again = await deployment.audit("deactivate_domain")
    assert (row.before["is_active"], row.after["is_active"]) == (True, False)
    assert not again.after


async def test_s25_an_unknown_domain(group_service: GroupService, deployment: Deployment) -> None:
    for result in (
        await modify(group_service, "nowhere", description=TriState.update("x")),
        await group_service.deactivate_domain(DeactivateDomainAction("nowhere")),
    ):
        assert (result.error.code, result.error.facts) == ("unknown_domain", {"domain_name": "nowhere"})
    (row,) = await deployment.audit("modify_domain")
    assert (row.status, row.error_code, row.entity_id) == ("failure", "unknown_domain", "nowhere")


@pytest.mark.parametrize("role", ROLES)
async def test_s25_superadmins_alone_write_domains(
    group_service: GroupService, deployment: Deployment, role: str
) -> None:
    service = group_service.acting_as(getattr(deployment, role))
    results = [
        await create(service),
        await modify(service, description=TriState.update("x")),
        await service.deactivate_domain(DeactivateDomainAction(DOMAIN)),
    ]
    wanted = None if role == "superadmin" else "forbidden"
    assert [result.error and result.error.code for result in results] == [wanted] * 3
    assert await deployment.count(DomainRow) == (3 if role == "superadmin" else 2)
    rows = [row for row in await deployment.audit() if row.actor_id == service.actor.id]
    assert {row.status.value for row in rows} == {"success" if role == "superadmin" else "denied"}


@pytest.mark.parametrize("role", ROLES)
async def test_s25_everybody_lists_the_domains_that_they_see(
    group_service: GroupService, deployment: Deployment, role: str
) -> None:
    seen = await names(group_service.acting_as(getattr(deployment, role)))
    own = OTHER_DOMAIN if role.startswith("other") else DOMAIN
    assert seen == ([DOMAIN, OTHER_DOMAIN] if role in ("superadmin", "monitor") else [own])
    (row,) = await deployment.audit("list_domains")
    assert (row.status.value, row.is_read) == ("success", True)


async def test_s25_domains_are_listed_by_pages_and_parts(group_service: GroupService) -> None:
    for number in range(3):
        await create(group_service, f"Lab-{number}")
    assert await names(group_service, name_part="LAB") == ["Lab-0", "Lab-1", "Lab-2"]
    assert await names(group_service, name_part="%") == []
    found, cursor = [], None
    while True:
        page = (await group_service.list_domains(ListDomainsAction(cursor=cursor, limit=2))).data
        found += [domain.name for domain in page.domains]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == await names(group_service)
    assert len(found) == 5
    for wrong in ({"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "WzFd"}, {"cursor": "W10="}):
        with pytest.raises(InvalidAPIParameters):
            await group_service.list_domains(ListDomainsAction(**wrong))


async def test_s25_a_deactivation_waits_for_who_holds_the_domain(
    group_service: GroupService, deployment: Deployment
) -> None:
    """Whoever creates a group holds its domain; so either the group is first, or it finds the domain inactive."""
    async with deployment.session() as session:
        await session.execute(select(DomainRow.name).where(DomainRow.name == DOMAIN).with_for_update(read=True))
        waiting = asyncio.create_task(group_service.deactivate_domain(DeactivateDomainAction(DOMAIN)))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done
    assert (await waiting).success


async def test_s25_a_deactivated_domain_takes_no_groups(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group() as stays, create_group(domain_name=OTHER_DOMAIN) as comes:
        await group_service.deactivate_domain(DeactivateDomainAction(DOMAIN))
        move = GroupModifier(domain_name=OptionalState.update(DOMAIN))
        new = CreateGroupAction(GroupCreator("new", DOMAIN))
        for refused in (
            await group_service.create_group(new),
            await group_service.modify_group(ModifyGroupAction(comes.id, move)),
        ):
            assert refused.error and refused.error.code == "inactive_domain"
        rename = GroupModifier(name=OptionalState.update("renamed"))
        assert (await group_service.modify_group(ModifyGroupAction(stays.id, rename))).success
        assert (await modify(group_service, is_active=OptionalState.update(True))).success
        assert (await group_service.modify_group(ModifyGroupAction(comes.id, move))).success


async def test_s25_a_domain_is_deactivated_while_groups_come(
    group_service: GroupService, deployment: Deployment
) -> None:
    """Every group that comes is in the log before the deactivation, and none after it."""
    come = [CreateGroupAction(GroupCreator(f"group-{number}", DOMAIN)) for number in range(10)]
    tasks = [group_service.create_group(action) for action in come]
    tasks.insert(5, group_service.deactivate_domain(DeactivateDomainAction(DOMAIN)))
    results = await asyncio.gather(*tasks)
    assert {result.error.code for result in results if result.error} <= {"inactive_domain"}
    rows = [row for row in await deployment.audit() if row.status.value == "success"]
    actions = [row.action for row in rows if row.domain_name == DOMAIN]
    assert actions == ["create_group"] * (len(actions) - 1) + ["deactivate_domain"]
