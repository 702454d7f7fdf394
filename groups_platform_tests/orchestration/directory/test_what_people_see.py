"""P22: what a person finds in the UI of a day: reasons, changes and names, not only counts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from dagster import AssetKey, AssetRecordsFilter, ExecuteInProcessResult, TableMetadataValue, TableSchema
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from groups_platform.database.connection import connect
from groups_platform.definitions import build_defs
from groups_platform.directory.days import DayState, DayStatus
from groups_platform.directory.findings import FindingCode
from groups_platform.directory.plan import find_plan
from groups_platform.orchestration.directory.days_asset import report_days
from groups_platform.orchestration.directory.partitions import SYNC_DAY
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.hostile_days import write_days
from groups_platform_tests.orchestration.conftest import Dagster
from groups_platform_tests.orchestration.directory.test_sync_job import SAMPLE
from groups_platform_tests.pipeline import Pipeline

AGENTS = [agent(n) for n in range(100, 130)]
GROUPS = [group(n, [100 + n]) for n in range(30)]


@pytest.fixture
def source(pipeline: Pipeline) -> Path:
    return Path(pipeline.source)


def shown(result: ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata of the run's materialisation of an asset."""
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == AssetKey(asset)]
    return values(event.materialization.metadata)


def observed(dagster: Dagster, asset: str, label: str) -> list[dict[str, Any]]:
    """The metadata of the observations in the history of a partition, the newest first."""
    records = AssetRecordsFilter(asset_key=AssetKey(asset), asset_partitions=[label])
    found = dagster.instance.fetch_observations(records, limit=10).records
    return [values(record.asset_observation.metadata) for record in found if record.asset_observation]


def values(metadata: Any) -> dict[str, Any]:
    """By name what the UI shows: the rows of a table, the value of anything else."""
    return {
        name: rows(value) if isinstance(value, TableMetadataValue) else value.value for name, value in metadata.items()
    }


def rows(table: TableMetadataValue) -> list[dict[str, Any]]:
    return [dict(record.data) for record in table.records]


def failed_partitions(dagster: Dagster, asset: str) -> tuple[set[str], set[str]]:
    """The partitions that the UI shows as failed, and those that it shows as materialised."""
    cached = get_and_update_asset_status_cache_value(dagster.instance, AssetKey(asset), SYNC_DAY, dagster.instance)
    assert cached
    failed = cached.deserialize_failed_partition_subsets(SYNC_DAY)
    materialised = cached.deserialize_materialized_partition_subsets(SYNC_DAY)
    return set(failed.get_partition_keys()), set(materialised.get_partition_keys())


def svg_of(markdown: str) -> ElementTree.Element:
    encoded = re.fullmatch(r"!\[groups\]\(data:image/svg\+xml;base64,([^)]+)\)", markdown)
    assert encoded
    return ElementTree.fromstring(base64.b64decode(encoded[1]))


def lines_of(markdown: str) -> list[str]:
    """The lines of text of the tree's picture."""
    texts = svg_of(markdown).iter("{http://www.w3.org/2000/svg}text")
    return [" ".join("".join(part.itertext()) for part in text.iter() if part.text) for text in texts]


def test_p22_the_findings_of_a_day_have_code_place_names_reason_and_text(dagster: Dagster) -> None:
    assert dagster.run("sync_day", "day1", run_config=SAMPLE).success
    result = dagster.run("sync_day", "day2", run_config=SAMPLE)
    facts = shown(result, "findings")
    assert (facts["day"], facts["findings_total"], facts["dagster/row_count"]) == ("day2", 19, 19)
    assert facts["errors"] + facts["warnings"] == facts["findings_total"]
    assert {row["code"]: row["findings"] for row in facts["by_code"]}.items() >= {"orphan_membership": 2}.items()
    for row in facts["by_code"]:
        assert row["meaning"] == FindingCode(row["code"]).meaning
        assert len(facts[row["code"]]) == row["findings"], "a table of each code alone"
    severities = [FindingCode(row["code"]).severity for row in facts["first_of_each_code"]]
    assert severities == sorted(severities), "errors first"
    (unnamed,) = facts["missing_name"]
    assert re.fullmatch(r"admin_groups/.+, record \d+", unnamed["place"])
    assert '"id"' in unnamed["raw"]
    orphan = facts["orphan_membership"][0]
    assert re.fullmatch(r".+ \(\d+\)", orphan["group"])
    assert re.fullmatch(r"\d+, not in the tables", orphan["agent"])


