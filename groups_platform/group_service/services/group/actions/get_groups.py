"""Read several groups by their ids (S32), in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.group import GroupData


@dataclass(frozen=True)
class GetGroupsAction(BaseAction):
    """Read groups by their ids, active or deleted; those that the actor may not see are left out."""

    name: ClassVar[str] = "get_groups"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True

    group_ids: Sequence[UUID]
    with_members: bool = False


@dataclass(frozen=True)
class GetGroupsActionResult(BaseActionResult[tuple[GroupData, ...]]):
    """The groups as the actor may see them."""


async def get_groups(action: GetGroupsAction, context: ActionContext) -> GetGroupsActionResult:
    """Read several groups by their ids, active or deleted, in one query (S32).

    action: GetGroupsAction. group_ids: ids; with_members: also the ids of their members.
    Returns GetGroupsActionResult; data holds those of the groups that the actor may see, in the order of name and id.
    error.code: only those of every action, such as forbidden.
    """
    groups = await context.groups.get_many(action.group_ids, with_members=action.with_members)
    return GetGroupsActionResult(success=True, data=tuple(groups))
