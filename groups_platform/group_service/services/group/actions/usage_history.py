"""The stored months of groups, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.repositories.group.monthly_usage import MonthlyUsageRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupRef
from groups_platform.group_service.types.period import parse_month
from groups_platform.group_service.types.usage import UsageHistory


@dataclass(frozen=True)
class UsageHistoryAction(BaseAction):
    """The stored months from `first` to `last`, such as `2024-10`, both included; by default all.

    group_ids: None for all groups that the actor may see, also purged ones. limit: how many groups are listed at most,
    the largest first; all are in the totals.
    """

    name: ClassVar[str] = "usage_history"
    access: ClassVar[Access] = Access.READ
    entity_type: ClassVar[str] = "monthly_usage"
    is_read: ClassVar[bool] = True
    is_snapshot: ClassVar[bool] = True

    group_ids: Sequence[GroupRef] | None = None
    first: str | None = None
    last: str | None = None
    limit: int = 100


@dataclass(frozen=True)
class UsageHistoryActionResult(BaseActionResult[UsageHistory]):
    """The stored months."""


async def usage_history(action: UsageHistoryAction, context: ActionContext) -> UsageHistoryActionResult:
    """Read the stored usage of months, in all and by group.

    action: UsageHistoryAction. first, last: months as in 2024-10, both included; group_ids: ids or GroupNames, by
    default all groups, also purged ones; limit: groups that are listed at most, the largest first.
    Returns UsageHistoryActionResult; data is the UsageHistory of the groups that the actor may see.
    error.code, for a GroupName only: forbidden, group_not_found, ambiguous_group.
    Raises InvalidAPIParameters for an invalid month, and a limit below 1.
    """
    if action.limit < 1:
        raise InvalidAPIParameters(f"limit is {action.limit}; at least one group is listed.", limit=action.limit)
    first, last = (
        default if month is None else parse_month(month, context.config.zone).first
        for month, default in ((action.first, date.min), (action.last, date.max))
    )
    months = MonthlyUsageRepository(context.session)
    data = await months.history(context.actor, action.group_ids, first, last, action.limit)
    return UsageHistoryActionResult(success=True, data=data)
