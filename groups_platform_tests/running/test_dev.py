"""`groups-platform dev` starts once, on a free port, says what runs, and ends in seconds with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import psutil
import pytest
from click.testing import CliRunner

from groups_platform.cli import cli
from groups_platform.running.alone import only_dev
from groups_platform.settings import Settings
from groups_platform_tests.days import agent, group, write_day

OPENS_WITHIN = 180  # seconds; on a machine that does nothing else it is 15
ENDS_WITHIN = 30  # on such a machine it is four


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def sentence(output: str) -> str:
    return " ".join(output.split())


def test_a_port_that_is_taken_is_one_sentence_and_nothing_is_started(service_environment: Settings, taken: int) -> None:
    before = set(psutil.Process().children(recursive=True))
    began = time.monotonic()
    result = CliRunner().invoke(cli, ["dev", "--port", str(taken)])
    assert result.exit_code == 1
    told = sentence(result.stderr)
    assert told.startswith(f"Error: Port {taken} is taken by another program, so nothing was started.")
    assert f"--port, such as groups-platform dev --port {taken + 1}" in told or "--port, such as" in told
    assert told.endswith("(port_taken)")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert set(psutil.Process().children(recursive=True)) == before
    assert time.monotonic() - began < 5
    assert not (service_environment.home / "dagster").exists()


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_what_is_no_port_is_wrong_usage(service_environment: Settings, port: str) -> None:
    assert CliRunner().invoke(cli, ["dev", "--port", port]).exit_code == 2


def test_a_second_one_for_the_same_home_is_told_where_the_first_is(service_environment: Settings) -> None:
    first, second = free_port(), free_port()
    with only_dev(service_environment.home, first):
        result = CliRunner().invoke(cli, ["dev", "--port", str(second)])
        same = CliRunner().invoke(cli, ["dev", "--port", str(first)])
    assert (result.exit_code, same.exit_code) == (1, 1)
    told = sentence(result.stderr)
    assert f"runs already for {service_environment.home}, with its UI at http://127.0.0.1:{first}" in told
    assert "GROUPS_HOME" in told
    assert "(already_running)" in told
    with only_dev(service_environment.home, second):  # the first has ended
        pass


class Dev:
    """A `groups-platform dev` in a process of its own, and what it says."""

    def __init__(self, port: int) -> None:
        self.port, self.said = port, ""
        command = [sys.executable, "-m", "groups_platform", "dev", "--port", str(port)]
        self.process = subprocess.Popen(
            command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, is_there: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not is_there():
            assert time.monotonic() < until, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.2)

    def wait_until_open(self) -> None:
        self.wait_for(lambda: "The UI is open" in self.said, OPENS_WITHIN)

    def started(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def dev(service_environment: Settings) -> Iterator[Dev]:
    write_day(Path(service_environment.source) / "sync-day1", [group(1, [5])], [agent(5)])
    running = Dev(free_port())
    yield running
    if running.process.poll() is None:
        for process in (*running.started(), running.process):
            process.kill()
    running.process.wait()
    running.reader.join(10)
    assert running.process.stdout is not None
    running.process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_says_what_runs_and_ends_in_seconds_with_a_word_and_without_processes(
    dev: Dev, service_environment: Settings, ending: signal.Signals
) -> None:
    dev.wait_until_open()
    with urlopen(f"http://127.0.0.1:{dev.port}/server_info", timeout=20) as answer:
        assert answer.status == 200
    for told in (
        f"http://127.0.0.1:{dev.port}",
        service_environment.source,
        "(1 day)",
        str(service_environment.home),
        "new_sync_days is on",
        "database",
    ):
        assert told in dev.said
    started = dev.started()
    assert len(started) >= 3
    began = time.monotonic()
    dev.process.send_signal(ending)
    assert dev.process.wait(ENDS_WITHIN) == 0
    assert time.monotonic() - began < ENDS_WITHIN
    dev.reader.join(10)
    assert [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert dev.said.rstrip().endswith("Ended.")
    assert "Traceback" not in dev.said


@pytest.mark.slow
def test_when_the_webserver_dies_everything_ends(dev: Dev) -> None:
    dev.wait_until_open()
    started = dev.started()
    webserver = next(process for process in started if "dagster_webserver" in process.cmdline())
    webserver.kill()
    assert dev.process.wait(ENDS_WITHIN) == 1
    dev.reader.join(10)
    assert [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert "(server_ended)" in dev.said
