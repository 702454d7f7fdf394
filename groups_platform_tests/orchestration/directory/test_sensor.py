"""The sensor against a real folder and an instance: what it requests, and when it waits."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunRequest,
    SensorResult,
    build_sensor_context,
)
from dagster._core.events import JobFailureData, RunFailureReason
from dagster._core.storage.tags import TagType, get_tag_type
from dagster._core.test_utils import create_run_for_test
from sqlalchemy import event

from groups_platform.database.connection import connect, open_database
from groups_platform.directory.apply import apply_day
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.source import list_source
from groups_platform.directory.staging import staged_day
from groups_platform.orchestration.directory.day_states import DECISION_TAG, RETRY_TAG, find_runs
from groups_platform.orchestration.directory.partitions import NAME
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.directory.sensors import REPORTED, new_sync_days, read_cursor, write_cursor
from groups_platform.orchestration.instance import (
    FINGERPRINT_TAG,
    OLD_TAG,
    OWN_TAG,
    PARTITION_TAG,
    PROCESS_TAG,
    end_dead_runs,
    open_instance,
)
from groups_platform.settings import Settings
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.orchestration.conftest import Dagster
from groups_platform_tests.pipeline import Pipeline


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
        tags = {
            **request.tags,
            "dagster/partition": request.partition_key or "",
            "dagster/run_key": request.run_key or "",
        }
        return create_run_for_test(self.instance, job_name="sync_day", tags=tags, status=status)

    def fail(self, run: DagsterRun) -> None:
        by_itself = JobFailureData(error=None, failure_reason=RunFailureReason.STEP_FAILURE)
        self.instance.report_run_failed(run, "a step failed", by_itself)


@pytest.fixture
def sensor(dagster: Dagster) -> Sensor:
    return Sensor(dagster.instance)


@pytest.fixture
def source(environment: Settings) -> Path:
    return Path(environment.source)


@dataclass(frozen=True)
class Worker:
    """Does what a requested run does, on the test's own tables, and ends it as that would have ended."""

    sensor: Sensor
    pipeline: Pipeline

    def run(self, request: RunRequest, limits: Protection = OFF) -> DayResult:
        run, label = self.sensor.start(request, DagsterRunStatus.STARTED), request.partition_key or ""
        self.pipeline.fill_lake(label)
        with staged_day(self.pipeline.spark, self.pipeline.lake, label, self.pipeline.url) as staged:
            result = apply_day(staged, run.run_id, limits)
        if result.refusal:
            self.sensor.fail(run)
        else:
            success = DagsterEvent(DagsterEventType.PIPELINE_SUCCESS.value, "sync_day")
            self.sensor.instance.report_dagster_event(success, run_id=run.run_id)
        return result


@pytest.fixture
def worker(sensor: Sensor, pipeline: Pipeline) -> Worker:
    return Worker(sensor, pipeline)


def deliver(source: Path, label: str, groups: list[Any], agents: Any = range(100, 140)) -> None:
    """A whole day, at once and with its marker."""
    folder = source / f"sync-{label}"
    write_day(folder, groups, [agent(number) for number in agents], files={"_SUCCESS": ""})
    for path in folder.rglob("*.json"):
        os.utime(path, (CLOCK, CLOCK))
    (folder / "_SUCCESS").touch()  # no file was changed since


CLOCK = 1_700_000_000
EVERYBODY = range(100, 140)
DELIVERY_A, DELIVERY_B = [group(1, EVERYBODY, name="North")], [group(1, EVERYBODY, name="Northeast")]


