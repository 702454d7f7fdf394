"""Random kernels, compared with a straightforward model in Python in many time zones; and the index that finds them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from redis.asyncio import Redis

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.clients.valkey import ValkeyStatClient
from groups_platform.group_service.models.session import KernelRow
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.usage import Figures, GroupUsage, KernelUsage, ProjectUsage, Usage
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.kernels import at, configured
from groups_platform_tests.group_service.test_usage_per_period import add_session
from groups_platform_tests.group_service.valkey_server import running_valkey

INDEXES = {
    "usage_totals": "kernels_life_idx",
    "usage_kernels": "kernels_life_idx",
    "usage_peaks": "kernels_life_idx",
    "usage_without_statistics": "kernels_without_statistics_idx",
    "purge_active_kernels": "kernels_live_idx",
    "purge_mounted_vfolders": "kernels_live_idx",
    "purge_lock_kernels": "kernels_live_idx",
}
START, END = at("2024-10-01", "America/New_York"), at("2024-11-01", "America/New_York")

# Two months of each zone, if possible those in which its clocks change.
ZONES = {
    "UTC": ("202402", "202412"),
    "Europe/Vienna": ("202403", "202410"),
    "America/New_York": ("202403", "202411"),
    "Asia/Kolkata": ("202406", "202407"),
    "Asia/Kathmandu": ("202406", "202407"),
    "Pacific/Chatham": ("202404", "202409"),
    "America/St_Johns": ("202403", "202411"),
    "Pacific/Apia": ("201112", "201204"),  # the 30th of December 2011 was left out
    "Asia/Beirut": ("202403", "202410"),  # the clocks change at midnight
}
QUARTER = timedelta(minutes=15)  # offsets of zones, and when they change, are multiples of it
NEAR = [timedelta(microseconds=n * step) for n in (-1, 0, 1) for step in (1, 10**6, 3600 * 10**6)]
METRICS = ("cpu_used", "mem", "io_read", "io_write", "io_scratch_size")


class Days:
    """The days of a zone around a month, by looking at its clocks every quarter of an hour."""

    def __init__(self, month: str, zone: str) -> None:
        self.middle = datetime(int(month[:4]), int(month[4:]), 15, tzinfo=timezone.utc)
        self.starts: dict[date, datetime] = {}
        self.changes: list[datetime] = []
        instant, offset = self.middle - timedelta(days=60), None
        while instant < self.middle + timedelta(days=60):
            local = instant.astimezone(ZoneInfo(zone))
            self.starts.setdefault(local.date(), instant)
            if offset not in (None, local.utcoffset()):
                self.changes.append(instant)
            instant, offset = instant + QUARTER, local.utcoffset()

    def between(self, first: date, last: date) -> list[tuple[datetime, datetime]]:
        """The first instant of each day that there was, and of the day after it."""
        return [
            (self.starts[day], self.starts[after])
            for day, after in pairwise(sorted(self.starts))
            if first <= day <= last
        ]


def random_kernel(random: Random, days: Days, now: datetime, **owner: Any) -> KernelRow:
    edges = [*days.starts.values(), *days.changes * 20, now]
    begin = random.choice(edges) + random.choice(NEAR) * random.choice((0, 1, 1, 30))
    lives = [
        *(timedelta(minutes=m) for m in (0, 0, 5, 600, 3000, 60000)),
        max(random.choice(edges) - begin, timedelta(0)),
    ]
    end = begin + random.choice(lives)
    status = random.choice(("TERMINATED",) * 6 + ("RUNNING", "RUNNING", "CANCELLED", "PENDING"))
    slots = {"cpu": str(random.randrange(9)), "mem": str(random.randrange(2**34)), "cuda.shares": str(random.random())}
    devices = [
        {"model_name": random.choice(("Model A", "Model B", "")), "data": {"smp": random.randrange(99), "mem": "1g"}}
        for _ in range(random.randrange(3))
    ]
    is_end_known = status != "RUNNING" and random.random() < 0.9
    return KernelRow(
        id=UUID(int=random.getrandbits(128)),
        status=status,
        created_at=begin,
        terminated_at=end if is_end_known else None,
        status_changed=end,
        occupied_slots=dict(random.sample(sorted(slots.items()), random.randrange(4))),
        attached_devices={"cuda": devices} if devices else {},
        resource_opts=random.choice(({}, {"shmem": "64m"}, {"shmem": 2**20})),
        last_stat=random.choice((None, {}, statistics_of(random), statistics_of(random), statistics_of(random))),
        **owner,
    )


def statistics_of(random: Random) -> dict[str, Any]:
    known = random.sample(METRICS, random.randrange(1, 6))
    return {
        metric: {
            "current": random.choice((random.randrange(10**6), f"{random.random():.6f}", "1e3", None)) or "0",
            "capacity": str(random.randrange(2**40)),
            "stats.max": random.randrange(10**6),
        }
        for metric in known
    }


def figures_of(kernel: KernelRow, statistics: dict[str, Any]) -> dict[str, Any]:
    slots = kernel.occupied_slots
    devices = kernel.attached_devices.get("cuda", [])
    shared_memory = kernel.resource_opts.get("shmem", 0)

    def used(metric: str, field: str) -> Decimal:
        return Decimal(str(statistics.get(metric, {}).get(field, 0)))

    return {
        "cpu_allocated": Decimal(slots.get("cpu", 0)),
        "mem_allocated": int(slots.get("mem", 0)),
        "gpu_allocated": Decimal(slots.get("cuda.shares", 0)),
        "disk_allocated": 0,
        "cpu_used": used("cpu_used", "current"),
        "mem_used": int(used("mem", "capacity")),
        "io_read": int(used("io_read", "current")),
        "io_write": int(used("io_write", "current")),
        "disk_used": int(used("io_scratch_size", "stats.max")),
        "shared_memory": 64 * 2**20 if shared_memory == "64m" else shared_memory,
        "smp": sum(device["data"]["smp"] for device in devices),
        "gpu_mem_allocated": 2**30 * len(devices),
        "device_type": frozenset(device["model_name"] for device in devices) - {""},
    }


class Model:
    """What the kernels used on some days of a zone, kernel by kernel."""

    def __init__(
        self,
        kernels: Sequence[KernelRow],
        live: dict[UUID, Any],
        days: Sequence[tuple[datetime, datetime]],
        now: datetime,
    ) -> None:
        self.live, self.days, self.now = live, days, now
        self.start, self.end = days[0][0], days[-1][1]
        self.kernels = {kernel.id: kernel for kernel in kernels if self.counts(kernel)}

    def life_of(self, kernel: KernelRow) -> tuple[datetime, datetime]:
        return (
            kernel.created_at,
            self.now if kernel.status == "RUNNING" else kernel.terminated_at or kernel.status_changed,
        )

    def counts(self, kernel: KernelRow) -> bool:
        begin, end = self.life_of(kernel)
        is_past = kernel.status == "TERMINATED" and end >= self.start
        return begin < self.end and (is_past or kernel.status == "RUNNING")

    def time_of(self, kernel: KernelRow) -> timedelta:
        begin, end = self.life_of(kernel)
        return max(min(end, self.end) - max(begin, self.start), timedelta(0))

    def days_of(self, kernel: KernelRow) -> int:
        begin, end = self.life_of(kernel)
        return sum(begin < after and end >= first for first, after in self.days) if begin <= end else 0

    def statistics_of(self, kernel: KernelRow) -> dict[str, Any] | None:
        return kernel.last_stat or self.live.get(kernel.id)

    def figures_of(self, kernel: KernelRow) -> dict[str, Any]:
        return figures_of(kernel, self.statistics_of(kernel) or {})

    def sums(self, kernels: Iterable[KernelRow]) -> dict[str, Any]:
        total = figures_of(KernelRow(occupied_slots={}, attached_devices={}, resource_opts={}), {})
        for kernel in kernels:
            for name, own in self.figures_of(kernel).items():
                total[name] = total[name] | own if isinstance(own, frozenset) else total[name] + own
        return total

    def peak(self, kernels: Sequence[KernelRow], name: str) -> Any:
        """The most at once: looked for where a kernel begins, because only there it can rise."""
        lives = [(max(begin, self.start), min(end, self.end)) for begin, end in map(self.life_of, kernels)]
        amounts = [self.figures_of(kernel)[name] for kernel in kernels]
        moments = {begin for begin, _ in lives}
        held = [
            sum(own for own, (begin, end) in zip(amounts, lives, strict=True) if begin <= moment < end)
            for moment in moments
        ]
        return max(held, default=0)

    def check(self, usage: Usage, found: Sequence[GroupUsage | ProjectUsage], details: Sequence[KernelUsage]) -> None:
        """Every figure of every kernel, and of every group."""
        assert {kernel.id for kernel in details} == self.kernels.keys()
        assert len(details) == len(self.kernels)
        for kernel in details:
            own = self.kernels[kernel.id]
            assert {name: getattr(kernel, name) for name in NAMES} == self.figures_of(own)
            assert (kernel.used_time, kernel.used_days) == (self.time_of(own), self.days_of(own)), own.created_at
            assert kernel.has_statistics is bool(self.statistics_of(own))
        without = {kernel_id for kernel_id, kernel in self.kernels.items() if not self.statistics_of(kernel)}
        assert set(usage.missing_statistics) == without
        assert usage.missing_statistics_count == len(without)
        assert usage.unreadable_figures_count == 0
        for group in found:
            group_id, number, figures = (
                (group.g_id, group.g_kernels, group.figures)
                if isinstance(group, GroupUsage)
                else (group.project_id, group.kernels, group.total_usage)
            )
            members = self.of_group(group_id)
            assert {name: getattr(figures, name) for name in NAMES} == self.sums(members)
            assert number == len(members)
        assert len(found) == len({kernel.group_id for kernel in self.kernels.values()})

    def of_group(self, group_id: UUID) -> list[KernelRow]:
        return [kernel for kernel in self.kernels.values() if kernel.group_id == group_id]


NAMES = [figure.name for figure in fields(Figures)]


@pytest.fixture(scope="module")
def valkey_url() -> Iterator[str | None]:
    """A server, or None where there is no binary of one."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_valkey())
        except pytest.skip.Exception:
            url = None
        yield url


