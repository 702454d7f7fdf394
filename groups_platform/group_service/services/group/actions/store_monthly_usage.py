"""Compute the usage of a month and store it, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.group.monthly_usage import MonthlyUsageRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.actions.usage_per_month import compute_month
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.period import name_of_month, parse_month
from groups_platform.group_service.types.usage import StoredUsage


@dataclass(frozen=True)
class StoreMonthlyUsageAction(BaseAction):
    """Replace the stored usage of a month such as `2024-10`, in the configured time zone."""

    name: ClassVar[str] = "store_monthly_usage"
    access: ClassVar[Access] = Access.SUPERADMIN
    is_snapshot: ClassVar[bool] = True
    entity_type: ClassVar[str] = "monthly_usage"

    month: str

    def entity(self) -> Entity:
        """The month."""
        return Entity(name_of_month(self.month))


@dataclass(frozen=True)
class StoreMonthlyUsageActionResult(BaseActionResult[StoredUsage]):
    """The usage, and how many stored rows changed."""


async def store_monthly_usage(action: StoreMonthlyUsageAction, context: ActionContext) -> StoreMonthlyUsageActionResult:
    """Compute the usage of a month and store it, from one snapshot of the database.

    What was stored of the month is replaced; rows that stay the same, and those of purged groups, are not written.
    action: StoreMonthlyUsageAction. month: as in 2024-10, of the configured time zone.
    Returns StoreMonthlyUsageActionResult; data is the StoredUsage, without kernels. Warnings say that live statistics
    could not be read.
    error.code: forbidden for everybody but superadmins.
    Raises InvalidAPIParameters for an invalid month.
    """
    month = parse_month(action.month, context.config.zone)
    usage, warnings = await compute_month(context, month, None, detail=False, peaks=True)
    stored = await MonthlyUsageRepository(context.session).store(usage, is_over=month.end <= context.now)
    told = {
        "month": month.first.isoformat(),
        "is_over": stored.is_over,
        "groups": len(usage.groups),
        "kernels": sum(group.g_kernels for group in usage.groups),
        "rows_written": stored.rows_written,
        "rows_removed": stored.rows_removed,
    }
    context.record(action.entity(), None, told)
    return StoreMonthlyUsageActionResult(success=True, data=stored, warnings=warnings)
