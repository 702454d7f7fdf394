"""List users (S25), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from groups_platform.group_service.repositories.user import UserRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import page_of, page_size, place_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import UserFilter, UserPage


@dataclass(frozen=True)
class ListUsersAction(BaseAction):
    """A page of the users whom the actor may see. cursor: `next_cursor` of the page before. limit: 1 to 1000."""

    name: ClassVar[str] = "list_users"
    access: ClassVar[Access] = Access.READ
    entity_type: ClassVar[str] = "user"
    is_read: ClassVar[bool] = True

    filter: UserFilter = field(default_factory=UserFilter)
    cursor: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ListUsersActionResult(BaseActionResult[UserPage]):
    """Users in the order of their addresses."""


async def list_users(action: ListUsersAction, context: ActionContext) -> ListUsersActionResult:
    """List users in the order of their addresses (S25).

    Superadmins and monitors see everybody, an admin the users of the domain, a user only themselves.

    action: ListUsersAction. filter: which; cursor: next_cursor of the page before; limit: users in a page, 1 to 1000,
    by default the configured page_size.
    Returns ListUsersActionResult; data is a UserPage.
    error.code: invalid_value.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    size, after = page_size(action.limit, context.config), place_of(action.cursor)
    users = UserRepository(context.session, context.actor)
    found = await users.search(action.filter, limit=size + 1, after=after)
    page = UserPage(*page_of(found, size, lambda user: (user.email,)))
    return ListUsersActionResult(success=True, data=page)
