"""What breaks, and what is true afterwards: backends that end, commits whose answer is lost, storage that refuses."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from groups_platform.database.connection import connect, open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.errors import DatabaseError, OutcomeUnknown
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.models.session import KernelRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.models.vfolder import VFolderDeletionRow, VFolderRow
from groups_platform.group_service.services.group import processor
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupCreator
from groups_platform.settings import Settings
from groups_platform_tests.group_service.broken_wire import Wire, wire_to
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members

CREATE = CreateGroupAction(GroupCreator("research", DOMAIN))

# Counts its calls outside of transactions, so that what is rolled back is counted too.
FAILING_TRIGGER = """
CREATE SEQUENCE public.calls;
CREATE FUNCTION public.fail() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('public.calls') <= {times} THEN
        {fault};
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER failing AFTER {event} ON manager.groups DEFERRABLE INITIALLY {when}
    FOR EACH ROW EXECUTE FUNCTION public.fail();
"""
SERIALISATION = "RAISE serialization_failure"
DEADLOCK = "RAISE deadlock_detected"
BACKEND_ENDS = "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1)"


def break_database(url: str, fault: str, event: str, *, times: int, at_commit: bool) -> None:
    when = "DEFERRED" if at_commit else "IMMEDIATE"
    with connect(url) as connection:
        connection.execute(FAILING_TRIGGER.format(times=times, fault=fault, event=event, when=when).encode())


async def calls(deployment: Deployment) -> int:
    return int((await deployment.run("SELECT last_value FROM public.calls"))[0].last_value)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Settings]:
    """An embedded server that may be killed."""
    yield Settings(home=tmp_path, source="", lake="", vfolder_hosts={"local": str(tmp_path / "vfolders")})
    stop_embedded(tmp_path)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries are enough to see that they end."""
    monkeypatch.setattr(processor, "MOST_TRIES", 3)


@pytest.mark.parametrize("at_commit", [False, True])
@pytest.mark.parametrize("fault", [SERIALISATION, DEADLOCK, BACKEND_ENDS])
async def test_s21_a_fault_that_passes_is_tried_anew_and_audited_once(
    group_service: GroupService, deployment: Deployment, database_fixture: str, fault: str, at_commit: bool
) -> None:
    break_database(database_fixture, fault, "INSERT", times=2, at_commit=at_commit)
    result = await group_service.create_group(CREATE)
    assert result.success
    assert (await calls(deployment), await deployment.count(GroupRow)) == (3, 1)
    (row,) = await deployment.audit()
    assert (row.status, row.action_id) == ("success", result.action_id)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [SERIALISATION, BACKEND_ENDS])
async def test_s21_a_fault_that_stays_ends_in_an_error(
    group_service: GroupService, deployment: Deployment, database_fixture: str, fault: str
) -> None:
    break_database(database_fixture, fault, "INSERT", times=1000, at_commit=True)
    with pytest.raises(DatabaseError) as failed:
        await group_service.create_group(CREATE)
    assert (await calls(deployment), await deployment.count(GroupRow)) == (3, 0)
    (row,) = await deployment.audit()
    assert (row.status, row.error_code, row.action_id) == ("failure", "database_error", failed.value.action_id)


async def test_s21_a_constraint_is_not_tried_again(
    group_service: GroupService, deployment: Deployment, database_fixture: str
) -> None:
    break_database(database_fixture, "RAISE unique_violation", "INSERT", times=1000, at_commit=False)
    result = await group_service.create_group(CREATE)
    assert (result.success, result.error and result.error.code) == (False, "integrity_error")
    assert await calls(deployment) == 1


@pytest.mark.parametrize("at_commit", [False, True])
async def test_s11_a_backend_that_ends_in_the_middle_of_a_purge(
    group_service: GroupService,
    create_group: CreateGroup,
    deployment: Deployment,
    database_fixture: str,
    storage_root: Path,
    at_commit: bool,
) -> None:
    async with create_group() as group:
        folder = await deployment.vfolder(group)
        (storage_root / folder.id.hex).mkdir()
        break_database(database_fixture, BACKEND_ENDS, "DELETE", times=1, at_commit=at_commit)
        assert (await group_service.purge_group(PurgeGroupAction(group.id))).success
        assert await calls(deployment) == 2
        assert [await deployment.count(row) for row in (GroupRow, VFolderRow, VFolderDeletionRow)] == [0, 0, 0]
        assert list(storage_root.iterdir()) == []
        assert [row.status for row in await deployment.audit("purge_group")] == ["success"]


