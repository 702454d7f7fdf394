"""The commands on the dotfiles of a group, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from groups_platform.cli.answers import Rows
from groups_platform.cli.common import CSV, ListingGroup
from groups_platform.cli.group import Act, Asked, one_group
from groups_platform.cli.service import data_of, show_result

if TYPE_CHECKING:
    from groups_platform.group_service.types.group import GroupActionResult

PATH = click.argument("path", metavar="PATH")


def content(path: str) -> str:
    """Read the content of a dotfile as it is. Raises BadParameter."""
    try:
        with click.open_file(path, "rb") as file:
            text: str = file.read().decode()
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{path} cannot be read as UTF-8: {error}.") from error
    return text


@click.group(cls=ListingGroup)
def dotfile() -> None:
    """Manage the dotfiles of a group one by one: small files that each of its sessions has in the home folder."""


@dotfile.command(name="list")
@one_group
@CSV
def list_(asked: Asked) -> None:
    """List the dotfiles of a group, without their content; for admins.

    \b
      groups-platform group dotfile list norrvik/ticket-triage
    """
    from groups_platform.group_service.errors import Forbidden  # noqa: PLC0415
    from groups_platform.group_service.services.group.actions.get_group import GetGroupAction  # noqa: PLC0415
    from groups_platform.group_service.types.action import BaseActionResult  # noqa: PLC0415
    from groups_platform.terminal.purge import show_dotfiles  # noqa: PLC0415

    result = asked.perform(lambda service, group: service.get_group(GetGroupAction(group)))
    dotfiles = data_of(result).dotfiles
    if dotfiles is None:
        raise Forbidden("Only admins of the group's domain see its dotfiles.")
    rows = [
        {"path": str(d.get("path")), "perm": str(d.get("perm")), "bytes": len(str(d.get("data", "")).encode())}
        for d in dotfiles
    ]
    listed = BaseActionResult(True, rows, action_id=result.action_id)
    show_result(listed, asked.as_json, show_dotfiles, Rows(("path", "perm", "bytes")))


@dotfile.command()
@one_group
@PATH
@click.option("--file", "data", required=True, type=content, metavar="FILE", help="Its content; - is stdin.")
@click.option("--perm", default="644", show_default=True, metavar="MODE", help="Its permissions, octal.")
def create(asked: Asked, **given: Any) -> None:
    """Add a dotfile to a group.

    \b
      groups-platform group dotfile create norrvik/ticket-triage .vimrc --file rc
    """
    from groups_platform.group_service.services.group.actions.create_dotfile import CreateDotfileAction  # noqa: PLC0415

    _change(asked, lambda service, group: service.create_dotfile(CreateDotfileAction(group, **given)))


@dotfile.command()
@one_group
@PATH
@click.option("--file", "data", type=content, metavar="FILE", help="Its new content; - is stdin.")
@click.option("--perm", metavar="MODE", help="Its new permissions, octal.")
def update(asked: Asked, **given: Any) -> None:
    """Change the content of a dotfile of a group, its permissions, or both.

    \b
      groups-platform group dotfile update norrvik/ticket-triage .vimrc --perm 600
    """
    from groups_platform.group_service.services.group.actions.update_dotfile import UpdateDotfileAction  # noqa: PLC0415

    if given["data"] is None and given["perm"] is None:
        raise click.UsageError("Write --file, --perm, or both.")
    _change(asked, lambda service, group: service.update_dotfile(UpdateDotfileAction(group, **given)))


@dotfile.command()
@one_group
@PATH
def delete(asked: Asked, path: str) -> None:
    """Remove a dotfile from a group.

    \b
      groups-platform group dotfile delete norrvik/ticket-triage .vimrc
    """
    from groups_platform.group_service.services.group.actions.delete_dotfile import DeleteDotfileAction  # noqa: PLC0415

    _change(asked, lambda service, group: service.delete_dotfile(DeleteDotfileAction(group, path)))


def _change(asked: Asked, act: Act[GroupActionResult]) -> None:
    from groups_platform.terminal.group_service import show_group  # noqa: PLC0415

    show_result(asked.perform(act), asked.as_json, show_group)
