"""Changes of one dotfile of a group; the others stay as they are (S33)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from groups_platform.group_service.errors import DotfileNotFound
from groups_platform.group_service.services.group.actions.base import ActionContext
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupData, GroupModifier, GroupRef
from groups_platform.group_service.types.text import cut, quote

Dotfiles: TypeAlias = dict[str, dict[str, Any]]
"""Dotfiles by their paths, in their order."""


async def change_dotfiles(
    context: ActionContext, group_id: GroupRef, change: Callable[[Dotfiles], None], **said: str
) -> GroupData:
    """Lock the group, let `change` change its dotfiles in place, and store them; the group as it is then.

    said: what the audit log says besides, such as which path. Raises what `change` raises, and InvalidValue where the
    dotfiles together break the rules of `types/dotfile.py`.
    """
    before = await context.groups.lock(group_id)
    dotfiles = {str(dotfile.get("path")): dict(dotfile) for dotfile in before.dotfiles or ()}
    change(dotfiles)
    modifier = GroupModifier(dotfiles=OptionalState.update(list(dotfiles.values())))
    group = await context.groups.modify(before, modifier, context.now)
    context.record(group_entity(group), before.to_json(), group.to_json(), **said)
    return group


def absent(path: str) -> DotfileNotFound:
    """The error for a path that no dotfile of the group has."""
    return DotfileNotFound(f"The group has no dotfile {quote(path)}.", path=cut(path))
