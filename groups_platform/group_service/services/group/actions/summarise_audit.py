"""Count the attempts in the audit log by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.repositories.audit import count_attempts
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import AuditCount
from groups_platform.group_service.types.period import Period


@dataclass(frozen=True)
class SummariseAuditAction(BaseAction):
    """The attempts of the days from `first` to `last`, both included, in the configured time zone."""

    name: ClassVar[str] = "summarise_audit"
    access: ClassVar[Access] = Access.SUPERADMIN
    is_read: ClassVar[bool] = True
    entity_type: ClassVar[str] = "audit_log"

    first: date
    last: date


@dataclass(frozen=True)
class SummariseAuditActionResult(BaseActionResult[tuple[AuditCount, ...]]):
    """A count for each day, action, status and error code that there was, in this order."""


async def summarise_audit(action: SummariseAuditAction, context: ActionContext) -> SummariseAuditActionResult:
    """Count the attempts in the audit log by day, action, status and error code.

    action: SummariseAuditAction. first, last: days of the configured time zone, both included.
    Returns SummariseAuditActionResult; data holds an AuditCount for each combination that there was. The row of this
    attempt itself is not counted.
    error.code: forbidden for everybody but superadmins.
    Raises InvalidAPIParameters for days that end before they start.
    """
    if action.last < action.first:
        raise InvalidAPIParameters(f"The days end on {action.last}, before they start on {action.first}.")
    period = Period(action.first, action.last, context.config.zone)
    counts = await count_attempts(context.session, period, context.config.time_zone)
    return SummariseAuditActionResult(success=True, data=counts)
