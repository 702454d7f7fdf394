"""`groups-platform dev`: Postgres, the webserver and the daemon, until Ctrl-C. Each run starts its own Spark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil

from groups_platform.database.embedded import start_embedded
from groups_platform.directory.source import list_days
from groups_platform.errors import PlatformError
from groups_platform.masking import mask_text
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.instance import end_dead_runs, open_instance
from groups_platform.settings import Settings, find_resource

LOOK_SECONDS = 5
GRACE_SECONDS = 8


def serve(settings: Settings, port: int) -> int:
    """Run Postgres and `dagster dev` until Ctrl-C or SIGTERM; return the exit code of `dagster dev`."""
    _say(f"Postgres … {'the server of GROUPS_DATABASE_URL' if settings.database_url else settings.home / 'postgres'}")
    with open_instance(settings) as instance:
        end_dead_runs(instance)
        try:
            register_days(instance, list_days(settings.source))
        except PlatformError as error:
            _say(str(error))
    _say(f"Spark … {_spark_of(settings)}")
    _say(f"Dagster … the UI will be at http://127.0.0.1:{port}; new days are read from {mask_text(settings.source)}")
    workspace = str(find_resource("workspace.yaml"))
    # Handlers first: a process in the background ignores SIGINT, its children inherit that, and `dagster dev` ends
    # only on SIGINT.
    started: list[psutil.Process] = []
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: _interrupt(started))
    dagster = subprocess.Popen(
        [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port), "-w", workspace],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    started.append(psutil.Process(dagster.pid))
    code = _watch(settings, dagster)
    _end(started)
    return code


def _spark_of(settings: Settings) -> str:
    if settings.spark_remote:
        return f"{mask_text(settings.spark_remote.get_secret_value())}, to which each run connects"
    return f"{settings.spark_master or 'embedded'}, started by each run"


def _watch(settings: Settings, dagster: subprocess.Popen[bytes]) -> int:
    """Wait for the end of `dagster dev`, and restart the embedded Postgres whenever it has stopped."""
    while True:
        try:
            return dagster.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if settings.database_url is None:
                start_embedded(settings.home)


def _interrupt(started: list[psutil.Process]) -> None:
    """Interrupt `dagster dev`, and first note its children, which cannot be found after its end."""
    with suppress(IndexError, psutil.NoSuchProcess):  # not started yet, or ending already
        dagster = started[0]
        started.extend(dagster.children(recursive=True))
        dagster.send_signal(signal.SIGINT)


def _end(started: list[psutil.Process]) -> None:
    """End what remains: a code server with a run in progress outlives `dagster dev`. The next start fails that run."""
    _, alive = psutil.wait_procs(started, timeout=GRACE_SECONDS)
    for process in alive:
        process.terminate()
    for process in psutil.wait_procs(alive, timeout=GRACE_SECONDS)[1]:
        process.kill()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
