"""Find groups (S12), a page at a time."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import InvalidAPIParameters, InvalidGroupName
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupData, GroupFilter, GroupPage, check_group_name

LARGEST_PAGE = 1000


@dataclass(frozen=True)
class SearchGroupsAction(BaseAction):
    """A page of the groups that the actor may see. cursor: `next_cursor` of the page before. limit: 1 to 1000."""

    name: ClassVar[str] = "search_groups"
    access: ClassVar[Access] = Access.READ

    filter: GroupFilter = field(default_factory=GroupFilter)
    cursor: str | None = None
    limit: int | None = None
    with_members: bool = False


@dataclass(frozen=True)
class SearchGroupsActionResult(BaseActionResult[GroupPage]):
    """Groups in the order of name and id."""


async def search_groups(action: SearchGroupsAction, context: ActionContext) -> SearchGroupsActionResult:
    """Find groups that the actor may see, a page at a time (S12).

    action: SearchGroupsAction. filter: which groups; cursor: next_cursor of the page before; limit: groups in a page,
    1 to 1000, by default the configured page_size; with_members: also the ids of their members.
    Returns SearchGroupsActionResult; data is a GroupPage in the order of name and id.
    error.code: forbidden for a search by integration id by a user or monitor.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    limit = context.config.page_size if action.limit is None else action.limit
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidAPIParameters(f"A page has 1 to {LARGEST_PAGE} groups, not {limit}.")
    groups = await GroupRepository(context.session, context.actor).search(
        action.filter,
        limit=limit + 1,  # one more tells whether a page follows
        after=_place(action.cursor) if action.cursor else None,
        with_members=action.with_members,
    )
    next_cursor = _cursor(groups[limit - 1]) if len(groups) > limit else None
    return SearchGroupsActionResult(success=True, data=GroupPage(tuple(groups[:limit]), next_cursor))


def _cursor(group: GroupData) -> str:
    return base64.urlsafe_b64encode(json.dumps([group.name, str(group.id)]).encode()).decode()


def _place(cursor: str) -> tuple[str, UUID]:
    try:
        name, group_id = json.loads(base64.urlsafe_b64decode(cursor))
        return check_group_name(name), UUID(group_id)
    except (ValueError, TypeError, AttributeError, RecursionError, InvalidGroupName):
        raise InvalidAPIParameters("This cursor is not the next_cursor of a search.") from None
