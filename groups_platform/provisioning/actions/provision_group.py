"""Make the project of a directory group as its rule says (M5): one project and its members, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CursorResult

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.errors import GroupServiceError, InvalidValue, UnknownUsers
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.audit import Entity, group_entity
from groups_platform.group_service.types.group import (
    GroupActionResult,
    GroupCreator,
    GroupData,
    GroupModifier,
    MemberChange,
)
from groups_platform.group_service.types.user import UserUpdateMode
from groups_platform.provisioning.types import link_to


class ProjectChanged(GroupServiceError):
    """Somebody has deleted the project since the plan was made, or taken it from its directory group.

    What to do: run `groups-platform provision` again.
    """

    code = "project_changed"


@dataclass(frozen=True)
class ProvisionGroupAction(BaseAction):
    """What a plan has for one project.

    project_id: None where `creator` is to be created. modifier: of the project; is_active deletes or restores it.
    added, removed: ids of users. is_exact: members that were added by hand may be removed too. is_known: it is stored
    already that the project is this rule's.
    """

    name: ClassVar[str] = "provision_group"
    access: ClassVar[Access] = Access.SUPERADMIN

    directory_group_id: int
    rule_id: UUID
    project_id: UUID | None = None
    creator: GroupCreator | None = None
    modifier: GroupModifier = field(default_factory=GroupModifier)
    added: Sequence[UUID] = ()
    removed: Sequence[UUID] = ()
    is_exact: bool = False
    is_known: bool = False

    def subject(self) -> UUID | None:
        """The project, if there is one yet."""
        return self.project_id

    def entity(self) -> Entity:
        """The project, or the one that is to be."""
        if self.creator is None:
            return super().entity()
        return Entity(name=self.creator.name, domain_name=self.creator.domain_name)


@dataclass(frozen=True)
class ProvisionGroupActionResult(GroupActionResult):
    """The project as it is now."""


async def provision_group(action: ProvisionGroupAction, context: ActionContext) -> ProvisionGroupActionResult:
    """Create, change, restore or delete the project of a directory group, and change its members, as a plan says (M5).

    action: ProvisionGroupAction. directory_group_id: whose project it is; rule_id: of the rule that says so; is_known:
    whether that is stored already; project_id: the project, or creator: what it is to be; modifier: the fields to
    change; added, removed: ids of users; is_exact: whether members that were added by hand may be removed.
    What is as it shall be already stays untouched. Who has become inactive or left the domain since the plan was made
    is not added.
    Returns ProvisionGroupActionResult; data is the project as it is now.
    error.code: forbidden, project_changed, group_not_found, and those of create_group.
    """
    groups = context.groups
    before, group = await _project(action, context)
    members = await _members(action, context, group)
    if group is before and members != MemberChange():
        group = await groups.modify(group, GroupModifier(), context.now)  # only the time
    if not action.is_known or before is None or before.is_active != group.is_active:
        await _run(context, "keep_project", project_id=group.id, rule_id=action.rule_id, is_deleted=not group.is_active)
    context.record(
        group_entity(group, before),
        None if before is None else before.to_json(),
        group.to_json(),
        **members.to_json(),
        directory_group_id=action.directory_group_id,
        rule_id=str(action.rule_id),
    )
    return ProvisionGroupActionResult(success=True, data=group)


async def _project(action: ProvisionGroupAction, context: ActionContext) -> tuple[GroupData | None, GroupData]:
    """The project before the action, and after it, locked. Raises ProjectChanged."""
    if action.creator is not None and action.project_id is None:
        return None, await context.groups.create(action.creator, context.now)
    if action.project_id is None or action.creator is not None:
        raise InvalidValue("Give project_id for a project, or creator for a new one.", field="project_id")
    before = await context.groups.lock(action.project_id)
    is_linked = before.integration_id == link_to(action.directory_group_id)
    if not is_linked or (action.modifier.is_active.is_nop and not before.is_active):
        raise ProjectChanged(
            f"{before.domain_name}/{before.name} was deleted, or taken from the directory group "
            f"{action.directory_group_id}, since the plan was made. Run groups-platform provision again.",
            directory_group_id=action.directory_group_id,
        )
    modifier = _differences(action.modifier, before)
    if modifier == GroupModifier():
        return before, before
    return before, await context.groups.modify(before, modifier, context.now)


def _differences(modifier: GroupModifier, group: GroupData) -> GroupModifier:
    """What of the modifier the group is not already."""
    changes: dict[str, Any] = {name: getattr(modifier, name) for name in (each.name for each in fields(modifier))}
    given = {name: change for name, change in changes.items() if not change.is_nop}
    same: dict[str, Any] = {
        name: OptionalState.nop() for name, change in given.items() if getattr(group, name) == change.value
    }
    return replace(modifier, **same)


async def _members(action: ProvisionGroupAction, context: ActionContext, group: GroupData) -> MemberChange:
    """Change who is in the locked project, as far as it still may be."""
    added, removed = MemberChange(), MemberChange()
    if action.added:
        added = await _add(action.added, context, group)
        await _run(context, "keep_members", project_id=group.id, user_ids=list(added.added))
    if action.removed:
        leaving = await _run(
            context, "find_leaving", project_id=group.id, user_ids=list(action.removed), is_exact=action.is_exact
        )
        removed = await context.groups.change_members(group, UserUpdateMode.REMOVE, leaving)
    return MemberChange(added.added, removed.removed)


async def _add(users: Sequence[UUID], context: ActionContext, group: GroupData) -> MemberChange:
    """Add those of the users who still may become members: active ones of the domain."""
    try:
        return await context.groups.change_members(group, UserUpdateMode.ADD, users)
    except UnknownUsers:
        able = await _run(context, "find_able", user_ids=list(users), domain_name=group.domain_name)
        return await context.groups.change_members(group, UserUpdateMode.ADD, able)


async def _run(context: ActionContext, name: str, **parameters: Any) -> list[UUID]:
    """Run a statement of sql/provisioning; return the ids that it finds."""
    result = await context.session.execute(read_statement(f"provisioning/{name}"), parameters)
    return list(result.scalars()) if isinstance(result, CursorResult) and result.returns_rows else []
