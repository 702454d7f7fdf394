"""Random kernels, compared with a straightforward model in Python; and the index that finds them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.models.session import KernelRow
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.kernels import at, configured
from groups_platform_tests.group_service.test_usage_per_period import add_session

NOW = at("2024-10-20T12:34:56")
ZONE = "America/New_York"
INDEXES = {
    "usage_totals": "kernels_life_idx",
    "usage_kernels": "kernels_life_idx",
    "usage_without_statistics": "kernels_without_statistics_idx",
    "purge_active_kernels": "kernels_live_idx",
    "purge_mounted_vfolders": "kernels_live_idx",
    "purge_lock_kernels": "kernels_live_idx",
}
START, END = at("2024-10-01", ZONE), at("2024-11-01", ZONE)


def random_kernel(random: Random, group: GroupData, session_id: UUID, user_id: UUID) -> KernelRow:
    begin = at("2024-08-25") + timedelta(minutes=random.randrange(90 * 24 * 60))
    is_running = random.random() < 0.2
    end = None if is_running else begin + timedelta(minutes=random.choice((0, 5, 600, 3000, 60000)))
    slots = {"cpu": str(random.randrange(9)), "mem": str(random.randrange(2**34)), "cuda.shares": str(random.random())}
    devices = [
        {"model_name": random.choice(("Model A", "Model B", "")), "data": {"smp": random.randrange(99), "mem": "1g"}}
        for _ in range(random.randrange(3))
    ]
    statistics: dict[str, Any] = {
        metric: {"current": random.choice((7, "8.5", "1e3")), "capacity": "9", "stats.max": 3}
        for metric in ("cpu_used", "mem", "io_read", "io_write", "io_scratch_size")
    }
    return KernelRow(
        id=UUID(int=random.getrandbits(128)),
        session_id=session_id,
        group_id=group.id,
        domain_name=group.domain_name,
        user_uuid=user_id,
        status=random.choice(("RUNNING",) if is_running else ("TERMINATED", "TERMINATED", "CANCELLED")),
        created_at=begin,
        terminated_at=end,
        occupied_slots=dict(random.sample(sorted(slots.items()), random.randrange(4))),
        attached_devices={"cuda": devices} if devices else {},
        resource_opts=random.choice(({}, {"shmem": "64m"}, {"shmem": 2**20})),
        last_stat=random.choice((None, statistics, statistics)),
    )


def figures_of(kernel: KernelRow) -> dict[str, Any]:
    slots, statistics = kernel.occupied_slots, kernel.last_stat or {}
    devices = kernel.attached_devices.get("cuda", [])
    shared_memory = kernel.resource_opts.get("shmem", 0)

    def used(metric: str, field: str) -> Decimal:
        return Decimal(str(statistics.get(metric, {}).get(field, 0)))

    return {
        "kernels": 1,
        "cpu_allocated": Decimal(slots.get("cpu", 0)),
        "mem_allocated": int(slots.get("mem", 0)),
        "gpu_allocated": Decimal(slots.get("cuda.shares", 0)),
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


def add(one: Any, other: Any) -> Any:
    return one | other if isinstance(one, frozenset) else one + other


def days_of(kernel: KernelRow) -> int:
    """Walks through the month's days, one by one."""
    days, zone = 0, START.tzinfo
    for number in range(1, 32):
        day, next_day = datetime(2024, 10, number, tzinfo=zone), datetime(2024, 10, number, tzinfo=zone) + timedelta(1)
        days += kernel.created_at < next_day and (kernel.terminated_at or NOW) >= day
    return days


@pytest.mark.parametrize("seed", range(3))
async def test_s18_postgres_sums_as_python_would(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, seed: int
) -> None:
    random = Random(seed)
    async with create_group(name="a") as one, create_group(name="b") as other, create_group(name="c") as third:
        assert deployment.user.id is not None
        kernels = []
        for group in (one, other, third):
            session = await add_session(deployment, group, "s", "2024-08-01")
            kernels += [random_kernel(random, group, session.id, deployment.user.id) for _ in range(150)]
        async with deployment.session() as transaction:
            transaction.add_all(kernels)

        counted = [k for k in kernels if k.status != "CANCELLED" and k.created_at < END]
        counted = [k for k in counted if k.status == "RUNNING" or (k.terminated_at and k.terminated_at >= START)]
        expected: dict[UUID, dict[str, Any]] = {}
        for kernel in counted:
            own, total = figures_of(kernel), expected.get(kernel.group_id)
            expected[kernel.group_id] = {name: add(total[name], own[name]) for name in own} if total else own

        service = configured(group_service, now=NOW, time_zone=ZONE, batch_size=7)
        usage = (await service.usage_per_month(UsagePerMonthAction("202410"))).data
        assert usage is not None
        found = {g.g_id: {name: getattr(g, f"g_{name}") for name in expected[g.g_id]} for g in usage.groups}
        assert found == expected
        details = {k.id: k for g in usage.groups for k in g.c_infos or ()}
        assert details.keys() == {kernel.id for kernel in counted}
        assert {k.id: days_of(k) for k in counted} == {k.id: k.used_days for k in details.values()}
        assert set(usage.missing_statistics) == {k.id for k in counted if k.last_stat is None}
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
        "group_id": group.id,
        "after": UUID(int=0),
        "limit": 10,
    }
