"""The sensor against a real folder and an instance: what it requests, and when it waits."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRequest, SensorResult, build_sensor_context
from dagster._core.test_utils import create_run_for_test

from groups_platform.directory.source import list_day
from groups_platform.orchestration.directory.partitions import NAME
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.directory.sensors import new_sync_days
from groups_platform.settings import Settings
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.orchestration.conftest import Dagster


class Sensor:
    """Ticks that remember the cursor, as the daemon does."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> SensorResult:
        resources = {"platform": Platform()}
        with build_sensor_context(self.instance, cursor=self.cursor, resources=resources) as context:
            result = new_sync_days(context)
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor
        return result

    def request(self) -> RunRequest:
        (request,) = self.tick().run_requests or []
        return request

    def skip_reason(self) -> str:
        result = self.tick()
        assert not result.run_requests
        assert result.skip_reason
        return str(result.skip_reason.skip_message)

    def start(self, request: RunRequest, status: DagsterRunStatus) -> DagsterRun:
        tags = {**request.tags, "dagster/partition": request.partition_key or ""}
        return create_run_for_test(self.instance, job_name="sync_day", tags=tags, status=status)


@pytest.fixture
def sensor(dagster: Dagster) -> Sensor:
    return Sensor(dagster.instance)


@pytest.fixture
def source(environment: Settings) -> Path:
    return Path(environment.source)


def rest(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("GROUPS_QUIET_SECONDS", seconds)


def test_a_folder_is_requested_once_it_is_unchanged_and_again_when_its_content_changes(
    sensor: Sensor, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    assert "nothing in it has changed for 30 s" in sensor.skip_reason()
    rest(monkeypatch, "0")
    request = sensor.request()
    assert request.partition_key == "day1"
    assert list(sensor.instance.get_dynamic_partitions(NAME)) == ["day1"]

    sensor.start(request, DagsterRunStatus.SUCCESS)
    assert sensor.skip_reason().startswith("Every sync day")

    write_file(source / "sync-day1" / "admin_groups" / "more.json", "[]")
    rest(monkeypatch, "30")
    assert "may still be arriving" in sensor.skip_reason()
    rest(monkeypatch, "0")
    changed = sensor.request()
    assert changed.partition_key == "day1"
    assert changed.run_key != request.run_key


def test_p9_a_marker_that_was_there_before_the_files_does_not_count(sensor: Sensor, source: Path) -> None:
    day = write_day(source / "sync-day1", [group(1, [5])], [agent(5)], files={"_SUCCESS": ""})
    sensor.start(sensor.request(), DagsterRunStatus.SUCCESS)
    time.sleep(0.02)  # longer than a clock of files takes for a step
    write_file(day / "agents" / "agents.json", "[]")
    assert "its _SUCCESS is older than its files" in sensor.skip_reason()
    time.sleep(0.02)
    (day / "_SUCCESS").touch()
    assert sensor.request().partition_key == "day1"


def test_a_cursor_of_an_older_version_is_read(sensor: Sensor, source: Path) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    sensor.cursor = json.dumps({"day1": list_day(str(source), "day1").fingerprint})
    assert "may still be arriving" in sensor.skip_reason()


def test_the_next_day_waits_until_the_one_before_it_succeeded(sensor: Sensor, source: Path) -> None:
    for label in ("day2", "day10"):
        write_day(source / f"sync-{label}", [group(1)], [agent(5)], files={"_SUCCESS": ""})
    first = sensor.request()
    assert first.partition_key == "day2"
    running = sensor.start(first, DagsterRunStatus.STARTED)
    assert sensor.skip_reason() == "day2 is running; the days after it wait."
    sensor.instance.report_run_failed(running)
    assert "day2 failed" in sensor.skip_reason()
    sensor.start(first, DagsterRunStatus.SUCCESS)  # a person re-executed it
    assert sensor.request().partition_key == "day10"


def test_a_source_that_cannot_be_listed_is_a_sentence(dagster: Dagster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_SOURCE", "/no/such/folder")
    with build_sensor_context(dagster.instance, resources={"platform": Platform()}) as context:
        assert "cannot be listed" in str(new_sync_days(context))
