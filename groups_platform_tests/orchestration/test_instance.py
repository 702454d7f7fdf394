"""Dagster's runs, events and schedules live in the platform's Postgres; killed runs do not stay in progress."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Timer

import pytest
from dagster import AssetKey, DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG
from dagster._core.test_utils import create_run_for_test

from groups_platform.database import locks
from groups_platform.database.connection import connect, open_database
from groups_platform.definitions import build_defs
from groups_platform.orchestration import instance as module
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.directory.sensors import new_sync_days
from groups_platform.orchestration.instance import PROCESS_TAG, claim_run, end_dead_runs, open_instance, working_on
from groups_platform.settings import Settings


@pytest.fixture
def instance(environment: Settings) -> DagsterInstance:
    return open_instance(environment)


def test_runs_are_rows_of_the_schema_dagster(instance: DagsterInstance, environment: Settings) -> None:
    with instance:
        run = create_run_for_test(instance, job_name="sync_day")
    with connect(open_database(environment)) as connection:
        assert connection.execute("SELECT run_id FROM dagster.runs").fetchall() == [(run.run_id,)]
        tables = {
            name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'dagster'")
        }
    assert {"runs", "event_logs", "instigators"} <= tables


def test_an_empty_database_is_opened_by_several_at_once(
    environment: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    start = Barrier(4)

    def open_it(_: int) -> None:
        start.wait()
        open_instance(environment).dispose()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_it, range(4)))
    # Dagster tries again when another process was first, which mostly helps: «Retrying failed database creation».
    assert "Retrying" not in caplog.text


def test_the_url_with_its_password_is_in_no_file(instance: DagsterInstance, environment: Settings) -> None:
    instance.dispose()
    written = "".join(path.read_text() for path in (environment.home / "dagster").glob("*.yaml"))
    assert "postgresql" not in written


def test_a_hundred_statements_share_a_few_connections(environment: Settings) -> None:
    def sessions() -> int:
        with connect(open_database(environment)) as connection:
            found = connection.execute(
                "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
            ).fetchone()
        assert found
        return int(found[0])

    open_instance(environment).dispose()  # makes the tables
    before = sessions()
    with open_instance(environment) as instance:
        run = create_run_for_test(instance, job_name="sync_day")
        for _ in range(100):
            instance.report_engine_event("still there", run)
        instance.add_dynamic_partitions("sync_day", ["day1"])
        instance.get_ticks("none", "none")
    assert sessions() - before < 15


def test_connections_that_were_cut_are_replaced(environment: Settings) -> None:
    with open_instance(environment) as instance:
        run = create_run_for_test(instance, job_name="sync_day")
        with connect(open_database(environment), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert instance.get_run_by_id(run.run_id)


def start_run(instance: DagsterInstance, process: str | None = None) -> DagsterRun:
    run = create_run_for_test(instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
    if process:
        instance.add_run_tags(run.run_id, {PROCESS_TAG: process})
    return run


def status_of(instance: DagsterInstance, run: DagsterRun) -> DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found.status


def fall_silent(environment: Settings, run: DagsterRun, seconds: int) -> None:
    with connect(open_database(environment)) as connection:
        connection.execute(
            "UPDATE platform.run_heartbeats SET beat_at = now() - make_interval(secs => %s) WHERE run_id = %s",
            (seconds, run.run_id),
        )


def test_a_run_whose_process_is_gone_is_ended(instance: DagsterInstance) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    with instance:
        gone = start_run(instance, f"{socket.gethostname()}:{child.pid}:1")
        alive = start_run(instance)
        claim_run(instance, alive.run_id)
        unclaimed = start_run(instance)
        elsewhere = start_run(instance, f"another-host:{os.getpid()}:1")  # by a delivery that had no heartbeat

        assert end_dead_runs(instance) == [gone.run_id]
        assert status_of(instance, gone) is DagsterRunStatus.FAILURE
        for run in (alive, unclaimed, elsewhere):
            assert status_of(instance, run) is DagsterRunStatus.STARTED


def test_p14_a_run_of_another_host_ends_when_it_was_silent_for_two_minutes(
    instance: DagsterInstance, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.SILENT_SECONDS + (new_sync_days.minimum_interval_seconds or 0) < 120
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.5)  # nobody is silent for longer than the server is there
    with instance:
        gone, alive, here = (start_run(instance) for _ in range(3))
        for run in (gone, alive):
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr(socket, "gethostname", lambda: "another-host")
                claim_run(instance, run.run_id)
        claim_run(instance, here.run_id)
        fall_silent(environment, gone, 120)
        fall_silent(environment, alive, -60)
        fall_silent(environment, here, 120)  # it is busy, or its connection is lost: its process is there
        assert end_dead_runs(instance) == [gone.run_id]
        ended = instance.get_run_by_id(gone.run_id)
        assert ended
        assert ended.tags[RUN_FAILURE_REASON_TAG] == "UNEXPECTED_TERMINATION"
        assert end_dead_runs(instance) == []


def test_p14_a_run_whose_process_never_comes_up_ends_within_two_minutes(instance: DagsterInstance) -> None:
    with instance:
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_start_timeout_seconds + instance.run_monitoring_poll_interval_seconds < 120


def test_while_the_server_was_down_nobody_was_silent(
    instance: DagsterInstance, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its start everybody has the whole time to say something again."""
    with instance:
        run = start_run(instance, "another-host:1:1")
        claim_run(instance, run.run_id)
        instance.add_run_tags(run.run_id, {PROCESS_TAG: "another-host:1:1"})
        fall_silent(environment, run, 3600)
        with connect(open_database(environment)) as connection:
            row = connection.execute("SELECT extract(epoch FROM now() - pg_postmaster_start_time())").fetchone()
        assert row
        monkeypatch.setattr(module, "SILENT_SECONDS", float(row[0]) + 60)
        assert end_dead_runs(instance) == []