@asynccontextmanager
async def with_live_statistics(
    url: str | None, random: Random, kernels: Sequence[KernelRow]
) -> AsyncIterator[tuple[ValkeyStatClient | None, dict[UUID, Any]]]:
    """A client, and the live statistics that half of the kernels without stored ones have, and some others too."""
    if url is None:
        yield None, {}
        return
    live = {
        kernel.id: statistics_of(random) for kernel in kernels if random.random() < (0.1 if kernel.last_stat else 0.5)
    }
    async with Redis.from_url(url) as redis:
        await redis.flushall()
        await redis.mset({str(kernel_id): msgspec.msgpack.encode(own) for kernel_id, own in live.items()})
    client = ValkeyStatClient(url, timeout=10)
    try:
        yield client, live
    finally:
        await client.aclose()


@dataclass
class Case:
    """Kernels, the live statistics of some, and the clock, by which the service and the model are asked the same."""

    service: GroupService
    kernels: Sequence[KernelRow]
    live: dict[UUID, Any]
    days: Days
    now: datetime

    def model(self, first: date, last: date) -> Model:
        return Model(self.kernels, self.live, self.days.between(first, last), self.now)

    async def check_month(self, month: str) -> None:
        usage = (await self.service.usage_per_month(UsagePerMonthAction(month, peaks=True))).data
        assert (f"{usage.first:%Y%m%d}", (usage.last + timedelta(days=1)).day) == (f"{month}01", 1)
        model = self.model(usage.first, usage.last)
        model.check(usage, usage.groups, [kernel for group in usage.groups for kernel in group.c_infos])
        for group in usage.groups:
            members = model.of_group(group.g_id)
            peaks = {name: model.peak(members, f"{name}_allocated") for name in ("cpu", "mem", "gpu")}
            assert {name: getattr(group.g_peak, name) for name in peaks} == peaks
            assert group.g_kernel_time == sum(map(model.time_of, members), timedelta(0))

    async def check_period(self, first: date, last: date) -> None:
        action = UsagePerPeriodAction(f"{first:%Y%m%d}", f"{last:%Y%m%d}")
        usage = (await self.service.usage_per_period(action)).data
        model = self.model(first, last)
        sessions = [session for project in usage.projects for session in project.sessions]
        model.check(usage, usage.projects, [kernel for session in sessions for kernel in session.kernels])
        for session in sessions:
            own = [kernel for kernel in model.kernels.values() if kernel.session_id == session.session_id]
            assert {name: getattr(session.total_usage, name) for name in NAMES} == model.sums(own)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 3))])
