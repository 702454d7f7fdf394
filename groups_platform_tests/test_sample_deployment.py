"""The sample deployment gives the numbers that its README promises, however often it is loaded."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from groups_platform.database.connection import connect, open_database
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.sample import load_sample_deployment, sample_id
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveEndpointsError,
    PurgeGroupActionVFoldersMountedToActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupCreator
from groups_platform.settings import Settings, find_resource

MONTHS = ("202408", "202409", "202410")
GIB = 2**30


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
            found.append([month, f"{group.domain_name}/{group.g_name}", *figures])
    assert sorted(found) == sorted(promised())
    assert len(found) == 16


async def test_loading_it_again_changes_nothing(settings: Settings, loaded: dict[str, int], tmp_path: Path) -> None:
    before = content(open_database(settings), loaded)
    assert loaded == {table: len(rows) for table, rows in before.items()}
    corpus = tmp_path / "vfolders" / sample_id("vfolder", "ticket-corpus").hex
    (corpus / "tickets.jsonl").write_text("changed by a person")
    assert set((await load_sample_deployment(settings)).values()) == {0}
    assert content(open_database(settings), loaded) == before
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
    assert str(linked.integration_id) in {str(group["id"]) for group in directory}
    assert [group.name for group in page.groups if not group.is_active] == ["summer-forecast"]
    assert [group.name for group in page.groups if group.type.value == "model-store"] == ["speech-models"]


async def test_two_purges_are_refused_and_one_takes_the_files_with_it(service: GroupService, tmp_path: Path) -> None:
    with pytest.raises(PurgeGroupActionActiveEndpointsError, match="phone-transcripts"):
        await service.purge_group(PurgeGroupAction(sample_id("group", "norrvik/speech-models")))
    with pytest.raises(PurgeGroupActionVFoldersMountedToActiveKernelsError, match="ticket-corpus"):
        await service.purge_group(PurgeGroupAction(sample_id("group", "norrvik/ticket-triage")))
    folder = tmp_path / "vfolders" / sample_id("vfolder", "call-history").hex
    assert (folder / "calls-2024.csv").is_file()
    purged = await service.purge_group(PurgeGroupAction(sample_id("group", "norrvik/summer-forecast")))
    assert (purged.success, purged.warnings, folder.exists()) == (True, (), False)


async def test_what_was_purged_comes_back(
    service: GroupService, settings: Settings, loaded: dict[str, int], tmp_path: Path
) -> None:
    before = content(open_database(settings), loaded)
    await service.purge_group(PurgeGroupAction(sample_id("group", "norrvik/summer-forecast")))
    added = {table: number for table, number in (await load_sample_deployment(settings)).items() if number}
    assert added == {"groups": 1, "association_groups_users": 1, "vfolders": 1, "sessions": 1, "kernels": 1}
    assert content(open_database(settings), loaded)["groups"] == before["groups"]
    assert (tmp_path / "vfolders" / sample_id("vfolder", "call-history").hex / "calls-2024.csv").is_file()


async def test_a_group_whose_name_is_taken_is_left_out(settings: Settings) -> None:
    with connect(open_database(settings)) as connection:
        connection.execute("INSERT INTO manager.domains (name) VALUES ('norrvik')")
        connection.execute("INSERT INTO manager.project_resource_policies (name) VALUES ('default')")
    async with open_service(settings=settings) as service:
        await service.create_group(CreateGroupAction(GroupCreator("ticket-triage", "norrvik")))
    added = await load_sample_deployment(settings)
    assert (added["groups"], added["vfolders"], added["sessions"]) == (5, 1, 15)


async def test_a_host_that_is_not_there_costs_only_the_files(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"vfolder_hosts": {"other": str(settings.home / "other")}})
    assert (await load_sample_deployment(elsewhere))["vfolders"] == 2