@pytest.mark.parametrize("at_commit", [False, True])
async def test_s11_postgres_killed_in_the_middle_of_a_purge(
    own_server: Settings, monkeypatch: pytest.MonkeyPatch, at_commit: bool
) -> None:
    monkeypatch.setattr(processor, "MOST_TRIES", 100)  # a machine may be slow to recover
    url = open_database(own_server)
    engine = create_async_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    deployment = await Deployment.build(engine)
    async with open_service(settings=own_server) as service:
        group = (await service.create_group(CREATE)).data
        assert group is not None
        await deployment.kernel(group, "TERMINATED")
        folder = await deployment.vfolder(group)
        (own_server.home / "vfolders" / folder.id.hex).mkdir(parents=True)
        # less than the statement_timeout: a crash makes the count of calls forgotten, and the next try may sleep too
        break_database(url, "PERFORM pg_sleep(20)", "DELETE", times=1, at_commit=at_commit)

        purging = asyncio.ensure_future(service.purge_group(PurgeGroupAction(group.id)))
        while not await deployment.run("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
            await asyncio.sleep(0.05)
        os.kill(int((own_server.home / "postgres" / "postmaster.pid").read_text().split("\n")[0]), signal.SIGKILL)
        await asyncio.to_thread(open_database, own_server)
        await deployment.run("DROP TRIGGER failing ON manager.groups")
        assert (await purging).success

    assert [await deployment.count(row) for row in (GroupRow, KernelRow, VFolderRow, VFolderDeletionRow)] == [0] * 4
    assert list((own_server.home / "vfolders").iterdir()) == []
    assert [row.status for row in await deployment.audit("purge_group")] == ["success"]


@pytest.mark.usefixtures("impatient")
async def test_s11_a_purge_that_cannot_be_ended_leaves_everything(
    group_service: GroupService,
    create_group: CreateGroup,
    deployment: Deployment,
    database_fixture: str,
    storage_root: Path,
) -> None:
    async with create_group() as group:
        folder = await deployment.vfolder(group)
        (storage_root / folder.id.hex).mkdir()
        break_database(database_fixture, BACKEND_ENDS, "DELETE", times=3, at_commit=True)
        with pytest.raises(DatabaseError):
            await group_service.purge_group(PurgeGroupAction(group.id))
        assert [await deployment.count(row) for row in (GroupRow, VFolderRow, VFolderDeletionRow)] == [1, 1, 0]
        assert (storage_root / folder.id.hex).exists()
        assert [row.status for row in await deployment.audit("purge_group")] == ["failure"]


async def test_s11_somebody_ends_the_backend_of_a_purge_that_waits(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        async with deployment.session() as session:
            await session.execute(select(GroupRow.id).where(GroupRow.id == group.id).with_for_update())
            purge = asyncio.ensure_future(group_service.purge_group(PurgeGroupAction(group.id)))
            await asyncio.sleep(0.3)
            (ended,) = await deployment.run(
                "SELECT pg_terminate_backend(pid) AS is_ended FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            assert ended.is_ended
        assert (await purge).success


@pytest.fixture
async def wire(database_fixture: str, deployment: Deployment) -> AsyncIterator[Wire]:
    async with wire_to(database_fixture) as wire:
        yield wire


@pytest.fixture
async def far_service(wire: Wire, tmp_path: Path) -> AsyncIterator[GroupService]:
    """The service at the other end of the wire."""
    settings = Settings(home=tmp_path, source="", lake="")
    async with open_service(wire.url, settings=settings, storage=StorageSessionManager({})) as service:
        yield service


@pytest.mark.parametrize("is_delivered", [True, False])
@pytest.mark.parametrize("breaks", [1, 2])
async def test_s21_a_commit_whose_answer_is_lost_is_done_exactly_once(
    far_service: GroupService, wire: Wire, deployment: Deployment, is_delivered: bool, breaks: int
) -> None:
    """Committed, though nobody heard: not done again. Not committed: done anew. The audit row tells which."""
    wire.breaks, wire.is_delivered = breaks, is_delivered
    result = await far_service.create_group(CREATE)
    assert (result.success, wire.broken) == (True, 1 if is_delivered else breaks)
    assert await deployment.count(GroupRow) == 1
    (row,) = await deployment.audit()
    assert (row.status, row.action_id, row.entity_id) == ("success", result.action_id, result.entity_id())


async def test_s21_a_commit_that_takes_its_time_after_the_connection_broke_is_waited_for(
    far_service: GroupService, wire: Wire, deployment: Deployment, database_fixture: str
) -> None:
    break_database(database_fixture, "PERFORM pg_sleep(1)", "INSERT", times=1, at_commit=True)
    wire.breaks = 1
    result = await far_service.create_group(CREATE)
    assert (result.success, await calls(deployment), await deployment.count(GroupRow)) == (True, 1, 1)
    assert [row.action_id for row in await deployment.audit()] == [result.action_id]


@pytest.mark.parametrize("is_delivered", [True, False])
async def test_s21_a_refusal_whose_audit_row_is_lost_on_the_way_is_audited_once(
    far_service: GroupService, wire: Wire, deployment: Deployment, is_delivered: bool
) -> None:
    wire.breaks, wire.is_delivered = 1, is_delivered
    result = await far_service.get_group(GetGroupAction(uuid4()))
    assert (result.error and result.error.code, wire.broken) == ("group_not_found", 1)
    assert [row.action_id for row in await deployment.audit()] == [result.action_id]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("is_delivered", [True, False])
async def test_s21_where_nobody_can_tell_the_error_says_so(
    far_service: GroupService,
    wire: Wire,
    deployment: Deployment,
    caplog: pytest.LogCaptureFixture,
    is_delivered: bool,
) -> None:
    wire.breaks, wire.is_delivered = 1, is_delivered
    creating = asyncio.ensure_future(far_service.create_group(CREATE))
    while not wire.broken:
        await asyncio.sleep(0)
    wire.is_cut = True
    with pytest.raises(OutcomeUnknown) as unknown:
        await creating
    assert unknown.value.facts == {"action_id": str(unknown.value.action_id)}
    assert [row.action_id for row in await deployment.audit()] == [unknown.value.action_id] * is_delivered
    assert await deployment.count(GroupRow) == is_delivered
    assert "could not be written" in caplog.text


@pytest.mark.usefixtures("impatient")
async def test_s21_a_database_that_is_gone(
    far_service: GroupService, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.cut()
    secret = GroupCreator("research", DOMAIN, container_registry={"registry": "r", "password": "hunter2"})
    for action in (far_service.create_group(CreateGroupAction(secret)), far_service.get_group(GetGroupAction(uuid4()))):
        with pytest.raises(DatabaseError) as failed:
            await action
        assert "hunter2" not in str(failed.value) + caplog.text


async def test_s11_what_follows_a_commit_may_fail(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.vfolder(group)
        await deployment.run(
            "CREATE FUNCTION public.refuse() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END'"
        )
        await deployment.run(
            "CREATE TRIGGER refusing BEFORE DELETE ON manager.vfolder_deletions EXECUTE FUNCTION public.refuse()"
        )
        result = await group_service.purge_group(PurgeGroupAction(group.id))
        assert (result.success, len(result.warnings)) == (True, 1)
        assert await deployment.count(VFolderDeletionRow) == 1


async def test_s21_real_deadlocks_are_untangled(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    """Somebody holds the user and wants the group, while the service holds the group and wants the user."""
    (user,) = await deployment.users(1)
    async with create_group() as group:
        async with deployment.session() as session:
            await session.execute(
                text("SET LOCAL deadlock_timeout = '30s'")
            )  # so that the service is the one to give way
            await session.execute(select(UserRow.uuid).where(UserRow.uuid == user).with_for_update())
            changing = asyncio.ensure_future(change_members(group_service, group, "add", [user]))
            await asyncio.sleep(0.3)
            await session.execute(select(GroupRow.id).where(GroupRow.id == group.id).with_for_update())
        assert (await changing).data.member_ids == (user,)
        assert [row.status for row in await deployment.audit("modify_group")] == ["success"]
