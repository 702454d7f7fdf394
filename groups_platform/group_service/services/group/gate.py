"""Lets one call of a process at a time wait in the database for a group: many would use up its connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from groups_platform.group_service.errors import Busy


class Gate:
    """A queue for each key, such as the name of a group."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: str, seconds: float) -> AsyncIterator[None]:
        """Be alone with `key` during the block. Raises Busy after waiting for so long."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
            await lock.acquire()  # nobody else has it: at once
        else:
            await _acquire(lock, key, seconds)
        try:
            yield
        finally:
            lock.release()


async def _acquire(lock: asyncio.Lock, key: str, seconds: float) -> None:
    # not by asyncio.wait_for: until Python 3.12 it can lose a cancellation, or the lock
    waiting = asyncio.ensure_future(lock.acquire())
    try:
        await asyncio.wait({waiting}, timeout=seconds)
    except asyncio.CancelledError:
        if not waiting.cancel():
            lock.release()
        raise
    if not waiting.done():
        waiting.cancel()
        raise Busy.after(seconds, f"{key}, which another call of this process is changing")
