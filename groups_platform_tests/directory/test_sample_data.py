"""The sample data gives the numbers that its README promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from pyspark.sql import SparkSession

from groups_platform.directory.contract import AcceptedAgent, AcceptedGroup, Membership, find_contract_errors
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.findings import FindingCode
from groups_platform.directory.guard import Protection
from groups_platform.directory.lake import read_lake
from groups_platform.directory.snapshot import AGENTS, GROUPS, MEMBERSHIPS, SnapshotCounts, count_snapshot
from groups_platform.errors import DayHeld
from groups_platform.settings import find_resource
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.pipeline import Pipeline

PAGE2, GROUPS_JSON, AGENTS_JSON = (
    "admin_groups/groups-page2.jsonl",
    "admin_groups/groups.json",
    "agents/agents.json",
)

DAY2_FINDINGS = {
    ("invalid_json", "error", PAGE2, 3, None, None),
    ("not_an_object", "error", AGENTS_JSON, 12, None, None),
    ("missing_id", "error", PAGE2, 10, None, None),
    ("invalid_id", "error", AGENTS_JSON, 26, None, None),
    ("missing_name", "error", GROUPS_JSON, 19, 21000403110, None),
    ("invalid_name", "error", GROUPS_JSON, 20, 21000403120, None),
    ("invalid_timestamp", "error", GROUPS_JSON, 20, 21000403120, None),
    ("invalid_parent", "error", GROUPS_JSON, 23, 21000403310, None),
    ("invalid_agent_ids", "error", GROUPS_JSON, 6, 21000401140, None),
    ("invalid_member", "error", PAGE2, 2, 21000404110, None),
    ("invalid_active", "error", AGENTS_JSON, 24, None, 21001000024),
    ("duplicate_record", "error", PAGE2, 9, 21000404100, None),
    ("missing_parent", "warning", None, None, 21000404200, None),
    ("hierarchy_cycle", "warning", None, None, 21000404300, None),
    ("orphan_membership", "error", None, None, 21000401100, 21001000031),
    ("orphan_membership", "error", None, None, 21000403100, 21001000031),
    ("missing_upstream", "warning", None, None, 21000403220, None),
    ("members_not_said", "warning", None, None, 21000403210, None),
    ("roster_incomplete", "warning", None, None, None, None),
}


@dataclass(frozen=True)
class Day:
    """What one day gave, and what the tables said right after it."""

    result: DayResult
    groups: SnapshotCounts
    agents: SnapshotCounts
    inactive_groups: set[int]
    inactive_agents: set[int]


@dataclass(frozen=True)
class Sample:
    pipeline: Pipeline
    days: dict[str, Day]


@pytest.fixture(scope="module")
def sample(
    spark: SparkSession, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sample]:
    """Day1, then day2, in one database."""
    lake = str(tmp_path_factory.mktemp("sample"))
    with new_database() as url:
        pipeline = Pipeline(spark, url, lake, str(find_resource("sample_data")))
        days = {}
        for label in ("day1", "day2"):
            result = pipeline.sync(label)
            counts = [count_snapshot(read_lake(spark, lake, kind.dataset, label).rows) for kind in (GROUPS, AGENTS)]
            inactive_agents = pipeline.set_of("SELECT agent_id FROM agents WHERE NOT active")
            days[label] = Day(result, counts[0], counts[1], pipeline.inactive(), inactive_agents)
        yield Sample(pipeline, days)


def read_accepted_rejected(counts: SnapshotCounts) -> tuple[int, int, int]:
    return counts.read, counts.accepted, counts.rejected


def test_records_read_accepted_and_rejected(sample: Sample) -> None:
    day1, day2 = sample.days["day1"], sample.days["day2"]
    assert read_accepted_rejected(day1.groups) == (32, 32, 0)
    assert read_accepted_rejected(day1.agents) == (25, 25, 0)
    assert read_accepted_rejected(day2.groups) == (36, 29, 7)
    assert read_accepted_rejected(day2.agents) == (27, 25, 2)


def test_rows_of_the_tables(sample: Sample) -> None:
    day1 = {"groups": 32, "inactive_groups": 2, "memberships": 40, "agents": 25, "active_agents": 23}
    day2 = {"groups": 33, "inactive_groups": 5, "memberships": 41, "agents": 26, "active_agents": 21}
    assert sample.days["day1"].result.totals == day1
    assert sample.days["day2"].result.totals == day2


def test_inactive_groups_and_agents(sample: Sample) -> None:
    day1, day2 = sample.days["day1"], sample.days["day2"]
    assert day1.inactive_groups == {21000401130, 21000402220}
    assert day2.inactive_groups == {21000402100, 21000402110, 21000402120, 21000402210, 21000402220}
    assert day1.inactive_agents == {21001000017, 21001000018}
    assert day2.inactive_agents == {21001000012, 21001000013, 21001000014, 21001000017, 21001000018}


def test_one_of_each_finding_on_day2_and_none_on_day1(sample: Sample) -> None:
    assert sample.pipeline.findings("day1") == {}
    assert sample.pipeline.findings("day2") == dict.fromkeys(DAY2_FINDINGS, 1)
    assert set(sample.days["day1"].result.findings.values()) == {0}
    assert sum(sample.days["day2"].result.findings.values()) == 19
    assert sample.days["day2"].result.findings.keys() == {code.value for code in FindingCode}


def test_d2_a_finding_keeps_the_text_exactly_as_read(sample: Sample) -> None:
    lines = (find_resource("sample_data") / "sync-day2" / PAGE2).read_text(encoding="utf-8").split("\n")
    rows = sample.pipeline.rows("SELECT position, raw, detail FROM findings WHERE file = %s", PAGE2)
    assert len(rows) == 4
    for position, raw, detail in rows:
        assert raw == lines[position]
        assert detail


def test_d9_an_orphan_is_not_stored(sample: Sample) -> None:
    assert sample.pipeline.rows("SELECT * FROM group_membership WHERE agent_id = 21001000031") == []
    assert sample.pipeline.rows("SELECT * FROM agents WHERE agent_id = 21001000031") == []


def test_d10_a_rejected_and_an_absent_group_keep_their_row_and_members(sample: Sample) -> None:
    rows = sample.pipeline.rows("SELECT name FROM groups WHERE group_id IN (21000401140, 21000403220) ORDER BY name")
    assert rows == [("Nordic Phone Line",), ("Spare Parts",)]
    assert sample.pipeline.members(21000401140)
    assert sample.pipeline.members(21000403220)


def test_p4_a_group_that_does_not_say_its_members_keeps_them(sample: Sample) -> None:
    assert sample.pipeline.members(21000403210) == {21001000022}


def test_p7_the_agent_whom_an_incomplete_roster_leaves_out_stays_active(sample: Sample) -> None:
    assert sample.pipeline.set_of("SELECT active FROM agents WHERE agent_id = 21001000025") == {True}
    ((detail,),) = sample.pipeline.rows("SELECT detail FROM findings WHERE code = 'roster_incomplete'")
    assert detail == (
        "records of agents/ without an id that can be read: 2; agents who are not in it and keep their status: 1"
    )


def test_only_the_two_warnings_are_failed_checks(sample: Sample) -> None:
    for label, expected in (("day1", set()), ("day2", {"hierarchy_cycles", "missing_parents"})):
        assert {check.name for check in sample.days[label].result.checks if not check.passed} == expected


def test_sync_days_records_each_day(sample: Sample) -> None:
    rows = sample.pipeline.rows(
        "SELECT sync_day, counts -> 'groups', counts -> 'agents', length(fingerprint) > 0, applied_at IS NOT NULL "
        "FROM sync_days ORDER BY sort_key"
    )
    assert [row[0] for row in rows] == ["day1", "day2"]
    assert rows[1][1:] == (
        {"read": 36, "accepted": 29, "rejected": 7},
        {"read": 27, "accepted": 25, "rejected": 2},
        True,
        True,
    )


@pytest.mark.parametrize(
    ("contract", "dataset"),
    [(AcceptedGroup, GROUPS.dataset), (AcceptedAgent, AGENTS.dataset), (Membership, MEMBERSHIPS)],
)
def test_what_was_accepted_keeps_the_contract(sample: Sample, contract: type, dataset: str) -> None:
    rows = read_lake(sample.pipeline.spark, sample.pipeline.lake, dataset, "day2").rows
    accepted = rows.where("counts") if "counts" in rows.columns else rows
    assert find_contract_errors(contract, accepted) == []


def test_the_contract_is_broken_by_what_was_rejected(sample: Sample) -> None:
    rows = read_lake(sample.pipeline.spark, sample.pipeline.lake, GROUPS.dataset, "day2").rows
    errors = find_contract_errors(AcceptedGroup, rows.where("entry = 'record' AND NOT accepted"))
    assert any(error.startswith("name") for error in errors)
    assert any(error.startswith("group_id") for error in errors)


def test_p11_day3_is_held_and_p19_a_group_ends_on_day5(sample: Sample, database_url: str) -> None:
    pipeline = replace(sample.pipeline, url=database_url)
    for label in ("day1", "day2"):
        pipeline.load(label, protection=Protection())
    for label in ("day3", "day4", "day5"):
        pipeline.fill_lake(label)
    with pytest.raises(DayHeld, match="Groups turned inactive: 18 of 28"):
        pipeline.load("day3", protection=Protection())
    assert pipeline.members(21000403220)
    for label in ("day4", "day5"):
        result = pipeline.load(label, protection=Protection())
    assert {code for code, number in result.findings.items() if number and code.endswith("_upstream")} == {
        "ended_upstream",
        "missing_upstream",
    }
    ended = pipeline.rows("SELECT group_id FROM findings WHERE sync_day = 'day5' AND code = 'ended_upstream'")
    assert ended == [(21000403220,)]
    assert (pipeline.members(21000403220), 21000403220 in pipeline.inactive()) == (set(), True)