def test_p22_counts_link_to_the_findings_of_their_day(dagster: Dagster) -> None:
    result = dagster.run("sync_day", "day1", run_config=SAMPLE)
    for asset in ("raw_groups", "raw_agents", "groups"):
        facts = shown(result, asset)
        assert facts["all_findings"] == "/assets/findings?view=partitions&partition=day1"
        assert facts["findings_total"] == 0


def test_p22_every_code_says_what_it_means() -> None:
    assert all(re.fullmatch(r"[A-Z].+\.", code.meaning) for code in FindingCode)


def test_p22_a_refused_day_has_findings_and_says_why_first(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    write_day(source / "sync-day2", [group(1, [5]), {"id": 2}], [agent(5)])
    write_file(source / "sync-day2" / "admin_groups" / "cut.json", '[{"id": 3, "na')
    result = dagster.run("sync_day", "day2")
    assert not result.success

    facts = shown(result, "findings")
    assert list(facts)[:3] == ["state", "why", "what_to_do"]
    assert facts["why"].startswith("day2 is not a full snapshot: 1 file cannot be read")
    first = facts["first_of_each_code"][0]
    assert first["code"] == "invalid_json, which blocks the day"
    assert first["place"] == "admin_groups/cut.json, the whole file"
    assert failed_partitions(dagster, "findings") == (set(), {"day1", "day2"})


def test_p22_findings_alone_are_shown_again_without_a_sync(dagster: Dagster, source: Path, pipeline: Pipeline) -> None:
    write_day(source / "sync-day1", [group(1, [5]), {"id": 2}], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    before = pipeline.row_versions()
    again = dagster.run("sync_day", "day1", asset_selection=[AssetKey("findings")])
    assert again.success
    assert [e.asset_key for e in again.get_asset_materialization_events()] == [AssetKey("findings")]
    assert [row["place"] for row in shown(again, "findings")["missing_name"]] == ["admin_groups/groups.json, record 1"]
    assert pipeline.row_versions() == before


def test_p22_a_held_day_says_why_in_the_history_of_its_partition(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", GROUPS, AGENTS)
    assert dagster.run("sync_day", "day1").success
    write_day(source / "sync-day2", GROUPS, AGENTS[:15])
    assert not dagster.run("sync_day", "day2").success

    (facts,) = observed(dagster, "groups", "day2")
    assert (facts["state"], facts["day"], facts["code"]) == ("held", "day2", "day_held")
    assert facts["why"].startswith("day2 is held, and nothing of it was applied.")
    assert f"groups-platform approve day2 --plan {facts['plan']} --reason TEXT" in facts["what_to_do"]
    assert {row["limit"] for row in facts["limits"]} == {"agents_deactivated", "groups_turned_inactive"}
    assert {"change": "agents_deactivated", "rows": 15} in facts["would_change"]
    assert facts["such_as"][0]["group"] == "Group 15 (15)"
    for other in ("agents", "group_membership", "group_inactivity"):
        (short,) = observed(dagster, other, "day2")
        assert short["why"] == facts["why"]
    assert failed_partitions(dagster, "groups") == ({"day2"}, {"day1"}), "nothing claims that it was materialised"
    findings = dagster.instance.get_latest_materialization_event(AssetKey("findings"))
    assert findings
    assert findings.asset_materialization
    assert values(findings.asset_materialization.metadata)["why"] == facts["why"]


def test_p22_a_day_that_fails_before_the_tables_says_why_too(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1)], [agent(5)])
    assert not dagster.run("sync_day", "day7").success
    for asset in ("raw_groups", "groups"):
        facts = observed(dagster, asset, "day7")[0]
        assert facts["state"] == "failed"
        assert "Days there: day1" in facts["why"]
        assert "groups-platform sync --day day7" in facts["what_to_do"]


def test_p22_a_check_that_rolls_a_day_back_shows_the_rows(dagster: Dagster, source: Path, pipeline: Pipeline) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    with connect(pipeline.url) as connection:
        connection.execute(
            "CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.name := 'spoiled'; RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER spoil BEFORE INSERT ON directory.groups FOR EACH ROW EXECUTE FUNCTION public.spoil()"
        )
    write_day(source / "sync-day2", [group(1, [5]), group(2, [5])], [agent(5)])
    assert not dagster.run("sync_day", "day2").success
    (facts,) = observed(dagster, "groups", "day2")
    assert facts["code"] == "check_failed"
    assert facts["rows_that_break_groups_equal_snapshot"][0]["group_id"] == 2


def test_p22_the_preview_of_raw_records_begins_with_what_was_rejected_and_why(dagster: Dagster, source: Path) -> None:
    good = [group(n, [5]) for n in range(1, 40)]
    write_day(source / "sync-day1", [*good, {"id": 50}, {"id": 51, "name": " ", "parent_group_id": "x"}], [agent(5)])
    write_file(source / "sync-day1" / "admin_groups" / "cut.json", '[{"id": 3, "na')
    preview = shown(dagster.run("sync_day", "day1"), "raw_groups")["preview"]
    assert [(row["file"], row["code"]) for row in preview[:3]] == [
        ("admin_groups/cut.json", "invalid_json"),
        ("admin_groups/groups.json", "missing_name"),
        ("admin_groups/groups.json", "invalid_name, invalid_parent"),
    ]
    assert all(row["reason"] and not row["accepted"] for row in preview[:3])
    assert all(row["accepted"] and not row["code"] for row in preview[3:])
    assert len(preview) == 13


DAY1 = [
    group(1, [100], name="North"),
    group(2, [101], name="South"),
    group(3, [102], parent=1, name="Harbour"),
    group(4, [103], parent=2, name="Old name"),
    group(5, [], parent=2, name="Sleeping"),
    group(6, [104], parent=1, name="Gone"),
]
DAY2 = [
    group(1, [100], name="North"),
    group(2, [101, 105], name="South"),
    group(3, [102], parent=2, name="Harbour"),
    group(4, [103], parent=2, name="New name"),
    group(5, [101], parent=2, name="Sleeping"),
    group(7, [104], name="Young"),
    group(8, [], parent=1, name='<b>&"\x07'),
]
WHO = [agent(n) for n in range(100, 106)]


@pytest.fixture
def changed(dagster: Dagster, source: Path) -> ExecuteInProcessResult:
    """Day 2 after day 1, with a change of each kind."""
    write_day(source / "sync-day1", DAY1, WHO)
    first = dagster.run("sync_day", "day1")
    assert first.success
    assert not any("turned" in line or "new" in line for line in lines_of(shown(first, "groups")["tree"]))
    write_day(source / "sync-day2", DAY2, [a for a in WHO if a["id"] != 103])
    return dagster.run("sync_day", "day2")


def told(table: Iterable[dict[str, Any]]) -> set[tuple[str, ...]]:
    return {tuple(row[name] for name in ("change", "group", "agent", "from", "to")) for row in table}


CHANGES = {
    ("group turned inactive", "New name (4)", "", "", ""),
    ("group active again", "Sleeping (5)", "", "", ""),
    ("new group", "Young (7)", "", "", ""),
    ("new group", '<b>&"\x07 (8)', "", "", ""),
    ("group moved", "Harbour (3)", "", "North (1)", "South (2)"),
    ("group renamed", "New name (4)", "", "Old name", "New name"),
    ("group missing upstream", "Gone (6)", "", "", ""),
    ("agent turned inactive", "", "Agent 103 (103)", "", ""),
    ("member joined", "South (2)", "Agent 105 (105)", "", ""),
    ("member joined", "Sleeping (5)", "Agent 101 (101)", "", ""),
    ("member joined", "Young (7)", "Agent 104 (104)", "", ""),
}


def test_p22_what_a_day_changed_is_a_table_with_names(changed: ExecuteInProcessResult) -> None:
    facts = shown(changed, "groups")
    assert told(facts["what_changed"]) == CHANGES
    numbers = {kind: facts[kind] for kind in ("groups_new", "groups_moved", "groups_renamed", "memberships_added")}
    assert numbers == {"groups_new": 2, "groups_moved": 1, "groups_renamed": 1, "memberships_added": 3}
    flags = told(shown(changed, "group_inactivity")["what_changed"])
    assert flags == {change for change in CHANGES if "active" in change[0] and change[1]}


def test_p22_the_tree_marks_what_changed_by_sign_word_and_colour(changed: ExecuteInProcessResult) -> None:
    markdown = shown(changed, "groups")["tree"]
    assert shown(changed, "group_inactivity")["tree"] == markdown
    by_name = {line.split("  ")[0].split(" ")[0]: line for line in lines_of(markdown)}
    assert "→ moved from North (1)" in by_name["Harbour"]
    assert "▼ turned inactive" in by_name["New"]
    assert "≈ was Old name" in by_name["New"]
    assert "▲ active again" in by_name["Sleeping"]
    assert "+ new" in by_name["Young"]
    assert "? missing upstream" in by_name["Gone"]
    assert "± 1 joined" in by_name["South"]
    assert not re.search("[→▼≈▲+?±]", by_name["North"])
    assert "1 of 1 member active" in by_name["North"]
    title, legend, *_ = lines_of(markdown)
    assert title == "What day2 changed"
    for sign in "▼▲+→≈?±":
        assert sign in legend
    svg = svg_of(markdown)
    card = next(svg.iter("{http://www.w3.org/2000/svg}rect"))
    assert card.get("fill") == "white", "legible on a dark page too"


def test_p22_a_day_run_again_still_shows_what_it_changed(dagster: Dagster, changed: ExecuteInProcessResult) -> None:
    again = dagster.run("sync_day", "day2")
    facts = shown(again, "groups")
    assert facts["rows_written"] == 0
    assert told(facts["what_changed"]) == CHANGES
    assert facts["tree"] == shown(changed, "groups")["tree"]
    older = shown(dagster.run("sync_day", "day1"), "groups")
    assert older["left_alone"] == "older than day2, the newest applied day"
    assert older["groups_new"] == 6


def test_p22_a_day_delivered_again_shows_what_differs_from_the_day_before(
    dagster: Dagster, source: Path, pipeline: Pipeline
) -> None:
    write_day(source / "sync-day1", DAY1, WHO)
    write_day(source / "sync-day2", [*DAY1[:3], DAY2[3], *DAY1[4:]], WHO)
    for label in ("day1", "day2"):
        assert dagster.run("sync_day", label).success
    write_day(source / "sync-day2", DAY2, [a for a in WHO if a["id"] != 103])
    assert told(shown(dagster.run("sync_day", "day2"), "groups")["what_changed"]) == CHANGES
    plan = find_plan(pipeline.url, "day2", outcome="applied")
    assert plan
    assert plan["counts"]["groups_renamed"] == 0, "the plan is the difference to the delivery before"
    (moved,) = plan["samples"]["groups_moved"]
    assert (moved["group_name"], moved["before_name"], moved["after_name"]) == ("Harbour", "North", "South")
    assert {row["group_name"] for row in plan["samples"]["groups_new"]} == {"Young", '<b>&"\x07'}


def test_p22_every_check_names_its_day(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    write_day(source / "sync-day2", [group(1, [5]), group(2, [5])], [agent(5)])
    runs = [dagster.run("sync_day", label) for label in ("day1", "day2")]
    runs.append(dagster.run("check_directory"))
    for result, label in zip(runs, ("day1", "day2", "day2"), strict=True):
        checks = result.get_asset_check_evaluations()
        assert len(checks) >= 18
        for check in checks:
            assert check.metadata["day"].value == label, check.check_name
            assert (check.description or "").startswith(label), check.check_name


def test_p13_the_page_of_the_days_names_the_one_that_the_later_ones_wait_for() -> None:
    held = DayStatus("day1", DayState.HELD, "day1 is held.", holds_back=True)
    waiting = DayStatus("day2", DayState.WAITING, "day2 waits for day1, which is held.", holds_back=True)
    shown_days = report_days([held, waiting]).metadata
    assert shown_days["later_days_wait_for"].value == "day1"
    rows = [record.data for record in shown_days["days"].records]
    assert rows[0] == {"day": "day1", "state": "held", "what": "day1 is held."}
    assert report_days([]).metadata["later_days_wait_for"].value == "none"


def test_p22_figures_are_numbers_of_their_own_so_that_they_have_curves(dagster: Dagster) -> None:
    result = dagster.run("sync_day", "day1", run_config=SAMPLE)
    figures = {
        "groups": {
            "findings_total", "errors", "warnings", "groups", "active_groups", "inactive_groups", "memberships",
            "agents", "active_agents", "memberships_added", "groups_moved", "rows_written",
        },
        "raw_groups": {"read", "accepted", "rejected", "findings_total", "errors"},
        "raw_agents": {"read", "accepted", "rejected", "findings_total", "errors"},
        "findings": {"findings_total", "errors", "warnings"},
        "group_inactivity": {"groups_turned_inactive", "groups_turned_active"},
    }  # fmt: skip
    for asset, names in figures.items():
        facts = shown(result, asset)
        assert {type(facts[name]) for name in names} == {int}, asset
    facts = shown(result, "groups")
    assert facts["active_groups"] + facts["inactive_groups"] == facts["groups"] == facts["dagster/row_count"]


def test_p22_every_column_is_described_in_a_sentence() -> None:
    described = 0
    for spec in build_defs().resolve_all_asset_specs():
        schema = spec.metadata.get("dagster/column_schema")
        schema = getattr(schema, "schema", schema)
        if schema is not None:
            assert isinstance(schema, TableSchema)
            for column in schema.columns:
                assert re.fullmatch(r"[A-Z\d].+\.", column.description or ""), f"{spec.key}: {column.name}"
                described += 1
    assert described > 40


def test_p22_the_graph_of_both_halves_hangs_together() -> None:
    graph = build_defs().resolve_asset_graph()
    everything = {key for key in graph.get_all_asset_keys() if key != AssetKey("sync_days")}
    reached, waiting = set[AssetKey](), [AssetKey("groups")]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting.extend(graph.get(key).parent_keys | graph.get(key).child_keys)
    assert reached == everything


@pytest.mark.parametrize("seed", range(3))
def test_p22_hostile_days_are_shown_like_any_other(
    dagster: Dagster, source: Path, pipeline: Pipeline, seed: int
) -> None:
    """Whatever upstream sends: every finding is counted, every picture is one, and a refused day says why."""
    for label in write_days(source, seed):
        result = dagster.run("sync_day", label)
        if result.success:
            svg_of(shown(result, "groups")["tree"])
        else:
            assert observed(dagster, "groups", label)[0]["why"]
        facts = shown(result, "findings")
        assert facts["findings_total"] == sum(pipeline.codes(label).values())
        json.dumps(facts)