def test_a_run_that_is_at_work_says_so_until_it_ends(
    instance: DagsterInstance, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.05)

    def silence() -> float:
        query = "SELECT extract(epoch FROM clock_timestamp() - beat_at) FROM platform.run_heartbeats WHERE run_id = %s"
        with connect(open_database(environment)) as connection:
            row = connection.execute(query, (run.run_id,)).fetchone()
        assert row
        return float(row[0])

    def wait_for_a_beat() -> None:
        fall_silent(environment, run, 500)
        deadline = time.monotonic() + 10
        while silence() > 400:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    with instance:
        run = start_run(instance)
        with working_on(instance, run):
            wait_for_a_beat()
            with connect(open_database(environment), autocommit=True) as connection:
                connection.execute(  # a lost connection is not the end of a run
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            wait_for_a_beat()
        fall_silent(environment, run, 500)
        time.sleep(0.3)
        assert silence() > 400


def test_heartbeats_of_ended_runs_are_forgotten(instance: DagsterInstance, environment: Settings) -> None:
    with instance:
        ended, alive = start_run(instance), start_run(instance)
        claim_run(instance, ended.run_id)
        instance.report_run_failed(ended)
        claim_run(instance, alive.run_id)
    with connect(open_database(environment)) as connection:
        rows = connection.execute("SELECT run_id FROM platform.run_heartbeats").fetchall()
    assert rows == [(alive.run_id,)]


def test_a_run_that_ended_well_meanwhile_stays_so(instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the list of runs and the look at its process the run ends, and the process with it."""
    with instance:
        run = start_run(instance, f"{socket.gethostname()}:{os.getpid()}:1")
        listed = instance.get_runs()
        instance.report_dagster_event(
            DagsterEvent(DagsterEventType.PIPELINE_SUCCESS.value, "sync_day"), run_id=run.run_id
        )
        monkeypatch.setattr(instance, "get_runs", lambda *_: listed)
        assert end_dead_runs(instance) == []
        assert status_of(instance, run) is DagsterRunStatus.SUCCESS


def test_an_instance_without_heartbeats_runs_as_ever() -> None:
    """Somebody's own instance, which is not in the platform's Postgres."""
    with DagsterInstance.ephemeral() as instance:
        run = start_run(instance)
        with working_on(instance, run):
            assert end_dead_runs(instance) == []


def test_a_run_that_waits_for_a_lock_says_so_in_its_log(
    environment: Settings, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "FIRST_LOOK_SECONDS", 0.05)
    holder = connect(open_database(environment), autocommit=True, purpose="elsewhere")
    locks.session_lock(holder, "groups_platform.directory")
    freed = Timer(1, holder.close)
    with instance:
        register_days(instance, ["day1"])
        freed.start()
        run = (
            build_defs()
            .resolve_job_def("sync_day")
            .execute_in_process(instance=instance, partition_key="day1", asset_selection=[AssetKey("group_inactivity")])
        )
        said = [entry.user_message for entry in instance.all_logs(run.run_id)]
    freed.join()
    wanted = "waiting for groups_platform.directory, which is locked by groups_platform elsewhere"
    assert any(wanted in message for message in said)
