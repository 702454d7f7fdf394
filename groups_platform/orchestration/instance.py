"""The Dagster instance: runs, events and schedules in the schema `dagster` of the platform's Postgres."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

import psutil
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from groups_platform.database.connection import dagster_url, one_at_a_time, open_database
from groups_platform.settings import Settings, write_whole

PARTITION_TAG: Final = "dagster/partition"
PROCESS_TAG: Final = "groups_platform/process"
FINGERPRINT_TAG: Final = "groups_platform/fingerprint"

CONFIGURATION: Final = Path(__file__).with_name("dagster.yaml")
KILLED: Final = "The process of this run was killed. Uncommitted changes are undone: run it again."
IN_PROGRESS: Final = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING]


def open_instance(settings: Settings) -> DagsterInstance:
    """Open the instance that the UI shows; close it, or use it as a context manager.

    Sets Dagster's environment variables, so that child processes open the same instance. Raises DatabaseUnavailable.
    """
    home, url = settings.home / "dagster", open_database(settings)
    write_whole(home / "dagster.yaml", CONFIGURATION.read_text())
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["GROUPS_DAGSTER_POSTGRES_URL"] = dagster_url(url)
    # Dagster creates its tables if they are missing; if two processes do so at the same time, one may fail.
    with one_at_a_time(url, "groups_platform.dagster"):
        return DagsterInstance.from_config(str(home))


def claim_run(instance: DagsterInstance, run_id: str) -> None:
    """Tag the run with this process, so that `end_dead_runs` can tell whether it was killed."""
    instance.add_run_tags(run_id, {PROCESS_TAG: _process_name(os.getpid())})


def end_dead_runs(instance: DagsterInstance) -> list[str]:
    """Fail runs in progress whose process on this machine was killed: they block the queue. Returns their ids."""
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=IN_PROGRESS)):
        if _is_dead(run):
            instance.report_run_failed(run, KILLED)
            ended.append(run.run_id)
    return ended


def _process_name(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{psutil.Process(pid).create_time():.0f}"


def _is_dead(run: DagsterRun) -> bool:
    host, _, rest = run.tags.get(PROCESS_TAG, "").partition(":")
    if host != socket.gethostname():
        return False
    try:
        return run.tags[PROCESS_TAG] != _process_name(int(rest.split(":")[0]))
    except psutil.NoSuchProcess:
        return True
