"""The embedded server: started on first use, kept, restarted, and told apart from other programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from groups_platform.database import embedded, server_settings
from groups_platform.database.connection import connect, open_database
from groups_platform.errors import DatabaseUnavailable
from groups_platform.settings import Settings


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """GROUPS_HOME of a server that these tests stop and start."""
    home = tmp_path_factory.mktemp("own") / "not" / "yet" / "there"
    yield home
    embedded.stop_embedded(home)


def pid_of(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def test_the_first_use_makes_the_server_the_database_and_the_schema(own_home: Path) -> None:
    settings = Settings(home=own_home, source="", lake="")
    url = open_database(settings)
    with connect(url) as connection:
        connection.execute("INSERT INTO agents (agent_id, active) VALUES (1, true)")
        assert connection.execute("SELECT current_database()").fetchone() == (embedded.DATABASE,)
    pid = pid_of(own_home)
    assert open_database(settings) == url
    assert pid_of(own_home) == pid


def test_a_server_that_was_stopped_starts_again_with_its_data(own_home: Path) -> None:
    settings = Settings(home=own_home, source="", lake="")
    pid = pid_of(own_home)
    assert embedded.stop_embedded(own_home) is True
    assert embedded.stop_embedded(own_home) is False
    assert not psutil.pid_exists(pid)
    with connect(open_database(settings)) as connection:
        assert connection.execute("SELECT agent_id FROM agents").fetchall() == [(1,)]


def shown(home: Path, name: str) -> str:
    with connect(embedded.start_embedded(home)) as connection:
        row = connection.execute(f"SHOW {name}".encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_the_server_has_the_machine_s_settings_from_its_first_start_and_stays_durable(own_home: Path) -> None:
    embedded.start_embedded(own_home)
    expected = (own_home / "postgres" / server_settings.SETTINGS_FILE).read_text()
    assert f"shared_buffers = '{shown(own_home, 'shared_buffers')}'".replace("2GB", "2048MB") in expected
    assert shown(own_home, "jit") == "off"
    assert [shown(own_home, name) for name in ("fsync", "full_page_writes", "synchronous_commit")] == ["on"] * 3


def test_what_a_person_set_is_kept(own_home: Path) -> None:
    """In postgresql.conf above or below our line, or by ALTER SYSTEM."""
    with connect(embedded.start_embedded(own_home), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_wal_size = '1111MB'")
    configuration = own_home / "postgres" / "postgresql.conf"
    written = configuration.read_text()
    changed = written.replace("shared_buffers = 128MB", "shared_buffers = 130MB") + "maintenance_work_mem = 77MB\n"
    configuration.write_text(changed)
    embedded.stop_embedded(own_home)
    names = ("max_wal_size", "shared_buffers", "maintenance_work_mem")
    assert [shown(own_home, name) for name in names] == ["1111MB", "130MB", "77MB"]
    assert configuration.read_text() == changed
    configuration.write_text(written)


def test_a_home_of_before_gets_the_settings_at_its_next_start(own_home: Path) -> None:
    embedded.stop_embedded(own_home)
    configuration = own_home / "postgres" / "postgresql.conf"
    configuration.write_text(configuration.read_text().replace(server_settings.INCLUDE, ""))
    (own_home / "postgres" / server_settings.SETTINGS_FILE).unlink()
    assert shown(own_home, "jit") == "off"
    assert configuration.read_text().count(server_settings.INCLUDE) == 1


def test_a_machine_that_gives_less_memory_runs_with_postgres_own_settings(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.stop_embedded(own_home)
    monkeypatch.setattr(server_settings, "server_settings", lambda *_: {"shared_buffers": "1000TB"})
    assert shown(own_home, "shared_buffers") == "128MB"
    embedded.stop_embedded(own_home)


MB = 1 << 20


@pytest.mark.parametrize(
    ("memory", "buffers", "log"),
    [(512 * MB, "128MB", "1024MB"), (8192 * MB, "1024MB", "2048MB"), (262144 * MB, "2048MB", "4096MB")],
)
def test_settings_grow_with_the_machine_within_bounds(memory: int, buffers: str, log: str) -> None:
    settings = server_settings.server_settings(memory, None, 1 << 40)
    assert (settings["shared_buffers"], settings["max_wal_size"]) == (buffers, log)
    assert server_settings.server_settings(memory, None, 1 << 30)["max_wal_size"] == "1024MB"


def test_workers_share_files_where_shared_memory_is_small() -> None:
    """Docker gives a container 64 MB."""
    assert server_settings.server_settings(8192 * MB, 64 * MB, 1 << 40)["dynamic_shared_memory_type"] == "mmap"
    assert "dynamic_shared_memory_type" not in server_settings.server_settings(8192 * MB, 4096 * MB, 1 << 40)


def test_stopping_ends_open_sessions(own_home: Path) -> None:
    with connect(open_database(Settings(home=own_home, source="", lake=""))) as connection:
        assert embedded.stop_embedded(own_home) is True
        with pytest.raises(Exception, match=r"terminat|closed|connection"):
            connection.execute("SELECT 1")
        connection.close()


def test_the_pid_of_another_program_is_not_taken_for_the_server(own_home: Path) -> None:
    """After a reboot, postmaster.pid may name any program."""
    embedded.stop_embedded(own_home)
    stale = own_home / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n1700000000\n5432\n{stale.parent}\n\n  1  2\nready   \n")
    assert embedded.stop_embedded(own_home) is False
    with connect(embedded.start_embedded(own_home)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert pid_of(own_home) != os.getpid()


@pytest.mark.parametrize("pid", ["-4711", "0", "", "nonsense"])
def test_a_pid_that_is_none_is_no_server(tmp_path: Path, pid: str) -> None:
    """While the server's first files are made, postmaster.pid holds a negative number."""
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{pid}\n")
    assert embedded.stop_embedded(tmp_path) is False


def test_a_server_that_is_dead_and_not_buried_is_no_server(tmp_path: Path) -> None:
    """Where process 1 of a container buries nobody, the pid of a killed server stays."""
    (tmp_path / "postgres").mkdir()
    Path(tmp_path, "bin").mkdir()
    dead = subprocess.Popen([shutil.copy("/bin/true", tmp_path / "bin" / "postgres")])
    try:
        while psutil.Process(dead.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        (tmp_path / "postgres" / "postmaster.pid").write_text(f"{dead.pid}\n")
        assert embedded.stop_embedded(tmp_path) is False
    finally:
        dead.wait()


def test_processes_that_start_the_first_server_at_once_share_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("shared")
    starting = (
        "import sys\n"
        "from pathlib import Path\n"
        "from groups_platform.database.embedded import start_embedded\n"
        "print('ready', flush=True)\n"
        "input()\n"
        "print(start_embedded(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-W", "ignore", "-c", starting, str(home)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(0.3)  # the others come while the first one makes the server's files
        said = [process.communicate(timeout=60) for process in processes]
        assert [process.returncode for process in processes] == [0] * 6, said
        assert len({url for url, _ in said}) == 1
    finally:
        embedded.stop_embedded(home)


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable) as refused:
        embedded.start_embedded(tmp_path / "file" / "home")
    assert "\n" not in str(refused.value)


def test_a_home_with_a_space_in_its_name_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """The wheel would hand the socket's folder to pg_ctl without quotes."""
    with pytest.raises(DatabaseUnavailable, match=r"holds a space\. Set GROUPS_HOME to another folder"):
        embedded.start_embedded(tmp_path / "my home")


def test_nothing_runs_where_nothing_was_started(tmp_path: Path) -> None:
    assert embedded.stop_embedded(tmp_path) is False
