"""Live statistics of kernels, which their agents write to Valkey: read, decoded, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from groups_platform.errors import InvalidSetting

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

Statistics = dict[str, Any]

_decoder = msgspec.msgpack.Decoder(dict[str, Any])


class LiveStatisticsUnavailable(Exception):
    """Valkey did not answer, or not in time, or not as Valkey does."""


class ValkeyStatClient:
    """Reads `kernel id → msgpack of {metric: {field: value}}` from a Valkey or Redis server."""

    def __init__(self, url: str, timeout: float = 1.0) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - large, and most services have no Valkey
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415

        self._timeout = timeout
        try:
            self._redis: Redis = Redis.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
            )
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # takes the URL's parameters, and does not connect yet
        except (TypeError, ValueError) as error:
            reason = str(error).rstrip(".")
            raise InvalidSetting(f"GROUPS_VALKEY_URL cannot work: {reason}. Correct its parameters.") from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def get_user_kernel_statistics_batch(self, kernel_ids: Sequence[UUID]) -> dict[UUID, Statistics]:
        """The statistics of those kernels that have any and whose value can be read, by one MGET.

        Raises LiveStatisticsUnavailable, after `timeout` seconds at the latest.
        """
        if not kernel_ids:
            return {}
        from redis.exceptions import RedisError  # noqa: PLC0415

        keys = [str(kernel_id) for kernel_id in kernel_ids]
        try:
            # the sockets' timeouts are for each read: a server that answers byte by byte keeps within them
            values: Any = await asyncio.wait_for(self._redis.mget(keys), self._timeout)
        except (RedisError, OSError, ValueError, RecursionError, asyncio.TimeoutError) as error:
            raise LiveStatisticsUnavailable(f"Valkey did not answer ({type(error).__name__})") from error
        if not isinstance(values, list) or len(values) != len(keys):
            raise LiveStatisticsUnavailable("Valkey answered with something else")
        found = {key: _decode(key, value) for key, value in zip(kernel_ids, values, strict=True) if value is not None}
        return {kernel_id: statistics for kernel_id, statistics in found.items() if statistics is not None}


def _decode(kernel_id: UUID, value: bytes) -> Statistics | None:
    """The value as JSON, so that Postgres takes it; None where it is no map, or holds what JSON cannot say."""
    try:
        as_json = msgspec.json.encode(_decoder.decode(value))
        if b"\\u0000" not in as_json:
            return msgspec.json.decode(as_json, type=dict[str, Any])
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        pass
    log.warning("the live statistics of kernel %s cannot be read", kernel_id)
    return None
