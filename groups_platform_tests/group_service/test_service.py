"""Opening the service: what comes from the environment, and that nothing stays open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import fields
from inspect import iscoroutinefunction, signature
from pathlib import Path
from pydoc import plaintext, render_doc

import pytest

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import SYSTEM
from groups_platform.provisioning.service import ProvisioningService
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


@pytest.mark.parametrize(
    ("service", "name"),
    [
        (service, name)
        for service in (GroupService, ProvisioningService)
        for name, method in vars(service).items()
        if iscoroutinefunction(method) and name not in ("get_actor", "refuse")
    ],
)
def test_help_says_what_an_action_takes_gives_and_raises(service: type, name: str) -> None:
    method = getattr(service, name)
    assert method.__qualname__ == f"{service.__name__}.{name}"
    (receiver, action), result = signature(method).parameters.values(), signature(method).return_annotation
    assert (method.__name__, receiver.name, action.name) == (name, "self", "action")
    assert issubclass(action.annotation, BaseAction)
    assert issubclass(result, BaseActionResult)
    assert action.annotation.name == name
    shown = render_doc(method, renderer=plaintext)
    documented = shown.split("Every action:")[0].split("\n", 3)[3]  # without the signature
    for said in (f"action: {action.annotation.__name__}. ", f"Returns {result.__name__}; data ", "error.code"):
        assert said in documented
    assert all(f"{field.name}:" in documented or f"{field.name}, " in documented for field in fields(action.annotation))
    codes = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", documented.split("error.code", 1)[1]))
    assert codes & {error.code for error in _errors(GroupServiceError)}
    raised = set(re.findall(r"\w+(?:Error|Parameters|Unknown)\b", shown))
    assert raised >= {"DatabaseError", "OutcomeUnknown"}
    assert raised <= {error.__name__ for error in _errors(GroupServiceError)}


def _errors(error: type[GroupServiceError]) -> Iterator[type[GroupServiceError]]:
    yield error
    for child in error.__subclasses__():
        yield from _errors(child)


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


async def test_s31_what_is_no_action_is_the_callers_error(group_service: GroupService, deployment: Deployment) -> None:
    for given in (None, 5, SearchGroupsAction, PurgeGroupAction):
        refused = await group_service.search_groups(given)  # type: ignore[arg-type]
        assert refused.error and (refused.error.code, refused.error.facts["field"]) == ("invalid_value", "action")
    rows = await deployment.audit("search_groups")
    assert [row.error_code for row in rows] == ["invalid_value"] * 4
