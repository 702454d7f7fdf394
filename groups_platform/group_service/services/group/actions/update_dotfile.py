"""Change one dotfile of a group (S33)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.services.group.dotfiles import Dotfiles, absent, change_dotfiles
from groups_platform.group_service.types.group import GroupActionResult


@dataclass(frozen=True)
class UpdateDotfileAction(GroupAction):
    """New data for a dotfile, a new perm, or both; None: it stays as it is."""

    name: ClassVar[str] = "update_dotfile"
    access: ClassVar[Access] = Access.ADMIN

    path: str
    data: str | None = field(default=None, repr=False)
    perm: str | None = None


@dataclass(frozen=True)
class UpdateDotfileActionResult(GroupActionResult):
    """The group as it is now."""


async def update_dotfile(action: UpdateDotfileAction, context: ActionContext) -> UpdateDotfileActionResult:
    """Change the data or the mode of one dotfile of a group; the others stay as they are (S33).

    action: UpdateDotfileAction. group_id: id, GroupName or `domain/name`; path: of a dotfile of the group; data: its
    new text; perm: its new mode, octal.
    Returns UpdateDotfileActionResult; data is the group with all its dotfiles.
    error.code: forbidden, group_not_found, ambiguous_group, dotfile_not_found, and invalid_value for a mode that cannot
    be, and for more than 64 KiB of data in the group.
    Raises InvalidAPIParameters where neither data nor perm is given.
    """
    given = {name: value for name, value in (("data", action.data), ("perm", action.perm)) if value is not None}
    if not given:
        raise InvalidAPIParameters("A change of a dotfile needs data, perm, or both.")

    def change(dotfiles: Dotfiles) -> None:
        if action.path not in dotfiles:
            raise absent(action.path)
        dotfiles[action.path] |= given

    group = await change_dotfiles(context, action.group_id, change, dotfile_changed=action.path)
    return UpdateDotfileActionResult(success=True, data=group)
