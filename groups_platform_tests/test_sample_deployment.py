"""The sample deployment gives the numbers that its README promises, however often it is loaded."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from groups_platform.database.connection import connect, open_database
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.sample import RUN, load_sample_deployment, sample_id
from groups_platform.group_service.sample.records import records, reference
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveEndpointsError,
    PurgeGroupActionVFoldersMountedToActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.audit import AuditEntry, AuditFilter, AuditStatus
from groups_platform.group_service.types.group import GroupCreator, GroupModifier
from groups_platform.group_service.types.period import name_of_month
from groups_platform.group_service.types.user import UserModifier
from groups_platform.settings import Settings, find_resource
from groups_platform_tests.conftest import NewDatabase

MONTHS = ("202408", "202409", "202410")
GIB = 2**30
MADE = {
    "create_domain": 2, "create_resource_policy": 2, "create_user": 11, "create_group": 6, "modify_group": 6,
    "delete_group": 1, "modify_user": 1,
}  # fmt: skip
# What there is, by its names.
BY_NAME = {
    "domains": "SELECT name, description, total_resource_slots, allowed_vfolder_hosts FROM manager.domains",
    "policies": "SELECT name, max_vfolder_count, max_quota_scope_size FROM manager.project_resource_policies",
    "users": "SELECT email, full_name, role, status, domain_name FROM manager.users",
    "groups": "SELECT domain_name, name, description, is_active, type, total_resource_slots, allowed_vfolder_hosts, "
    "resource_policy, integration_id FROM manager.groups",
    "members": "SELECT name, email FROM manager.association_groups_users "
    "JOIN manager.groups ON id = group_id JOIN manager.users ON uuid = user_id",
    "sessions": "SELECT s.id, g.name, email FROM manager.sessions AS s "
    "JOIN manager.groups AS g ON g.id = group_id JOIN manager.users ON uuid = user_uuid",
    "kernels": "SELECT k.id, g.name FROM manager.kernels AS k JOIN manager.groups AS g ON g.id = group_id",
    "folders": 'SELECT f.id, g.name FROM manager.vfolders AS f JOIN manager.groups AS g ON g.id = "group"',
    "endpoints": "SELECT e.id, g.name FROM manager.endpoints AS e JOIN manager.groups AS g ON g.id = project",
    "routings": "SELECT id, endpoint, session FROM manager.routings",
}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    hosts = {"local": str(tmp_path / "vfolders")}
    return Settings(home=tmp_path, source="", lake="", database_url=database_url, vfolder_hosts=hosts)


@pytest.fixture
async def loaded(settings: Settings) -> dict[str, int]:
    return await load_sample_deployment(settings)


@pytest.fixture
async def service(settings: Settings, loaded: dict[str, int]) -> AsyncIterator[GroupService]:
    async with open_service(settings=settings) as service:
        yield service


def content(url: str, tables: Collection[str]) -> dict[str, list[Any]]:
    with connect(url) as connection:
        return {
            table: connection.execute(f"SELECT t::TEXT FROM manager.{table} AS t ORDER BY 1").fetchall()
            for table in tables
        }


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(open_database(settings)) as connection:
        result = connection.execute(query)
        return result.fetchall() if result.description else []


def deployment(settings: Settings) -> dict[str, list[str]]:
    return {what: sorted(map(repr, rows(settings, query))) for what, query in BY_NAME.items()}


async def entries(service: GroupService) -> tuple[AuditEntry, ...]:
    """What the sample itself did, and has succeeded in."""
    wanted = AuditFilter(run_id=RUN, status=AuditStatus.SUCCESS)
    page = (await service.search_audit(SearchAuditAction(wanted, limit=1000))).data
    assert page is not None
    return page.entries


async def performed(service: GroupService) -> Counter[str]:
    return Counter(entry.action for entry in await entries(service))


def promised() -> list[list[Any]]:
    """The rows of the README's table of usage."""
    lines = (find_resource("sample_data") / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("| 2024")]
    return [[month, group, *map(Decimal, figures)] for month, group, *figures in rows]


async def test_the_usage_is_what_the_readme_says(service: GroupService) -> None:
    found = []
    for month in MONTHS:
        usage = (await service.usage_per_month(UsagePerMonthAction(month))).data
        assert usage is not None
        for group in usage.groups:
            figures = [
                group.g_kernels,
                group.g_cpu_allocated,
                Decimal(group.g_mem_allocated) / GIB,
                group.g_gpu_allocated,
                group.g_cpu_used / 3_600_000,
                Decimal(group.g_mem_used) / GIB,
                Decimal(group.g_io_read) / GIB,
                sum(not kernel.has_statistics for kernel in group.c_infos or ()),
            ]
            found.append([name_of_month(month), f"{group.domain_name}/{group.g_name}", *figures])
    assert sorted(found) == sorted(promised())
    assert len(found) == 16


