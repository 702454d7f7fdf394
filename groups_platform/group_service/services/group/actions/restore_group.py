"""Undo the soft deletion of a group (S9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupActionResult


@dataclass(frozen=True)
class RestoreGroupAction(GroupAction):
    """Make a deleted group active again; restoring an active group succeeds."""

    name: ClassVar[str] = "restore_group"
    access: ClassVar[Access] = Access.ADMIN


@dataclass(frozen=True)
class RestoreGroupActionResult(GroupActionResult):
    """The group, active now."""


async def restore_group(action: RestoreGroupAction, context: ActionContext) -> RestoreGroupActionResult:
    """Make a deleted group active again (S9).

    action: RestoreGroupAction. group_id: id or GroupName.
    Returns RestoreGroupActionResult; data is the group, active now. Restoring an active group succeeds.
    error.code: forbidden, group_not_found, ambiguous_group, integration_id_taken.
    """
    before = group = await context.groups.lock(action.group_id)
    if not group.is_active:
        group = await context.groups.set_active(group, True, context.now)
    context.record(group_entity(group), before.to_json(), group.to_json())
    return RestoreGroupActionResult(success=True, data=group)
