"""Change a group's fields and members (S7, S8), both in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import InvalidAPIParameters, InvalidUserId
from groups_platform.group_service.models.user import UserUpdateMode
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.services.group.types import GroupActionResult, GroupModifier, MemberChange
from groups_platform.group_service.types import OptionalState


@dataclass(frozen=True)
class ModifyGroupAction(GroupAction):
    """Change what is given. user_uuids are added, removed, or replace all members, as user_update_mode says."""

    name: ClassVar[str] = "modify_group"
    access: ClassVar[Access] = Access.ADMIN

    modifier: GroupModifier = field(default_factory=GroupModifier)
    user_update_mode: OptionalState[UserUpdateMode | str] = field(default_factory=OptionalState.nop)
    user_uuids: OptionalState[Sequence[str | UUID]] = field(default_factory=OptionalState.nop)


@dataclass(frozen=True)
class ModifyGroupActionResult(GroupActionResult):
    """The group as it is now, with the ids of its members."""


async def modify_group(action: ModifyGroupAction, context: ActionContext) -> ModifyGroupActionResult:
    """Fails with forbidden, group_not_found, invalid_user_id, unknown_users, or like create_group."""
    groups = GroupRepository(context.session, context.actor)
    group = await groups.lock(action.group_id)
    context.before = group.to_json()
    members = MemberChange()
    if not action.user_uuids.is_nop:
        user_ids = [_user_id(text) for text in action.user_uuids.value]
        members = await groups.change_members(group, _mode(action), user_ids)
    if action.modifier != GroupModifier() or members != MemberChange():
        group = await groups.modify(group, action.modifier, context.now)
    context.after = group.to_json() | members.to_json()
    return ModifyGroupActionResult(success=True, data=await groups.get(group.id, with_members=True))


def _mode(action: ModifyGroupAction) -> UserUpdateMode:
    if action.user_update_mode.is_nop:
        raise InvalidAPIParameters("user_uuids needs user_update_mode: add, remove or replace.")
    mode = action.user_update_mode.value
    try:
        return UserUpdateMode(mode)
    except ValueError:
        raise InvalidAPIParameters(f"{mode!r} is no user_update_mode. Write add, remove or replace.") from None


def _user_id(text: str | UUID) -> UUID:
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise InvalidUserId(f"{text!r} is not the id of a user: ids are UUIDs.", user_id=str(text)) from None
