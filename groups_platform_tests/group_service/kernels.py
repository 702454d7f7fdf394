"""Kernels that tests of usage make, and the service as they need it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.clients.valkey import ValkeyStatClient
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform_tests.group_service.deployment import Deployment

STATISTICS = {
    "cpu_used": {"current": "1500.5", "capacity": None},
    "mem": {"current": "100", "capacity": "4096"},
    "io_read": {"current": "10"},
    "io_write": {"current": 20},
    "io_scratch_size": {"current": "1", "stats.max": "30"},
}


def at(day: str, zone: str = "UTC") -> datetime:
    """`2024-10-01` or `2024-10-01T08:30` in a time zone."""
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))


async def add_kernel(
    deployment: Deployment, group: GroupData, begin: datetime, end: datetime | None = None, **columns: Any
) -> UUID:
    """A kernel that lived from `begin` to `end`, or still runs."""
    life = {"created_at": begin, "terminated_at": end, "status": "RUNNING" if end is None else "TERMINATED"}
    return (await deployment.kernel(group, **{**life, "last_stat": STATISTICS, **columns})).id


def configured(
    service: GroupService, now: datetime | None = None, valkey: ValkeyStatClient | None = None, **config: Any
) -> GroupService:
    """The service with another clock, time zone, limits, or live statistics."""
    clock = service.processor.clock if now is None else lambda: now
    processor = replace(service.processor, clock=clock, valkey=valkey, config=ManagerConfigProvider(**config))
    return GroupService(processor)
