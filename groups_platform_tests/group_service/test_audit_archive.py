"""The log stays readable and finite (S29): what changed and no whole texts, months, and their archive."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.repositories import audit_archive
from groups_platform.group_service.services.group.actions.archive_audit import ArchiveAuditAction
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import RetryVFolderDeletionsAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.actions.summarise_audit import SummariseAuditAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import TriState
from groups_platform.group_service.types.group import GroupCreator, GroupModifier
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

BEFORE_2026 = date(2026, 1, 1)


@pytest.fixture
async def old_entries(database_fixture: str, deployment: Deployment) -> None:
    """Three in November 2025, two in December, one in January 2026."""
    months = [(2025, 11)] * 3 + [(2025, 12)] * 2 + [(2026, 1)]
    async with open_service(database_fixture) as service:
        for number, (year, month) in enumerate(months):
            at = datetime(year, month, 1, number, tzinfo=timezone.utc)
            object.__setattr__(service.processor, "clock", lambda at=at: at)
            created = await service.create_group(CreateGroupAction(GroupCreator(f"team-{number}", DOMAIN)))
            assert created.success


async def test_s29_the_log_holds_what_changed_and_no_whole_texts(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(description="a" * 9_000) as group:
        await group_service.modify_group(
            ModifyGroupAction(group.id, GroupModifier(description=TriState.update("b" * 9_000)))
        )
        created, modified = await deployment.audit()
        assert modified.before and modified.after and created.after
        assert modified.before.keys() == modified.after.keys() - {"members_added", "members_removed"}
        assert modified.before.keys() == {"description", "modified_at"}
        told = {created.after["description"], modified.before["description"], modified.after["description"]}
        assert told == {f"{letter * 200}… (9000 characters)" for letter in "ab"}


@pytest.mark.usefixtures("old_entries")
async def test_s29_an_archive_holds_no_month_in_memory(
    group_service: GroupService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_archive, "BATCH", 2)
    result = await group_service.archive_audit(ArchiveAuditAction(BEFORE_2026, str(tmp_path / "archive")))
    assert [month.entries for month in result.data or ()] == [3, 2]
    groups = [pq.ParquetFile(file).metadata.num_row_groups for file in sorted((tmp_path / "archive").iterdir())]
    assert groups == [2, 1]  # one for each batch that was read


@pytest.mark.usefixtures("old_entries")
async def test_s29_months_become_files_and_leave_the_database(
    group_service: GroupService, deployment: Deployment, tmp_path: Path
) -> None:
    before = {row.number: row for row in await deployment.audit()}
    result = await group_service.archive_audit(ArchiveAuditAction(BEFORE_2026, str(tmp_path / "archive")))
    assert [(m.month, m.entries, m.first, m.last) for m in result.data or ()] == [
        (date(2025, 11, 1), 3, 1, 3),
        (date(2025, 12, 1), 2, 4, 5),
    ]
    files = sorted((tmp_path / "archive").iterdir())
    firsts = {number: f"{number}-{before[number].action_id.hex[:8]}" for number in (1, 4)}
    assert [file.name for file in files] == [
        f"audit_log-2025-11-{firsts[1]}.parquet",
        f"audit_log-2025-12-{firsts[4]}.parquet",
    ]
    archived = [row for file in files for row in pq.read_table(file).to_pylist()]
    for row in archived:
        own = before[row["number"]]
        assert (row["action_id"], row["action"], row["actor"]) == (str(own.action_id), own.action, own.actor)
        assert (row["started_at"], row["duration_us"]) == (own.started_at, own.duration // timedelta(microseconds=1))
        assert (row["before"], json.loads(row["after"])) == (None, own.after)
    assert [(row.action, row.number) for row in await deployment.audit()] == [
        ("create_group", 6),
        ("archive_audit", 7),
    ]
    again = await group_service.archive_audit(ArchiveAuditAction(BEFORE_2026, str(tmp_path / "archive")))
    assert again.data == ()


@pytest.mark.usefixtures("old_entries")
async def test_s29_an_attempt_that_comes_into_an_archived_month_replaces_no_file(
    database_fixture: str, group_service: GroupService, tmp_path: Path
) -> None:
    archive = ArchiveAuditAction(BEFORE_2026, str(tmp_path))
    await group_service.archive_audit(archive)
    async with open_service(database_fixture) as late:
        object.__setattr__(late.processor, "clock", lambda: datetime(2025, 11, 30, 23, 59, tzinfo=timezone.utc))
        assert (await late.create_group(CreateGroupAction(GroupCreator("late", DOMAIN)))).success
    assert [m.entries for m in (await group_service.archive_audit(archive)).data or ()] == [1]
    assert pq.read_table(tmp_path).num_rows == 6


@pytest.mark.usefixtures("old_entries")
async def test_s29_a_file_that_cannot_be_written_leaves_every_month(
    group_service: GroupService, deployment: Deployment, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("")
    for to in (str(tmp_path / "a-file" / "below"), "nosuch://place"):
        refused = await group_service.archive_audit(ArchiveAuditAction(BEFORE_2026, to))
        assert refused.error and refused.error.code == "storage_fault", to
    assert await deployment.count(AuditRow, AuditRow.action == "create_group") == 6


@pytest.mark.usefixtures("old_entries")
async def test_s29_only_a_superadmin_archives_and_only_months_that_are_over(
    group_service: GroupService, deployment: Deployment, tmp_path: Path
) -> None:
    for actor in (deployment.admin, deployment.monitor, deployment.user):
        refused = await group_service.acting_as(actor).archive_audit(ArchiveAuditAction(BEFORE_2026, str(tmp_path)))
        assert refused.error and refused.error.code == "forbidden"
    for day in (date(2026, 1, 2), date(2999, 1, 1)):
        with pytest.raises(InvalidAPIParameters, match="first day of a month"):
            await group_service.archive_audit(ArchiveAuditAction(day, str(tmp_path)))
    archive = ArchiveAuditAction(BEFORE_2026, str(tmp_path))
    assert (await group_service.acting_as(deployment.superadmin).archive_audit(archive)).success


@pytest.mark.usefixtures("old_entries")
async def test_s29_archives_and_actions_at_once_lose_no_entry(
    database_fixture: str, group_service: GroupService, deployment: Deployment, tmp_path: Path
) -> None:
    archive = ArchiveAuditAction(BEFORE_2026, str(tmp_path / "archive"))
    async with open_service(database_fixture) as late:
        object.__setattr__(late.processor, "clock", lambda: datetime(2025, 11, 30, 23, 59, tzinfo=timezone.utc))
        results = await asyncio.gather(
            *(group_service.archive_audit(archive) for _ in range(2)),
            *(late.create_group(CreateGroupAction(GroupCreator(f"late-{n}", DOMAIN))) for n in range(10)),
            *(group_service.create_group(CreateGroupAction(GroupCreator(f"now-{n}", DOMAIN))) for n in range(10)),
        )
    assert all(result.success for result in results)
    assert (await group_service.archive_audit(archive)).success
    kept = [row.entity_name for row in await deployment.audit("create_group")]
    archived = pq.read_table(tmp_path / "archive")["entity_name"].to_pylist()
    names = [f"team-{n}" for n in range(6)] + [f"{when}-{n}" for when in ("late", "now") for n in range(10)]
    assert sorted(kept + archived) == sorted(names)


@pytest.mark.usefixtures("old_entries")
async def test_s31_an_archive_goes_somewhere(group_service: GroupService) -> None:
    for to in ("", "  ", "x" * 5000, "NUL\0"):
        refused = await group_service.archive_audit(ArchiveAuditAction(BEFORE_2026, to))
        assert refused.error and (refused.error.code, refused.error.facts["field"]) == ("invalid_value", "to")


async def test_s31_limits_and_days_that_make_no_sense_are_refused(group_service: GroupService) -> None:
    with pytest.raises(InvalidAPIParameters, match="at least one folder"):
        await group_service.retry_vfolder_deletions(RetryVFolderDeletionsAction(-1))
    with pytest.raises(InvalidAPIParameters, match="before they start"):
        await group_service.summarise_audit(SummariseAuditAction(date(2024, 1, 2), date(2024, 1, 1)))


@pytest.mark.usefixtures("old_entries")
async def test_s29_readers_and_an_archive_do_not_wait_for_each_other(
    database_fixture: str, group_service: GroupService, deployment: Deployment, tmp_path: Path
) -> None:
    async with open_service(database_fixture) as service:
        async with deployment.session() as session:
            await session.execute(text("SELECT manager.queue_for_commit()"))
            archive = asyncio.ensure_future(service.archive_audit(ArchiveAuditAction(BEFORE_2026, str(tmp_path))))
            await asyncio.sleep(1)
            search = asyncio.ensure_future(group_service.search_audit(SearchAuditAction()))
            await asyncio.sleep(0.5)
        assert (await archive).success
        assert (await search).success
    await asyncio.sleep(1)  # until the backends have told their statistics
    (row,) = await deployment.run("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert row.deadlocks == 0
