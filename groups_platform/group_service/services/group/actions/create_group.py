"""Create a group (S6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity, group_entity
from groups_platform.group_service.types.group import GroupActionResult, GroupCreator


@dataclass(frozen=True)
class CreateGroupAction(BaseAction):
    """Create the group that `input` describes."""

    name: ClassVar[str] = "create_group"
    access: ClassVar[Access] = Access.ADMIN

    input: GroupCreator

    def entity(self) -> Entity:
        """The group that is to be."""
        return Entity(name=self.input.name, domain_name=self.input.domain_name)


@dataclass(frozen=True)
class CreateGroupActionResult(GroupActionResult):
    """The new group, as stored."""


async def create_group(action: CreateGroupAction, context: ActionContext) -> CreateGroupActionResult:
    """Create a group (S6).

    action: CreateGroupAction. input: name, domain, type, limits, hosts, dotfiles, policy, registry, integration id.
    Returns CreateGroupActionResult; data is the new group as stored.
    error.code: forbidden, invalid_group_name, group_name_taken, integration_id_taken, already_linked, unknown_domain,
    inactive_domain, unknown_resource_policy, invalid_value.
    """
    group = await context.groups.create(action.input, context.now)
    context.record(group_entity(group), None, group.to_json())
    return CreateGroupActionResult(success=True, data=group)
