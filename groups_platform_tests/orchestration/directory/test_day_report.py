"""P21 in Dagster: every day has its page, whatever became of it, and nothing becomes of the day because of its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, ExecuteInProcessResult

from groups_platform.orchestration.directory.day_reports import report_folder
from groups_platform.report.publish import make_page
from groups_platform.settings import Settings
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.orchestration.conftest import Dagster
from groups_platform_tests.pipeline import Pipeline

REPORT = AssetKey("day_report")


@pytest.fixture
def source(pipeline: Pipeline) -> Path:
    source = Path(pipeline.source)
    write_day(
        source / "sync-day1", [group(n, range(100, 120)) for n in range(1, 30)], [agent(n) for n in range(100, 120)]
    )
    return source


def metadata_of(instance: DagsterInstance, label: str) -> dict[str, Any]:
    """What the UI shows of the day's report."""
    event = instance.get_latest_materialization_event(REPORT)
    assert event
    materialization = event.asset_materialization
    assert materialization
    assert materialization.partition == label
    return {name: getattr(value, "value", value) for name, value in materialization.metadata.items()}


def page_of(settings: Settings, label: str) -> bytes:
    return (report_folder(settings) / f"{label}.html").read_bytes()


def warnings_of(instance: DagsterInstance, result: ExecuteInProcessResult) -> list[str]:
    return [entry.user_message for entry in instance.all_logs(result.run_id) if entry.level == 30]


def test_p21_an_applied_day_has_its_page_in_the_home_and_where_it_is_published(
    dagster: Dagster, source: Path, environment: Settings, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_REPORT_URL", "memory://reports-of-a-run")
    assert dagster.run("sync_day", "day1").success
    shown = metadata_of(dagster.instance, "day1")
    assert shown["path"] == str(report_folder(environment) / "day1.html")
    assert shown["state"] == "applied"
    assert shown["headline"].startswith("day1 is applied, since ")
    assert shown["bytes"] == len(page_of(environment, "day1"))
    assert page_of(environment, "day1") == make_page(pipeline.url, "day1").content
    published = fsspec.filesystem("memory")
    assert published.cat_file("/reports-of-a-run/latest.html") == page_of(environment, "day1")
    assert b'<a href="day1.html">' in published.cat_file("/reports-of-a-run/index.html")


def test_p21_a_held_day_has_its_page_and_stays_held(
    dagster: Dagster, source: Path, environment: Settings, pipeline: Pipeline
) -> None:
    assert dagster.run("sync_day", "day1").success
    write_day(source / "sync-day2", [group(n, [100]) for n in range(1, 30)], [agent(100)])
    assert not dagster.run("sync_day", "day2").success
    shown = metadata_of(dagster.instance, "day2")
    assert shown["state"] == "held"
    assert "groups-platform approve day2" in shown["headline"]
    assert page_of(environment, "day2") == make_page(pipeline.url, "day2").content
    assert b"What the day would change" in page_of(environment, "day2")


def test_p21_an_incomplete_day_has_its_page(
    dagster: Dagster, source: Path, environment: Settings, pipeline: Pipeline
) -> None:
    write_file(source / "sync-day1" / "admin_groups" / "cut.json", '[{"id": 3, "na')
    assert not dagster.run("sync_day", "day1").success
    shown = metadata_of(dagster.instance, "day1")
    assert shown["state"] == "failed"
    assert shown["headline"].startswith("day1 is not a full snapshot")
    assert page_of(environment, "day1") == make_page(pipeline.url, "day1").content


def test_p21_a_day_that_fails_before_the_tables_has_a_page_that_says_why(
    dagster: Dagster, source: Path, environment: Settings
) -> None:
    assert dagster.run("sync_day", "day1").success
    assert not dagster.run("sync_day", "day9").success
    shown = metadata_of(dagster.instance, "day9")
    assert shown["state"] == "failed"
    assert shown["headline"].startswith("day9 failed: ")
    assert "has no folder sync-day9" in page_of(environment, "day9").decode()
    assert "The tables still show" in page_of(environment, "day9").decode()


def test_p21_an_older_day_has_its_page(dagster: Dagster, source: Path, environment: Settings) -> None:
    assert dagster.run("sync_day", "day1").success
    write_day(source / "sync-day0", [group(1, [100])], [agent(100)])
    assert dagster.run("sync_day", "day0").success
    assert metadata_of(dagster.instance, "day0")["state"] == "late"
    assert b"groups-platform replay" in page_of(environment, "day0")


def test_p21_a_page_that_cannot_be_published_is_a_warning_with_the_reason(
    dagster: Dagster, source: Path, environment: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GROUPS_REPORT_URL", str(tmp_path / "file" / "reports"))
    result = dagster.run("sync_day", "day1")
    assert result.success
    shown = metadata_of(dagster.instance, "day1")
    assert "cannot be written" in shown["not_published"]
    assert any("cannot be written" in text for text in warnings_of(dagster.instance, result))
    assert page_of(environment, "day1")


def test_p21_where_no_page_can_be_made_the_day_is_applied_all_the_same(
    dagster: Dagster, source: Path, environment: Settings, pipeline: Pipeline
) -> None:
    environment.home.mkdir(parents=True, exist_ok=True)
    report_folder(environment).write_text("in the way")
    result = dagster.run("sync_day", "day1")
    assert result.success
    assert pipeline.set_of("SELECT sync_day FROM directory.sync_days") == {"day1"}
    assert dagster.instance.get_latest_materialization_event(REPORT) is None
    assert any(text.startswith("The day has no report: ") for text in warnings_of(dagster.instance, result))
    write_day(source / "sync-day2", [group(n, [100]) for n in range(1, 30)], [agent(100)])
    held = dagster.run("sync_day", "day2")
    assert not held.success
    assert any(text.startswith("The day has no report: ") for text in warnings_of(dagster.instance, held))
    hooks = {DagsterEventType.HOOK_ERRORED.value}
    assert not [entry for entry in dagster.instance.all_logs(held.run_id) if entry.dagster_event_type in hooks]