@pytest.mark.parametrize("zone", ZONES)
async def test_s13_s17_usage_is_what_a_model_in_python_says_in_every_zone(
    group_service: GroupService,
    deployment: Deployment,
    create_group: CreateGroup,
    valkey_url: str | None,
    zone: str,
    seed: int,
) -> None:
    random = Random(f"{zone} {seed}")
    async with create_group(name="a") as one, create_group(name="b") as other, create_group(name="c") as third:
        owners = [
            {
                "group_id": group.id,
                "domain_name": group.domain_name,
                "user_uuid": deployment.user.id,
                "session_id": s.id,
            }
            for group in (one, other, third)
            for s in [await add_session(deployment, group, name, "2011-08-01") for name in ("s", "t")]
        ]
        for month in ZONES[zone]:
            days = Days(month, zone)
            now = days.middle + random.choice((timedelta(0), timedelta(days=40), -timedelta(days=50)))
            kernels = [random_kernel(random, days, now, **random.choice(owners)) for _ in range(300)]
            async with deployment.session() as transaction:
                transaction.add_all(kernels)
            async with with_live_statistics(valkey_url, random, kernels) as (client, live):
                service = configured(group_service, now=now, time_zone=zone, batch_size=7, valkey=client)
                case = Case(service, kernels, live, days, now)
                await case.check_month(month)
                for _ in range(3):
                    ends = random.choices(sorted(days.starts)[10:-10], k=2)
                    await case.check_period(*sorted(ends))
            await deployment.run("DELETE FROM manager.kernels")


