"""What groups used in a month (S13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.repositories.group.usage import UsageRepository, UsageTotal
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupRef
from groups_platform.group_service.types.period import Period, parse_month
from groups_platform.group_service.types.usage import FIGURES, GroupUsage, KernelUsage, MonthlyUsage, Peak


@dataclass(frozen=True)
class UsagePerMonthAction(BaseAction):
    """The usage of a month such as `2024-10`, in the configured time zone.

    group_ids: None for all groups that the actor may see; ids of other groups are left out. detail: with every
    kernel; without, memory does not grow with their number. peaks: also what each group held at once, beside its limit,
    and the time of its kernels, which takes about as long again.
    """

    name: ClassVar[str] = "usage_per_month"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True
    is_snapshot: ClassVar[bool] = True

    month: str
    group_ids: Sequence[GroupRef] | None = None
    detail: bool = True
    peaks: bool = False


@dataclass(frozen=True)
class UsagePerMonthActionResult(BaseActionResult[MonthlyUsage]):
    """The groups that had kernels in the month."""


async def usage_per_month(action: UsagePerMonthAction, context: ActionContext) -> UsagePerMonthActionResult:
    """Sum what groups used in a month (S13 to S15, S18).

    action: UsagePerMonthAction. month: as in 2024-10, of the configured time zone; group_ids: ids or GroupNames, by
    default all groups; detail: also every kernel; peaks: also what each group held at once, beside its limit.
    Returns UsagePerMonthActionResult; data is the MonthlyUsage of the groups that the actor may see and that had
    kernels in the month. Warnings say that live statistics could not be read.
    error.code, for a GroupName only: forbidden, group_not_found, ambiguous_group.
    Raises InvalidAPIParameters for an invalid month.
    """
    month = parse_month(action.month, context.config.zone)
    data, warnings = await compute_month(context, month, action.group_ids, detail=action.detail, peaks=action.peaks)
    return UsagePerMonthActionResult(success=True, data=data, warnings=warnings)


async def compute_month(
    context: ActionContext, month: Period, groups: Sequence[GroupRef] | None, *, detail: bool, peaks: bool
) -> tuple[MonthlyUsage, tuple[str, ...]]:
    """The usage of a month, and warnings, in a transaction that has run no query yet."""
    usage = await UsageRepository.open(
        context.session, context.actor, context.config, month, groups, now=context.now, valkey=context.valkey
    )
    totals = await usage.totals()
    kernels: dict[UUID, list[KernelUsage]] = defaultdict(list)
    if detail:
        async for kernel in usage.kernels():
            kernels[kernel.group_id].append(kernel)
    held = await usage.peaks() if peaks else {}
    used = tuple(
        _group(total, tuple(kernels[total.group_id]) if detail else None, *held.get(total.group_id, (None, None)))
        for total in totals
    )
    return MonthlyUsage(**usage.facts(totals), groups=used), usage.warnings


def _group(
    total: UsageTotal, kernels: tuple[KernelUsage, ...] | None, peak: Peak | None, kernel_time: timedelta | None
) -> GroupUsage:
    figures = {f"g_{name}": getattr(total.figures, name) for name in FIGURES}
    return GroupUsage(
        domain_name=total.domain_name,
        g_id=total.group_id,
        g_name=total.group_name,
        g_kernels=total.kernels,
        **figures,
        c_infos=kernels,
        g_kernel_time=kernel_time,
        g_peak=peak,
    )
