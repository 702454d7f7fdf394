"""`groups-platform dev`: Postgres, the webserver and the daemon, until Ctrl-C. Each run starts its own Spark."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from dagster import DagsterInstance

from groups_platform.database.embedded import start_embedded
from groups_platform.directory.source import list_days
from groups_platform.errors import PlatformError, ServerEnded
from groups_platform.masking import mask_text
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.instance import end_dead_runs, open_instance
from groups_platform.running.alone import HOST, refuse_taken
from groups_platform.running.steps import STEPS, step
from groups_platform.settings import Settings, find_resource

SENSOR = "new_sync_days"
WEBSERVER, DAEMON, RUN_WORKER = "dagster_webserver", "dagster._daemon", "spawn_main"  # words of command lines
LOOK_SECONDS = 0.5
POSTGRES_SECONDS = 5.0
ANSWER_SECONDS = 2.0
GRACE_SECONDS = 8.0  # for a run in progress to roll back and to say so
SERVERS_SECONDS = 4.0  # for the servers, which keep nothing that is not in Postgres
FILES_SECONDS = 2.0

OPENING = "opening the UI"


def serve(settings: Settings, port: int, lock: IO[str]) -> int:
    """Run Postgres and `dagster dev` until Ctrl-C, SIGTERM or SIGHUP; return the exit code.

    lock: of `only_dev`, which Dagster's process holds too. 0 where somebody ended it, 1 where a server did.
    """
    with open_instance(settings) as instance:
        with step("looking for interrupted runs"):
            end_dead_runs(instance)
        days, why_not = _register_days(instance, settings)
        is_on = _is_sensor_on(instance)
    _say(_described(settings, port, days, is_on=is_on))
    if why_not:
        _say(why_not)
    with _asked_to_end() as asked:  # before Dagster starts: see there
        STEPS.begin(OPENING)
        dagster = psutil.Popen(
            _command(port),
            pass_fds=[lock.fileno()],
            start_new_session=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        Thread(target=_pass_on, args=(dagster.stdout, asked), daemon=True).start()
        try:
            is_wanted = _watch(settings, port, dagster, asked)
        finally:
            STEPS.forget(OPENING)
            with step("ending the UI and its daemon"):
                _end(dagster)
    if is_wanted:
        kept = "" if settings.database_url else " Postgres keeps running: groups-platform db stop ends it."
        _say(f"Ended.{kept}")
        return 0
    refuse_taken(port)
    raise ServerEnded("The UI or its daemon ended, so the other one was ended too. What they printed above says why.")


def _command(port: int) -> list[str]:
    level = "info" if logging.getLogger().isEnabledFor(logging.INFO) else "warning"
    options = ["-h", HOST, "-p", str(port), "-w", str(find_resource("workspace.yaml")), "--log-level", level]
    return [sys.executable, "-m", "dagster", "dev", *options]


def _pass_on(said: IO[bytes], asked: Event) -> None:
    """Print what Dagster says, until it is asked to end: how it breaks off then is nobody's concern."""
    for line in said:
        if not asked.is_set():
            _say(line.decode("utf-8", "replace").rstrip())


def _register_days(instance: DagsterInstance, settings: Settings) -> tuple[int, str]:
    """Make the days of the source known to the UI; their number, and why there are none."""
    try:
        labels = list_days(settings.source)
    except PlatformError as error:
        return 0, str(error)
    register_days(instance, labels)
    return len(labels), ""


def _is_sensor_on(instance: DagsterInstance) -> bool:
    """Whether the sensor runs; somebody may have turned it off in the UI, and nobody has before the first start."""
    states = [state for state in instance.all_instigator_state() if state.instigator_name == SENSOR]
    return all(state.is_running for state in states)


def _described(settings: Settings, port: int, days: int, *, is_on: bool) -> str:
    database = mask_text(settings.database_url.get_secret_value()) if settings.database_url else None
    sensor = "new days run by themselves" if is_on else f"off: turn {SENSOR} on in the UI under Automation"
    lines = {
        "UI": f"http://{HOST}:{port}",
        "database": database or f"embedded Postgres in {settings.home / 'postgres'}",
        "source": f"{mask_text(settings.source)} ({days} {'day' if days == 1 else 'days'})",
        "sensor": f"{SENSOR} is on, {sensor}" if is_on else f"{SENSOR} is {sensor}",
        "home": str(settings.home),
        "Spark": _spark_of(settings),
    }
    return "\n".join(f"  {name:<10}{value}" for name, value in lines.items())


def _spark_of(settings: Settings) -> str:
    if settings.spark_remote:
        return f"{mask_text(settings.spark_remote.get_secret_value())}, to which each run connects"
    return f"{settings.spark_master or 'embedded'}, started by each run"


@contextmanager
def _asked_to_end() -> Iterator[Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set.

    A process in the background ignores SIGINT, and its children inherit that unless it has a handler; `dagster dev`
    ends only on SIGINT.
    """
    asked = Event()
    before = {
        each: signal.signal(each, lambda *_: asked.set()) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _watch(settings: Settings, port: int, dagster: psutil.Popen, asked: Event) -> bool:
    """Wait until somebody wants the end (True) or a server has ended (False); keep the embedded Postgres running."""
    is_open, looked, webserver = False, time.monotonic(), None
    while not asked.wait(LOOK_SECONDS):
        webserver = webserver or _find_webserver(dagster)
        if dagster.poll() is not None or (webserver and not _is_alive(webserver)):
            return False
        if not is_open and webserver and _answers(port):
            is_open = True
            STEPS.forget(OPENING)
            _say(f"The UI is open at http://{HOST}:{port}. Ctrl-C ends it.")
        if settings.database_url is None and time.monotonic() - looked > POSTGRES_SECONDS:
            looked = time.monotonic()
            start_embedded(settings.home)
    return True


def _find_webserver(dagster: psutil.Popen) -> psutil.Process | None:
    with suppress(psutil.Error):
        return next((child for child in dagster.children() if WEBSERVER in _words(child)), None)
    return None


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/server_info", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False


def _end(dagster: psutil.Popen) -> None:
    """End Dagster and everything that it started, also a run in progress, which the next start marks as failed.

    `dagster dev` ends its servers itself, and is given a little longer to remove its files. The processes that load the
    code would wait for their runs.
    """
    started: list[psutil.Process] = []
    with suppress(psutil.Error):
        started = dagster.children(recursive=True)
    servers = [process for process in started if not {WEBSERVER, DAEMON}.isdisjoint(_words(process))]
    runs = [process for process in started if RUN_WORKER in " ".join(_words(process))]
    with suppress(psutil.Error):
        dagster.send_signal(signal.SIGINT)
    for run in runs:
        with suppress(psutil.Error):
            run.terminate()
    psutil.wait_procs([*servers, *runs], timeout=GRACE_SECONDS if runs else SERVERS_SECONDS)
    psutil.wait_procs([dagster], timeout=FILES_SECONDS)
    alive = psutil.wait_procs([dagster, *started], timeout=0)[1]
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return list(process.cmdline())
    return []


def _say(line: str) -> None:
    STEPS.say(line)
