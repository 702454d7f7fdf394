"""List the purges that were asked for (S34), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import Forbidden
from groups_platform.group_service.repositories.group.purge_requests import PurgeRequestRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import foreign_cursor, page_size
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.purge import PurgeRequestPage
from groups_platform.group_service.types.user import UserRole


@dataclass(frozen=True)
class ListPurgeRequestsAction(BaseAction):
    """A page of the requests that the actor may see, of any state. cursor: `next_cursor` of the page before."""

    name: ClassVar[str] = "list_purge_requests"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True

    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class ListPurgeRequestsActionResult(BaseActionResult[PurgeRequestPage]):
    """Requests, newest first."""


async def list_purge_requests(action: ListPurgeRequestsAction, context: ActionContext) -> ListPurgeRequestsActionResult:
    """List the purges that were asked for, newest first: those of the domains that the actor administrates (S34).

    action: ListPurgeRequestsAction. cursor: next_cursor of the page before; limit: requests in a page, 1 to 1000.
    Returns ListPurgeRequestsActionResult; data is a PurgeRequestPage. A superadmin and a monitor see all requests.
    error.code: forbidden for who is neither an admin nor a monitor.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    if context.actor.role is UserRole.USER:
        raise Forbidden(f"{context.actor.name} may not list purge requests: it needs an admin or a monitor.")
    limit, after = page_size(action.limit, context.config, "requests"), _place(action.cursor)
    requests = PurgeRequestRepository(context.session, context.actor, context.now)
    page = await requests.search(limit=limit, after=after)
    return ListPurgeRequestsActionResult(success=True, data=page)


def _place(cursor: str | None) -> UUID | None:
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError:
        raise foreign_cursor() from None
