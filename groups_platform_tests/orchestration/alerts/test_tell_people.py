"""P20: the sensor over real runs, in Dagster's instance in Postgres."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    SensorResult,
    SkipReason,
    build_sensor_context,
)
from dagster._core.test_utils import create_run_for_test

from groups_platform.definitions import build_defs
from groups_platform.orchestration.alerts.sensors import LOOKED_UNTIL, tell_people
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.instance import KILLED, PROCESS_TAG, end_dead_runs, open_instance
from groups_platform.settings import Settings
from groups_platform_tests.alerts.people import SECRET, TOKEN, Person, eventually, people
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.orchestration.conftest import Dagster

PEOPLE = range(100, 140)
GROUPS = [group(1), *(group(n, [n], parent=1) for n in PEOPLE)]


class Ticks:
    """Ticks that remember the cursor, as the daemon does."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> str:
        """What the tick says."""
        with build_sensor_context(self.instance, cursor=self.cursor, resources={"platform": Platform()}) as context:
            result = tell_people(context)
        if isinstance(result, SkipReason):
            return str(result.skip_message)
        assert isinstance(result, SensorResult)
        assert not result.run_requests
        assert result.skip_reason
        self.cursor = result.cursor
        return str(result.skip_reason.skip_message)


@pytest.fixture
def dagster(environment: Settings) -> Iterator[Dagster]:
    with open_instance(environment) as instance:
        yield Dagster(instance)


@pytest.fixture
def ticks(dagster: Dagster) -> Ticks:
    return Ticks(dagster.instance)


@pytest.fixture
def new_person() -> Iterator[Callable[[], Person]]:
    with people() as make:
        yield make


