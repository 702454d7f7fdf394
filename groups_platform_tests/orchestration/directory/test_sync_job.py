"""The job sync_day through Dagster: materialisations, checks, failures, subsets."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import fsspec
import pytest
from dagster import AssetCheckKey, AssetKey, ExecuteInProcessResult

from groups_platform.directory.decisions import Verdict, decide
from groups_platform.orchestration.instance import FINGERPRINT_TAG, PROCESS_TAG
from groups_platform.settings import find_resource
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.orchestration.conftest import Dagster
from groups_platform_tests.pipeline import Pipeline

SAMPLE = {"resources": {"platform": {"config": {"source": str(find_resource("sample_data"))}}}}


def metadata(result: ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == AssetKey(asset)]
    return {name: getattr(value, "value", value) for name, value in event.materialization.metadata.items()}


def failed_checks(result: ExecuteInProcessResult) -> set[str]:
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


def failure_of(result: ExecuteInProcessResult) -> Any:
    return next(event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure)


@pytest.fixture
def source(pipeline: Pipeline) -> Path:
    return Path(pipeline.source)


def test_two_sample_days_land_with_counts_findings_preview_and_tree(dagster: Dagster, pipeline: Pipeline) -> None:
    day1 = dagster.run("sync_day", "day1", run_config=SAMPLE)
    assert day1.success
    assert failed_checks(day1) == set()
    assert len(day1.get_asset_check_evaluations()) == 20
    day2 = dagster.run("sync_day", "day2", run_config=SAMPLE)
    assert day2.success
    assert failed_checks(day2) == {"hierarchy_cycles", "missing_parents", "few_records_rejected"}

    raw = metadata(day2, "raw_groups")
    assert (raw["read"], raw["accepted"], raw["rejected"]) == (36, 29, 7)
    assert "preview" in raw
    groups = metadata(day2, "groups")
    assert groups["totals"] == {
        "groups": 33, "inactive_groups": 5, "memberships": 41, "agents": 26, "active_agents": 21,
    }  # fmt: skip
    assert groups["tree"].startswith("![groups](data:image/svg+xml;base64,")
    assert len(pipeline.inactive()) == 5

    again = dagster.run("sync_day", "day2", run_config=SAMPLE)
    assert [metadata(again, table)["rows_written"] for table in ("agents", "groups", "group_membership")] == [0, 0, 0]

    older = dagster.run("sync_day", "day1", run_config=SAMPLE)
    assert older.success
    assert metadata(older, "groups")["left_alone"] == "older than day2, the newest applied day"
    assert len(pipeline.inactive()) == 5


def test_an_applied_run_carries_the_fingerprint_of_what_it_applied(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    result = dagster.run("sync_day", "day1")
    run = dagster.instance.get_run_by_id(result.run_id)
    assert run
    assert run.tags[FINGERPRINT_TAG]


def test_an_incomplete_day_fails_with_a_sentence_and_applies_nothing(
    dagster: Dagster, source: Path, pipeline: Pipeline
) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    before = pipeline.live_tables()

    write_day(source / "sync-day2", [group(1), group(2)], [agent(5)])
    write_file(source / "sync-day2" / "admin_groups" / "cut.json", '[{"id": 3, "na')
    (source / "sync-day2" / "admin_groups" / "gone.json").symlink_to(source / "nowhere")
    result = dagster.run("sync_day", "day2")

    assert not result.success
    assert "complete_snapshot" in failed_checks(result)
    failure = failure_of(result)
    assert failure.description.startswith("day2 is not a full snapshot: 2 files cannot be read")
    assert "Deliver sync-day2 again" in failure.description
    assert failure.metadata["code"].value == "incomplete_snapshot"
    assert pipeline.live_tables() == before
    assert pipeline.codes("day2")["invalid_json"] == 2
    details = pipeline.set_of("SELECT detail FROM directory.findings WHERE file LIKE '%gone.json'")
    assert details == {"cannot be opened: No such file or directory (byte 0)"}


def test_an_unknown_day_names_those_that_there_are(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1)], [agent(5)])
    result = dagster.run("sync_day", "day7")
    assert "Days there: day1" in failure_of(result).description


def test_flags_alone_are_recomputed_from_the_tables_as_they_are(
    dagster: Dagster, source: Path, pipeline: Pipeline
) -> None:
    write_day(source / "sync-day1", [group(1), group(2, [5], parent=1), group(3)], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    pipeline.rows("UPDATE directory.groups SET inactive = NOT inactive RETURNING 1")
    result = dagster.run("sync_day", "day1", asset_selection=[AssetKey("group_inactivity")])
    assert result.success
    assert metadata(result, "group_inactivity")["updated"] == 3
    assert pipeline.inactive() == {3}
    assert len(result.get_asset_materialization_events()) == 1


def test_checks_alone_find_corrupted_tables_and_change_nothing(
    dagster: Dagster, source: Path, pipeline: Pipeline
) -> None:
    write_day(source / "sync-day1", [group(1, [5]), group(2, [5, 6])], [agent(5), agent(6)])
    assert dagster.run("sync_day", "day1").success
    clean = dagster.run("check_directory")
    assert clean.success
    assert failed_checks(clean) == set()
    assert clean.get_asset_materialization_events() == []

    pipeline.rows("DELETE FROM directory.group_membership WHERE agent_id = 6 RETURNING 1")
    pipeline.rows("UPDATE directory.groups SET name = 'x', inactive = TRUE WHERE group_id = 1 RETURNING 1")
    before = pipeline.tables()
    corrupted = dagster.run("check_directory")
    assert failed_checks(corrupted) == {
        "memberships_equal_snapshot",
        "groups_equal_snapshot",
        "inactivity_is_right",
        "history_equals_tables",
    }
    assert pipeline.tables() == before


def test_a_day_with_far_fewer_records_warns_and_is_applied(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(i, [5]) for i in range(8)], [agent(5)])
    write_day(source / "sync-day2", [group(i, [5]) for i in range(3)], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    result = dagster.run("sync_day", "day2")
    assert result.success
    assert "volume_like_the_day_before" in failed_checks(result)


def test_every_run_says_which_process_works_on_it(dagster: Dagster, source: Path) -> None:
    """Also one of checks or flags alone, or one that begins at the tables: whoever finds it dead can end it."""
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    tables = [AssetKey(name) for name in ("agents", "groups", "group_membership", "group_inactivity")]
    runs = [
        dagster.run("sync_day", "day1"),
        dagster.run("sync_day", "day1", asset_selection=tables),
        dagster.run("sync_day", "day1", asset_selection=[AssetKey("group_inactivity")]),
        dagster.run("check_directory"),
    ]
    for result in runs:
        assert result.success
        run = dagster.instance.get_run_by_id(result.run_id)
        assert run
        assert run.tags[PROCESS_TAG].split(":")[1] == str(os.getpid())


def test_a_source_with_a_password_is_shown_without_it(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    url = "memory://ada:p@ss@files.example.com/source"
    fsspec.filesystem("memory").put(f"{source}/", f"{url}/", recursive=True)
    config = {"resources": {"platform": {"config": {"source": url}}}}
    result = dagster.run("sync_day", "day1", run_config=config)
    assert result.success
    shown = "".join(str(entry) for entry in dagster.instance.all_logs(result.run_id))
    assert "files of memory://***@files.example.com/source/sync-day1" in shown
    shown += "".join(str(event) for event in result.all_events)
    assert "memory://***@files.example.com/source/sync-day1" in shown
    assert "p@ss" not in shown


def sentence_of(result: ExecuteInProcessResult, name: str) -> tuple[bool, str]:
    (check,) = [c for c in result.get_asset_check_evaluations() if c.check_name == name]
    return check.passed, check.description or ""


def statuses(dagster: Dagster, asset: str, *names: str) -> list[str]:
    """What the UI goes by, of these checks."""
    keys = [AssetCheckKey(AssetKey(asset), name) for name in names]
    found = dagster.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return [found[key].status.value for key in keys]


def test_p11_a_held_day_says_which_limit_and_which_command_decides(
    dagster: Dagster, source: Path, pipeline: Pipeline
) -> None:
    agents = [agent(n) for n in range(100, 130)]
    write_day(source / "sync-day1", [group(n, [100 + n]) for n in range(30)], agents)
    assert dagster.run("sync_day", "day1").success
    before = pipeline.live_tables()
    write_day(source / "sync-day2", [group(n, [100 + n]) for n in range(30)], agents[:15])
    held = dagster.run("sync_day", "day2")
    assert not held.success
    assert pipeline.live_tables() == before
    assert failure_of(held).metadata["code"].value == "day_held"
    passed, said = sentence_of(held, "within_limits")
    assert not passed
    assert "15 of 30 (50%), allowed are" in said
    plan_id = re.search("--plan ([0-9a-f]+)", said)
    assert plan_id
    evaluated = {check.check_name for check in held.get_asset_check_evaluations()}
    assert "inactivity_is_right" not in evaluated
    shown = statuses(dagster, "groups", "within_limits", "complete_snapshot", "day_is_newest")
    assert shown == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert statuses(dagster, "group_inactivity", "inactivity_is_right") == ["SUCCEEDED"], "the one before, of day1"

    decide(pipeline.url, "day2", Verdict.APPROVE, fingerprint="", decided_by="ada", reason="yes", plan_id=plan_id[1])
    approved = dagster.run("sync_day", "day2")
    assert approved.success
    assert "approved this very plan" in sentence_of(approved, "within_limits")[1]


def test_p15_a_fresh_day_that_sorts_before_the_newest_warns(dagster: Dagster, source: Path) -> None:
    for label in ("day1", "2026-11-04"):
        write_day(source / f"sync-{label}", [group(1, [5])], [agent(5)])
    assert dagster.run("sync_day", "day1").success
    late = dagster.run("sync_day", "2026-11-04")
    assert late.success
    assert failed_checks(late) == {"day_is_newest"}
    facts = metadata(late, "groups")
    assert next(iter(facts)) == "left_alone"
    assert "replay" in facts["never_applied"]


def test_an_older_day_again_shows_what_it_was(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5]), group(2)], [agent(5)])
    write_day(source / "sync-day2", [group(n, [5]) for n in range(1, 5)], [agent(5)])
    for label in ("day1", "day2"):
        assert dagster.run("sync_day", label).success
    again = dagster.run("sync_day", "day1")
    assert failed_checks(again) == set()
    facts = metadata(again, "groups")
    assert facts["totals"] == {
        "groups": 2, "inactive_groups": 1, "memberships": 1, "agents": 1, "active_agents": 1,
    }  # fmt: skip
    assert facts["dagster/row_count"] == 2


def test_what_a_check_of_records_measured_is_in_its_sentence(dagster: Dagster, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5]), {"id": 2}], [agent(5)])
    result = dagster.run("sync_day", "day1")
    said = [c.description for c in result.get_asset_check_evaluations() if c.check_name == "few_records_rejected"]
    assert "day1: 1 of 2 records are rejected (50.0%), allowed are 10.0%." in said
