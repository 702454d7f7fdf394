"""Every attempt has its row (S27), also if its caller gives up at any moment, and whoever the actor is."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupCreator
from groups_platform.group_service.types.user import Actor, UserRole
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment


async def give_up(service: GroupService, number: int, seconds: float, known: UUID) -> bool:
    """Call an action and cancel it after so long; whether it had ended before."""
    calls = (
        lambda: service.create_group(CreateGroupAction(GroupCreator(f"team-{number}", DOMAIN))),
        lambda: service.delete_group(DeleteGroupAction(known)),
        lambda: service.get_group(GetGroupAction(uuid4())),
        lambda: service.search_groups(SearchGroupsAction()),
    )
    task = asyncio.ensure_future(calls[number % len(calls)]())
    await asyncio.sleep(seconds)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


@pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.slow)])
async def test_s27_cancellations_at_random_moments_leave_a_row_each(
    database_fixture: str, deployment: Deployment, create_group: CreateGroup, number: int
) -> None:
    moments = random.Random(27)
    async with create_group() as known:
        before = len(await deployment.audit())
        async with open_service(database_fixture) as service:
            for batch in range(0, number, 20):
                ended = await asyncio.gather(
                    *(give_up(service, n, moments.uniform(0, 0.06), known.id) for n in range(batch, batch + 20))
                )
                assert len(ended) == 20
        rows = (await deployment.audit())[before:]
        assert len(rows) == number
        assert len({row.action_id for row in rows}) == number
        created = {row.entity_name for row in rows if row.action == "create_group" and row.status == "success"}
        assert await deployment.count(GroupRow) == len(created) + 1


async def test_s27_refused_attempts_whose_callers_give_up_leave_a_row_each(
    group_service: GroupService, deployment: Deployment
) -> None:
    service = group_service.acting_as(deployment.user)
    for n in range(50):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(service.create_group(CreateGroupAction(GroupCreator(f"team-{n}", DOMAIN))), 0.001)
    await group_service.processor.close()
    assert len(await deployment.audit("create_group")) == 50


@pytest.mark.parametrize(
    "actor",
    ["nobody@example.com", "", "x" * 5_000_000, "NUL\0", "\ud800", Actor("gone", UserRole.ADMIN, uuid4(), DOMAIN)],
)
async def test_s27_the_attempt_of_an_unknown_actor_has_a_row(
    group_service: GroupService, deployment: Deployment, actor: Actor | str
) -> None:
    result = await group_service.acting_as(actor).create_group(CreateGroupAction(GroupCreator("team", DOMAIN)))
    assert (result.success, result.error and result.error.code) == (False, "unknown_actor")
    (row,) = await deployment.audit()
    assert (row.status, row.error_code, row.action_id, row.actor_id) == (
        "denied",
        "unknown_actor",
        result.action_id,
        actor.id if isinstance(actor, Actor) else None,
    )
    assert len(row.actor) <= 200


@pytest.mark.parametrize(
    "run_id", [uuid4(), "NUL\0", "\ud800", "\u6f22" * 9_000, 5], ids=["uuid", "nul", "surrogate", "long", "number"]
)
async def test_s27_whatever_the_run_is_called_the_attempt_has_a_row(
    database_fixture: str, deployment: Deployment, run_id: str
) -> None:
    async with open_service(database_fixture, run_id=run_id) as service:
        assert (await service.search_groups(SearchGroupsAction())).success
    (row,) = await deployment.audit()
    assert row.run_id and len(row.run_id) <= 200


@pytest.mark.parametrize(
    "actor",
    [
        Actor("x", UserRole.ADMIN, "no-uuid", DOMAIN),  # type: ignore[arg-type]
        Actor(5, UserRole.ADMIN, uuid4(), DOMAIN),  # type: ignore[arg-type]
        Actor("x", "superadmin"),  # type: ignore[arg-type]
        5,
        None,
    ],
    ids=["id", "name", "role", "number", "none"],
)
async def test_s30_what_is_no_actor_is_an_unknown_one(
    group_service: GroupService, deployment: Deployment, actor: Actor
) -> None:
    refused = await group_service.acting_as(actor).search_groups(SearchGroupsAction())
    assert refused.error and refused.error.code == "unknown_actor"
    (row,) = await deployment.audit()
    assert (row.status, row.error_code) == ("denied", "unknown_actor")


async def test_s27_a_refusal_has_its_row_also_while_nobody_may_read_the_groups(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        async with deployment.session() as session:
            await session.execute(text("LOCK TABLE manager.groups IN ACCESS EXCLUSIVE MODE"))
            refused = await group_service.get_group(GetGroupAction(group.id))
        assert refused.error and refused.error.code == "busy"
        (row,) = await deployment.audit("get_group")
        assert (row.error_code, row.entity_id) == ("busy", str(group.id))
