"""Give a project to a directory group (M2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.types import TriState
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupActionResult, GroupData, GroupModifier
from groups_platform.provisioning.errors import AlreadyLinked
from groups_platform.provisioning.repositories import find_directory_group
from groups_platform.provisioning.types import directory_group_of, link_to


@dataclass(frozen=True)
class LinkGroupAction(GroupAction):
    """Make a project, active or deleted, that of a directory group; making it so again succeeds."""

    name: ClassVar[str] = "link_group"
    access: ClassVar[Access] = Access.ADMIN

    directory_group_id: int


@dataclass(frozen=True)
class LinkGroupActionResult(GroupActionResult):
    """The project, linked now."""


async def link_group(action: LinkGroupAction, context: ActionContext) -> LinkGroupActionResult:
    """Give an existing project to a directory group, so that the rule of that group takes it over (M2).

    For who may modify the project.

    action: LinkGroupAction. group_id: id, GroupName or `domain/name` of the project, active or deleted;
    directory_group_id: the group of the directory.
    Returns LinkGroupActionResult; data is the project, whose integration_id is `directory:<id>` now. Doing it again
    succeeds.
    error.code: forbidden, group_not_found, ambiguous_group, unknown_directory_group, already_linked (the project has
    an integration id, or another project, deleted or of another domain, has the directory group), invalid_value.
    """
    before = group = await context.groups.lock(action.group_id)
    context.entity = group_entity(group)
    link = link_to(action.directory_group_id)
    if group.integration_id != link:
        _refuse_linked(group)
        await find_directory_group(context.session, action.directory_group_id)
        group = await context.groups.modify(group, GroupModifier(integration_id=TriState.update(link)), context.now)
    context.record(group_entity(group), before.to_json(), group.to_json())
    return LinkGroupActionResult(success=True, data=group)


def _refuse_linked(group: GroupData) -> None:
    """Raises AlreadyLinked for a project with an integration id."""
    if group.integration_id is None:
        return
    name, linked = f"{group.domain_name}/{group.name}", directory_group_of(group.integration_id)
    if linked is None:
        told = f"{name} has an integration id of another system. Clear it first, where nothing there needs it."
    else:
        told = f"{name} belongs to the directory group {linked}. Take it from there first, by unlink_group."
    raise AlreadyLinked(told, group=name)
