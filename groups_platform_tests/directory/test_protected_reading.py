"""P1 to P8: deliveries that look right and are not, through Spark to the tables."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from groups_platform.directory.lake import read_lake
from groups_platform.directory.snapshot import GROUPS, count_snapshot
from groups_platform.directory.source import list_day
from groups_platform.errors import IncompleteSnapshot
from groups_platform_tests.days import Record, agent, group, write_day, write_file
from groups_platform_tests.pipeline import Pipeline

pytestmark = pytest.mark.engines

AGENTS = [agent(11), agent(12), agent(13), agent(14)]


def without_members(group_id: int, **fields: object) -> Record:
    record = group(group_id, **fields)
    del record["agent_ids"]
    return record


def deliver(pipeline: Pipeline, label: str, groups: list[Record], agents: list[Record] | None = None) -> None:
    write_day(Path(pipeline.source) / f"sync-{label}", groups, agents)
    pipeline.sync(label)


def test_p4_a_renamed_key_empties_no_group(pipeline: Pipeline) -> None:
    deliver(pipeline, "day1", [group(1, [11]), group(2, [11, 12]), group(3, [13, 99]), group(4, [14])], AGENTS)
    renamed = [without_members(2, members=[11, 12]), without_members(3, name="other"), without_members(5)]
    deliver(pipeline, "day2", [group(1, []), *renamed, group(4, None)], AGENTS)
    assert pipeline.codes("day2") == {"members_not_said": 3, "orphan_membership": 1}
    assert {group_id: pipeline.members(group_id) for group_id in range(1, 6)} == {
        1: set(), 2: {11, 12}, 3: {13}, 4: set(), 5: set()
    }  # fmt: skip
    assert pipeline.inactive() == {1, 4, 5}
    assert pipeline.load("day2").rows_written == 0
    deliver(pipeline, "day3", [without_members(3)], [*AGENTS, agent(99)])
    assert pipeline.members(3) == {13, 99}, "what waited for its agent waits on"
    deliver(pipeline, "day4", [group(3, [13])], AGENTS)
    assert pipeline.members(3) == {13}


def statuses(pipeline: Pipeline) -> dict[int, bool]:
    return dict(pipeline.rows("SELECT agent_id, active FROM agents"))


def test_p2_a_roster_that_was_cut_is_no_roster(pipeline: Pipeline) -> None:
    deliver(pipeline, "day1", [group(1, [11, 12, 13, 14])], AGENTS)
    before = pipeline.live_tables()
    roster = '{"id":11}\n{"id":12.0}\n{"id":13,"na\n{"id":14}'
    for cut in range(len(roster) - 1, len(roster) - 4, -1):
        day = {"agents/a.jsonl": roster[:cut]}
        write_day(Path(pipeline.source) / "sync-day2", [group(1, [11])], files=day)
        with pytest.raises(IncompleteSnapshot, match=r"agents/a\.jsonl: the last line was cut"):
            pipeline.sync("day2")
        assert pipeline.live_tables() == before
        assert pipeline.codes("day2") == {"invalid_json": 1}


def test_p5_a_status_that_cannot_be_read_stays_as_it_was(pipeline: Pipeline) -> None:
    deliver(pipeline, "day1", [group(1, [11])], [agent(11), agent(12, active=False)])
    on_leave = [{"id": id_, "name": f"Agent {id_}", "active": "on leave"} for id_ in (11, 12, 13)]
    written = [{"id": 14, "active": "False"}, {"id": 15, "contact": {"active": "TRUE"}}, {"id": 16, "suspended": 1}]
    deliver(pipeline, "day2", [group(1, [11])], [*on_leave, *written])
    assert statuses(pipeline) == {11: True, 12: False, 13: False, 14: False, 15: True, 16: False}
    assert pipeline.codes("day2") == {"invalid_active": 3}
    assert pipeline.set_of("SELECT name FROM agents WHERE agent_id < 14") == {"Agent 11", "Agent 12", "Agent 13"}
    assert pipeline.load("day2").rows_written == 0


ERROR_PAGE = '{"error": "rate limit exceeded", "status": 429}'


@pytest.mark.parametrize(
    "roster",
    [
        {"agents/page1.json": '[{"id": 11}]', "agents/page2.json": ERROR_PAGE},
        {"agents/a.jsonl": '{"id":11}\n{"id":12.0}\n{"id":13,"na\n{"id":14}\n', "agents/b.json": "[]"},
        {"agents/a.json": '[{"id": 11}, null]'},
        {"agents/a.json": '{"data": [{"id": 11}, {"id": "AG-12"}]}'},
    ],
)
def test_p7_nobody_is_inactive_for_being_absent_from_a_roster_with_a_nameless_record(
    pipeline: Pipeline, roster: dict[str, str]
) -> None:
    deliver(pipeline, "day1", [group(1, [11, 12, 13, 14])], [*AGENTS, agent(15, active=False), agent(16)])
    files = {**roster, "agents/z.json": '[{"id": 16, "active": false}]'}
    write_day(Path(pipeline.source) / "sync-day2", [group(1, [12])], files=files)
    pipeline.sync("day2")
    assert statuses(pipeline) == {11: True, 12: True, 13: True, 14: True, 15: False, 16: False}
    assert pipeline.codes("day2")["roster_incomplete"] == 1
    absent = 2 if "agents/b.json" in roster else 3
    ((detail,),) = pipeline.rows("SELECT detail FROM findings WHERE code = 'roster_incomplete'")
    assert detail.endswith(f"agents who are not in it and keep their status: {absent}")
    assert pipeline.load("day2").rows_written == 0
    deliver(pipeline, "day3", [group(1, [12])], [agent(11), {"id": 14, "created_at": "never"}])
    assert statuses(pipeline) == {11: True, 12: False, 13: False, 14: True, 15: False, 16: False}
    assert pipeline.codes("day3")["roster_incomplete"] == 0


def test_p7_the_finding_is_there_also_where_nobody_was_absent(pipeline: Pipeline) -> None:
    deliver(pipeline, "day1", [group(1, [11])], [*AGENTS, {"id": "AG-12"}])  # type: ignore[list-item]
    ((detail,),) = pipeline.rows("SELECT detail FROM findings WHERE code = 'roster_incomplete'")
    assert detail.startswith("records of agents/ without an id that can be read: 1;")
    assert detail.endswith(": 0")


def test_p6_a_deleted_group_is_absent_if_no_later_record_says_otherwise(pipeline: Pipeline) -> None:
    known = [group(id_, [11], name="old") for id_ in range(1, 7)]
    deliver(pipeline, "day1", [*known, group(7)], AGENTS)
    old, new = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    gone: Record = {"deleted": True}
    told = [
        {**gone, "id": 1},
        {**gone, "id": 2, "updated_at": new}, group(2, ["x", 12], name="new", updated_at=old),
        {**gone, "id": 3, "updated_at": old}, group(3, [12], name="new", updated_at=new),
        {**gone, "id": 4}, {**gone, "id": 4},
        {**gone, "id": 5}, group(5, name=None),
        {**gone, "id": 8},
        group(6, [12], name="new", deleted=False), group(7),
    ]  # fmt: skip
    deliver(pipeline, "day2", told)
    assert dict(pipeline.rows("SELECT group_id, name FROM groups WHERE group_id < 7")) == {
        1: "old", 2: "old", 3: "new", 4: "old", 5: "old", 6: "new"
    }  # fmt: skip
    assert [pipeline.members(id_) for id_ in range(1, 7)] == [{11}, {11}, {12}, {11}, {11}, {12}]
    assert pipeline.set_of("SELECT group_id FROM findings WHERE code = 'missing_upstream'") == {1, 2, 4}
    assert pipeline.codes("day2") == {
        "missing_upstream": 3, "duplicate_record": 2, "invalid_member": 1, "missing_name": 1
    }  # fmt: skip
    counts = count_snapshot(read_lake(pipeline.spark, pipeline.lake, GROUPS.dataset, "day2").rows)
    assert (counts.read, counts.accepted, counts.rejected, counts.counted) == (12, 9, 3, 3)


def page(key: str, records: list[Record], **header: object) -> str:
    return json.dumps({key: records, **header})


ROSTER = {"agents/1.json": json.dumps(AGENTS[:2]), "agents/2.jsonl": "\n".join(map(json.dumps, AGENTS[2:]))}
SHA = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in ROSTER.items()}
CLAIMS: dict[str, dict[str, object]] = {path: {"records": 2, "sha256": SHA[path]} for path in ROSTER}
FALSE: dict[str, tuple[dict[str, str], str]] = {
    "records of a file": (
        {"manifest.json": json.dumps({"files": {**CLAIMS, "agents/1.json": {"records": 3}}})},
        "agents/1.json has 2 records, and manifest.json says 3",
    ),
    "hash of a file": (
        {"_manifest.json": json.dumps({"files": {**CLAIMS, "agents/2.jsonl": {"sha256": "0" * 64}}})},
        "agents/2.jsonl has another sha256 than _manifest.json says",
    ),
    "a file that is missing": (
        {"manifest.json": json.dumps({"files": {**CLAIMS, "agents/3.json": {}}})},
        "manifest.json names agents/3.json, which is not there or not read",
    ),
    "a file too many": (
        {"manifest.json": json.dumps({"files": CLAIMS}), "agents/3.json": "[]"},
        "agents/3.json is not in manifest.json",
    ),
    "records of a folder": (
        {"manifest.json": json.dumps({"agents": {"records": 5}})},
        "manifest.json says that agents/ has 5 records, and 4 were read",
    ),
    "records of a folder that is missing": (
        {"manifest.json": json.dumps({"agent_details": {"records": 5}})},
        "manifest.json says that agent_details/ has 5 records, and 0 were read",
    ),
    "more records than there can be": (
        {"manifest.json": json.dumps({"files": {**CLAIMS, "agents/\0": {}}, "admin_groups": {"records": 10**30}})},
        r"manifest.json names agents/\x00, which is not there or not read",
    ),
    "a manifest that is no JSON": ({"manifest.json": "{"}, "manifest.json cannot be understood"),
    "a lost page": (
        {"admin_groups/1.json": page("groups", [group(1)], next_page=2)},
        "the last page of admin_groups/ is missing",
    ),
    "a halved export": (
        {"admin_groups/1.json": page("data", [group(1)], total=9)},
        "admin_groups/1.json says that admin_groups/ has 9 records, and 2 were read",
    ),
    "an empty page": (
        {"agents/3.json": page("results", [], count=9)},
        "agents/3.json says that agents/ has 9 records, and 4 were read",
    ),
}


@pytest.mark.parametrize("claim", FALSE)
def test_p8_a_day_that_is_not_what_it_says_applies_nothing(pipeline: Pipeline, claim: str) -> None:
    deliver(pipeline, "day1", [group(1), group(2, [11])], AGENTS)
    before = pipeline.live_tables()
    files, said = FALSE[claim]
    write_day(Path(pipeline.source) / "sync-day2", [group(2)], files={**ROSTER, **files})
    with pytest.raises(IncompleteSnapshot, match=re.escape(said)) as refused:
        pipeline.sync("day2")
    assert "what it says of itself is not so" in str(refused.value)
    assert pipeline.live_tables() == before


def test_p8_a_day_that_is_what_it_says_is_applied(pipeline: Pipeline) -> None:
    manifest = {"files": CLAIMS, "admin_groups": {"records": 3}, "agents": {"records": 4}}
    pages = {
        "admin_groups/1.json": page("groups", [group(1)], next="?page=2", total=3),
        "admin_groups/2.json": page("results", [group(3, [11])], next=None, total=3),
    }
    files = {**ROSTER, **pages, "manifest.json": json.dumps(manifest)}
    write_day(Path(pipeline.source) / "sync-day1", [group(2)], files=files)
    assert pipeline.sync("day1").is_applied
    assert pipeline.inactive() == {1, 2}


def test_p8_the_manifest_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    day = write_day(tmp_path / "sync-day1", [group(1)], AGENTS)
    seen = {list_day(str(tmp_path), "day1").fingerprint}
    for content in ("{}", '{"files": {}}'):
        write_file(day / "_manifest.json", content)
        seen.add(list_day(str(tmp_path), "day1").fingerprint)
    write_file(day / "agents" / "_manifest.json", "{}")
    assert len(seen) == 3
    assert list_day(str(tmp_path), "day1").fingerprint in seen