async def test_loading_it_again_changes_nothing(settings: Settings, loaded: dict[str, int], tmp_path: Path) -> None:
    before = content(open_database(settings), [*loaded, "audit_log"])
    assert loaded == {table: len(before[table]) for table in loaded}
    corpus = tmp_path / "vfolders" / sample_id("vfolder", "ticket-corpus").hex
    (corpus / "tickets.jsonl").write_text("changed by a person")
    assert set((await load_sample_deployment(settings)).values()) == {0}
    assert content(open_database(settings), before) == before
    assert (corpus / "tickets.jsonl").read_text() == "changed by a person"


async def test_users_are_agents_and_a_group_is_linked_to_the_directory(service: GroupService) -> None:
    day = find_resource("sample_data") / "sync-day1"
    agents = json.loads((day / "agents" / "agents.json").read_text(encoding="utf-8"))["agents"]
    addresses = {agent["contact"]["email"] for agent in agents}
    users = json.loads((find_resource("sample_data") / "deployment" / "users.json").read_text(encoding="utf-8"))
    assert {user["email"] for user in users} <= addresses

    page = (await service.search_groups(SearchGroupsAction())).data
    assert page is not None
    assert len(page.groups) == 6
    (linked,) = [group for group in page.groups if group.integration_id]
    directory = json.loads((day / "admin_groups" / "groups.json").read_text(encoding="utf-8"))
    assert linked.integration_id in {f"directory:{group['id']}" for group in directory}
    assert [group.name for group in page.groups if not group.is_active] == ["summer-forecast"]
    assert [group.name for group in page.groups if group.type.value == "model-store"] == ["speech-models"]


async def test_two_purges_are_refused_and_one_takes_the_files_with_it(service: GroupService, tmp_path: Path) -> None:
    with pytest.raises(PurgeGroupActionActiveEndpointsError, match="phone-transcripts"):
        await service.purge_group(PurgeGroupAction("norrvik/speech-models"))
    with pytest.raises(PurgeGroupActionVFoldersMountedToActiveKernelsError, match="ticket-corpus"):
        await service.purge_group(PurgeGroupAction("norrvik/ticket-triage"))
    folder = tmp_path / "vfolders" / sample_id("vfolder", "call-history").hex
    assert (folder / "calls-2024.csv").is_file()
    purged = await service.purge_group(PurgeGroupAction("norrvik/summer-forecast"))
    assert (purged.success, purged.warnings, folder.exists()) == (True, (), False)


async def test_what_was_purged_comes_back(service: GroupService, settings: Settings, tmp_path: Path) -> None:
    before = deployment(settings)
    await service.purge_group(PurgeGroupAction("norrvik/summer-forecast"))
    added = {table: number for table, number in (await load_sample_deployment(settings)).items() if number}
    assert added == {"groups": 1, "association_groups_users": 1, "vfolders": 1, "sessions": 1, "kernels": 1}
    assert deployment(settings) == before
    assert (tmp_path / "vfolders" / sample_id("vfolder", "call-history").hex / "calls-2024.csv").is_file()


