"""Read one group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupActionResult


@dataclass(frozen=True)
class GetGroupAction(GroupAction):
    """Read a group, active or deleted."""

    name: ClassVar[str] = "get_group"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True

    with_members: bool = False


@dataclass(frozen=True)
class GetGroupActionResult(GroupActionResult):
    """The group as the actor may see it."""


async def get_group(action: GetGroupAction, context: ActionContext) -> GetGroupActionResult:
    """Read a group, active or deleted.

    action: GetGroupAction. group_id: id or GroupName; with_members: also the ids of its members.
    Returns GetGroupActionResult; data is the group as the actor may see it.
    error.code: forbidden, group_not_found, ambiguous_group.
    """
    group = await context.groups.get(action.group_id, with_members=action.with_members)
    context.record(group_entity(group), None, None)
    return GetGroupActionResult(success=True, data=group)
