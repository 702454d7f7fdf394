"""Read the audit log (S20, S28), newest first, or in the order in which changes were committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.repositories.audit import search_attempts
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import AuditFilter, AuditPage

MOST_ENTRIES = 1000


@dataclass(frozen=True)
class SearchAuditAction(BaseAction):
    """A page of what the actor may know, `limit` entries, 1 to 1000, the newest first.

    The admin of a domain sees what was about the domain, and what they did themselves. oldest_first: in the order of
    commits. cursor: the number of the last entry that the caller has; the page goes on after it.
    """

    name: ClassVar[str] = "search_audit"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "audit_log"
    is_read: ClassVar[bool] = True

    filter: AuditFilter = field(default_factory=AuditFilter)
    limit: int = 100
    cursor: int | None = None
    oldest_first: bool = False


@dataclass(frozen=True)
class SearchAuditActionResult(BaseActionResult[AuditPage]):
    """Entries as they were written: without secrets."""


async def search_audit(action: SearchAuditAction, context: ActionContext) -> SearchAuditActionResult:
    """Read the audit log, newest first, or follow it (S20, S28).

    action: SearchAuditAction. filter: which entries, by default without those of reads; limit: how many, 1 to 1000;
    oldest_first: in the order of their numbers, which is that of the commits; cursor: the number of the last entry that
    the caller has. Who follows changes asks with oldest_first and the number of the last entry, again and again.
    Returns SearchAuditActionResult; data is an AuditPage of the entries that the actor may see. A name in the filter
    finds what has or had it, also what is purged.
    error.code: forbidden.
    Raises InvalidAPIParameters for another limit.
    """
    if not 1 <= action.limit <= MOST_ENTRIES:
        raise InvalidAPIParameters(f"At most {MOST_ENTRIES} entries, and at least one, not {action.limit}.")
    entries = await search_attempts(
        context.session,
        context.actor,
        action.filter,
        action.limit + 1,  # one more tells whether a page follows
        after=action.cursor,
        oldest_first=action.oldest_first,
    )
    shown = entries[: action.limit]
    next_cursor = shown[-1].number if len(entries) > action.limit else None
    return SearchAuditActionResult(success=True, data=AuditPage(shown, next_cursor))
