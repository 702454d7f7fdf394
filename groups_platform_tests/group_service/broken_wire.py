"""A wire to Postgres that breaks at a chosen moment: what only happens to networks, and cannot be ordered from one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url


@dataclass
class Wire:
    """breaks: how many COMMITs still lose their answer. is_delivered: whether Postgres gets to see those COMMITs."""

    url: str
    breaks: int = 0
    is_delivered: bool = True
    is_cut: bool = False
    broken: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """Nobody gets through any more."""
        self.is_cut = True
        for writer in self.writers:
            writer.close()


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """A proxy on a Unix socket before the server of `url`, which listens on a Unix socket itself."""
    address = make_url(url)
    server_socket = Path(str(address.query["host"])) / ".s.PGSQL.5432"
    folder = server_socket.parent / "wire"
    folder.mkdir()
    wire = Wire(address.set(query={"host": str(folder)}).render_as_string(hide_password=False))

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wire.is_cut:
            writer.close()
            return
        from_server, to_server = await asyncio.open_unix_connection(str(server_socket))
        wire.writers += [writer, to_server]
        back = asyncio.ensure_future(_copy(from_server, writer))
        with suppress(OSError):
            while message := await reader.read(65536):
                if wire.breaks and b"COMMIT" in message:
                    wire.breaks, wire.broken = wire.breaks - 1, wire.broken + 1
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)
                    if wire.is_delivered:
                        to_server.write(message)  # Postgres may be at it yet when the other end knows of the break
                    break
                to_server.write(message)
        for end in (to_server, writer):
            end.close()
        await asyncio.gather(back, return_exceptions=True)

    server = await asyncio.start_unix_server(carry, str(folder / ".s.PGSQL.5432"))
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
        await asyncio.sleep(0)
        (folder / ".s.PGSQL.5432").unlink(missing_ok=True)
        folder.rmdir()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while message := await reader.read(65536):
            writer.write(message)
        writer.close()
