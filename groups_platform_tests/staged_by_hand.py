"""A staged day without Spark: what the model read of a folder, in staging tables. For tests of what comes after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory import replay
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.directory.snapshot import SnapshotCounts
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import LIVE, StagedDay, _staging_schema
from groups_platform_tests import oracle


@contextmanager
def staged_by_hand(
    url: str, label: str, day_folder: Path, *, fingerprint: str | None = None, tables: str = LIVE
) -> Iterator[StagedDay]:
    """The day in `day_folder`; the texts of its findings are empty. tables: the schema that it is applied to."""
    day = oracle.read_snapshot(day_folder)
    with connect(url, autocommit=True) as connection, _staging_schema(connection, tables) as schema:
        groups = {group_id: oracle.build_group(record) for group_id, record in day.groups.accepted.items()}
        _copy(
            connection,
            "group_record",
            [
                (g.group_id, g.name, g.parent_group_id, g.created_at, g.updated_at, "agent_ids" in record)
                for g, record in zip(groups.values(), day.groups.accepted.values(), strict=True)
            ],
        )
        _copy(
            connection,
            "group_member",
            [(i, member) for i, record in day.groups.accepted.items() for member in oracle.build_members(record)],
        )
        for source, judged in (("agents", day.roster), ("agent_details", day.details)):
            agents = [oracle.build_agent(record, active=False) for record in judged.accepted.values()]
            said = {id_: oracle.is_active_in_roster(record) for id_, record in judged.accepted.items()}
            _copy(
                connection,
                "agent_record",
                [(source, a.agent_id, a.email, a.name, said[a.agent_id], a.created_at, a.updated_at) for a in agents],
            )
        found = day.record_findings()
        _copy(
            connection,
            "finding",
            [(f.code, f.file, f.position, f.group_id, f.agent_id, None, None) for f in found],
        )
        connection.execute(read_sql("directory/analyze_staging"))
        agents_counts = day.roster.counts + day.details.counts
        groups_counts = _counts(day.groups.counts, {"admin_groups"} if day.has_groups_folder else set())
        groups_counts = replace(groups_counts, findings=Counter(str(f.code) for f in found))
        if not day.is_readable:
            groups_counts = replace(groups_counts, unreadable=("a file of the day",), unreadable_files=1)
        yield StagedDay(
            label,
            schema,
            fingerprint or fingerprint_of(day_folder),
            connection,
            groups_counts,
            _counts(agents_counts, {"agents"} if day.has_roster else set()),
        )


def sync_by_hand(url: str, label: str, day_folder: Path, protection: Protection = OFF) -> DayResult:
    """The day in `day_folder`, staged and applied."""
    with staged_by_hand(url, label, day_folder) as staged:
        return apply_delivery(staged, protection=protection)


def fold_by_hand(patch: pytest.MonkeyPatch, find_folder: Callable[[str, str], Path | None]) -> None:
    """Let a replay stage its days by hand. find_folder: by lake and label, if it is there."""

    def staged(_spark: object, lake: str, label: str, url: str, tables: str) -> AbstractContextManager[StagedDay]:
        folder = find_folder(lake, label)
        assert folder
        return staged_by_hand(url, label, folder, fingerprint=fingerprint_of(folder), tables=tables)

    def find_content(_spark: object, lake: str, label: str, fingerprint: str) -> str | None:
        folder = find_folder(lake, label)
        return lake if folder and fingerprint_of(folder) == fingerprint else None

    patch.setattr(replay, "staged_day", staged)
    patch.setattr(replay, "find_content", find_content)


def fingerprint_of(day_folder: Path) -> str:
    """What `sync_days` has of the content of this folder."""
    return list_day(str(day_folder.parent), day_folder.name.removeprefix("sync-")).fingerprint


def _copy(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as stream:
        for row in rows:
            stream.write_row(row)


def _counts(counts: oracle.Counts, folders: set[str]) -> SnapshotCounts:
    return SnapshotCounts(
        read=counts.read,
        accepted=counts.accepted,
        rejected=counts.rejected,
        counted=counts.accepted,
        files=1,
        folders=frozenset(folders),
    )
