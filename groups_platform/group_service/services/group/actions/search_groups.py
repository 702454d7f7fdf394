"""Find groups (S12), a page at a time."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupData, GroupFilter, GroupOrder, GroupPage

LARGEST_PAGE = 1000


@dataclass(frozen=True)
class SearchGroupsAction(BaseAction):
    """A page of the groups that the actor may see. cursor: `next_cursor` of the page before. limit: 1 to 1000."""

    name: ClassVar[str] = "search_groups"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True

    filter: GroupFilter = field(default_factory=GroupFilter)
    cursor: str | None = None
    limit: int | None = None
    with_members: bool = False
    order: GroupOrder = GroupOrder.NAME
    descending: bool = False


@dataclass(frozen=True)
class SearchGroupsActionResult(BaseActionResult[GroupPage]):
    """Groups in the order that was asked for."""


async def search_groups(action: SearchGroupsAction, context: ActionContext) -> SearchGroupsActionResult:
    """Find groups that the actor may see, a page at a time (S12, S32).

    action: SearchGroupsAction. filter: which groups; order, descending: by what, by default by name; cursor:
    next_cursor of the page before, of the same order; limit: groups in a page, 1 to 1000, by default the configured
    page_size; with_members: also the ids of their members.
    Returns SearchGroupsActionResult; data is a GroupPage. What is equal is in the order of ids.
    error.code: forbidden for a search by integration id by a user or monitor.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    limit = context.config.page_size if action.limit is None else action.limit
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidAPIParameters(f"A page has 1 to {LARGEST_PAGE} groups, not {limit}.")
    groups = await context.groups.search(
        action.filter,
        limit=limit + 1,  # one more tells whether a page follows
        order=action.order,
        descending=action.descending,
        after=_place(action) if action.cursor else None,
        with_members=action.with_members,
    )
    next_cursor = _cursor(action, groups[limit - 1]) if len(groups) > limit else None
    return SearchGroupsActionResult(success=True, data=GroupPage(tuple(groups[:limit]), next_cursor))


def _cursor(action: SearchGroupsAction, group: GroupData) -> str:
    value = getattr(group, action.order.value)
    place = [action.order.value, value.isoformat() if isinstance(value, datetime) else value, str(group.id)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(action: SearchGroupsAction) -> tuple[str | datetime, UUID]:
    """The value and the id of the last group of the page before."""
    try:
        order, value, group_id = json.loads(base64.urlsafe_b64decode(action.cursor or ""))
        if GroupOrder(order) is action.order and isinstance(value, str) and "\0" not in value:
            is_time = action.order in (GroupOrder.CREATED_AT, GroupOrder.MODIFIED_AT)
            return datetime.fromisoformat(value) if is_time else value, UUID(group_id)
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise InvalidAPIParameters("This cursor is not the next_cursor of a search in this order.")
