"""A staged day without Spark: what the model read of a folder, in staging tables. For tests of what comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groups_platform.directory.redelivery import apply_delivery

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.snapshot import SnapshotCounts
from groups_platform.directory.staging import StagedDay, _staging_schema
from groups_platform_tests import oracle


@contextmanager
def staged_by_hand(url: str, label: str, day_folder: Path) -> Iterator[StagedDay]:
    """The day in `day_folder`; the texts of its findings are empty."""
    day = oracle.read_snapshot(day_folder)
    with connect(url, autocommit=True) as connection, _staging_schema(connection) as schema:
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
        _copy(
            connection,
            "finding",
            [(f.code, f.file, f.position, f.group_id, f.agent_id, None, None) for f in day.record_findings()],
        )
        connection.execute(read_sql("directory/analyze_staging"))
        agents_counts = day.roster.counts + day.details.counts
        yield StagedDay(
            label,
            schema,
            "by hand",
            connection,
            _counts(day.groups.counts, {"admin_groups"} if day.has_groups_folder else set()),
            _counts(agents_counts, {"agents"} if day.has_roster else set()),
        )


def sync_by_hand(url: str, label: str, day_folder: Path, protection: Protection = OFF) -> DayResult:
    """The day in `day_folder`, staged and applied."""
    with staged_by_hand(url, label, day_folder) as staged:
        return apply_delivery(staged, protection=protection)


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
