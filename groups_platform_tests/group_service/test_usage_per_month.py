"""A month's usage: which kernels count, with which figures, and what each of them says."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import make_url

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.models.session import SessionRow
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.period import parse_month
from groups_platform.group_service.types.usage import FIGURES, GroupUsage, KernelUsage, MonthlyUsage
from groups_platform.settings import Settings
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment
from groups_platform_tests.group_service.kernels import STATISTICS, add_kernel, at, configured


async def month(
    service: GroupService, month: str = "202410", group_ids: list[UUID] | None = None, **options: Any
) -> MonthlyUsage:
    result = await service.usage_per_month(UsagePerMonthAction(month, group_ids, **options))
    assert result.data is not None
    assert result.warnings == ()
    return result.data


def only_kernel(usage: MonthlyUsage) -> KernelUsage:
    (group,) = usage.groups
    assert group.c_infos is not None
    (kernel,) = group.c_infos
    return kernel


async def test_s13_s14_every_field_of_a_kernel(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group(name="imaging") as group:
        session = await deployment.add(
            SessionRow(
                name="train",
                access_key="KEY",
                group_id=group.id,
                domain_name=DOMAIN,
                user_uuid=deployment.user.id,
            )
        )
        folders = [await deployment.vfolder(group, "a", "local"), await deployment.vfolder(group, "b", "nfs1")]
        begin, end = at("2024-10-02T23:30"), at("2024-10-04T00:30")
        kernel_id = await add_kernel(
            deployment,
            group,
            begin,
            end,
            session=session,
            mounts=folders,
            container_id="c1",
            agent="agent-1",
            image="registry.example.com:5000/team/python:3.11-gpu@sha256:0123",
            status_info="self-terminated",
            status_changed=end,
            status_history={"RUNNING": begin.isoformat()},
            cluster_mode="multi-node",
            occupied_slots={"cpu": "4", "mem": "8589934592", "cuda.shares": "0.5", "tpu.device": "1", "disk": "100"},
            resource_opts={"shmem": "64m"},
            attached_devices={
                "cpu": [{"device_id": "0", "model_name": "Some CPU", "data": {"smp": 99}}],
                "cuda": [
                    {"device_id": "0", "model_name": "Model A", "data": {"smp": 80, "mem": 2**30}},
                    {"device_id": "1", "model_name": "Model A", "data": {"smp": "80", "mem": "1g"}},
                ],
            },
        )
        kernel = only_kernel(await month(group_service))
        assert dataclasses.asdict(kernel) == {
            "id": kernel_id,
            "session_id": session.id,
            "container_id": "c1",
            "domain_name": DOMAIN,
            "group_id": group.id,
            "group_name": "imaging",
            "name": "train",
            "access_key": "KEY",
            "email": deployment.user.name,
            "full_name": None,
            "agent": "agent-1",
            "image_id": "registry.example.com:5000/team/python:3.11-gpu@sha256:0123",
            "image_name": "python",
            "status": "TERMINATED",
            "status_info": "self-terminated",
            "status_changed": end,
            "status_history": {"RUNNING": begin.isoformat()},
            "cluster_mode": "multi-node",
            "created_at": begin,
            "terminated_at": end,
            "used_time": timedelta(hours=25),
            "used_days": 3,
            "nfs": {"local", "nfs1"},
            "cpu_allocated": 4,
            "cpu_used": Decimal("1500.5"),
            "mem_allocated": 2**33,
            "mem_used": 4096,
            "shared_memory": 64 * 2**20,
            "disk_allocated": 100,
            "disk_used": 30,
            "io_read": 10,
            "io_write": 20,
            "smp": 160,
            "gpu_mem_allocated": 2**31,
            "gpu_allocated": Decimal("1.5"),
            "device_type": {"Model A"},
            "has_statistics": True,
            "unreadable": (),
        }


async def test_s13_sums_by_group_in_the_order_of_domain_and_name(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group(name="b") as second, create_group(name="a") as first, create_group(name="idle"):
        for group, cpus in ((first, "1"), (second, "2"), (second, "3.5")):
            devices = {"cuda": [{"model_name": f"Model {cpus}", "data": {"smp": 10}}]}
            slots = {"cpu": cpus, "mem": "1024"}
            life = (at("2024-10-02"), at("2024-10-03"))
            await add_kernel(deployment, group, *life, occupied_slots=slots, attached_devices=devices)
        usage = await month(group_service)
        assert [(g.g_name, g.g_kernels, g.g_cpu_allocated) for g in usage.groups] == [
            ("a", 1, 1),
            ("b", 2, Decimal("5.5")),
        ]
        assert usage.groups[1].g_device_type == {"Model 2", "Model 3.5"}
        assert (usage.groups[1].domain_name, usage.groups[1].g_id) == (DOMAIN, second.id)
        for group_usage in usage.groups:
            for name in FIGURES[:-1]:
                assert getattr(group_usage, f"g_{name}") == sum(getattr(k, name) for k in group_usage.c_infos or ())
        assert [g.g_id for g in (await month(group_service, group_ids=[second.id])).groups] == [second.id]


async def test_s18_totals_only_are_the_same_totals(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        detailed, totals = await month(group_service), await month(group_service, detail=False)
        assert totals.groups == tuple(dataclasses.replace(g, c_infos=None) for g in detailed.groups)


COUNTED = {
    "within": ("2024-10-02", "2024-10-03", timedelta(days=1), 2),
    "the whole month": ("2024-10-01", "2024-11-01", timedelta(days=31), 31),
    "from before to after": ("2024-08-07", "2024-12-24", timedelta(days=31), 31),
    "ends the instant the month begins": ("2024-09-30", "2024-10-01", timedelta(0), 1),
    "begins in the last minute": ("2024-10-31T23:59", "2024-11-02", timedelta(minutes=1), 1),
    "an instant": ("2024-10-05T10:00", "2024-10-05T10:00", timedelta(0), 1),
    "runs since before": ("2024-09-01", None, timedelta(days=14, hours=12), 15),
    "runs since today": ("2024-10-15T11:00", None, timedelta(hours=1), 1),
}
NOT_COUNTED = {
    "ended before": ("2024-09-01", "2024-09-30T23:59:59.999999"),
    "begins the instant the month ends": ("2024-11-01", "2024-11-02"),
    "runs since after": ("2024-11-01", None),
}


@pytest.mark.parametrize("life", COUNTED)
async def test_s13_what_counts(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, life: str
) -> None:
    begin, end, used_time, used_days = COUNTED[life]
    async with create_group() as group:
        await add_kernel(deployment, group, at(begin), end and at(end))
        kernel = only_kernel(await month(configured(group_service, now=at("2024-10-15T12:00"))))
        assert (kernel.used_time, kernel.used_days) == (used_time, used_days)
        await deployment.run("DELETE FROM manager.kernels")


async def test_s13_what_does_not_count(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        for begin, end in NOT_COUNTED.values():
            await add_kernel(deployment, group, at(begin), end and at(end))
        for status in ("PENDING", "CANCELLED", "PREPARING", "ERROR", "TERMINATING"):
            await add_kernel(deployment, group, at("2024-10-02"), status=status)
        assert (await month(group_service)).groups == ()
        await deployment.run("DELETE FROM manager.kernels")


async def test_s13_months_of_a_kernel_add_up_to_its_life(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        begin, end = at("2024-09-20T07:00"), at("2024-12-03T19:30")
        await add_kernel(deployment, group, begin, end)
        service = configured(group_service, time_zone="America/New_York")
        kernels = [only_kernel(await month(service, name)) for name in ("202409", "202410", "202411", "202412")]
        assert sum((k.used_time for k in kernels), timedelta(0)) == end - begin
        assert [k.used_days for k in kernels] == [11, 31, 30, 3]


async def test_s13_terminated_without_a_time_ended_when_its_status_changed(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        life = {"status": "TERMINATED", "status_changed": at("2024-10-03")}
        await add_kernel(deployment, group, at("2024-10-02"), **life)
        assert only_kernel(await month(group_service)).terminated_at == at("2024-10-03")
        assert (await month(group_service, "202411")).groups == ()


async def test_s17_days_are_those_of_the_time_zone(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    """23:30 to 00:30 in UTC is one day in Vienna, and 22:30 on the last of September is October there."""
    async with create_group() as group:
        await add_kernel(deployment, group, at("2024-10-02T23:30"), at("2024-10-03T00:30"))
        vienna = configured(group_service, time_zone="Europe/Vienna")
        assert only_kernel(await month(group_service)).used_days == 2
        assert only_kernel(await month(vienna)).used_days == 1
        await deployment.run("DELETE FROM manager.kernels")
        await add_kernel(deployment, group, at("2024-09-30T22:30"), at("2024-09-30T22:45"))
        assert (await month(group_service)).groups == ()
        assert only_kernel(await month(vienna)).used_days == 1


async def test_s17_the_night_of_the_clock_change_has_its_hours(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        vienna = configured(group_service, time_zone="Europe/Vienna")
        await add_kernel(deployment, group, at("2024-10-27", "Europe/Vienna"), at("2024-10-28", "Europe/Vienna"))
        kernel = only_kernel(await month(vienna))
        # to the instant of midnight, which is the next day's
        assert (kernel.used_time, kernel.used_days) == (timedelta(hours=25), 2)


async def test_s17_the_zone_of_the_server_does_not_matter(
    database_fixture: str, deployment: Deployment, create_group: CreateGroup, storage_root: Path
) -> None:
    await deployment.run(f"ALTER DATABASE {make_url(database_fixture).database} SET timezone TO 'Europe/Vienna'")
    settings = Settings(home=storage_root.parent, source="", lake="", time_zone="Europe/Vienna")
    async with create_group() as group, open_service(database_fixture, settings=settings) as service:
        await add_kernel(deployment, group, at("2024-10-27T00:30"), at("2024-10-27T01:10"))
        kernel = only_kernel(await month(service))
        assert (kernel.used_time, kernel.used_days) == (timedelta(minutes=40), 1)
        assert kernel.created_at.utcoffset() == timedelta(0)


def test_s17_a_life_is_measured_in_hours_that_passed() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    period = parse_month("202410", vienna)
    night = datetime(2024, 10, 27, tzinfo=vienna), datetime(2024, 10, 28, tzinfo=vienna)
    assert period.part_of(*night) == (timedelta(hours=25), 2)


GARBAGE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "slots that are a list": (
        {"occupied_slots": ["4"]},
        {"cpu_allocated", "mem_allocated", "disk_allocated", "gpu_allocated"},
    ),
    "slots of nothing": ({"occupied_slots": {"cpu": None, "mem": "much"}}, {"cpu_allocated", "mem_allocated"}),
    "one bad accelerator": ({"occupied_slots": {"cuda.device": "1", "tpu.device": [1]}}, {"gpu_allocated"}),
    "not a number": ({"occupied_slots": {"cpu": "NaN", "mem": "Infinity"}}, {"cpu_allocated", "mem_allocated"}),
    "negative": ({"occupied_slots": {"cpu": "-4", "mem": -1}}, {"cpu_allocated", "mem_allocated"}),
    "too long": ({"occupied_slots": {"cpu": "9" * 200, "mem": "1e999999"}}, {"cpu_allocated", "mem_allocated"}),
    "options that are a text": ({"resource_opts": "shmem"}, {"shared_memory"}),
    "no size": ({"resource_opts": {"shmem": "64 parsecs"}}, {"shared_memory"}),
    "metrics of other types": (
        {"last_stat": {"cpu_used": "fast", "mem": None, "io_read": [1], "io_write": {"current": {}}}},
        {"cpu_used", "mem_used", "io_read", "io_write"},
    ),
    "a null figure": ({"last_stat": {"mem": {"capacity": None}}}, {"mem_used"}),
    "devices that are a list": ({"attached_devices": [1]}, {"smp", "gpu_mem_allocated"}),
    "a device that is a text": ({"attached_devices": {"cuda": ["broken"]}}, {"smp", "gpu_mem_allocated"}),
    "data of a device": ({"attached_devices": {"cuda": [{"data": {"smp": True}}]}}, {"smp", "gpu_mem_allocated"}),
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_s15_garbage_counts_as_zero_and_is_listed(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, kind: str
) -> None:
    columns, figures = GARBAGE[kind]
    async with create_group() as group:
        good = {"occupied_slots": {"cpu": "1"}}
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), **good)
        bad = await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), **{**good, **columns})
        usage = await month(group_service)
        kernel = next(k for k in usage.groups[0].c_infos or () if k.id == bad)
        assert set(kernel.unreadable) == figures
        assert {getattr(kernel, name) for name in figures} == {0}
        assert (usage.unreadable_figures, usage.unreadable_figures_count) == ((bad,), 1)
        assert usage.missing_statistics == ()


@pytest.mark.parametrize("last_stat", ["NULL", "'null'", "'{}'", "'[]'", "'\"text\"'", "'5'"])
async def test_s15_without_statistics_a_kernel_counts_with_zero_use_and_is_listed(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, last_stat: str
) -> None:
    async with create_group() as group:
        slots = {"cpu": "2"}
        kernel_id = await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), occupied_slots=slots)
        await deployment.run(f"UPDATE manager.kernels SET last_stat = CAST({last_stat} AS JSONB)")
        usage = await month(group_service)
        kernel = only_kernel(usage)
        assert (kernel.cpu_allocated, kernel.cpu_used, kernel.mem_used, kernel.has_statistics) == (2, 0, 0, False)
        assert (usage.missing_statistics, usage.missing_statistics_count) == ((kernel_id,), 1)
        assert usage.unreadable_figures == ()


async def test_s15_the_lists_are_bounded_and_the_counts_are_not(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as one, create_group() as other:
        for group in (one, one, one, other):
            life = (at("2024-10-02"), at("2024-10-03"))
            await add_kernel(deployment, group, *life, last_stat=None, occupied_slots={"cpu": "many"})
        for listed in (0, 1, 3, 4, 9):
            usage = await month(configured(group_service, max_listed=listed), detail=False)
            assert (usage.missing_statistics_count, usage.unreadable_figures_count) == (4, 4)
            assert len(set(usage.missing_statistics)) == len(set(usage.unreadable_figures)) == min(listed, 4)


async def test_s13_a_group_that_was_deleted_keeps_its_usage(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), last_stat=STATISTICS)
        await deployment.run("UPDATE manager.groups SET is_active = FALSE")
        groups: tuple[GroupUsage, ...] = (await month(group_service)).groups
        assert [g.g_id for g in groups] == [group.id]
