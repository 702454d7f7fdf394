"""Run a command to its end and say how long it took and how much memory it held, whatever it was."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import psutil

SAMPLE_SECONDS = 0.05
TAIL_LINES = 20


@dataclass(frozen=True)
class Measured:
    """Wall seconds from start to exit, the highest sampled memory in MB (10^6 bytes), and what it printed."""

    seconds: float
    peak_mb: float
    output: str


class CommandFailedError(Exception):
    """The measured command ended with another code than 0; the message carries the end of its stderr."""


def run_measured(argv: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
    """Run `argv` with exactly `env` (None: this process's own) and measure it.

    Memory is the resident size summed over the process and its descendants every 50 ms. Pages that forked
    processes share count once for each of them. Postgres is left out, because every contender uses the same
    server and may or may not have started it. Raises CommandFailedError unless the command exits with 0.
    """
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        watcher = _PeakWatcher(process.pid)
        watcher.start()
        try:
            code = process.wait()
            seconds = time.perf_counter() - started
        except BaseException:
            _kill_tree(process)
            raise
        finally:
            peak = watcher.stop()
        if code != 0:
            raise CommandFailedError(f"{argv[0]} … ended with code {code}:\n{_tail(stderr)}")
        stdout.seek(0)
        return Measured(seconds, peak / 1e6, stdout.read())


class _PeakWatcher(threading.Thread):
    """Samples a process tree until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self._peak = 0

    def run(self) -> None:
        while not self._done.is_set():
            self._peak = max(self._peak, _resident_bytes(self._root))
            self._done.wait(SAMPLE_SECONDS)

    def stop(self) -> int:
        """End the sampling and return the peak in bytes."""
        self._done.set()
        self.join()
        return self._peak


def _resident_bytes(root: psutil.Process) -> int:
    total = 0
    for process in _tree(root):
        try:
            if not process.name().startswith("postgres"):
                total += process.memory_info().rss
        except psutil.Error:
            continue
    return total


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """End an interrupted command with everything it started except Postgres, which others may be using."""
    try:
        running = _tree(psutil.Process(process.pid))
    except psutil.Error:
        return
    for each in running:
        try:
            if not each.name().startswith("postgres"):
                each.kill()
        except psutil.Error:
            continue
    process.wait()


def _tail(file: IO[str]) -> str:
    file.seek(0)
    return "\n".join(file.read().splitlines()[-TAIL_LINES:])