async def test_s18_an_index_serves_the_period_and_the_statuses(
    deployment: Deployment, create_group: CreateGroup
) -> None:
    """Five years of kernels; of a month's, the statements read some, and do not look through all."""
    async with create_group() as group:
        session = await add_session(deployment, group, "s", "2020-01-01")
        await deployment.run(
            "INSERT INTO manager.kernels "
            "(session_id, domain_name, group_id, user_uuid, status, created_at, terminated_at) "
            "SELECT :session_id, :domain, :group_id, :user_id, 'TERMINATED', begun, begun + INTERVAL '1 hour' "
            "FROM generate_series(TIMESTAMPTZ '2020-01-01', '2024-12-31', '2 hours') AS begun",
            session_id=session.id, domain=group.domain_name, group_id=group.id, user_id=deployment.user.id,
        )  # fmt: skip
        await deployment.run("ANALYZE manager.kernels")
        for name, index in INDEXES.items():
            plan = await deployment.run(f"EXPLAIN {read_statement(f'manager/{name}').text}", **parameters(group))
            assert any(re.search(f"Scan (using|on) {index}", line) for (line,) in plan), plan
        await deployment.run("DELETE FROM manager.kernels")


def parameters(group: GroupData) -> dict[str, Any]:
    return {
        "start": START,
        "end": END,
        "group_ids": [group.id],
        "live": "{}",
        "by_session": False,
        "listed": 10,
        "now": END,
        "group_id": group.id,
        "after": UUID(int=0),
        "limit": 10,
    }
