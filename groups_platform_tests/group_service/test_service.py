"""Opening the service: what comes from the environment, and that nothing stays open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.types.user import SYSTEM
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment

CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_everything_comes_from_the_environment_and_everything_is_closed(
    database_fixture: str,
    create_group: CreateGroup,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in {
        "GROUPS_HOME": str(tmp_path / "home"),
        "GROUPS_DATABASE_URL": database_fixture,
        "GROUPS_VFOLDER_HOSTS": f"archive={tmp_path}",
        "GROUPS_TIMEZONE": "Europe/Vienna",
    }.items():
        monkeypatch.setenv(name, value)
    async with create_group() as group:
        folder = await deployment.vfolder(group, host="archive")
        (tmp_path / folder.id.hex).mkdir()
        (before,) = await deployment.run(CONNECTIONS)
        async with open_service() as service:
            assert service.actor == SYSTEM
            assert service.processor.config.time_zone == "Europe/Vienna"
            assert (await service.purge_group(PurgeGroupAction(group.id))).warnings == ()
            assert not (tmp_path / folder.id.hex).exists()
        await asyncio.sleep(0.5)  # a backend ends a moment after its connection
        assert (await deployment.run(CONNECTIONS))[0] == before


async def test_one_service_acts_for_many(database_fixture: str, deployment: Deployment) -> None:
    async with open_service(database_fixture, actor=deployment.user, run_id="run-7") as service:
        await service.search_groups(SearchGroupsAction())
        await service.acting_as(deployment.admin).search_groups(SearchGroupsAction())
        assert service.actor == deployment.user
    rows = await deployment.audit()
    assert [(row.actor_id, row.run_id) for row in rows] == [
        (deployment.user.id, "run-7"),
        (deployment.admin.id, "run-7"),
    ]
