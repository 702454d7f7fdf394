"""Links (M2): a project belongs to a directory group iff its integration id says so, and no other project does."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import psycopg
import pytest

from groups_platform.database.connection import connect
from groups_platform.group_service import actions as a
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupCreator, GroupData, GroupFilter, GroupModifier
from groups_platform.provisioning.actions.link_group import LinkGroupAction
from groups_platform.provisioning.actions.unlink_group import UnlinkGroupAction
from groups_platform.provisioning.service import ProvisioningService
from groups_platform.provisioning.types import directory_group_of
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.provisioning.conftest import DirectoryGroup

LINK = "directory:42"
IDS: dict[str | None, int | None] = {
    "directory:42": 42, "directory:0": 0, "directory:-7": -7, "directory:9223372036854775807": 2**63 - 1,
    "directory:-9223372036854775808": -(2**63), "directory:1000000000000000000": 10**18,
    "directory:9223372036854775808": None, "directory:-9223372036854775809": None, "directory:007": None,
    "directory:-0": None, "directory:+1": None, "directory:x": None, "directory:": None, "directory: 42": None,
    "directory:42 ": None, "directory:42\n": None, "Directory:42": None, "directory:٤٢": None, "42": None,
    "xdirectory:42": None, "directory:42:43": None, "directory:10000000000000000000": None, "directory:4.2": None,
    None: None,
}  # fmt: skip


async def project(service: GroupService, name: str = "tyres", domain: str = DOMAIN, link: str | None = None) -> UUID:
    made = await service.create_group(a.CreateGroupAction(GroupCreator(name, domain, integration_id=link)))
    assert made.data is not None, made.error
    return made.data.id


def code(result: BaseActionResult[Any]) -> str | None:
    return result.error and result.error.code


def with_link(link: str) -> GroupModifier:
    return GroupModifier(integration_id=TriState.update(link))


async def test_m2_a_project_is_linked_and_found_by_its_link(
    provisioning: ProvisioningService,
    group_service: GroupService,
    deployment: Deployment,
    directory_group: DirectoryGroup,
) -> None:
    group_id = await project(group_service)
    await directory_group(42)
    result = await provisioning.link_group(LinkGroupAction(f"{DOMAIN}/tyres", 42))
    assert result.data is not None and result.data.integration_id == LINK
    assert result.entity_id() == str(group_id)
    (row,) = await deployment.audit("link_group")
    assert (row.entity_type, row.entity_id, row.domain_name) == ("group", str(group_id), DOMAIN)
    assert row.before is not None and row.before["integration_id"] is None
    assert row.after is not None and row.after["integration_id"] == LINK
    found = await group_service.search_groups(a.SearchGroupsAction(GroupFilter(integration_id=LINK)))
    assert found.data and [group.id for group in found.data.groups] == [group_id]
    again = await provisioning.link_group(LinkGroupAction(group_id, 42))
    assert again.data == result.data
    assert (await deployment.audit("link_group"))[-1].after == {}


async def test_m2_a_link_is_refused_where_either_side_is_taken(
    provisioning: ProvisioningService,
    group_service: GroupService,
    deployment: Deployment,
    directory_group: DirectoryGroup,
) -> None:
    for group_id in (41, 42, 43):
        await directory_group(group_id)
    free = await project(group_service, "free")
    linked = await project(group_service, "linked", link=LINK)
    other = await project(group_service, "other", link="crm-7")
    far = await project(group_service, "far", OTHER_DOMAIN, "directory:43")
    gone = await project(group_service, "gone", link="directory:41")
    assert (await group_service.delete_group(a.DeleteGroupAction(gone))).success
    for group, directory_group_id, expected in (
        (free, 99, "unknown_directory_group"),
        (free, 42, "already_linked"),
        (free, 43, "already_linked"),
        (free, 41, "already_linked"),
        (linked, 41, "already_linked"),
        (linked, 99, "already_linked"),
        (other, 42, "already_linked"),
        (gone, 42, "already_linked"),
        (UUID(int=5), 42, "group_not_found"),
        ("nowhere/free", 42, "group_not_found"),
    ):
        result = await provisioning.link_group(LinkGroupAction(group, directory_group_id))
        assert code(result) == expected, (group, directory_group_id)
        row = (await deployment.audit("link_group"))[-1]
        assert (row.status, row.error_code) == ("failure", expected)
    far_away = await provisioning.link_group(LinkGroupAction(free, 43))
    assert far_away.error and OTHER_DOMAIN not in f"{far_away.error.message}{dict(far_away.error.facts)}"
    assert str(far) not in far_away.error.message
    links = await deployment.run("SELECT name, integration_id FROM manager.groups WHERE integration_id IS NOT NULL")
    assert dict(map(tuple, links)) == {
        "linked": LINK, "other": "crm-7", "far": "directory:43", "gone": "directory:41"
    }  # fmt: skip


async def test_m2_a_deleted_project_can_be_linked_and_restored(
    provisioning: ProvisioningService, group_service: GroupService, directory_group: DirectoryGroup
) -> None:
    group_id = await project(group_service)
    await directory_group(42)
    assert (await group_service.delete_group(a.DeleteGroupAction(group_id))).success
    assert (await provisioning.link_group(LinkGroupAction(group_id, 42))).success
    assert code(await group_service.create_group(creation("new", LINK))) == "already_linked"
    assert (await group_service.restore_group(a.RestoreGroupAction(group_id))).success


def creation(name: str, link: str, domain: str = DOMAIN) -> a.CreateGroupAction:
    return a.CreateGroupAction(GroupCreator(name, domain, integration_id=link))


async def test_m2_the_same_holds_for_projects_that_are_created_and_modified(
    group_service: GroupService, deployment: Deployment
) -> None:
    linked = await project(group_service, "linked", link=LINK)
    free = await project(group_service, "free", OTHER_DOMAIN)
    for result in (
        await group_service.create_group(creation("new", LINK)),
        await group_service.create_group(creation("new", LINK, OTHER_DOMAIN)),
        await group_service.modify_group(a.ModifyGroupAction(free, with_link(LINK))),
    ):
        assert result.error and (result.error.code, result.error.facts) == ("already_linked", {"integration_id": LINK})
        assert "has the link directory:42" in result.error.message
    same = GroupModifier(integration_id=TriState.update(LINK), description=TriState.update("x"))
    assert (await group_service.modify_group(a.ModifyGroupAction(linked, same))).success
    moved = GroupModifier(domain_name=OptionalState.update(OTHER_DOMAIN))
    assert (await group_service.modify_group(a.ModifyGroupAction(linked, moved))).success
    assert (await group_service.modify_group(a.ModifyGroupAction(linked, with_link("directory:43")))).success
    assert (await group_service.modify_group(a.ModifyGroupAction(free, with_link(LINK)))).success
    purge = a.PurgeGroupAction(free)
    assert (await group_service.purge_group(purge)).success
    assert (await group_service.create_group(creation("new", LINK))).success
    rows = [row for row in await deployment.audit() if row.error_code]
    assert [row.error_code for row in rows] == ["already_linked"] * 3


async def test_m2_ids_of_other_systems_may_be_in_two_domains(group_service: GroupService) -> None:
    for number, link in enumerate(text for text, group_id in IDS.items() if text is not None and group_id is None):
        for domain in (DOMAIN, OTHER_DOMAIN):
            assert code(await group_service.create_group(creation(f"p{number}", link, domain))) is None, link
        again = await group_service.create_group(creation(f"q{number}", link))
        assert code(again) == "integration_id_taken", link


async def test_m2_what_is_a_link_is_the_same_in_both_languages(deployment: Deployment) -> None:
    for text, group_id in IDS.items():
        (row,) = await deployment.run("SELECT manager.directory_group_of(CAST(:text AS TEXT)) AS id", text=text)
        assert (row.id, directory_group_of(text)) == (group_id, group_id), text


async def test_m2_of_twenty_who_take_one_directory_group_at_once_one_gets_it(
    provisioning: ProvisioningService,
    group_service: GroupService,
    deployment: Deployment,
    directory_group: DirectoryGroup,
) -> None:
    await directory_group(42)
    projects = [await project(group_service, f"p{n}", (DOMAIN, OTHER_DOMAIN)[n % 2]) for n in range(14)]
    calls: list[Any] = [provisioning.link_group(LinkGroupAction(group, 42)) for group in projects[:7]]
    calls += [group_service.modify_group(a.ModifyGroupAction(group, with_link(LINK))) for group in projects[7:]]
    calls += [group_service.create_group(creation(f"new{n}", LINK, (DOMAIN, OTHER_DOMAIN)[n % 2])) for n in range(6)]
    results = await asyncio.gather(*calls)
    assert Counter(map(code, results)) == {None: 1, "already_linked": 19}
    (row,) = await deployment.run(
        "SELECT count(*) AS number FROM manager.groups WHERE integration_id = :link", link=LINK
    )
    assert row.number == 1


async def test_m2_projects_that_had_one_link_before_stay_and_can_be_changed(
    provisioning: ProvisioningService, group_service: GroupService, deployment: Deployment
) -> None:
    one, two = await project(group_service, "one"), await project(group_service, "two", OTHER_DOMAIN)
    await deployment.run("ALTER TABLE manager.groups DISABLE TRIGGER USER")
    await deployment.run("UPDATE manager.groups SET integration_id = 'directory:42'")
    await deployment.run("ALTER TABLE manager.groups ENABLE TRIGGER USER")
    for group in (one, two):
        change = GroupModifier(description=TriState.update("x"), integration_id=TriState.update(LINK))
        assert code(await group_service.modify_group(a.ModifyGroupAction(group, change))) is None
        assert code(await group_service.delete_group(a.DeleteGroupAction(group))) is None
        assert code(await group_service.restore_group(a.RestoreGroupAction(group))) is None
    assert (await provisioning.unlink_group(UnlinkGroupAction(two))).success
    assert code(await group_service.modify_group(a.ModifyGroupAction(two, with_link(LINK)))) == "already_linked"


async def test_m2_an_unlinked_project_stays_and_is_no_rule_s_any_more(
    provisioning: ProvisioningService,
    group_service: GroupService,
    deployment: Deployment,
    directory_group: DirectoryGroup,
) -> None:
    await directory_group(42)
    group_id = await project(group_service, link=LINK)
    insert = "INSERT INTO manager.provisioned_projects VALUES (:project, gen_random_uuid())"
    await deployment.run(insert, project=group_id)
    change = GroupModifier(description=TriState.update("x"), integration_id=TriState.update(LINK))
    assert (await group_service.modify_group(a.ModifyGroupAction(group_id, change))).success
    assert len(await deployment.run("SELECT * FROM manager.provisioned_projects")) == 1
    result = await provisioning.unlink_group(UnlinkGroupAction(group_id))
    assert result.data and (result.data.integration_id, result.data.is_active) == (None, True)
    assert await deployment.run("SELECT * FROM manager.provisioned_projects") == []
    (row,) = await deployment.audit("unlink_group")
    assert row.before is not None and row.before["integration_id"] == LINK
    assert (await provisioning.unlink_group(UnlinkGroupAction(group_id))).data == result.data
    assert (await provisioning.link_group(LinkGroupAction(group_id, 42))).success
    await deployment.run(insert, project=group_id)
    cleared = GroupModifier(integration_id=TriState.nullify())
    assert (await group_service.modify_group(a.ModifyGroupAction(group_id, cleared))).success
    assert await deployment.run("SELECT * FROM manager.provisioned_projects") == []


async def test_m2_an_id_in_another_system_is_no_link_to_end(
    provisioning: ProvisioningService, group_service: GroupService
) -> None:
    for number, link in enumerate(("crm-7", "directory:007")):
        group_id = await project(group_service, f"p{number}", link=link)
        result = await provisioning.unlink_group(UnlinkGroupAction(group_id))
        assert isinstance(result.data, GroupData) and result.data.integration_id == link


async def test_m2_an_admin_links_projects_of_the_domain_alone(
    provisioning: ProvisioningService,
    group_service: GroupService,
    deployment: Deployment,
    directory_group: DirectoryGroup,
) -> None:
    await directory_group(42)
    inside, outside = await project(group_service), await project(group_service, domain=OTHER_DOMAIN)
    acting = ProvisioningService.of(group_service.acting_as(deployment.admin))
    assert code(await acting.link_group(LinkGroupAction(outside, 42))) == "forbidden"
    assert code(await acting.link_group(LinkGroupAction(UUID(int=1), 42))) == "forbidden"
    assert code(await acting.link_group(LinkGroupAction(inside, 42))) is None
    assert code(await acting.unlink_group(UnlinkGroupAction(inside))) is None


def add_project(connection: psycopg.Connection[Any], domain: str, link: str) -> None:
    connection.execute("INSERT INTO manager.domains (name) VALUES (%s)", [domain])
    connection.execute(
        "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id) "
        "VALUES ('p', %s, 'default', %s)",
        (domain, link),
    )


def test_m2_the_database_alone_holds_it(database_url: str) -> None:
    with connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO manager.project_resource_policies (name) VALUES ('default')")
        add_project(connection, "a", LINK)
        with pytest.raises(psycopg.errors.UniqueViolation) as refused:
            add_project(connection, "b", LINK)
        assert refused.value.diag.constraint_name == "groups_directory_link_key"
