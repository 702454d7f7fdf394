"""How long `groups-platform dev` takes until its UI answers, beside a bare `dagster dev`, and to apply a new day.

    python -m benchmarks.dev [ROUNDS]

Both start in turns. The bare one loads a file with one empty asset and keeps its runs in SQLite. The platform has a new
home, whose first start makes the database and is told apart. The day is the sample's first, dropped with `_SUCCESS`
while `dev` runs; it counts as applied when its row of `sync_days` is there.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import psycopg

from groups_platform.database.connection import connect, open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.settings import Settings, find_resource

TRIVIAL = "import dagster\n\n@dagster.asset\ndef nothing(): ...\n\ndefs = dagster.Definitions([nothing])\n"
QUIET = "telemetry:\n  enabled: false\n"
LONGEST = 300
LOOK_SECONDS = 0.1


def main(rounds: int = 3) -> None:
    """Print seconds, medians and ratios."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background, and that would be handed on
    with tempfile.TemporaryDirectory(prefix="groups-platform-bench-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # as root the embedded Postgres runs as another user
        try:
            report(place, rounds)
        finally:
            stop_embedded(place / "home")


def report(place: Path, rounds: int) -> None:
    """Start both in turns, then drop a day into the platform's source."""
    bare, platform = bare_command(place), [sys.executable, "-m", "groups_platform", "dev"]
    source = place / "source"
    source.mkdir()
    env = {"GROUPS_HOME": str(place / "home"), "GROUPS_SOURCE": str(source)}
    print(f"platform, new home: {seconds_until_ui(platform, env):.1f} s", flush=True)
    pairs = []
    for _ in range(rounds):
        home = place / "bare" / str(len(pairs))
        home.mkdir(parents=True)
        (home / "dagster.yaml").write_text(QUIET)
        pairs.append((seconds_until_ui(bare, {"DAGSTER_HOME": str(home)}), seconds_until_ui(platform, env)))
        print(f"bare dagster dev: {pairs[-1][0]:.1f} s, platform: {pairs[-1][1]:.1f} s", flush=True)
    ratio = statistics.median(mine for _, mine in pairs) / statistics.median(other for other, _ in pairs)
    print(f"platform / bare, medians: {ratio:.2f}")
    with running(platform, env) as _:
        print(f"a dropped day until it is applied: {seconds_until_applied(place / 'home', source):.1f} s")


def bare_command(place: Path) -> list[str]:
    """`dagster dev` on a trivial file."""
    (place / "trivial.py").write_text(TRIVIAL)
    return [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-f", str(place / "trivial.py")]


def seconds_until_ui(command: Sequence[str], env: Mapping[str, str]) -> float:
    """From the start of the command until its webserver answers."""
    with running(command, env) as seconds:
        return seconds


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str]) -> Iterator[float]:
    """The command while it serves; yields how long that took. Ends it as Ctrl-C does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUPS_", "DAGSTER_"))}
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "-p" if "dagster" in command else "--port", str(port)],
            env={**kept, **env},
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(lambda: answers(port), process)
            yield time.monotonic() - started
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does, and what is left after half a minute by force."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGINT)
    process.wait(60)
    for left in psutil.wait_procs(family, timeout=30)[1]:
        left.kill()


def seconds_until_applied(home: Path, source: Path) -> float:
    """From the last file of a new day until its row of `sync_days` is there."""
    url = open_database(Settings.from_env({"GROUPS_HOME": str(home)}))
    shutil.copytree(find_resource("sample_data") / "sync-day1", source / "sync-day1")
    (source / "sync-day1" / "_SUCCESS").touch()
    started = time.monotonic()
    with connect(url, autocommit=True) as connection:
        wait_for(lambda: is_applied(connection))
    return time.monotonic() - started


def is_applied(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    return connection.execute("SELECT FROM sync_days WHERE sync_day = 'day1'").fetchone() is not None


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def wait_for(is_so: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + LONGEST
    while not is_so():
        if time.monotonic() > deadline or (process and process.poll() is not None):
            raise TimeoutError("it did not come")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
