"""Write months of the audit log to files, and drop them from the database (S29)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, timezone
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import ArchivedMonth, Entity


@dataclass(frozen=True)
class ArchiveAuditAction(BaseAction):
    """Archive the months before `before`, the first day of a month, to the folder or fsspec URL `to`."""

    name: ClassVar[str] = "archive_audit"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "audit_log"

    before: date
    to: str = field(metadata={"is_filled": True, "longest": 4096})


@dataclass(frozen=True)
class ArchiveAuditActionResult(BaseActionResult[tuple[ArchivedMonth, ...]]):
    """The months that were archived, by date."""


async def archive_audit(action: ArchiveAuditAction, context: ActionContext) -> ArchiveAuditActionResult:
    """Write whole months of the audit log as Parquet, and drop them from the database (S29).

    Months are those of UTC. Every file is written, and its entries are counted, before a month is dropped; then all of
    them are, in one transaction with the row of this action. Where a file fails, all months stay.
    action: ArchiveAuditAction. before: the first day of a month, not after the present one; to: a folder or an fsspec
    URL, which gets a file per month, `audit_log-2025-12-4711-9f0c21aa.parquet`: the month, and
    the number and the beginning of the action id of its first entry.
    Returns ArchiveAuditActionResult; data holds an ArchivedMonth for each.
    error.code: forbidden for everybody but superadmins; storage_fault where a file cannot be written; busy.
    Raises InvalidAPIParameters for a day that is no such first day.
    """
    from groups_platform.group_service.repositories.audit_archive import archive_months  # noqa: PLC0415 - loads Arrow

    present = context.now.astimezone(timezone.utc).date().replace(day=1)
    if action.before.day != 1 or action.before > present:
        raise InvalidAPIParameters(
            f"before is {action.before}. Write the first day of a month that is not after {present:%Y-%m}."
        )
    archived = await archive_months(context.session, action.before, action.to)
    told = [asdict(month) | {"month": f"{month.month:%Y-%m}"} for month in archived]
    context.record(Entity(f"before {action.before:%Y-%m}"), None, {"archived": told})
    return ArchiveAuditActionResult(success=True, data=archived)
