"""Delete a group softly (S9): it becomes inactive, and everything of it stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupActionResult


@dataclass(frozen=True)
class DeleteGroupAction(GroupAction):
    """Make a group inactive; deleting it again succeeds. `RestoreGroupAction` undoes it."""

    name: ClassVar[str] = "delete_group"
    access: ClassVar[Access] = Access.ADMIN


@dataclass(frozen=True)
class DeleteGroupActionResult(GroupActionResult):
    """The group, inactive now."""


async def delete_group(action: DeleteGroupAction, context: ActionContext) -> DeleteGroupActionResult:
    """Make a group inactive; everything of it stays, and restore_group undoes it (S9).

    action: DeleteGroupAction. group_id: id or GroupName.
    Returns DeleteGroupActionResult; data is the group, inactive now. Deleting it again succeeds.
    error.code: forbidden, group_not_found, ambiguous_group.
    """
    before = group = await context.groups.lock(action.group_id)
    if group.is_active:
        group = await context.groups.set_active(group, False, context.now)
    context.record(group_entity(group), before.to_json(), group.to_json())
    return DeleteGroupActionResult(success=True, data=group)
