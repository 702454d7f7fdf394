"""Remove one dotfile from a group (S33)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.services.group.dotfiles import Dotfiles, absent, change_dotfiles
from groups_platform.group_service.types.group import GroupActionResult


@dataclass(frozen=True)
class DeleteDotfileAction(GroupAction):
    """Remove the dotfile with this path."""

    name: ClassVar[str] = "delete_dotfile"
    access: ClassVar[Access] = Access.ADMIN

    path: str


@dataclass(frozen=True)
class DeleteDotfileActionResult(GroupActionResult):
    """The group as it is now."""


async def delete_dotfile(action: DeleteDotfileAction, context: ActionContext) -> DeleteDotfileActionResult:
    """Remove one dotfile from a group; the others stay as they are (S33).

    action: DeleteDotfileAction. group_id: id, GroupName or `domain/name`; path: of a dotfile of the group.
    Returns DeleteDotfileActionResult; data is the group with the dotfiles that are left.
    error.code: forbidden, group_not_found, ambiguous_group, dotfile_not_found; invalid_value where what is left breaks
    the rules of dotfiles, which older groups may do.
    """

    def remove(dotfiles: Dotfiles) -> None:
        if dotfiles.pop(action.path, None) is None:
            raise absent(action.path)

    group = await change_dotfiles(context, action.group_id, remove, dotfile_removed=action.path)
    return DeleteDotfileActionResult(success=True, data=group)