async def test_a_group_whose_name_is_taken_is_left_out(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with connect(open_database(settings)) as connection:
        connection.execute("INSERT INTO manager.domains (name) VALUES ('norrvik')")
        connection.execute("INSERT INTO manager.project_resource_policies (name) VALUES ('default')")
    async with open_service(settings=settings) as service:
        await service.create_group(CreateGroupAction(GroupCreator("ticket-triage", "norrvik")))
        linked = GroupCreator("batteries", "norrvik", integration_id="directory:21000402110")
        await service.create_group(CreateGroupAction(linked))
    for groups, folders, sessions in ((4, 1, 11), (0, 0, 0)):
        added = await load_sample_deployment(settings)
        assert (added["groups"], added["vfolders"], added["sessions"]) == (groups, folders, sessions)
        for name in ("norrvik/ticket-triage", "norrvik/battery-diagnostics"):
            assert f"the group {name} of the sample is left out" in caplog.text
        caplog.clear()


async def test_a_host_that_is_not_there_is_left_out(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = settings.model_copy(update={"vfolder_hosts": {"other": str(settings.home / "other")}})
    assert (await load_sample_deployment(elsewhere))["vfolders"] == 2
    for said in (
        "the sample does without the storage host local",
        "the files of ticket-corpus are missing",
    ):
        assert said in caplog.text
    hosts = "SELECT name FROM manager.{} WHERE allowed_vfolder_hosts <> '{{}}'"
    assert [rows(settings, hosts.format(table)) for table in ("domains", "groups")] == [[], []]


# By actions


async def test_the_audit_log_says_who_made_it(service: GroupService) -> None:
    assert await performed(service) == Counter(MADE)
    by_actor = {
        "system": {"create_domain", "create_resource_policy", "create_user"},
        "ingrid.solheim@example.com": {"create_user"},
        "mateus.carvalho@example.com": {"create_user", "create_group", "modify_group", "delete_group"},
        "chloe.marchetti@example.com": {"create_user", "create_group", "modify_group", "modify_user"},
    }
    found: dict[str, set[str]] = {}
    for entry in await entries(service):
        found.setdefault(entry.actor, set()).add(entry.action)
        if entry.actor not in ("system", "ingrid.solheim@example.com"):
            own = "norrvik" if entry.actor.startswith("mateus") else "norrvik-labs"
            assert entry.domain_name == own
    assert found == by_actor


async def test_a_load_that_was_interrupted_is_completed(settings: Settings, new_database: NewDatabase) -> None:
    rows(settings, "CREATE FUNCTION stop() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$")
    for event, table, condition in (
        ("INSERT", "project_resource_policies", "NEW.name = 'large'"),
        ("INSERT", "users", "NEW.email LIKE 'samuel%'"),
        ("INSERT", "groups", "NEW.name = 'ride-simulation'"),
        ("INSERT", "association_groups_users", "true"),
        ("UPDATE OF is_active", "groups", "true"),
        ("UPDATE", "users", "true"),
        ("INSERT", "routings", "true"),
    ):
        trigger = f"CREATE TRIGGER stop BEFORE {event} ON manager.{table} FOR EACH ROW WHEN ({condition})"
        rows(settings, f"{trigger} EXECUTE FUNCTION stop()")
        with pytest.raises((GroupServiceError, DBAPIError)):
            await load_sample_deployment(settings)
        rows(settings, f"DROP TRIGGER stop ON manager.{table}")
    completed = {table for table, number in (await load_sample_deployment(settings)).items() if number}
    assert completed == {"vfolders", "sessions", "kernels", "endpoints", "routings"}
    with new_database() as url:
        at_once = settings.model_copy(update={"home": settings.home / "other", "database_url": SecretStr(url)})
        await load_sample_deployment(at_once)
        assert deployment(settings) == deployment(at_once)
    async with open_service(settings=settings) as service:
        assert await performed(service) == Counter(MADE)
    assert set((await load_sample_deployment(settings)).values()) == {0}


async def test_two_loads_at_once_are_one(settings: Settings) -> None:
    one, other = await asyncio.gather(load_sample_deployment(settings), load_sample_deployment(settings))
    assert {table: one[table] + other[table] for table in one} == {
        table: len(found) for table, found in content(open_database(settings), one).items()
    }
    assert 0 in (one["domains"], other["domains"])


async def test_what_people_changed_since_stays(service: GroupService, settings: Settings) -> None:
    renamed = ModifyGroupAction("norrvik/ticket-triage", GroupModifier(name=OptionalState.update("triage")))
    assert (await service.modify_group(renamed)).success
    assert (await service.restore_group(RestoreGroupAction("norrvik/summer-forecast"))).success
    for email, change in (
        ("samuel.kipkemboi@example.com", UserModifier(status=OptionalState.update("active"))),
        ("chloe.marchetti@example.com", UserModifier(role=OptionalState.update("user"))),
    ):
        assert (await service.modify_user(ModifyUserAction(email, change))).success
    before = content(open_database(settings), ["groups", "users", "association_groups_users", "audit_log"])
    assert set((await load_sample_deployment(settings)).values()) == {0}
    assert content(open_database(settings), before) == before


async def test_a_member_who_may_not_join_again_is_left_out(
    service: GroupService, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    members = ModifyGroupAction(
        "norrvik-labs/sensor-firmware",
        user_update_mode=OptionalState.update("replace"),
        user_uuids=OptionalState.update([]),
    )
    assert (await service.modify_group(members)).success
    assert (await load_sample_deployment(settings))["association_groups_users"] == 1
    assert "samuel.kipkemboi@example.com is left out" in caplog.text


async def test_what_an_older_version_loaded_is_known(settings: Settings) -> None:
    """Its ids of users and groups were made of names, and its rows have no entries in the audit log."""
    with connect(open_database(settings)) as connection:
        for domain in records("domains"):
            connection.execute("INSERT INTO manager.domains (name) VALUES (%s)", (domain["name"],))
        for policy in records("resource_policies"):
            connection.execute("INSERT INTO manager.project_resource_policies (name) VALUES (%s)", (policy["name"],))
        for user in records("users"):
            connection.execute(
                "INSERT INTO manager.users (uuid, email, domain_name) VALUES (%s, %s, %s)",
                (sample_id("user", user["email"]), user["email"], user["domain"]),
            )
        for group in records("groups"):
            connection.execute(
                "INSERT INTO manager.groups (id, name, domain_name, resource_policy) VALUES (%s, %s, %s, 'default')",
                (sample_id("group", reference(group)), group["name"], group["domain"]),
            )
    added = await load_sample_deployment(settings)
    tables = ("domains", "project_resource_policies", "users", "groups")
    assert {added[table] for table in tables} == {0}
    assert (added["association_groups_users"], added["sessions"]) == (12, 20)
    kept = rows(settings, "SELECT count(*) FROM manager.groups WHERE is_active")
    assert kept == [(6,)], "what it has not made itself it does not end"
    (triage,) = rows(settings, "SELECT DISTINCT group_id FROM manager.sessions WHERE name LIKE 'triage%'")
    assert triage == (sample_id("group", "norrvik/ticket-triage"),)
    assert set((await load_sample_deployment(settings)).values()) == {0}
