"""What the kernels of a period used: summed by Postgres, with live statistics from Valkey. Reads only.

The SQL is in `sql/manager/usage_*.sql`; which kernel belongs to a period, and how its figures are read from JSON, is in
functions of the migration `0003_usage.sql`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.clients.valkey import LiveStatisticsUnavailable, Statistics
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.services.group.actions.base import ActionContext
from groups_platform.group_service.services.group.periods import Period
from groups_platform.group_service.services.group.usage_types import FIGURES, Figures, KernelUsage

METRICS = ("cpu_used", "mem", "io_scratch_size", "io_read", "io_write")
FRACTIONAL = ("cpu_allocated", "cpu_used", "gpu_allocated")
FIRST_ID = UUID(int=0)


@dataclass(frozen=True)
class UsageTotal:
    """The sums of one group, or of one session of it; the kernels with faults, some of them by id."""

    domain_name: str
    group_id: UUID
    group_name: str
    session_id: UUID | None
    session_name: str | None
    kernels: int
    figures: Figures
    missing_count: int
    missing: tuple[UUID, ...]
    unreadable_count: int
    unreadable: tuple[UUID, ...]


@dataclass
class UsageRepository:
    """The usage of groups in one period. Opened by `open`, which makes everything read one snapshot of the database."""

    context: ActionContext
    period: Period
    group_ids: Collection[UUID]
    live: Mapping[str, Statistics] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @classmethod
    async def open(cls, context: ActionContext, period: Period, group_ids: Collection[UUID] | None) -> UsageRepository:
        """For those of `group_ids` (None: of all groups) that the actor may see; live statistics are fetched here."""
        await context.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        readable = await GroupRepository(context.session, context.actor).readable_ids(group_ids)
        usage = cls(context, period, list(readable))
        await usage._fetch_live_statistics()
        return usage

    async def totals(self, *, by_session: bool = False) -> list[UsageTotal]:
        """The sums of each group with kernels in the period, or of each such session, by domain and name."""
        parameters = {**self._parameters(), "by_session": by_session, "listed": self.context.config.max_listed}
        rows = await self.context.session.execute(read_statement("manager/usage_totals"), parameters)
        return [_total(row) for row in rows.mappings()]

    async def kernels(self) -> AsyncIterator[KernelUsage]:
        """Each kernel of the period, in the order of `totals` and of its session's and its own start; streamed."""
        rows = await self.context.session.stream(
            read_statement("manager/usage_kernels"),
            self._parameters(),
            execution_options={"yield_per": self.context.config.batch_size},
        )
        async for row in rows.mappings():
            yield self._kernel(row)

    async def _fetch_live_statistics(self) -> None:
        """Of kernels that have none in the database: those that run, so they are few. Degrades to a warning (S15)."""
        if self.context.valkey is None:
            return
        live: dict[str, Statistics] = {}
        try:
            async for page in self._without_statistics():
                for kernel_id, statistics in (
                    await self.context.valkey.get_user_kernel_statistics_batch(page)
                ).items():
                    live[str(kernel_id)] = {name: statistics[name] for name in METRICS if name in statistics}
        except LiveStatisticsUnavailable as error:
            self.warnings = (f"{error}: running kernels count with their stored statistics only.",)
        self.live = live

    async def _without_statistics(self) -> AsyncIterator[list[UUID]]:
        page_size = self.context.config.batch_size
        page, after = [FIRST_ID], FIRST_ID
