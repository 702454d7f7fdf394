"""The Dagster instance: runs, events and schedules in the schema `dagster` of the platform's Postgres."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import psutil
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.events import JobFailureData, RunFailureReason
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.tags import HIDDEN_TAG_PREFIX
from dagster_postgres import PostgresRunStorage

from groups_platform.database.connection import dagster_url, one_at_a_time, open_database
from groups_platform.database.sql_files import read_sql
from groups_platform.settings import Settings, write_whole

PARTITION_TAG: Final = "dagster/partition"
# Tags that programs read. The UI does not show those that begin with Dagster's prefix; `own_tag` reads them.
OWN_TAG: Final = f"{HIDDEN_TAG_PREFIX}groups_platform."
OLD_TAG: Final = "groups_platform/"
PROCESS_TAG: Final = f"{OWN_TAG}process"
FINGERPRINT_TAG: Final = f"{OWN_TAG}fingerprint"

BEAT_SECONDS = 10.0
SILENT_SECONDS = 100.0  # with a tick of the sensor a run whose worker is gone ends within two minutes

log = logging.getLogger(__name__)

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


@contextmanager
def working_on(instance: DagsterInstance | None, run: DagsterRun | None) -> Iterator[None]:
    """Within the block this process works on the run, and says so again and again: see `end_dead_runs`.

    At its end checks that were planned and not evaluated are no longer shown as those of this run.
    """
    if instance is None or run is None:  # a sensor has no run
        yield
        return
    claim_run(instance, run.run_id)
    ended = Event()
    thread = Thread(target=_beat_until, args=(ended, instance, run.run_id), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(1)  # where the server does not answer, nobody waits for it
        forget_planned_checks(instance, run.run_id)


def own_tag(run: DagsterRun, name: str) -> str | None:
    """Return one of the run's tags that the UI does not show; runs of older versions have them under OLD_TAG."""
    return run.tags.get(name, run.tags.get(name.replace(OWN_TAG, OLD_TAG)))


def claim_run(instance: DagsterInstance, run_id: str) -> None:
    """Tag the run with this process, so that `end_dead_runs` can tell whether it was killed."""
    instance.add_run_tags(run_id, {PROCESS_TAG: _process_name(os.getpid())})
    _execute(instance, "forget_ended_runs")
    _execute(instance, "beat", run_id=run_id)


def end_dead_runs(instance: DagsterInstance) -> list[str]:
    """Mark as failed what is left in progress and has no process any more; it would block the queue.

    On this machine the process itself is looked for, on any other its heartbeat: none for SILENT_SECONDS. The reason
    of such a failure is UNEXPECTED_TERMINATION, as Dagster has it for a process that was told to end.
    """
    running = instance.get_runs(RunsFilter(statuses=IN_PROGRESS))
    silent = {run_id for (run_id,) in _execute(instance, "find_silent_runs", seconds=SILENT_SECONDS)} if running else ()
    ended = []
    for run in running:
        if _is_dead(run, is_silent=run.run_id in silent) and _is_in_progress(instance, run.run_id):
            gone = JobFailureData(error=None, failure_reason=RunFailureReason.UNEXPECTED_TERMINATION)
            instance.report_run_failed(run, KILLED, gone)
            forget_planned_checks(instance, run.run_id)
            ended.append(run.run_id)
    return ended


def forget_planned_checks(instance: DagsterInstance, run_id: str) -> None:
    """Forget the checks that the run was to evaluate and did not.

    Dagster shows them as failed where the run failed. Without them it shows the evaluation before, which still is
    about the tables as they are. One that is evaluated later all the same is stored as usual.
    """
    storage, table = instance.event_log_storage, AssetCheckExecutionsTable
    if not isinstance(storage, SqlEventLogStorage):
        return
    is_planned = table.c.execution_status == AssetCheckExecutionRecordStatus.PLANNED.value
    try:
        with storage.index_connection() as connection:
            connection.execute(table.delete().where(table.c.run_id == run_id, is_planned))
    except Exception as error:  # no run fails for that
        log.info("planned checks of %s stay: %s", run_id, type(error).__name__)


def _beat_until(ended: Event, instance: DagsterInstance, run_id: str) -> None:
    while not ended.wait(BEAT_SECONDS):
        _execute(instance, "beat", run_id=run_id)


def _execute(instance: DagsterInstance, name: str, **parameters: Any) -> list[Any]:
    """The rows of `sql/runs/<name>.sql`, by the instance's own connections; none where it is not in Postgres.

    Nothing fails for a heartbeat: without the server the run itself will say so, and the next beat may get through.
    """
    storage = instance.run_storage
    if not isinstance(storage, PostgresRunStorage):
        return []
    try:
        with storage.connect() as connection:
            result = connection.exec_driver_sql(read_sql(f"runs/{name}").as_string(None), parameters)
            return list(result) if result.returns_rows else []
    except Exception as error:
        log.info("heartbeats: %s was not done: %s", name, type(error).__name__)
        return []


def _is_in_progress(instance: DagsterInstance, run_id: str) -> bool:
    """Whether the run is so still: it may have ended well, and its process with it, since it was listed."""
    run = instance.get_run_by_id(run_id)
    return run is not None and run.status in IN_PROGRESS


def _process_name(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{psutil.Process(pid).create_time():.0f}"


def _is_dead(run: DagsterRun, *, is_silent: bool) -> bool:
    process = own_tag(run, PROCESS_TAG) or ""
    host, _, rest = process.partition(":")
    if host != socket.gethostname():
        return is_silent
    try:
        return process != _process_name(int(rest.split(":")[0]))
    except psutil.NoSuchProcess:
        return True