def rest(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("GROUPS_QUIET_SECONDS", seconds)


def test_a_folder_is_requested_once_it_is_unchanged_and_again_when_its_content_changes(
    sensor: Sensor, worker: Worker, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_day(source / "sync-day1", [group(1, [5])], [agent(5)])
    assert "nothing in it has changed for 30 s" in sensor.skip_reason()
    rest(monkeypatch, "0")
    request = sensor.request()
    assert request.partition_key == "day1"
    assert list(sensor.instance.get_dynamic_partitions(NAME)) == ["day1"]

    worker.run(request)
    assert sensor.skip_reason() == "Every sync day of the source is dealt with: 1 applied."

    write_file(source / "sync-day1" / "admin_groups" / "more.json", "[]")
    rest(monkeypatch, "30")
    assert "may still be arriving" in sensor.skip_reason()
    rest(monkeypatch, "0")
    changed = sensor.request()
    assert changed.partition_key == "day1"
    assert changed.run_key != request.run_key


def test_p14_content_that_returns_to_an_earlier_state_runs_again(
    sensor: Sensor, worker: Worker, source: Path, pipeline: Pipeline
) -> None:
    keys, names = [], []
    for delivery in (DELIVERY_A, DELIVERY_B, DELIVERY_A, DELIVERY_B, DELIVERY_A):
        deliver(source, "day1", delivery)
        request = sensor.request()
        assert request.run_key
        keys.append(request.run_key)
        worker.run(request)
        names += pipeline.set_of("SELECT name FROM directory.groups")
        assert sensor.skip_reason().startswith("Every sync day")
    assert len(set(keys)) == len(keys)  # Dagster drops a request whose key it has seen
    assert names == ["North", "Northeast", "North", "Northeast", "North"]


def test_p13_a_tick_reports_the_days_whenever_something_is_new(sensor: Sensor, worker: Worker, source: Path) -> None:
    def reported() -> list[list[tuple[Any, ...]]]:
        tables = [event.metadata["days"] for event in sensor.tick().asset_events]
        return [[(row.data["day"], row.data["state"]) for row in getattr(table, "records", [])] for table in tables]

    source.mkdir()
    assert reported() == [[]]
    assert reported() == []
    deliver(source, "day1", DELIVERY_A)
    assert reported() == [[("day1", "waiting")]]
    worker.run(sensor.request())
    assert reported() == [[("day1", "applied")]]
    assert reported() == []


def test_the_next_day_waits_until_the_one_before_it_is_done(sensor: Sensor, worker: Worker, source: Path) -> None:
    for label in ("day2", "day10"):
        deliver(source, label, DELIVERY_A)
    first = sensor.request()
    assert first.partition_key == "day2"
    running = sensor.start(first, DagsterRunStatus.STARTED)
    assert sensor.skip_reason() == "day2 is running. The days after it wait. 1 day after it is ready."
    sensor.fail(running)
    assert "day2 failed" in sensor.skip_reason()
    worker.run(first)  # a person re-executed it
    assert sensor.request().partition_key == "day10"


def test_p12_a_held_day_waits_and_the_tick_names_the_command_that_decides(
    sensor: Sensor, worker: Worker, source: Path, pipeline: Pipeline
) -> None:
    deliver(source, "day1", [group(1, EVERYBODY)])
    worker.run(sensor.request())
    deliver(source, "day2", [group(1, [])])
    deliver(source, "day3", [group(1, EVERYBODY)])
    held = worker.run(sensor.request(), Protection())
    assert held.plan
    reason = sensor.skip_reason()
    assert f"groups-platform approve day2 --plan {held.plan.id}" in reason
    assert "wait for a person. 1 day after it is ready." in reason

    who = {"fingerprint": "", "decided_by": "ann@example.com", "reason": "it is right"}
    decide(pipeline.url, "day2", Verdict.APPROVE, plan_id=held.plan.id, **who)
    approved = sensor.request()
    assert approved.partition_key == "day2"
    assert worker.run(approved, Protection()).is_applied
    assert sensor.request().partition_key == "day3"


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.SKIP])
def test_p12_a_day_that_is_rejected_is_dealt_with_until_its_content_changes(
    sensor: Sensor, worker: Worker, source: Path, pipeline: Pipeline, verdict: Verdict
) -> None:
    deliver(source, "day1", [group(1, EVERYBODY)])
    worker.run(sensor.request())
    deliver(source, "day2", [group(1, [])])
    request = sensor.request()
    worker.run(request, Protection())
    fingerprint = request.tags[FINGERPRINT_TAG]
    decide(pipeline.url, "day2", verdict, fingerprint=fingerprint, decided_by="bob@example.com", reason="half of it")
    assert sensor.skip_reason().startswith("Every sync day")
    deliver(source, "day3", [group(1, EVERYBODY)])
    assert sensor.request().partition_key == "day3"
    deliver(source, "day2", [group(1, range(100, 139))])
    assert sensor.request().partition_key == "day2"


