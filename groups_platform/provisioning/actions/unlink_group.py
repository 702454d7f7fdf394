"""Take a project from its directory group (M2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.types import TriState
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupActionResult, GroupModifier
from groups_platform.provisioning.types import directory_group_of


@dataclass(frozen=True)
class UnlinkGroupAction(GroupAction):
    """Make a project that of no directory group; of one that is not linked, nothing changes."""

    name: ClassVar[str] = "unlink_group"
    access: ClassVar[Access] = Access.ADMIN


@dataclass(frozen=True)
class UnlinkGroupActionResult(GroupActionResult):
    """The project, without a link."""


async def unlink_group(action: UnlinkGroupAction, context: ActionContext) -> UnlinkGroupActionResult:
    """Take a project from its directory group; its members and all else stay (M2).

    For who may modify the project. Provisioning leaves it alone from then on. Where a rule claims the directory group,
    the group gets a new project.

    action: UnlinkGroupAction. group_id: id, GroupName or `domain/name` of the project.
    Returns UnlinkGroupActionResult; data is the project. Of one without a link nothing changes, and an id in another
    system stays.
    error.code: forbidden, group_not_found, ambiguous_group.
    """
    before = group = await context.groups.lock(action.group_id)
    if directory_group_of(group.integration_id) is not None:
        group = await context.groups.modify(group, GroupModifier(integration_id=TriState.nullify()), context.now)
    context.record(group_entity(group), before.to_json(), group.to_json())
    return UnlinkGroupActionResult(success=True, data=group)