@pytest.fixture
def person(new_person: Callable[[], Person], monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> Person:
    """Somebody who is told, from before anything happened."""
    person = new_person()
    monkeypatch.setenv("GROUPS_ALERTS", person.address)
    assert ticks.tick() == "Nothing new."
    return person


def test_p20_the_sensor_runs_by_default_and_says_that_nobody_is_told(ticks: Ticks, dagster: Dagster) -> None:
    sensor = build_defs().resolve_sensor_def("tell_people")
    assert sensor.default_status is DefaultSensorStatus.RUNNING
    assert ticks.tick() == "Nobody is told of anything: GROUPS_ALERTS is not set."
    assert ticks.cursor is None


def test_p20_who_loads_the_definitions_as_each_run_does_does_not_load_what_sends() -> None:
    program = "import sys, groups_platform.definitions; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=False, timeout=120).returncode == 0


def test_p20_a_wrong_address_is_what_the_tick_says(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_ALERTS", f"slack://{TOKEN}")
    assert "GROUPS_ALERTS has an invalid value: address 1 of 1 begins with slack://" in ticks.tick()
    assert TOKEN not in ticks.tick()


def test_p20_a_held_day_and_its_failed_run_are_one_message_with_the_link(
    dagster: Dagster, ticks: Ticks, person: Person, environment: Settings
) -> None:
    write_day(Path(environment.source) / "sync-day1", GROUPS, map(agent, PEOPLE))
    assert dagster.run("sync_day", "day1").success
    assert ticks.tick() == "Nothing new."
    write_day(Path(environment.source) / "sync-day2", GROUPS, map(agent, range(100, 120)))
    held = dagster.run("sync_day", "day2")
    assert not held.success
    assert [ticks.tick() for _ in range(3)] == ["1 new alert.", "Nothing new.", "Nothing new."]
    assert person.subjects == ["day2 is held"]
    assert "Groups turned inactive: 20 of 41 (49%), allowed are 5" in person.text
    assert person.text.endswith(f"http://127.0.0.1:3000/runs/{held.run_id}")
    dagster.run("sync_day", "day2")  # once more by hand: held as before
    assert ticks.tick() == "Nothing new."
    write_day(Path(environment.source) / "sync-day0", GROUPS, map(agent, PEOPLE))
    late = dagster.run("sync_day", "day0")
    assert late.success
    assert ticks.tick() == "1 new alert."
    assert person.subjects[-1] == "day0 came late"
    assert person.text.endswith(f"/runs/{late.run_id}")


def test_p20_any_job_that_fails_is_told_with_its_sentence(
    dagster: Dagster, ticks: Ticks, person: Person, environment: Settings
) -> None:
    Path(environment.source).mkdir()
    run = dagster.run(
        "modify_group",
        run_config={"ops": {"modify_group": {"config": {"group": "nowhere/nothing", "description": "x"}}}},
    )
    assert not run.success
    assert ticks.tick() == "1 new alert."
    assert person.subjects == ["modify_group failed"]
    assert "nothing" in person.text
    assert f"/runs/{run.run_id}" in person.text
    plan = dagster.run("plan_day", run_config={"ops": {"plan_day": {"config": {"day": "day77"}}}})
    assert not plan.success
    ticks.tick()
    assert len(person.heard) == 2
    assert "day77" in person.text


def test_p20_a_run_whose_process_is_gone_is_told_with_what_follows(
    dagster: Dagster, ticks: Ticks, person: Person
) -> None:
    tags = {"dagster/partition": "day5", PROCESS_TAG: ""}
    run = create_run_for_test(dagster.instance, job_name="sync_day", tags=tags, status=DagsterRunStatus.STARTED)
    dagster.instance.report_run_failed(run, KILLED)
    assert ticks.tick() == "1 new alert."
    assert person.subjects == ["sync_day of day5 failed"]
    assert "The process of this run was killed." in person.text
    assert "The sensor new_sync_days runs it again, once." in person.text
    assert end_dead_runs(dagster.instance) == []


def test_p20_runs_that_failed_before_alerts_were_switched_on_are_not_told(
    dagster: Dagster, ticks: Ticks, request: pytest.FixtureRequest
) -> None:
    run = create_run_for_test(dagster.instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
    dagster.instance.report_run_failed(run, "long ago")
    person: Person = request.getfixturevalue("person")
    dagster.instance.add_run_tags(run.run_id, {"somebody": "looked at it"})
    assert ticks.tick() == "Nothing new."
    assert person.heard == []


def test_p20_the_cursor_is_readable_and_moves_on(dagster: Dagster, ticks: Ticks, person: Person) -> None:
    assert ticks.cursor
    until = datetime.fromisoformat(json.loads(ticks.cursor)[LOOKED_UNTIL])
    assert timedelta(0) <= datetime.now(timezone.utc) - until < timedelta(minutes=11)
    ticks.cursor = None  # lost: nobody is told twice
    run = create_run_for_test(dagster.instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
    dagster.instance.report_run_failed(run, "x")
    ticks.tick()
    ticks.cursor = None
    assert ticks.tick() == "Nothing new."
    assert len(person.heard) == 1


def test_p20_more_failed_runs_than_a_page_are_all_told(dagster: Dagster, ticks: Ticks, person: Person) -> None:
    for _ in range(230):
        run = create_run_for_test(dagster.instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
        dagster.instance.report_run_failed(run, "x")
    said = [ticks.tick() for _ in range(4)]
    assert sum(int(text.split()[0]) for text in said if "new alert" in text) == 230
    assert said[-1] == "Nothing new."


def test_p20_a_receiver_that_is_slow_or_down_holds_up_no_tick_and_no_run(
    dagster: Dagster, ticks: Ticks, new_person: Callable[[], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = new_person(), new_person()
    slow.pause.clear()
    monkeypatch.setenv("GROUPS_ALERTS", f"{slow.address} {quick.address} json://ada:{SECRET}@127.0.0.1:1/{TOKEN}")
    ticks.tick()
    run = create_run_for_test(dagster.instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
    dagster.instance.report_run_failed(run, "x")
    begun = time.monotonic()
    said = [ticks.tick()]
    assert time.monotonic() - begun < 5
    assert "1 on the way to receiver 1 (json)." in said[0]

    def tells(what: str) -> bool:
        said.append(ticks.tick())
        return what in said[-1]

    eventually(lambda: tells("1 waits for receiver 3 (json): it could not be reached, or did not answer in time; the"))
    assert len(quick.heard) == 1
    slow.pause.set()
    eventually(lambda: not tells("receiver 1 (json)"))
    assert len(slow.heard) == 1
    assert SECRET not in "".join(said)
    assert TOKEN not in "".join(said)
