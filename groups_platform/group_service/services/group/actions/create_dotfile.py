"""Add one dotfile to a group (S33)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.services.group.dotfiles import Dotfiles, change_dotfiles
from groups_platform.group_service.types.group import GroupActionResult
from groups_platform.group_service.types.text import cut, quote


class DotfileExists(GroupServiceError):
    """The group has a dotfile with this path already."""

    code = "dotfile_exists"


@dataclass(frozen=True)
class CreateDotfileAction(GroupAction):
    """A new dotfile. path: below the home folder. data: its text, which the audit log never has. perm: octal."""

    name: ClassVar[str] = "create_dotfile"
    access: ClassVar[Access] = Access.ADMIN

    path: str
    data: str = field(repr=False)
    perm: str = "644"


@dataclass(frozen=True)
class CreateDotfileActionResult(GroupActionResult):
    """The group as it is now."""


async def create_dotfile(action: CreateDotfileAction, context: ActionContext) -> CreateDotfileActionResult:
    """Add one dotfile to a group; the others stay as they are (S33).

    action: CreateDotfileAction. group_id: id, GroupName or `domain/name`; path: below the home folder; data: its text;
    perm: its mode, octal.
    Returns CreateDotfileActionResult; data is the group with all its dotfiles.
    error.code: forbidden, group_not_found, ambiguous_group, dotfile_exists, and invalid_value for a path or mode that
    cannot be, and for more than 64 KiB of data in the group.
    """

    def add(dotfiles: Dotfiles) -> None:
        if action.path in dotfiles:
            raise DotfileExists(f"The group has a dotfile {quote(action.path)} already.", path=cut(action.path))
        dotfiles[action.path] = {"path": action.path, "data": action.data, "perm": action.perm}

    group = await change_dotfiles(context, action.group_id, add, dotfile_added=action.path)
    return CreateDotfileActionResult(success=True, data=group)