def test_p13_a_held_day_that_is_older_than_the_newest_blocks_nobody(
    sensor: Sensor, worker: Worker, source: Path, pipeline: Pipeline
) -> None:
    deliver(source, "day1", [group(1, EVERYBODY)])
    worker.run(sensor.request())
    deliver(source, "day2", [group(1, [])])
    worker.run(sensor.request(), Protection())
    deliver(source, "day3", [group(1, EVERYBODY)])
    pipeline.sync("day3")  # somebody ran it by hand
    assert sensor.skip_reason() == "Every sync day of the source is dealt with: 2 applied, 1 late."
    deliver(source, "day4", [group(1, EVERYBODY)])
    assert sensor.request().partition_key == "day4"


def test_p14_a_past_day_that_was_corrected_is_read_once(sensor: Sensor, worker: Worker, source: Path) -> None:
    for label in ("day1", "day2"):
        deliver(source, label, DELIVERY_A)
        worker.run(sensor.request())
    deliver(source, "day1", DELIVERY_B)
    assert worker.run(sensor.request()).newest_day == "day2"
    assert sensor.skip_reason() == "Every sync day of the source is dealt with: 1 applied, 1 late."
    deliver(source, "day1", DELIVERY_A)
    assert worker.run(sensor.request()).newest_day == "day2", "else a replay would fold what came in between"
    assert sensor.skip_reason() == "Every sync day of the source is dealt with: 2 applied."
    deliver(source, "day1", [group(3, EVERYBODY)])
    assert sensor.request().partition_key == "day1"


@pytest.fixture
def service_sensor(environment: Settings) -> Iterator[Sensor]:
    """With an instance in Postgres, where runs have heartbeats."""
    with open_instance(environment) as instance:
        yield Sensor(instance)


def test_p14_a_killed_run_is_ended_by_the_next_tick_and_requested_again_once(
    service_sensor: Sensor, source: Path
) -> None:
    sensor = service_sensor
    deliver(source, "day1", DELIVERY_A)
    request, keys = sensor.request(), set()
    for is_last in (False, True):
        run = sensor.start(request, DagsterRunStatus.STARTED)
        keys.add(request.run_key)
        work = "import sys, time; from dagster import DagsterInstance;"
        work += "from groups_platform.orchestration.instance import claim_run;"
        work += "claim_run(DagsterInstance.get(), sys.argv[1]); print('working', flush=True); time.sleep(600)"
        command = [sys.executable, "-W", "ignore", "-c", work, run.run_id]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "working\n"
            assert "day1 is running" in sensor.skip_reason()
            process.kill()
        if is_last:
            assert "gone a second time" in sensor.skip_reason()
        else:
            request = sensor.request()
            assert request.tags[RETRY_TAG] == run.run_id
            assert request.run_key not in keys
    assert "gone a second time" in sensor.skip_reason()
    deliver(source, "day1", DELIVERY_B)
    assert RETRY_TAG not in sensor.request().tags


@pytest.mark.parametrize(
    ("reason", "is_gone"),
    [
        (RunFailureReason.UNEXPECTED_TERMINATION, True),  # killed, or told to end by its host
        (RunFailureReason.UNKNOWN, True),  # killed, as the code server that started it reports it
        (RunFailureReason.START_TIMEOUT, True),
        (RunFailureReason.STEP_FAILURE, False),
        (RunFailureReason.RUN_EXCEPTION, False),
    ],
)
def test_p14_only_a_run_that_lost_its_process_is_tried_again(
    sensor: Sensor, source: Path, reason: RunFailureReason, is_gone: bool
) -> None:
    deliver(source, "day1", DELIVERY_A)
    run = sensor.start(sensor.request(), DagsterRunStatus.STARTED)
    sensor.instance.report_run_failed(run, "gone", JobFailureData(error=None, failure_reason=reason))
    if is_gone:
        assert sensor.request().tags[RETRY_TAG] == run.run_id
    else:
        assert "day1 failed" in sensor.skip_reason()


