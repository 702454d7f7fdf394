"""What has to be free before `groups-platform dev` starts anything: its port, and its home."""

from __future__ import annotations

import fcntl
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from groups_platform.errors import AlreadyRunning, PortTaken

HOST: Final = "127.0.0.1"
LOCK: Final = "dev.lock"
NEXT_PORTS = 20  # that are looked at for one to suggest


@contextmanager
def only_dev(home: Path, port: int) -> Iterator[IO[str]]:
    """Hold the home's lock while the block runs, and yield its file, which a process that is given it holds too.

    Two daemons over one home would run each day twice. Raises AlreadyRunning, PortTaken.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(home, _note(lock)) from None
        refuse_taken(port)
        lock.truncate(0)
        json.dump({"port": port}, lock)
        lock.flush()
        yield lock


def refuse_taken(port: int) -> None:
    """Raise PortTaken if nobody can listen on this port of the loopback address."""
    try:
        _bind(port)
    except OSError as error:
        free = next((near for near in range(port + 1, min(port + NEXT_PORTS, 65536)) if _is_free(near)), None)
        why = "is taken by another program" if not isinstance(error, PermissionError) else "is kept for administrators"
        such = f", such as groups-platform dev --port {free}" if free else ""
        raise PortTaken(
            f"Port {port} {why}, so nothing was started. Choose another one with --port{such}.", port=port
        ) from None


def _already_running(home: Path, note: dict[str, Any]) -> AlreadyRunning:
    address = f"http://{HOST}:{note.get('port', '?')}"
    return AlreadyRunning(
        f"groups-platform dev runs already for {home}, with its UI at {address}, so nothing was started. Use that one, "
        "end it with Ctrl-C, or set GROUPS_HOME to another folder for a second one; --port alone would run every day "
        "twice.",
        home=str(home),
        url=address,
    )


def _note(lock: IO[str]) -> dict[str, Any]:
    lock.seek(0)
    try:
        note = json.loads(lock.read())
    except ValueError:  # it is being written
        return {}
    return note if isinstance(note, dict) else {}


def _is_free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return True


def _bind(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the webserver does, after one that ended
        tried.bind((HOST, port))
