"""Live statistics: a real server, one that is down, slow or garbled, and what usage makes of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from redis.asyncio import Redis

from groups_platform.errors import InvalidSetting
from groups_platform.group_service.clients.valkey import LiveStatisticsUnavailable, ValkeyStatClient
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.kernels import STATISTICS, add_kernel, at, configured
from groups_platform_tests.group_service.valkey_server import fake_server, running_valkey

TIMEOUT = 0.3


@pytest.fixture(scope="module")
def valkey_url() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[ValkeyStatClient]:
    client = ValkeyStatClient(url, timeout=TIMEOUT)
    try:
        yield client
    finally:
        await client.aclose()


async def store(url: str, values: dict[UUID, Any]) -> None:
    async with Redis.from_url(url) as redis:
        for kernel_id, value in values.items():
            await redis.set(str(kernel_id), value if isinstance(value, bytes) else msgspec.msgpack.encode(value))


async def count_commands(url: str, command: str) -> int:
    async with Redis.from_url(url) as redis:
        return int((await redis.info("commandstats")).get(f"cmdstat_{command}", {}).get("calls", 0))


@pytest.mark.parametrize("parameter", ["socket_timeout=soon", "colour=blue"])
def test_a_url_with_parameters_that_cannot_work_is_a_setting_to_correct(parameter: str) -> None:
    with pytest.raises(InvalidSetting, match=f"GROUPS_VALKEY_URL cannot work: .*{parameter.partition('=')[0]}") as said:
        ValkeyStatClient(f"redis://:hunter2@cache/0?{parameter}")
    assert "hunter2" not in str(said.value)


async def test_s15_a_batch_is_one_mget(valkey_url: str) -> None:
    ids = [uuid4() for _ in range(100)]
    await store(valkey_url, dict.fromkeys(ids[::2], STATISTICS))
    before = await count_commands(valkey_url, "mget")
    async with client_of(valkey_url) as client:
        found = await client.get_user_kernel_statistics_batch(ids)
        assert await client.get_user_kernel_statistics_batch([]) == {}
    assert found == dict.fromkeys(ids[::2], STATISTICS)
    assert await count_commands(valkey_url, "mget") == before + 1


GARBAGE = {
    "no msgpack": b"\xc1 what is this",
    "cut off": msgspec.msgpack.encode(STATISTICS)[:-5],
    "empty": b"",
    "a list": [1, 2],
    "a number": 5,
    "keys that are numbers": {1: {"current": "2"}},
    "a character that Postgres has not": {"mem": {"capacity": "1\x00"}},
    "nested without end": b"\x81\xa1a" + b"\x91" * 100_000 + b"\x90",
    "an extension": {"mem": msgspec.msgpack.Ext(5, b"x")},
    "not UTF-8": b"\x81\xa3mem\xa2\xff\xfe",
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_s15_a_value_that_is_garbage_is_absent(valkey_url: str, kind: str) -> None:
    bad, good = uuid4(), uuid4()
    await store(valkey_url, {bad: GARBAGE[kind], good: STATISTICS})
    async with client_of(valkey_url) as client:
        assert await client.get_user_kernel_statistics_batch([bad, good]) == {good: STATISTICS}


async def test_s15_values_are_what_json_can_say(valkey_url: str) -> None:
    kernel_id = uuid4()
    await store(valkey_url, {kernel_id: {"mem": {"capacity": float("nan"), "current": b"\x00", "big": 2**64 - 1}}})
    async with client_of(valkey_url) as client:
        found = await client.get_user_kernel_statistics_batch([kernel_id])
    assert found[kernel_id]["mem"] == {"capacity": None, "current": "AA==", "big": 2**64 - 1}


async def silent() -> AsyncIterator[bytes]:
    await asyncio.sleep(3600)
    yield b""


async def dripping() -> AsyncIterator[bytes]:
    yield b"*1\r\n$1000000\r\n"
    while True:
        await asyncio.sleep(TIMEOUT / 10)
        yield b"x"


async def another_protocol() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 400 Bad Request\r\n\r\n"


async def refusing() -> AsyncIterator[bytes]:
    for _ in range(9):
        yield b"-NOAUTH Authentication required.\r\n"
    await asyncio.sleep(3600)


async def answering_with_something_else() -> AsyncIterator[bytes]:
    for _ in range(9):
        yield b"+OK\r\n"
    await asyncio.sleep(3600)


async def answering_too_little() -> AsyncIterator[bytes]:
    for _ in range(9):
        yield b"*0\r\n"
    await asyncio.sleep(3600)


async def hanging_up() -> AsyncIterator[bytes]:
    return
    yield b""


BROKEN: list[Callable[[], AsyncIterator[bytes]]] = [
    silent,
    dripping,
    another_protocol,
    refusing,
    answering_with_something_else,
    answering_too_little,
    hanging_up,
]


@pytest.mark.parametrize("answer", BROKEN, ids=lambda answer: answer.__name__)
async def test_s15_a_broken_server_is_given_up_in_time(answer: Callable[[], AsyncIterator[bytes]]) -> None:
    async with fake_server(answer) as url, client_of(url) as client:
        began = time.monotonic()
        with pytest.raises(LiveStatisticsUnavailable):
            await client.get_user_kernel_statistics_batch([uuid4(), uuid4()])
        assert time.monotonic() - began < 3 * TIMEOUT


@pytest.mark.parametrize("url", ["unix:///nowhere/socket", "redis://127.0.0.1:1", "redis://nowhere.invalid:6379"])
async def test_s15_usage_without_valkey_is_of_stored_statistics_with_a_warning(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, url: str
) -> None:
    async with create_group() as group, client_of(url) as client:
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        without = await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), last_stat=None)
        result = await configured(group_service, valkey=client).usage_per_month(UsagePerMonthAction("202410"))
        assert result.data is not None
        (usage,) = result.data.groups
        assert (usage.g_kernels, usage.g_io_read) == (2, 10)
        assert result.data.missing_statistics == (without,)
        (warning,) = result.warnings
        assert "stored" in warning


@pytest.mark.parametrize("answer", [silent, answering_with_something_else], ids=lambda answer: answer.__name__)
async def test_s15_usage_asks_a_broken_server_once(
    group_service: GroupService,
    deployment: Deployment,
    create_group: CreateGroup,
    answer: Callable[[], AsyncIterator[bytes]],
) -> None:
    async with create_group() as group, fake_server(answer) as url, client_of(url) as client:
        for _ in range(6):
            await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), last_stat=None)
        service = configured(group_service, valkey=client, batch_size=2)
        began = time.monotonic()
        result = await service.usage_per_period(UsagePerPeriodAction("20241001", "20241031", group.id))
        assert time.monotonic() - began < 3 * TIMEOUT
        assert result.data is not None
        assert (result.data.missing_statistics_count, len(result.warnings)) == (6, 1)


async def test_s15_live_statistics_enter_the_sums(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, valkey_url: str
) -> None:
    """Stored ones come first; who has neither, or garbage, is listed. Read in pages, one MGET for each."""
    async with create_group() as group, client_of(valkey_url) as client:
        life = (at("2024-10-02"), at("2024-10-03"))
        stored = await add_kernel(deployment, group, *life)
        live, empty, bad, nested, none, vain = [
            await add_kernel(deployment, group, *life, last_stat=last_stat)
            for last_stat in (None, {}, None, None, None, None)
        ]
        statistics = {**STATISTICS, "io_read": {"current": 1000}}
        nonsense = {"io_read": "fast", "mem": {"capacity": ["\ud7ff"]}}
        await store(
            valkey_url,
            {stored: statistics, live: statistics, empty: statistics, bad: b"\xc1", nested: nonsense, vain: {}},
        )
        mgets = await count_commands(valkey_url, "mget")
        service = configured(group_service, valkey=client, batch_size=2)
        result = await service.usage_per_month(UsagePerMonthAction("202410"))
        assert result.data is not None
        assert result.warnings == ()
        (usage,) = result.data.groups
        assert (usage.g_kernels, usage.g_io_read) == (7, 10 + 1000 + 1000)
        by_id = {kernel.id: kernel for kernel in usage.c_infos or ()}
        assert [by_id[kernel_id].io_read for kernel_id in (stored, live, empty)] == [10, 1000, 1000]
        assert set(result.data.missing_statistics) == {bad, none, vain}
        assert result.data.unreadable_figures == (nested,)
        assert by_id[nested].unreadable == ("mem_used", "io_read")
        assert await count_commands(valkey_url, "mget") == mgets + 3  # pages of two
