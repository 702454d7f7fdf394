"""Whole processes, as people start them: the demo without Java, two syncs at once, `dev` and its sensor."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen
from zipfile import ZipFile

import psutil
import pytest

from groups_platform.database.connection import connect
from groups_platform.database.embedded import stop_embedded
from groups_platform.settings import find_resource
from groups_platform_tests.days import Record, agent, group, write_day
from groups_platform_tests.provisioning.world import World

pytestmark = pytest.mark.slow

PLATFORM = [sys.executable, "-m", "groups_platform"]
SECONDS = 240


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A new home folder, and nothing of the platform's or Spark's in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUPS_", "SPARK_", "DAGSTER_"))}
    home = tmp_path / "home"
    yield {**kept, "HOME": str(home), "GROUPS_HOME": str(home / "groups")}
    stop_embedded(home / "groups")


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PLATFORM, *arguments], env=env, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def path_without_java(folder: Path) -> str:
    """A folder of links to every program that this machine has, and no java."""
    folder.mkdir()
    for place in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            if not program.name.startswith("java") and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return str(folder)


def test_an_installed_wheel_runs_the_demo(env: dict[str, str], tmp_path: Path) -> None:
    """Built, installed with its own dependencies in an environment of its own, and used far from the repository."""
    repository, venv = Path(__file__).parents[1], tmp_path / "venv"

    def do(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    do(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, repository)
    (wheel,) = tmp_path.glob("groups_platform-*.whl")
    with ZipFile(wheel) as archive:
        assert "groups_platform/py.typed" in archive.namelist()
    do(sys.executable, "-m", "venv", venv)
    do(venv / "bin/python", "-m", "pip", "install", "--quiet", "--constraint", repository / "constraints.txt", wheel)

    demo = do(venv / "bin/groups-platform", "demo")
    assert "5 of 33" in demo
    assert "make " not in demo, "there is no Makefile beside an installed wheel"
    assert "0 failed" in do(venv / "bin/groups-platform", "checks")
    definitions = do(venv / "bin/dagster", "definitions", "validate", "-m", "groups_platform.definitions")
    assert "Validation failed" not in definitions


def test_the_demo_runs_without_java_on_the_machine(env: dict[str, str], tmp_path: Path) -> None:
    without = {name: value for name, value in env.items() if name != "JAVA_HOME"}
    result = run({**without, "PATH": path_without_java(tmp_path / "bin")}, "demo")
    assert result.returncode == 0, result.stderr
    assert "5 of 33" in result.stdout
    assert "What to do next" in result.stdout
    assert not (Path(env["GROUPS_HOME"]) / "java").exists(), "not even the wheel's was made ready"


def test_the_demo_shows_where_the_halves_meet_and_runs_again(env: dict[str, str]) -> None:
    first, again = run(env, "demo"), run(env, "demo")
    both = (
        "21000401120 Chat and Messaging",
        "norrvik/App-and-Connectivity  directory  members -1",
        "the group is inactive: Battery Diagnostics; since day2",
        "samuel.kipkemboi@example.com (agent 21001000014)",
    )
    for result, said in (
        (first, ("2 projects provisioned.", "Live-Chat → Chat-and-Messaging", "members removed", *both[1:])),
        (again, ("all of it was there", "Every project is as its rule says.", *both)),
    ):
        assert result.returncode == 0, result.stderr
        for text in said:
            assert text in result.stdout
        assert "dagster." not in result.stderr, "nothing of Dagster's own log"


def test_two_syncs_of_one_day_at_once_leave_what_one_leaves(env: dict[str, str]) -> None:
    command = [*PLATFORM, "sync", "--day", "day1", "--json"]
    both = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=SECONDS) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    written = sorted(json.loads(stdout)["data"][0]["rows_written"] for stdout, _ in outputs)
    assert written[0] == 0
    assert written[1] > 0
    (again,) = json.loads(run(env, "sync", "--day", "day1", "--json").stdout)["data"]
    assert again["rows_written"] == 0
    assert again["totals"] == {
        "groups": 32, "inactive_groups": 2, "memberships": 40, "agents": 25, "active_agents": 23,
    }  # fmt: skip


def test_dev_serves_the_ui_and_the_sensor_picks_up_a_folder(env: dict[str, str], tmp_path: Path) -> None:
    source, log = tmp_path / "source", tmp_path / "dev.log"
    with running_dev(env, source, log) as dev:
        shutil.copytree(find_resource("sample_data") / "sync-day1", source / "sync-day1")
        (source / "sync-day1" / "_SUCCESS").touch()
        url = run(env, "db", "url").stdout.strip()
        wait_for(lambda: run_statuses(url) == ["SUCCESS"], "a run that succeeded", log)
        assert applied_days(url) == ["day1"]
        children = psutil.Process(dev.pid).children(recursive=True)
        dev.send_signal(signal.SIGTERM)
        dev.wait(60)
        gone, alive = psutil.wait_procs(children, timeout=60)
        assert not alive
        assert gone


def test_m6_dev_provisions_after_each_applied_day(env: dict[str, str], tmp_path: Path) -> None:
    """By the daemon alone: a day comes, its run ends, and the projects follow; what is held fails with what to do."""
    source, log = tmp_path / "source", tmp_path / "dev.log"
    url = run(env, "db", "url").stdout.strip()
    run(env, "group", "list")  # makes the tables
    world = World(url, tmp_path)
    for number in (1, 2):
        world.user(f"a{number}@example.com")
    world.rule(1, with_groups_below=True)

    def deliver(label: str, groups: list[Record]) -> None:
        people = [agent(n, contact={"email": f"a{n}@example.com", "active": True}) for n in (1, 2)]
        write_day(source / f"sync-{label}", groups, people)
        (source / f"sync-{label}" / "_SUCCESS").touch()

    held = {"GROUPS_PROVISIONING": "apply", "GROUPS_LIMITS": "members_removed=0/1"}
    with running_dev({**env, **held}, source, log) as dev:
        deliver("day1", [group(1, [1, 2], name="North")])
        wait_for(lambda: world.projects() == {"North": (True, ["a1@example.com", "a2@example.com"])}, "a project", log)

        deliver("day2", [group(1, [1], name="North"), group(2, [2], name="Fjord", parent=1)])
        after = {"Fjord": (True, ["a2@example.com"]), "North": (True, ["a1@example.com"])}
        wait_for(lambda: world.projects() == after, "its change", log)
        wait_for(lambda: sorted(run_statuses(url)) == ["SUCCESS"] * 4, "the end of each run", log)

        deliver("day3", [group(1, [2], name="North"), group(2, [1], name="Fjord", parent=1)])
        wait_for(lambda: sorted(run_statuses(url)) == ["FAILURE", *["SUCCESS"] * 5], "a run that is held", log)
        assert world.projects() == after
        plan_id = world.one("SELECT plan_id FROM directory.sync_plans WHERE outcome = 'held'")
        told = world.one(
            "SELECT string_agg(event, ' ') FROM dagster.event_logs WHERE event LIKE '%%provisioning_held%%'"
        )
        assert f"groups-platform approve provisioning --plan {plan_id} --reason TEXT" in told
        dev.send_signal(signal.SIGTERM)
        dev.wait(60)


@contextmanager
def running_dev(env: dict[str, str], source: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`dev` over this source, when its UI answers; killed at the end, if it still is there."""
    source.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        dev = subprocess.Popen(
            [*PLATFORM, "dev", "--port", str(port)],
            env={**env, "GROUPS_SOURCE": str(source)},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/server_info"), "the UI", log)
        yield dev
    finally:
        if dev.poll() is None:
            for process in (*psutil.Process(dev.pid).children(recursive=True), dev):
                process.kill()
            dev.wait(60)


def wait_for(is_so: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what} did not come:\n{log.read_text()[-3000:]}"
        time.sleep(1)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def applied_days(url: str) -> list[str]:
    with connect(url) as connection:
        return [day for (day,) in connection.execute("SELECT sync_day FROM directory.sync_days").fetchall()]


def run_statuses(url: str) -> list[str]:
    with connect(url) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM dagster.runs").fetchall()]
