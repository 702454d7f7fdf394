"""Faults that are known and not mended: each test says what the contract asks for, and fails while it is not so."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from groups_platform.group_service import actions as a
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.services.group import processor
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.group import GroupCreator
from groups_platform.group_service.types.user import Actor, UserCreator, UserRole
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

MANY = 70_000
ARCHIVE = date(2001, 4, 1)


def create(name: str) -> a.CreateGroupAction:
    return a.CreateGroupAction(GroupCreator(name, DOMAIN))


@pytest.fixture
async def late_service(database_fixture: str, deployment: Deployment) -> Any:
    """A host whose clock is in March 2001."""
    async with open_service(database_fixture) as service:
        object.__setattr__(service.processor, "clock", lambda: datetime(2001, 3, 5, tzinfo=timezone.utc))
        yield service


@pytest.mark.xfail(strict=True, reason="the second file of a month replaces the first")
async def test_s29_a_month_that_is_archived_again_keeps_what_was_archived(
    group_service: GroupService, late_service: GroupService, tmp_path: Path
) -> None:
    ids = set()
    for name in ("early", "late"):
        ids.add((await late_service.create_group(create(name))).action_id)
        assert (await group_service.archive_audit(a.ArchiveAuditAction(ARCHIVE, str(tmp_path / "to")))).success
    files = (tmp_path / "to").glob("*.parquet")
    assert {UUID(i) for file in files for i in pq.read_table(file).column("action_id").to_pylist()} == ids


@pytest.mark.xfail(strict=True, reason="readers hold the table and wait for the queue, the archive does the opposite")
async def test_s29_readers_and_an_archive_do_not_deadlock(
    database_fixture: str, late_service: GroupService, deployment: Deployment, tmp_path: Path
) -> None:
    """With some readers at once, the archive loses every one of its tries."""
    assert (await late_service.create_group(create("team"))).success
    async with open_service(database_fixture) as service:
        async with deployment.session() as session:
            await session.execute(text("SELECT manager.queue_for_commit()"))
            archive = asyncio.ensure_future(service.archive_audit(a.ArchiveAuditAction(ARCHIVE, str(tmp_path / "to"))))
            await asyncio.sleep(1)
            search = asyncio.ensure_future(service.search_audit(a.SearchAuditAction()))
            await asyncio.sleep(0.5)
        assert (await archive).success
        assert (await search).success
    await asyncio.sleep(1)  # until the backends have told their statistics
    (row,) = await deployment.run("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert row.deadlocks == 0


@pytest.mark.xfail(strict=True, reason="an admin makes the second admin")
async def test_s34_one_admin_with_two_accounts_is_one_admin(
    database_fixture: str, deployment: Deployment, create_group: CreateGroup
) -> None:
    config = ManagerConfigProvider(purge_approval=True)
    async with create_group() as group, open_service(database_fixture, config=config) as service:
        admin = service.acting_as(deployment.admin)
        request = (await admin.request_purge(a.RequestPurgeAction(group.id))).data
        assert request is not None
        creator = UserCreator("admin+2@example.com", DOMAIN, role=UserRole.ADMIN)
        await admin.create_user(a.CreateUserAction(creator))
        second = service.acting_as("admin+2@example.com")
        assert not (await second.approve_purge(a.ApprovePurgeAction(request.id))).success


@pytest.mark.parametrize(
    ("column", "value"),
    [("total_resource_slots", {"cpu": "x"}), ("total_resource_slots", {"mem": "8g"}), ("dotfiles", [None])],
)
@pytest.mark.xfail(strict=True, reason="what others have stored is trusted to have the right shape")
async def test_s31_what_is_stored_in_another_shape_is_no_fault_of_python(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, column: str, value: Any
) -> None:
    async with create_group() as group:
        update = f"UPDATE manager.groups SET {column} = CAST(:value AS JSONB)"
        try:
            await deployment.run(update, value=json.dumps(value))
            await group_service.create_dotfile(a.CreateDotfileAction(group.id, ".a", "b"))
            assert (await group_service.search_groups(a.SearchGroupsAction())).success
        finally:
            await deployment.run(update, value="{}" if column == "total_resource_slots" else "[]")


@pytest.mark.xfail(strict=True, reason="an empty folder is the current one")
async def test_s31_an_archive_goes_somewhere(
    group_service: GroupService, late_service: GroupService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (await late_service.create_group(create("team"))).success
    result = await group_service.archive_audit(a.ArchiveAuditAction(ARCHIVE, ""))
    assert (result.error and result.error.code, list(tmp_path.glob("*.parquet"))) == ("invalid_value", [])


@pytest.mark.xfail(strict=True, reason="the row of a refusal waits for the group's table, and is given up")
async def test_s26_a_locked_table_is_busy_and_audited(
    database_fixture: str, create_group: CreateGroup, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("groups_platform.group_service.LONGEST_AUDIT_WAIT", 2.0)
    config = ManagerConfigProvider(lock_timeout=0.5)
    async with create_group() as group, open_service(database_fixture, config=config) as service:
        async with deployment.session() as session:
            await session.execute(text("LOCK TABLE manager.groups IN ACCESS EXCLUSIVE MODE"))
            result = await service.get_group(a.GetGroupAction(group.id))
        assert result.error and result.error.code == "busy"
        assert [row.error_code for row in await deployment.audit("get_group")] == ["busy"]


@pytest.mark.parametrize(
    "run_id", [uuid4(), "\0", "\ud800", "".join(chr(0x4E00 + n) for n in range(9000))], ids=range(4)
)
@pytest.mark.xfail(strict=True, reason="the id of a run is stored as it comes")
async def test_s27_attempts_of_any_run_have_their_rows(
    database_fixture: str, deployment: Deployment, run_id: Any
) -> None:
    async with open_service(database_fixture, run_id=run_id) as service:
        assert (await service.create_group(create("team"))).success
        assert not (await service.get_group(a.GetGroupAction(uuid4()))).success
    assert len(await deployment.audit()) == 2


@pytest.mark.parametrize("actor", [Actor("x", UserRole.ADMIN, "x", DOMAIN), Actor(5, UserRole.ADMIN, uuid4(), DOMAIN)])  # type: ignore[arg-type]
@pytest.mark.xfail(strict=True, reason="an actor's id and name are taken as they come")
async def test_s27_an_actor_of_wrong_types_is_unknown(
    group_service: GroupService, deployment: Deployment, actor: Actor
) -> None:
    result = await group_service.acting_as(actor).create_group(create("team"))
    assert result.error and result.error.code == "unknown_actor"
    assert [row.error_code for row in await deployment.audit()] == ["unknown_actor"]


@pytest.mark.parametrize("email", ["ΝΊΚΟΣ@example.com", "İnci@example.com"])
@pytest.mark.xfail(strict=True, reason="Python and Postgres fold these letters differently")
async def test_s25_an_address_is_found_by_its_own_spelling(group_service: GroupService, email: str) -> None:
    for spelling in (email, email.lower()):
        await group_service.create_user(a.CreateUserAction(UserCreator(spelling, DOMAIN)))
    assert (await group_service.get_actor(email)).name == email


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("find_users", lambda group: a.FindUsersAction(ids=[uuid4()] * MANY)),
        ("find_users", lambda group: a.FindUsersAction(emails=[f"{n}@example.com" for n in range(MANY)])),
        (
            "modify_group",
            lambda group: a.ModifyGroupAction(
                group,
                user_update_mode=OptionalState.update("add"),
                user_uuids=OptionalState.update([f"{n}@example.com" for n in range(MANY)]),
            ),
        ),
    ],
)
@pytest.mark.xfail(strict=True, reason="a parameter for each value, of which Postgres takes 65,535")
async def test_s31_many_users_are_no_fault_of_the_database(
    group_service: GroupService, create_group: CreateGroup, monkeypatch: pytest.MonkeyPatch, name: str, action: Any
) -> None:
    monkeypatch.setattr(processor, "MOST_TRIES", 1)
    async with create_group() as group:
        result = await getattr(group_service, name)(action(group.id))
        assert (result.error and result.error.code) == {"find_users": None, "modify_group": "unknown_users"}[name]


@pytest.mark.xfail(strict=True, reason="limits below 1 do nothing and succeed")
async def test_s31_a_retry_of_no_folders_is_refused(group_service: GroupService) -> None:
    result = await group_service.retry_vfolder_deletions(a.RetryVFolderDeletionsAction(-1))
    assert not result.success


@pytest.mark.xfail(strict=True, reason="a period that ends before it starts is empty")
async def test_s17_a_summary_that_ends_before_it_starts_is_refused(group_service: GroupService) -> None:
    result = await group_service.summarise_audit(a.SummariseAuditAction(date(2024, 1, 2), date(2024, 1, 1)))
    assert not result.success


@pytest.mark.xfail(strict=True, reason="a call that is given up before its first step is no attempt")
async def test_s27_a_call_that_is_given_up_at_once_has_its_row(
    group_service: GroupService, deployment: Deployment
) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(group_service.create_group(create("team")), 0)
    await group_service.processor.close()
    assert len(await deployment.audit("create_group")) == 1
