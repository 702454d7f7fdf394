"""Purges by two: what is requested, who approves it and when, what has changed since, and many at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.errors import GroupServiceError, InvalidAPIParameters
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.models.session import KernelRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.services.group.actions.approve_purge import ApprovePurgeAction
from groups_platform.group_service.services.group.actions.create_user import CreateUserAction
from groups_platform.group_service.services.group.actions.list_purge_requests import ListPurgeRequestsAction
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.request_purge import RequestPurgeAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.purge import PurgeRequest, PurgeRequestState
from groups_platform.group_service.types.user import Actor, UserCreator, UserRole
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members, modify
from groups_platform_tests.group_service.test_purge_group import counts, fill, finish

COUNTS = {"routings": 1, "endpoints": 1, "kernels": 2, "sessions": 2, "vfolders": 1, "members": 2}


def configured(service: GroupService, purge_approval: bool | frozenset[str]) -> GroupService:
    return GroupService(replace(service.processor, config=ManagerConfigProvider(purge_approval=purge_approval)))


def later(service: GroupService, passed: timedelta) -> GroupService:
    now = datetime.now(timezone.utc) + passed
    return GroupService(replace(service.processor, clock=lambda: now))


@pytest.fixture
async def second_admin(deployment: Deployment) -> Actor:
    """Another admin of the domain."""
    row = await deployment.add(UserRow(email=f"second@{DOMAIN}", role=UserRole.ADMIN, domain_name=DOMAIN))
    return Actor(row.email, UserRole.ADMIN, row.uuid, DOMAIN)


async def request(service: GroupService, actor: Actor, group: GroupData) -> PurgeRequest:
    result = await service.acting_as(actor).request_purge(RequestPurgeAction(group.id))
    assert result.data is not None, result.error
    return result.data


async def approve(service: GroupService, actor: Actor, request_id: UUID | str, **options: Any) -> Any:
    return await service.acting_as(actor).approve_purge(ApprovePurgeAction(request_id, **options))


async def listed(service: GroupService, actor: Actor) -> list[tuple[UUID, PurgeRequestState]]:
    page = await service.acting_as(actor).list_purge_requests(ListPurgeRequestsAction())
    assert page.data is not None, page.error
    return [(found.id, found.state) for found in page.data.requests]


async def test_s34_what_one_admin_requests_another_purges(
    group_service: GroupService,
    create_group: CreateGroup,
    deployment: Deployment,
    second_admin: Actor,
    storage_root: Path,
) -> None:
    async with create_group(name="research") as group:
        folder = await fill(deployment, group_service, group, storage_root)
        before = await counts(deployment)
        asked = await request(group_service, deployment.admin, group)
        assert (asked.group_id, asked.group_name, asked.domain_name) == (group.id, "research", DOMAIN)
        assert (asked.counts, asked.vfolders, asked.endpoints) == (COUNTS, ("data",), ("model",))
        assert (asked.requested_by, asked.requested_by_id) == (deployment.admin.name, deployment.admin.id)
        assert asked.expires_at - asked.requested_at == timedelta(days=7)
        assert asked.state is PurgeRequestState.WAITING
        assert await counts(deployment) == before

        purged = await approve(group_service, second_admin, asked.id)
        assert (purged.success, purged.data.counts, purged.data.is_dry_run) == (True, COUNTS, False)
        assert purged.data.digest == asked.plan_digest
        assert await counts(deployment) == [0] * len(before)
        assert not (storage_root / folder.hex).exists()

        page = await group_service.list_purge_requests(ListPurgeRequestsAction())
        assert page.data is not None
        (done,) = page.data.requests
        assert (done.state, done.approved_by, done.approved_by_id) == (
            PurgeRequestState.APPROVED,
            second_admin.name,
            second_admin.id,
        )
        assert replace(done, state=asked.state, approved_by=None, approved_by_id=None, approved_at=None) == asked

        (requested,) = await deployment.audit("request_purge")
        (approved,) = await deployment.audit("approve_purge")
        assert (requested.entity_id, requested.actor, requested.status) == (
            str(group.id), deployment.admin.name, "success",
        )  # fmt: skip
        assert requested.after == {"request_id": str(asked.id), "purge_requested": COUNTS}
        assert (approved.entity_id, approved.actor, approved.status) == (str(group.id), second_admin.name, "success")
        assert approved.before and approved.before["name"] == "research"
        assert approved.after and approved.after["purged"] == COUNTS
        assert (approved.after["request_id"], approved.after["requested_by"]) == (str(asked.id), deployment.admin.name)
        assert len(approved.after["members_removed"]) == 2


@pytest.mark.parametrize(
    ("purge_approval", "is_needed"),
    [(False, False), (True, True), (frozenset({DOMAIN}), True), (frozenset({OTHER_DOMAIN}), False)],
)
async def test_s34_where_approval_is_needed_nobody_purges_alone(
    group_service: GroupService,
    create_group: CreateGroup,
    deployment: Deployment,
    purge_approval: bool | frozenset[str],
    is_needed: bool,
) -> None:
    service = configured(group_service, purge_approval)
    async with create_group() as group:
        planned = await service.purge_group(PurgeGroupAction(group.id, dry_run=True))
        assert planned.success and planned.data and planned.data.digest
        result = await service.purge_group(PurgeGroupAction(group.id))
        assert result.success is not is_needed
        if result.error:
            assert result.error.code == "approval_required"
            assert "request_purge" in result.error.message
            assert await deployment.count(GroupRow) == 1
            *_, row = await deployment.audit("purge_group")
            assert (row.status, row.error_code, row.entity_id) == ("denied", "approval_required", str(group.id))


async def test_s34_a_blocked_group_is_not_requested(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.kernel(group)
        with pytest.raises(PurgeGroupActionActiveKernelsError) as refused:
            await request(group_service, deployment.admin, group)
        assert refused.value.facts["count"] == 1
        assert await listed(group_service, deployment.admin) == []
        await finish(deployment)


@pytest.mark.parametrize("who", ["user", "monitor", "other_admin"])
async def test_s34_who_may_not_purge_neither_requests_nor_approves(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, who: str
) -> None:
    actor = getattr(deployment, who)
    async with create_group() as group:
        refused = await group_service.acting_as(actor).request_purge(RequestPurgeAction(group.id))
        assert refused.error and refused.error.code == "forbidden"
        asked = await request(group_service, deployment.admin, group)
        for request_id in (asked.id, uuid4()):
            result = await approve(group_service, actor, request_id)
            assert (result.error.code, result.data) == ("forbidden", None)
        assert await deployment.count(GroupRow) == 1
        assert {row.status.value for row in await deployment.audit("approve_purge")} == {"denied"}


async def test_s34_who_requested_does_not_approve_not_even_the_system(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        for actor in (deployment.admin, deployment.superadmin, group_service.actor):
            asked = await request(group_service, actor, group)
            result = await approve(group_service, actor, asked.id)
            assert result.error and result.error.code == "own_purge_request"
            assert await deployment.count(GroupRow) == 1
        assert (await approve(group_service, deployment.superadmin, asked.id)).success


async def test_s34_an_unknown_request_and_a_text_that_is_no_id(
    group_service: GroupService, deployment: Deployment
) -> None:
    for request_id, code in ((uuid4(), "purge_request_not_found"), ("17", "invalid_value")):
        for is_dry_run in (True, False):
            result = await approve(group_service, deployment.superadmin, request_id, dry_run=is_dry_run)
            assert result.error and result.error.code == code
    assert {row.status.value for row in await deployment.audit("approve_purge")} == {"failure"}


async def test_s34_a_request_expires_after_seven_days(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        late = later(group_service, timedelta(days=7))
        result = await approve(late, deployment.superadmin, asked.id)
        assert result.error and result.error.code == "purge_request_expired"
        assert await listed(late, deployment.admin) == [(asked.id, PurgeRequestState.EXPIRED)]
        in_time = later(group_service, timedelta(days=6, hours=23))
        assert await listed(in_time, deployment.admin) == [(asked.id, PurgeRequestState.WAITING)]
        assert (await approve(in_time, deployment.superadmin, asked.id)).success


async def test_s34_a_new_request_replaces_the_old_one(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group() as other:
        untouched = await request(group_service, deployment.admin, other)
        old = await request(group_service, deployment.admin, group)
        new = await request(group_service, deployment.superadmin, group)
        assert await listed(group_service, deployment.admin) == [
            (new.id, PurgeRequestState.WAITING),
            (old.id, PurgeRequestState.REPLACED),
            (untouched.id, PurgeRequestState.WAITING),
        ]
        result = await approve(group_service, deployment.superadmin, old.id)
        assert result.error and result.error.code == "purge_request_not_waiting"
        assert result.error.facts["state"] == "replaced"


async def test_s34_a_purge_that_needs_no_approval_leaves_no_request_waiting(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        assert (await group_service.purge_group(PurgeGroupAction(group.id))).success
        assert await listed(group_service, deployment.admin) == [(asked.id, PurgeRequestState.REPLACED)]
        result = await approve(group_service, deployment.superadmin, asked.id)
        assert result.error and result.error.code == "purge_request_not_waiting"


async def test_s34_an_approval_is_done_once(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, second_admin: Actor
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        assert (await approve(group_service, second_admin, asked.id)).success
        for actor in (second_admin, deployment.superadmin, deployment.admin):
            again = await approve(group_service, actor, asked.id)
            assert again.error and again.error.code == "purge_request_not_waiting"
            assert again.error.facts["state"] == "approved"


async def _member_replaced(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await change_members(service, group, "replace", await deployment.users(2))


async def _kernel_comes(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await deployment.kernel(group, "PENDING")


async def _kernel_goes(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await deployment.run("DELETE FROM manager.kernels WHERE status = 'PENDING'")


async def _folder_is_another(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await deployment.run("UPDATE manager.vfolders SET id = gen_random_uuid()")


async def _folder_is_renamed(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await deployment.run("UPDATE manager.vfolders SET name = 'precious'")


async def _endpoint_comes(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await deployment.endpoint(group, "destroyed")


async def _routing_comes(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    await deployment.run(
        "INSERT INTO manager.routings (endpoint, session) SELECT endpoint, session FROM manager.routings"
    )


async def _group_is_renamed(deployment: Deployment, service: GroupService, group: GroupData) -> None:
    assert (await modify(service, group, name="renamed")).success


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_member_replaced, "as many rows, but not the same"),
        (_kernel_comes, "kernels were 2 and are 3, sessions were 2 and are 3"),
        (_kernel_goes, "kernels were 2 and are 1"),
        (_folder_is_another, "as many rows, but not the same"),
        (_folder_is_renamed, "as many rows, but not the same"),
        (_endpoint_comes, "endpoints were 1 and are 2"),
        (_routing_comes, "routings were 1 and are 2"),
        (_group_is_renamed, f"the group was {DOMAIN}/research and is {DOMAIN}/renamed"),
    ],
)
async def test_s34_what_has_changed_since_is_not_approved(
    group_service: GroupService,
    create_group: CreateGroup,
    deployment: Deployment,
    storage_root: Path,
    change: Any,
    said: str,
) -> None:
    async with create_group(name="research") as group:
        await fill(deployment, group_service, group, storage_root)
        asked = await request(group_service, deployment.admin, group)
        await change(deployment, group_service, group)
        before = await counts(deployment)
        for is_dry_run in (True, False):
            result = await approve(group_service, deployment.superadmin, asked.id, dry_run=is_dry_run)
            assert result.error and result.error.code == "purge_plan_changed"
            assert said in result.error.message and "request it again" in result.error.message
            assert result.error.facts["requested"] == COUNTS
        assert await counts(deployment) == before
        again = await request(group_service, deployment.admin, group)
        assert (await approve(group_service, deployment.superadmin, again.id)).success


async def test_s34_what_the_group_merely_says_of_itself_may_change(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        assert (await modify(group_service, group, description="to be purged")).success
        assert (await approve(group_service, deployment.superadmin, asked.id)).success


async def test_s34_a_group_that_moved_is_not_purged_by_the_admin_of_its_old_domain(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, second_admin: Actor
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        assert (await modify(group_service, group, domain_name=OTHER_DOMAIN)).success
        for actor, code in (
            (second_admin, "forbidden"),
            (deployment.other_admin, "forbidden"),
            (deployment.superadmin, "purge_plan_changed"),
        ):
            result = await approve(group_service, actor, asked.id)
            assert result.error and result.error.code == code


async def test_s34_the_role_of_the_approver_is_the_one_of_now(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, second_admin: Actor
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        await deployment.run("UPDATE manager.users SET role = 'user' WHERE uuid = :id", id=second_admin.id)
        result = await approve(group_service, second_admin, asked.id)
        assert result.error and result.error.code == "forbidden"
        assert await deployment.count(GroupRow) == 1


async def test_s34_a_dry_run_of_an_approval_shows_the_plan_and_what_blocks(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, storage_root: Path
) -> None:
    async with create_group() as group:
        await fill(deployment, group_service, group, storage_root)
        asked = await request(group_service, deployment.admin, group)
        before = await counts(deployment)
        planned = await approve(group_service, deployment.superadmin, asked.id, dry_run=True)
        assert (planned.success, planned.data.is_dry_run, planned.data.counts) == (True, True, COUNTS)
        await deployment.run("UPDATE manager.kernels SET status = 'RUNNING' WHERE status = 'PENDING'")
        blocked = await approve(group_service, deployment.superadmin, asked.id, dry_run=True)
        assert [blocker.code for blocker in blocked.data.blockers] == ["active_kernels"]
        with pytest.raises(PurgeGroupActionActiveKernelsError):
            await approve(group_service, deployment.superadmin, asked.id)
        assert await counts(deployment) == before
        assert await listed(group_service, deployment.admin) == [(asked.id, PurgeRequestState.WAITING)]
        await finish(deployment)
        assert (await approve(group_service, deployment.superadmin, asked.id)).success


async def test_s38_a_real_purge_may_name_the_group(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="caf\u00e9") as group:
        asked = await request(group_service, deployment.admin, group)
        for result in (
            await group_service.purge_group(PurgeGroupAction(group.id, expected_name="tea")),
            await approve(group_service, deployment.superadmin, asked.id, expected_name="tea"),
        ):
            assert result.error and result.error.code == "not_confirmed"
            assert "Nothing was purged" in result.error.message
        assert await deployment.count(GroupRow) == 1
        assert (await deployment.audit("purge_group"))[-1].error_code == "not_confirmed"
        assert (await approve(group_service, deployment.superadmin, asked.id, expected_name="cafe\u0301")).success


async def test_s34_requests_are_listed_for_who_administrates_the_domain(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group(domain_name=OTHER_DOMAIN) as other:
        own = (await request(group_service, deployment.admin, group)).id
        foreign = (await request(group_service, deployment.other_admin, other)).id
        seen = {
            name: [request_id for request_id, _ in await listed(group_service, getattr(deployment, name))]
            for name in ("superadmin", "monitor", "admin", "other_admin")
        }
        assert seen == {
            "superadmin": [foreign, own], "monitor": [foreign, own], "admin": [own], "other_admin": [foreign],
        }  # fmt: skip
        refused = await group_service.acting_as(deployment.user).list_purge_requests(ListPurgeRequestsAction())
        assert refused.error and refused.error.code == "forbidden"
        assert all(row.is_read for row in await deployment.audit("list_purge_requests"))


async def test_s34_requests_come_in_pages(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        asked = [(await request(group_service, deployment.admin, group)).id for _ in range(5)]
        found: list[UUID] = []
        cursor: str | None = None
        for size in (2, 2, 1):
            page = await group_service.list_purge_requests(ListPurgeRequestsAction(cursor, limit=2))
            assert page.data is not None and len(page.data.requests) == size
            found += [one.id for one in page.data.requests]
            cursor = page.data.next_cursor
        assert (found, cursor) == (asked[::-1], None)
        for wrong in (
            ListPurgeRequestsAction("x"),
            ListPurgeRequestsAction(limit=0),
            ListPurgeRequestsAction(limit=1001),
        ):
            with pytest.raises(InvalidAPIParameters):
                await group_service.list_purge_requests(wrong)


async def outcome(attempt: Awaitable[Any]) -> str:
    try:
        result = await attempt
    except GroupServiceError as error:
        return error.code
    return result.error.code if result.error else "done"


async def test_s34_ten_approvals_at_once_purge_once(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, second_admin: Actor
) -> None:
    async with create_group() as group:
        await deployment.vfolder(group)
        asked = await request(group_service, deployment.admin, group)
        approvals = [approve(group_service, actor, asked.id) for actor in (second_admin, deployment.superadmin) * 5]
        assert Counter(await asyncio.gather(*map(outcome, approvals))) == {"done": 1, "purge_request_not_waiting": 9}
        rows = await deployment.audit("approve_purge")
        assert Counter(row.status.value for row in rows) == {"success": 1, "failure": 9}


async def test_s34_ten_requests_at_once_leave_one_waiting(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await asyncio.gather(*[request(group_service, deployment.admin, group) for _ in range(10)])
        states = Counter(state for _, state in await listed(group_service, deployment.admin))
        assert states == {PurgeRequestState.WAITING: 1, PurgeRequestState.REPLACED: 9}


async def test_s34_an_approval_and_a_new_request_at_once(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    for _ in range(5):
        async with create_group() as group:
            asked = await request(group_service, deployment.admin, group)
            approved, requested = await asyncio.gather(
                outcome(approve(group_service, deployment.superadmin, asked.id)),
                outcome(group_service.request_purge(RequestPurgeAction(group.id))),
            )
            assert (approved, requested) in [("done", "group_not_found"), ("purge_request_not_waiting", "done")]


async def test_s34_an_approval_and_a_purge_at_once_purge_once(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    for _ in range(5):
        async with create_group() as group:
            asked = await request(group_service, deployment.admin, group)
            approved, purged = await asyncio.gather(
                outcome(approve(group_service, deployment.superadmin, asked.id)),
                outcome(group_service.purge_group(PurgeGroupAction(group.id))),
            )
            assert (approved, purged) in [("done", "group_not_found"), ("purge_request_not_waiting", "done")]


async def test_s34_an_approval_and_a_change_of_members_at_once(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    for _ in range(5):
        async with create_group() as group:
            asked = await request(group_service, deployment.admin, group)
            users = await deployment.users(2)
            approved, changed = await asyncio.gather(
                outcome(approve(group_service, deployment.superadmin, asked.id)),
                outcome(change_members(group_service, group, "add", users)),
            )
            assert (approved, changed) in [("done", "group_not_found"), ("purge_plan_changed", "done")]


@pytest.mark.parametrize("is_known", [True, False])
async def test_s34_an_approval_waits_for_a_kernel_that_starts_and_then_refuses(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, is_known: bool
) -> None:
    async with create_group() as group:
        pending = await deployment.kernel(group, "PENDING")
        asked = await request(group_service, deployment.admin, group)
        async with deployment.session() as session:
            if is_known:
                kernel = await session.get(KernelRow, pending.id)
                assert kernel is not None
                kernel.status = "RUNNING"
                await session.flush()
            else:
                await deployment.start(session, group)
            approval = asyncio.ensure_future(outcome(approve(group_service, deployment.superadmin, asked.id)))
            await asyncio.sleep(0.3)
            assert not approval.done()
        assert await approval == "active_kernels"
        await finish(deployment)
        expected = "done" if is_known else "purge_plan_changed"
        assert await outcome(approve(group_service, deployment.superadmin, asked.id)) == expected


async def test_s11_a_purge_waits_for_what_comes_to_a_session_of_the_group(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group() as other:
        ended = await deployment.kernel(group, "TERMINATED")
        asked = await request(group_service, deployment.admin, group)
        async with deployment.session() as session:
            stray = KernelRow(
                session_id=ended.session_id, group_id=other.id, domain_name=DOMAIN, user_uuid=deployment.user.id
            )
            session.add(stray)
            await session.flush()
            approval = asyncio.ensure_future(outcome(approve(group_service, deployment.superadmin, asked.id)))
            await asyncio.sleep(0.3)
            assert not approval.done()
        assert await approval == "purge_plan_changed"


async def test_s34_an_admin_does_not_make_the_second_one(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        asked = await request(group_service, deployment.admin, group)
        creator = UserCreator(f"me-too@{DOMAIN}", DOMAIN, role=UserRole.ADMIN)
        made = await group_service.acting_as(deployment.admin).create_user(CreateUserAction(creator))
        assert made.data is not None
        refused = await group_service.acting_as(f"me-too@{DOMAIN}").approve_purge(ApprovePurgeAction(asked.id))
        assert refused.error and refused.error.code == "own_purge_request"
