"""The stored usage of past months, by group and by domain. Its rows outlive the groups that they are about.

The SQL is in `sql/manager/monthly_usage_*.sql`; what a month's usage is, is computed by `UsageRepository`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import CursorResult, Result
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.types.period import Period
from groups_platform.group_service.types.usage import (
    FIGURES,
    GroupUsage,
    IncompleteGroup,
    MonthlyUsage,
    StoredMonth,
    StoredUsage,
    UnequalFigure,
)


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
    }
