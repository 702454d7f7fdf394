"""Nothing waits for ever (S26): locks, statements and connections that others hold end as `busy`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import TriState
from groups_platform.group_service.types.group import GroupCreator, GroupModifier, GroupName
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

NIGHT = ModifyGroupAction(UUID(int=1), GroupModifier(description=TriState.update("night shift")))


def described(group: UUID | GroupName) -> ModifyGroupAction:
    return ModifyGroupAction(group, NIGHT.modifier)


@pytest.fixture
async def service(database_fixture: str, deployment: Deployment) -> AsyncIterator[GroupService]:
    """One that waits a second for locks, and has as many connections as a small deployment."""
    config = ManagerConfigProvider(lock_timeout=1, statement_timeout=2, usage_timeout=2, pool_size=5)
    async with open_service(database_fixture, config=config) as service:
        yield service


@asynccontextmanager
async def locked(deployment: Deployment, group_id: UUID) -> AsyncIterator[None]:
    async with deployment.session() as session:
        await session.execute(select(GroupRow.id).where(GroupRow.id == group_id).with_for_update())
        yield


async def test_s26_calls_that_wait_for_one_group_hold_up_nobody_else_and_are_audited(
    service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="locked") as group, create_group() as other, locked(deployment, group.id):
        refs = [group.id, GroupName("locked", DOMAIN)]
        waiting = [asyncio.ensure_future(service.modify_group(described(refs[n % 2]))) for n in range(15)]
        await asyncio.sleep(0.2)
        began = monotonic()
        assert (await service.get_group(GetGroupAction(other.id))).success
        assert (await service.modify_group(described(other.id))).success
        assert monotonic() - began < 0.7  # not the second that the others wait
        results = await asyncio.gather(*waiting)
    assert {result.error and result.error.code for result in results} == {"busy"}
    rows = [row for row in await deployment.audit("modify_group") if row.error_code == "busy"]
    assert {row.action_id for row in rows} == {result.action_id for result in results}
    assert {row.entity_id for row in rows} == {str(group.id)}


async def test_s26_busy_says_what_was_waited_for_and_a_later_try_succeeds(
    service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        async with locked(deployment, group.id):
            error = (await service.delete_group(DeleteGroupAction(group.id))).error
        assert error is not None
        assert dict(error.facts) == {
            "waited_for": "a row of groups, which another transaction holds", "seconds": 1, "is_retriable": True,
        }  # fmt: skip
        assert "Try again" in error.message
        assert (await service.delete_group(DeleteGroupAction(group.id))).success


async def test_s26_a_locked_domain_or_user_is_named(service: GroupService, deployment: Deployment) -> None:
    async with deployment.session() as session:
        await session.execute(text("SELECT FROM manager.domains WHERE name = 'example.com' FOR UPDATE"))
        results = await asyncio.gather(
            *(service.create_group(CreateGroupAction(GroupCreator(f"team-{n}", DOMAIN))) for n in range(8))
        )
    assert {result.error and result.error.code for result in results} == {"busy"}
    told = {result.error.facts["waited_for"] for result in results if result.error}
    assert told <= {"a row of domains, which another transaction holds", "a free connection to the database"}
    assert await deployment.count(GroupRow) == 0
    assert len(await deployment.audit("create_group")) == 8


async def test_s26_a_statement_that_takes_too_long_is_ended(service: GroupService, deployment: Deployment) -> None:
    await deployment.run(
        "CREATE FUNCTION public.slow() RETURNS TRIGGER LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;"
    )
    await deployment.run(
        "CREATE TRIGGER slow BEFORE INSERT ON manager.groups FOR EACH ROW EXECUTE FUNCTION public.slow()"
    )
    began = monotonic()
    result = await service.create_group(CreateGroupAction(GroupCreator("team", DOMAIN)))
    assert (result.error and result.error.code, monotonic() - began < 30) == ("busy", True)
    (row,) = await deployment.audit()
    assert (row.status, row.error_code, row.entity_id) == ("failure", "busy", f"{DOMAIN}/team")


async def test_s26_a_client_that_stops_before_its_commit_holds_nobody_up_for_long(
    group_service: GroupService, deployment: Deployment
) -> None:
    async with deployment.session() as session:
        await session.execute(text("SELECT manager.queue_for_commit()"))
        began = monotonic()
        refused = await group_service.search_groups(SearchGroupsAction())
        assert refused.error and refused.error.facts["waited_for"].startswith("the commit of others")
        assert (await group_service.search_groups(SearchGroupsAction())).success
        assert monotonic() - began < 40
        await session.invalidate()
    assert [row.error_code for row in await deployment.audit()] == ["busy", None]


async def test_s26_the_limits_are_settings(database_fixture: str, deployment: Deployment) -> None:
    config = ManagerConfigProvider(lock_timeout=3, statement_timeout=4, usage_timeout=9, pool_size=7)
    async with open_service(database_fixture, config=config) as service, service.processor.sessions() as session:
        limits: list[Any] = [
            await session.scalar(text(f"SHOW {name}")) for name in ("lock_timeout", "statement_timeout")
        ]
        assert limits == ["3s", "4s"]
        assert session.get_bind().pool.size() == 7  # type: ignore[union-attr]


async def test_s26_usage_names_its_own_limit(database_fixture: str, deployment: Deployment) -> None:
    await deployment.run(
        "CREATE OR REPLACE FUNCTION manager.stored_statistics(last_stat JSONB) RETURNS JSONB LANGUAGE plpgsql "
        "IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$"
    )
    config = ManagerConfigProvider(statement_timeout=60, usage_timeout=1)
    async with open_service(database_fixture, config=config) as service:
        created = (await service.create_group(CreateGroupAction(GroupCreator("team", DOMAIN)))).data
        assert created is not None
        await deployment.kernel(created, created_at=datetime(2024, 10, 1, tzinfo=timezone.utc))
        await deployment.run("UPDATE manager.kernels SET status = 'RUNNING'")
        slow = await service.usage_per_month(UsagePerMonthAction("202410"))
        assert slow.error and (slow.error.code, slow.error.facts["seconds"]) == ("busy", 1)
