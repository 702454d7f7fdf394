"""What projects used in a period of days, by session (S16)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.repositories.group.usage import UsageRepository, UsageTotal
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupRef
from groups_platform.group_service.types.period import parse_period
from groups_platform.group_service.types.usage import (
    KernelUsage,
    PeriodUsage,
    ProjectUsage,
    SessionUsage,
)


@dataclass(frozen=True)
class UsagePerPeriodAction(BaseAction):
    """The usage of the days from `20241001` to `20241031`, both included, in the configured time zone.

    project_id: None for all projects that the actor may see; the id of another gives an empty result. detail: with
    sessions and kernels; without, memory does not grow with their number.
    """

    name: ClassVar[str] = "usage_per_period"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True
    is_snapshot: ClassVar[bool] = True

    start_date: str
    end_date: str
    project_id: GroupRef | None = None
    detail: bool = True

    def subject(self) -> GroupRef | None:
        """The project."""
        return self.project_id


@dataclass(frozen=True)
class UsagePerPeriodActionResult(BaseActionResult[PeriodUsage]):
    """The projects that had kernels in the period."""


async def usage_per_period(action: UsagePerPeriodAction, context: ActionContext) -> UsagePerPeriodActionResult:
    """Sum what projects used on the days of a period, by session (S14 to S18).

    action: UsagePerPeriodAction. start_date, end_date: as in 20241031, both included, of the configured time zone, at
    most max_period_days; project_id: id or GroupName, by default all projects; detail: also sessions and kernels.
    Returns UsagePerPeriodActionResult; data is the PeriodUsage of the projects that the actor may see and that had
    kernels in the period. Warnings say that live statistics could not be read.
    error.code, for a GroupName only: forbidden, group_not_found, ambiguous_group.
    Raises InvalidAPIParameters for invalid days, and for a period that ends before it starts or is too long.
    """
    config = context.config
    period = parse_period(action.start_date, action.end_date, config.zone, config.max_period_days)
    projects = None if action.project_id is None else [action.project_id]
    usage = await UsageRepository.open(
        context.session, context.actor, config, period, projects, now=context.now, valkey=context.valkey
    )
    totals = await usage.totals()
    sessions = await _sessions(usage) if action.detail else None
    used = tuple(_project(total, sessions) for total in totals)
    data = PeriodUsage(**usage.facts(totals), projects=used)
    return UsagePerPeriodActionResult(success=True, data=data, warnings=usage.warnings)


async def _sessions(usage: UsageRepository) -> dict[UUID, list[SessionUsage]]:
    kernels: dict[tuple[UUID, UUID | None], list[KernelUsage]] = defaultdict(list)
    async for kernel in usage.kernels():
        kernels[kernel.group_id, kernel.session_id].append(kernel)
    sessions: dict[UUID, list[SessionUsage]] = defaultdict(list)
    for total in await usage.totals(by_session=True):
        own = kernels[total.group_id, total.session_id]
        sessions[total.group_id].append(SessionUsage(own[0].session_id, own[0].name, total.figures, tuple(own)))
    return sessions


def _project(total: UsageTotal, sessions: dict[UUID, list[SessionUsage]] | None) -> ProjectUsage:
    own = None if sessions is None else tuple(sessions[total.group_id])
    return ProjectUsage(total.domain_name, total.group_id, total.group_name, total.kernels, total.figures, own)
