"""Progress: lines when steps begin, a spinner on a terminal, and nothing of it on standard output."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from groups_platform.running.steps import STEPS, Steps, step
from groups_platform.settings import Settings
from groups_platform_tests.days import agent, group, write_day

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(*words: str, stdout: int | None = None) -> Iterator[tuple[float, str]]:
    """Run a command whose standard error is a terminal of 80x24; what it says, with the seconds until then."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    began = time.monotonic()
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "groups_platform", *words]
    process = subprocess.Popen(command, env=env, stdin=side, stdout=side if stdout is None else stdout, stderr=side)
    os.close(side)
    try:
        while True:
            try:
                said = os.read(main, 65536)
            except OSError:  # the other side is closed
                break
            yield time.monotonic() - began, said.decode("utf-8", "replace")
    finally:
        process.kill()
        process.wait()
        os.close(main)


def test_a_step_is_a_line_when_it_begins_and_one_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with step("starting Postgres"):
        told = capsys.readouterr()
        assert (told.out, told.err) == ("", "  starting Postgres …\n")
    assert re.fullmatch(r"  starting Postgres +\d+\.\d s\n", capsys.readouterr().err)


def test_a_step_that_fails_leaves_the_word_to_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), step("looking"):
        raise ValueError("no")
    assert capsys.readouterr().err == "  looking …\n"
    steps = Steps()
    steps.begin("a")
    steps.begin("b")
    steps.close()
    steps.say("done")
    assert capsys.readouterr().err == "  a …\n  b …\ndone\n"
    assert STEPS is not steps


@pytest.mark.slow
def test_on_a_terminal_a_sync_spins_from_the_first_second_and_shows_steps_as_they_begin(
    environment: Settings, tmp_path: Path
) -> None:
    write_day(Path(environment.source) / "sync-day1", [group(1, [5])], [agent(5)])
    with (tmp_path / "answer").open("wb") as answer:
        said = list(on_a_terminal("sync", "--day", "day1", "--json", stdout=answer.fileno()))
    everything = "".join(text for _, text in said)
    first = next(seconds for seconds, text in said if "starting Dagster" in text)
    assert first < 10, "seconds on a machine with much else to do"
    order = ["starting Dagster", "starting Spark", "preparing the run", "raw_groups", "directory_tables"]
    places = [everything.index(name) for name in order]
    assert places == sorted(places)
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] directory_tables", CONTROL.sub("", everything)), "it spins in the run too"
    assert everything.count("\x1b[?25h") >= everything.count("\x1b[?25l"), "the cursor is there again"
    assert json.loads((tmp_path / "answer").read_text())["success"]


@pytest.mark.slow
def test_elsewhere_there_are_plain_lines_on_standard_error(environment: Settings) -> None:
    write_day(Path(environment.source) / "sync-day1", [group(1, [5])], [agent(5)])
    command = [sys.executable, "-m", "groups_platform", "sync", "--day", "day1", "--json"]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=240, check=True)
    assert "\x1b" not in done.stderr
    lines = done.stderr.splitlines()
    assert lines[0] == "  starting Dagster …"
    assert lines.index("  directory_tables …") < next(
        place for place, line in enumerate(lines) if re.match(r"  directory_tables +\d", line)
    )
    assert json.loads(done.stdout)["success"]
