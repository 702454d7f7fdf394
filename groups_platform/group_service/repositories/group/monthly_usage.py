"""The stored usage of past months, by group and by domain. Its rows outlive the groups that they are about.

The SQL is in `sql/manager/monthly_usage_*.sql`; what a month's usage is, is computed by `UsageRepository`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import CursorResult, Result, RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.repositories.group.usage import parse_peak
from groups_platform.group_service.types.group import GroupRef
from groups_platform.group_service.types.period import INSTANT, Period
from groups_platform.group_service.types.usage import (
    FIGURES,
    GroupHistory,
    GroupUsage,
    IncompleteGroup,
    MonthFigures,
    MonthlyUsage,
    StoredMonth,
    StoredUsage,
    UnequalFigure,
    UsageHistory,
)
from groups_platform.group_service.types.user import Actor, UserRole


class MonthlyUsageRepository:
    """Stores and reads the usage of whole months, of every domain."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def store(self, usage: MonthlyUsage, *, is_over: bool) -> StoredUsage:
        """Replace the stored usage of the month. Rows that stay the same and those of purged groups are not written.

        A transaction that is REPEATABLE READ fails with a serialisation failure where another one has stored the same
        month since it began.
        """
        parameters = {
            "month": usage.first,
            "time_zone": usage.time_zone,
            "is_over": is_over,
            "missing_statistics": usage.missing_statistics_count,
            "unreadable_figures": usage.unreadable_figures_count,
            "rows": Jsonb([_row(usage, group) for group in usage.groups], dumps=partial(json.dumps, default=str)),
        }
        steps = ("store_month", "remove_groups", "store_groups", "remove_domains", "store_domains")
        rows = {step: await self._count(step, parameters) for step in steps}
        return StoredUsage(
            usage,
            is_over,
            rows_written=rows["store_groups"] + rows["store_domains"],
            rows_removed=rows["remove_groups"] + rows["remove_domains"],
        )

    async def history(
        self, actor: Actor, groups: Collection[GroupRef] | None, first: date, last: date, limit: int
    ) -> UsageHistory:
        """The stored months from `first` to `last` of groups that the actor may see, at most `limit` of them listed.

        groups: None for all. Purged groups are seen by who reads everything, and by admins of the domain that they had.
        Raises like `GroupRepository.find_id` for a name that cannot be resolved.
        """
        months = [stored for stored in await self.months() if first <= stored.month <= last]
        rows = await self._execute(
            "history",
            first=first,
            last=last,
            limit=limit,
            group_ids=list(await GroupRepository(self._session, actor).readable_ids(groups)),
            with_purged=groups is None and (actor.reads_everything or actor.role is UserRole.ADMIN),
            domain_name=None if actor.reads_everything else actor.domain_name,
        )
        return _history(months, list(rows.mappings()))

    async def months(self) -> Sequence[StoredMonth]:
        """The months that are stored, by date."""
        return [StoredMonth(**row) for row in (await self._execute("months")).mappings()]

    async def find_incomplete(self, period: Period) -> list[IncompleteGroup]:
        """Groups whose stored number of kernels in the month is not what it has now. Purged groups are left out."""
        rows = await self._execute("find_incomplete", month=period.first, start=period.start, end=period.end)
        return [IncompleteGroup(period.first, **row) for row in rows.mappings()]

    async def find_unequal(self, period: Period) -> list[UnequalFigure]:
        """Stored figures of domains in the month that are not the sums of their groups'."""
        rows = await self._execute("find_unequal", month=period.first)
        return [UnequalFigure(period.first, **row) for row in rows.mappings()]

    async def _execute(self, name: str, **parameters: Any) -> Result[Any]:
        return await self._session.execute(read_statement(f"manager/monthly_usage_{name}"), parameters)

    async def _count(self, name: str, parameters: dict[str, Any]) -> int:
        result = await self._execute(name, **parameters)
        assert isinstance(result, CursorResult)
        return result.rowcount


def _row(usage: MonthlyUsage, group: GroupUsage) -> dict[str, Any]:
    """A row of `manager.monthly_usage`."""
    return {
        "month": usage.first,
        "domain_name": group.domain_name,
        "group_id": group.g_id,
        "group_name": group.g_name,
        "kernels": group.g_kernels,
        **{name: getattr(group, f"g_{name}") for name in FIGURES},
        "device_type": sorted(group.g_device_type),
        **_stored_peak(group),
    }


def _stored_peak(group: GroupUsage) -> dict[str, Any]:
    peak = group.g_peak
    if peak is None or group.g_kernel_time is None:
        return {}
    return {
        "kernel_time": Decimal(group.g_kernel_time // INSTANT) / 1000,
        "peak_cpu": peak.cpu,
        "peak_mem": peak.mem,
        "peak_gpu": peak.gpu,
        "total_resource_slots": peak.limit.to_json(),
    }


def _history(months: Sequence[StoredMonth], rows: Sequence[RowMapping]) -> UsageHistory:
    """rows: those of all groups together, of place 0, and then those of the largest groups, by place and month."""
    places = {place: list(own) for place, own in groupby(rows, itemgetter("place"))}
    sums = {row["month"]: _month_figures(row) for row in places.pop(0, ())}
    return UsageHistory(
        months=tuple(months),
        total=tuple(sums.get(stored.month, _nothing(stored.month)) for stored in months),
        groups=tuple(
            GroupHistory(
                own[0]["domain_name"], own[0]["group_id"], own[0]["group_name"], tuple(map(_month_figures, own))
            )
            for own in places.values()
        ),
        group_count=rows[0]["group_count"] if rows else 0,
    )


def _month_figures(row: RowMapping) -> MonthFigures:
    time = row["kernel_time"]
    return MonthFigures(
        month=row["month"],
        kernels=int(row["kernels"]),
        kernel_time=None if time is None else int(time * 1000) * INSTANT,
        cpu_allocated=row["cpu_allocated"],
        cpu_used=row["cpu_used"],
        mem_allocated=int(row["mem_allocated"]),
        mem_used=int(row["mem_used"]),
        gpu_allocated=row["gpu_allocated"],
        peak=None if row["peak_cpu"] is None else parse_peak(row, "peak_"),
    )


def _nothing(month: date) -> MonthFigures:
    """Of a month that is stored and had no kernels."""
    return MonthFigures(month, 0, timedelta(0), Decimal(0), Decimal(0), 0, 0, Decimal(0))
