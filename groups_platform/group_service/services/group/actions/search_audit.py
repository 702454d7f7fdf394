"""Read the audit log (S20), newest first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.repositories.audit import search_attempts
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import AuditEntry, AuditFilter
from groups_platform.group_service.types.group import GroupName

MOST_ENTRIES = 1000


@dataclass(frozen=True)
class SearchAuditAction(BaseAction):
    """The newest `limit` entries, 1 to 1000, of what the actor may know: all of them for a superadmin.

    The admin of a domain sees what was done to the domain's groups, and what they did themselves.
    """

    name: ClassVar[str] = "search_audit"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "audit_log"

    filter: AuditFilter = field(default_factory=AuditFilter)
    limit: int = 100


@dataclass(frozen=True)
class SearchAuditActionResult(BaseActionResult[tuple[AuditEntry, ...]]):
    """Entries as they were written: without secrets."""


async def search_audit(action: SearchAuditAction, context: ActionContext) -> SearchAuditActionResult:
    """Read the audit log, newest first (S20).

    action: SearchAuditAction. filter: which entries; limit: how many, 1 to 1000.
    Returns SearchAuditActionResult; data holds the AuditEntries that the actor may see.
    error.code: forbidden; for a GroupName in the filter also group_not_found, ambiguous_group.
    Raises InvalidAPIParameters for another limit.
    """
    if not 1 <= action.limit <= MOST_ENTRIES:
        raise InvalidAPIParameters(f"At most {MOST_ENTRIES} entries, and at least one, not {action.limit}.")
    wanted = action.filter
    if isinstance(wanted.entity_id, GroupName):
        group_id = await GroupRepository(context.session, context.actor).find_id(wanted.entity_id)
        wanted = replace(wanted, entity_id=str(group_id))
    entries = await search_attempts(context.session, context.actor, wanted, action.limit)
    return SearchAuditActionResult(success=True, data=entries)