def test_p13_what_is_ignored_and_what_cannot_be_listed_is_told(sensor: Sensor, worker: Worker, source: Path) -> None:
    deliver(source, "day1", DELIVERY_A)
    worker.run(sensor.request())
    deliver(source, "day2", DELIVERY_A)
    (source / "sync-day2" / "agents" / "again").symlink_to(source / "sync-day2")
    (source / "sync_day3").mkdir()
    reason = sensor.skip_reason()
    assert "sync-day2" in reason
    assert "cannot be listed as a whole" in reason
    assert "sync_day3: It is not read: it does not begin with sync-. Rename it to sync-day3." in reason


@pytest.mark.parametrize("days", [20, 400])
def test_p14_a_tick_makes_as_many_queries_for_many_days_as_for_few(
    service_sensor: Sensor, source: Path, environment: Settings, days: int
) -> None:
    url = open_database(environment)
    for number in range(days):
        deliver(source, f"day{number:04d}", DELIVERY_A, [100])
    with connect(url) as connection, connection.cursor() as cursor:
        rows = [(day.label, natural_key(day.label), day.fingerprint) for day in list_source(str(source)).days]
        cursor.executemany("INSERT INTO directory.sync_days VALUES (%s, %s, %s, '{}', now(), NULL)", rows[:-5])
    service_sensor.tick()  # registers the partitions

    queries: list[str] = []
    engine = service_sensor.instance.run_storage._engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
    assert service_sensor.request().partition_key == f"day{days - 5:04d}"
    assert len(queries) <= 12, queries
    labels = {f"day{n:04d}" for n in range(days - 5, days)}
    assert json.loads(service_sensor.cursor or "").keys() == {*labels, REPORTED}


def test_a_source_that_cannot_be_listed_is_a_sentence(dagster: Dagster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_SOURCE", "/no/such/folder")
    with build_sensor_context(dagster.instance, resources={"platform": Platform()}) as context:
        assert "cannot be listed" in str(new_sync_days(context))


def test_the_cursor_is_written_for_people_and_read_in_every_form_that_there_was(sensor: Sensor, source: Path) -> None:
    write_day(source / "sync-day1", DELIVERY_A, [agent(5)])
    assert "may still be arriving" in sensor.skip_reason()
    cursor = sensor.cursor or ""
    assert "\n" in cursor
    (day,) = [entry for label, entry in json.loads(cursor).items() if label != REPORTED]
    assert day.keys() == {"fingerprint", "unchanged_since"}
    since = datetime.fromisoformat(day["unchanged_since"])
    assert abs(since.timestamp() - time.time()) < 60
    seen = read_cursor(cursor)
    assert read_cursor(write_cursor(seen, "x")) == seen == {"day1": (day["fingerprint"], since.timestamp())}
    assert read_cursor(json.dumps({"day1": ["abc", 1.5], "day2": "old", REPORTED: "x"})) == {"day1": ("abc", 1.5)}
    assert read_cursor(None) == {}


def test_tags_that_programs_read_are_hidden_and_older_runs_are_still_understood(sensor: Sensor) -> None:
    for tag in (PROCESS_TAG, FINGERPRINT_TAG, RETRY_TAG, DECISION_TAG):
        assert get_tag_type(tag) is TagType.HIDDEN
    names = {FINGERPRINT_TAG: "abc", RETRY_TAG: "a run", DECISION_TAG: "7"}
    for label, prefix in (("day1", OWN_TAG), ("day2", OLD_TAG)):
        tags = {name.replace(OWN_TAG, prefix): value for name, value in names.items()}
        tags[PARTITION_TAG] = label
        create_run_for_test(sensor.instance, job_name="sync_day", tags=tags, status=DagsterRunStatus.FAILURE)
    old, new = find_runs(sensor.instance, ["day1", "day2"]).values()
    assert (old.fingerprint, old.is_retry, old.decision_id) == ("abc", True, 7)
    assert replace(old, run_id="") == replace(new, run_id="")


def test_an_older_run_whose_process_is_gone_is_ended(sensor: Sensor) -> None:
    tags = {PROCESS_TAG.replace(OWN_TAG, OLD_TAG): f"{socket.gethostname()}:{2**22 + 1}:0"}
    run = create_run_for_test(sensor.instance, job_name="sync_day", tags=tags, status=DagsterRunStatus.STARTED)
    assert end_dead_runs(sensor.instance) == [run.run_id]
