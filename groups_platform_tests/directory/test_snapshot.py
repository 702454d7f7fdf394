"""D6 and the accounting in Spark: which record of an id counts, and read = accepted + rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from groups_platform.directory.lake import read_lake
from groups_platform.directory.snapshot import (
    AGENTS,
    GROUPS,
    count_snapshot,
    explode_memberships,
    pack,
    read_into_lake,
)
from groups_platform.directory.source import SourceFile, list_day
from groups_platform.errors import UnknownSyncDay
from groups_platform_tests.days import Record, agent, group, write_day

pytestmark = pytest.mark.engines

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def write_rivals(folder: Path) -> None:
    """Groups 1 to 6, each told several times; the record that counts is called `winner`."""
    rival: list[Record] = [
        group(1, name="winner", updated_at=NEW),
        group(1, name="older, though later", updated_at=OLD),
        group(2, name="same time, earlier position", updated_at=NEW),
        group(2, name="winner", updated_at="2026-01-02T02:00:00+02:00"),
        group(3, name="no time", updated_at=None),
        group(3, name="winner", updated_at="0001-01-01"),
        group(3, name="no time, later", updated_at=None),
        group(4, name="winner", updated_at=NEW),
        group(4, name="winner", updated_at=NEW),
        group("004", name="winner", updated_at=NEW),
        group(5, name="later file wins", updated_at=NEW),
        group(6, [1], name="winner", updated_at=OLD),
        group(6, name="", updated_at=NEW),
    ]
    later = [group(5, [7, 7, 8], name="winner", updated_at=NEW), dict(reversed(group(4, name="winner").items()))]
    later[1]["updated_at"] = NEW
    write_day(folder, rival, [agent(1), agent(1)], details=[agent(1)])
    write_day(folder, files={"admin_groups/later.json": repr(later).replace("'", '"').replace("None", "null")})


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake with the day."""
    folder = tmp_path_factory.mktemp("rivals")
    write_rivals(folder / "sync-day1")
    day = list_day(str(folder), "day1")
    for kind in (GROUPS, AGENTS):
        read_into_lake(spark, day, kind, str(folder / "lake"))
    return str(folder / "lake")


@pytest.fixture(scope="module")
def records(spark: SparkSession, lake: str) -> list[Row]:
    rows = read_lake(spark, lake, GROUPS.dataset, "day1").rows.where("entry = 'record'")
    return rows.drop("created_at", "updated_at").collect()  # Python's clock begins later than the year 1


def test_d6_the_latest_record_of_an_id_counts(records: list[Row]) -> None:
    counted = [(row.group_id, row.name) for row in records if row.counts]
    assert sorted(counted) == [(group_id, "winner") for group_id in range(1, 7)]


def test_d6_the_losers_are_rejected_as_duplicates(records: list[Row]) -> None:
    losers = {(row.file, row.position): row for row in records if "duplicate_record" in {f.code for f in row.faults}}
    first = "admin_groups/groups.json"
    expected = {(first, position) for position in (1, 2, 4, 6, 10)} | {("admin_groups/later.json", 1)}
    # The records of id 4 differ in the writing of the id (position 9), and the last one of them counts.
    assert losers.keys() - {("admin_groups/later.json", 1), (first, 9)} == expected - {("admin_groups/later.json", 1)}
    assert not any(row.accepted or row.counts for row in losers.values())
    assert all("the record that counts is in" in fault.detail for row in losers.values() for fault in row.faults)


def test_d6_an_identical_repeat_is_accepted_and_does_not_count(records: list[Row]) -> None:
    same = [row for row in records if row.group_id == 4 and not row.faults]
    assert sorted((row.accepted, row.counts) for row in same) == [(True, False), (True, False), (True, True)]


def test_d6_a_rejected_record_is_no_rival(records: list[Row]) -> None:
    newer = [row for row in records if row.group_id == 6 and not row.counts]
    assert [(row.accepted, [fault.code for fault in row.faults]) for row in newer] == [(False, ["invalid_name"])]


def test_read_is_accepted_plus_rejected(spark: SparkSession, lake: str) -> None:
    groups = count_snapshot(read_lake(spark, lake, GROUPS.dataset, "day1").rows)
    assert (groups.read, groups.accepted, groups.rejected, groups.counted) == (15, 8, 7, 6)
    assert (groups.files, groups.folders, groups.unreadable_files) == (2, {"admin_groups"}, 0)
    agents = count_snapshot(read_lake(spark, lake, AGENTS.dataset, "day1").rows)
    assert (agents.read, agents.accepted, agents.rejected, agents.counted) == (3, 3, 0, 2)
    assert agents.folders == {"agents", "agent_details"}


def test_d5_each_member_is_a_membership_once(spark: SparkSession, lake: str) -> None:
    memberships = explode_memberships(read_lake(spark, lake, GROUPS.dataset, "day1").rows).collect()
    assert sorted(map(tuple, memberships)) == [(5, 7), (5, 8), (6, 1)]


def test_a_day_that_is_not_in_the_lake_is_one_sentence(spark: SparkSession, lake: str) -> None:
    with pytest.raises(UnknownSyncDay, match=r"no raw_groups of day9.*Materialise"):
        read_lake(spark, lake, GROUPS.dataset, "day9")


def test_files_are_packed_into_tasks_each_once() -> None:
    files = [SourceFile(f"admin_groups/{n}.json", size, "") for n, size in enumerate([5, 0, 10**9, 7, 7, 0])]
    for some in ([], files[:1], files):
        tasks = pack(some, 4)
        assert tasks
        assert sorted(path for task in tasks for path in task) == sorted(file.path for file in some)
    assert len(pack([SourceFile(str(n), 1, "") for n in range(500)], 4)) == 4
