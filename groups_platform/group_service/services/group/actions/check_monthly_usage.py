"""Compare the stored usage of months with the kernels that there are now, and domains with their groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from groups_platform.group_service.repositories.group.monthly_usage import MonthlyUsageRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.period import parse_month
from groups_platform.group_service.types.usage import IncompleteGroup, MonthlyUsageCheck, UnequalFigure


@dataclass(frozen=True)
class CheckMonthlyUsageAction(BaseAction):
    """Check the stored months whose first days are in `between`, both ends included; by default the newest one."""

    name: ClassVar[str] = "check_monthly_usage"
    access: ClassVar[Access] = Access.SUPERADMIN
    is_read: ClassVar[bool] = True
    is_snapshot: ClassVar[bool] = True
    entity_type: ClassVar[str] = "monthly_usage"

    between: tuple[date, date] | None = None


@dataclass(frozen=True)
class CheckMonthlyUsageActionResult(BaseActionResult[MonthlyUsageCheck]):
    """What was checked and what was found."""


async def check_monthly_usage(action: CheckMonthlyUsageAction, context: ActionContext) -> CheckMonthlyUsageActionResult:
    """Compare stored months with the kernels that there are now, and domains with the sums of their groups.

    action: CheckMonthlyUsageAction. between: the first days of the first and the last month; by default the newest
    stored month alone is checked.
    Returns CheckMonthlyUsageActionResult; data is the MonthlyUsageCheck, whose months are empty where none is stored.
    error.code: forbidden for everybody but superadmins.
    """
    repository = MonthlyUsageRepository(context.session)
    months = await repository.months()
    if action.between is None:
        months = months[-1:]
    else:
        first, last = action.between
        months = [month for month in months if first <= month.month <= last]
    incomplete: list[IncompleteGroup] = []
    unequal: list[UnequalFigure] = []
    for month in months:
        period = parse_month(f"{month.month:%Y%m}", context.config.zone)
        incomplete += await repository.find_incomplete(period)
        unequal += await repository.find_unequal(period)
    data = MonthlyUsageCheck(tuple(months), tuple(incomplete), tuple(unequal))
    return CheckMonthlyUsageActionResult(success=True, data=data)
