"""Find groups (S12), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import foreign_cursor, page_of, page_size, parts_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupData, GroupFilter, GroupOrder, GroupPage

SEARCH = "a search in this order"


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
    size = page_size(action.limit, context.config, "groups")
    groups = await context.groups.search(
        action.filter,
        limit=size + 1,  # one more tells whether a page follows
        order=action.order,
        descending=action.descending,
        after=_place(action) if action.cursor else None,
        with_members=action.with_members,
    )
    page = GroupPage(*page_of(groups, size, lambda group: _parts(action.order, group)))
    return SearchGroupsActionResult(success=True, data=page)


def _parts(order: GroupOrder, group: GroupData) -> tuple[str, str, str]:
    value = getattr(group, order.value)
    return order.value, value.isoformat() if isinstance(value, datetime) else value, str(group.id)


def _place(action: SearchGroupsAction) -> tuple[str | datetime, UUID]:
    """The value and the id of the last group of the page before."""
    parts = parts_of(action.cursor, 3, SEARCH)
    try:
        if parts and parts[0] == action.order.value:
            is_time = action.order in (GroupOrder.CREATED_AT, GroupOrder.MODIFIED_AT)
            return datetime.fromisoformat(parts[1]) if is_time else parts[1], UUID(parts[2])
    except ValueError:
        pass
    raise foreign_cursor(SEARCH)
