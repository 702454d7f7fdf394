"""Dagster's runs, events and schedules live in the platform's Postgres; killed runs do not stay in progress."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Timer

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from groups_platform.database import locks
from groups_platform.database.connection import connect, open_database
from groups_platform.definitions import build_defs
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.instance import PROCESS_TAG, claim_run, end_dead_runs, open_instance
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


def test_a_run_whose_process_is_gone_is_ended(instance: DagsterInstance) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    with instance:
        gone = create_run_for_test(instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
        instance.add_run_tags(gone.run_id, {PROCESS_TAG: f"{socket.gethostname()}:{child.pid}:1"})
        alive = create_run_for_test(instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
        claim_run(instance, alive.run_id)
        elsewhere = create_run_for_test(instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
        instance.add_run_tags(elsewhere.run_id, {PROCESS_TAG: f"another-host:{os.getpid()}:1"})

        assert end_dead_runs(instance) == [gone.run_id]
        ended = instance.get_run_by_id(gone.run_id)
        assert ended
        assert ended.status is DagsterRunStatus.FAILURE


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
