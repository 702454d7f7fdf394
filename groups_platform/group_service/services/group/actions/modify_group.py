"""Change a group's fields and members (S7, S8), both in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupActionResult, GroupModifier, MemberChange
from groups_platform.group_service.types.text import quote
from groups_platform.group_service.types.user import UserUpdateMode, parse_user


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
    """Change a group's fields and members, in one transaction (S7, S8).

    action: ModifyGroupAction. group_id: id, GroupName or `domain/name`; modifier: the fields to change; user_uuids: ids
    or e-mail addresses of users, which user_update_mode adds to the members, removes from them, or replaces them with.
    Returns ModifyGroupActionResult; data is the group as it is now, with the ids of its members.
    error.code: forbidden, group_not_found, ambiguous_group, invalid_user_id, unknown_users, and those of create_group.
    Raises InvalidAPIParameters where user_uuids comes without user_update_mode, or the mode is invalid.
    """
    groups = context.groups
    before = group = await groups.lock(action.group_id)
    mode, named = _mode(action), _users(action)
    if action.modifier != GroupModifier():
        group = await groups.modify(group, action.modifier, context.now, with_members=mode is None)
    members = MemberChange() if mode is None else await groups.change_members(group, mode, named)
    if group is before and members != MemberChange():
        group = await groups.modify(group, GroupModifier(), context.now)  # only the time
    if group.domain_name != before.domain_name:
        await groups.refuse_strangers(await groups.member_ids(group.id), group.domain_name)
    stored = replace(group, member_ids=None).to_json()  # of the members, the log has who came and who left
    context.record(group_entity(group, before), before.to_json(), stored, **members.to_json())
    if group.member_ids is None:
        group = await groups.get(group.id, with_members=True)
    return ModifyGroupActionResult(success=True, data=group)


def _mode(action: ModifyGroupAction) -> UserUpdateMode | None:
    if action.user_uuids.is_nop:
        return None
    if action.user_update_mode.is_nop:
        raise InvalidAPIParameters("user_uuids needs user_update_mode: add, remove or replace.")
    mode = action.user_update_mode.value
    try:
        return UserUpdateMode(mode)
    except ValueError:
        raise InvalidAPIParameters(f"{quote(mode)} is not a user_update_mode. Write add, remove or replace.") from None


def _users(action: ModifyGroupAction) -> list[UUID | str]:
    """The users that are named: ids, and e-mail addresses."""
    return [] if action.user_uuids.is_nop else [parse_user(text) for text in action.user_uuids.value]
