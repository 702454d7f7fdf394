"""What the kernels of a period used: summed by Postgres, with live statistics from Valkey. Reads only.

The SQL is in `sql/manager/usage_*.sql`; which kernel belongs to a period, and how its figures are read from JSON, is in
functions of the migration `0003_usage.sql`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.clients.valkey import LiveStatisticsUnavailable, Statistics, ValkeyStatClient
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import GroupRef
from groups_platform.group_service.types.period import Period
from groups_platform.group_service.types.usage import FIGURES, FRACTIONAL, Figures, KernelUsage, Peak
from groups_platform.group_service.types.user import Actor

METRICS = ("cpu_used", "mem", "io_scratch_size", "io_read", "io_write")
FIRST_ID = UUID(int=0)


@dataclass(frozen=True)
class UsageTotal:
    """The sums of one group, or of one session of it. missing, unreadable: some of the kernels with that fault."""

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
    """The usage of groups in one period. Made by `open`; every query then reads the same snapshot of the database."""

    session: AsyncSession
    config: ManagerConfigProvider
    period: Period
    group_ids: Collection[UUID]
    now: datetime
    live: dict[str, Statistics] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @classmethod
    async def open(
        cls,
        session: AsyncSession,
        actor: Actor,
        config: ManagerConfigProvider,
        period: Period,
        groups: Collection[GroupRef] | None,
        *,
        now: datetime,
        valkey: ValkeyStatClient | None,
    ) -> UsageRepository:
        """Fetch the live statistics. The transaction is REPEATABLE READ, which the action's `is_snapshot` says.

        groups: None for all groups that the actor may see; ids of others are left out. now: until when a running
        kernel has lived. valkey: None where there are no live statistics.
        Raises like `GroupRepository.find_id` for a name that cannot be resolved.
        """
        # a plan for any period would be bad for most of them
        await session.execute(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))
        readable = await GroupRepository(session, actor).readable_ids(groups)
        usage = cls(session, config, period, list(readable), now)
        if valkey is not None:
            await usage._fetch_live_statistics(valkey)
        return usage

    async def totals(self, *, by_session: bool = False) -> list[UsageTotal]:
        """The sums of each group with kernels in the period, or of each such session, by domain and name."""
        parameters = {**self._parameters(), "by_session": by_session, "listed": self.config.max_listed}
        rows = await self.session.execute(read_statement("manager/usage_totals"), parameters)
        return [_total(row) for row in rows.mappings()]

    async def peaks(self) -> dict[UUID, tuple[Peak, timedelta]]:
        """What each group with kernels in the period held at once, by id, and how long its kernels lived, together."""
        parameters = {**self._parameters(), "now": self.now}
        rows = await self.session.execute(read_statement("manager/usage_peaks"), parameters)
        return {row["group_id"]: (parse_peak(row), row["kernel_time"]) for row in rows.mappings()}

    async def kernels(self) -> AsyncIterator[KernelUsage]:
        """Each kernel of the period, in the order of `totals` and of its session's and its own start; streamed."""
        rows = await self.session.stream(
            read_statement("manager/usage_kernels"),
            self._parameters(),
            execution_options={"yield_per": self.config.batch_size},
        )
        async for page in rows.mappings().partitions(self.config.batch_size):
            for row in page:
                yield self._kernel(row)

    def facts(self, totals: Sequence[UsageTotal]) -> dict[str, Any]:
        """The fields of `Usage`, of these totals of groups."""
        listed = self.config.max_listed
        return {
            "first": self.period.first,
            "last": self.period.last,
            "time_zone": self.config.time_zone,
            "missing_statistics": tuple(sorted(chain.from_iterable(t.missing for t in totals))[:listed]),
            "missing_statistics_count": sum(total.missing_count for total in totals),
            "unreadable_figures": tuple(sorted(chain.from_iterable(t.unreadable for t in totals))[:listed]),
            "unreadable_figures_count": sum(total.unreadable_count for total in totals),
        }

    async def _fetch_live_statistics(self, valkey: ValkeyStatClient) -> None:
        """Of kernels without stored ones, which are few. A Valkey that is down is a warning (S15)."""
        try:
            async for page in self._pages_without_statistics():
                for kernel_id, statistics in (await valkey.get_user_kernel_statistics_batch(page)).items():
                    if known := {name: statistics[name] for name in METRICS if name in statistics}:
                        self.live[str(kernel_id)] = known
        except LiveStatisticsUnavailable as error:
            self.warnings = (f"Live statistics are missing, and only stored ones are counted: {error}.",)

    async def _pages_without_statistics(self) -> AsyncIterator[list[UUID]]:
        statement = read_statement("manager/usage_without_statistics")
        place = {"after": FIRST_ID, "limit": self.config.batch_size}
        while page := list(await self.session.scalars(statement, {**self._parameters(), **place})):
            yield page
            place["after"] = page[-1]

    def _parameters(self) -> dict[str, Any]:
        return {
            "start": self.period.start,
            "end": self.period.end,
            "group_ids": self.group_ids,
            "live": Jsonb(self.live),
        }

    def _kernel(self, row: RowMapping) -> KernelUsage:
        own = {name: value for name, value in row.items() if name not in FIGURES}
        life_end = row["terminated_at"] or self.now
        used_time, used_days = self.period.part_of(row["created_at"], life_end)
        own |= {
            "nfs": frozenset(row["nfs"]),
            "image_name": _image_name(row["image_id"]),
            "used_time": used_time,
            "used_days": used_days,
            "unreadable": tuple(name for name in FIGURES[:-1] if row[name] is None),
        }
        return KernelUsage(**own, **_figures(row))


def parse_peak(row: RowMapping, prefix: str = "") -> Peak:
    """The peak in a row of amounts, whose names have the prefix, and the limit."""
    cpu, mem, gpu = (row[prefix + name] for name in ("cpu", "mem", "gpu"))
    return Peak(Decimal(cpu), int(mem), Decimal(gpu), ResourceSlot.from_json(row["limit"]))


def _total(row: RowMapping) -> UsageTotal:
    own = {name: value for name, value in row.items() if name not in FIGURES}
    own |= {name: tuple(row[name] or ()) for name in ("missing", "unreadable")}
    return UsageTotal(**own, figures=Figures(**_figures(row)))


def _figures(row: RowMapping) -> dict[str, Any]:
    figures = {name: (Decimal if name in FRACTIONAL else int)(row[name] or 0) for name in FIGURES[:-1]}
    return {**figures, "device_type": frozenset(row["device_type"] or ())}


def _image_name(reference: str | None) -> str | None:
    """`registry.example.com:5000/team/python:3.11@sha256:…` is `python`."""
    return reference.rsplit("/", 1)[-1].split("@", 1)[0].split(":", 1)[0] if reference else None
