"""Dotfiles: small files that every session of a group gets in its home folder. What is refused, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from groups_platform.group_service.errors import InvalidValue
from groups_platform.group_service.types.text import cut, is_storable, quote

KEYS = ("path", "data", "perm")
MODE = re.compile("[0-7]{3,4}")
LONGEST_PATH = 255  # bytes, as the longest name on most file systems
MOST_BYTES = 64 * 1024  # of all data of a group: they travel with every session that starts
# What a session makes itself in the home folder. A dotfile there would let whoever writes it sign in as the user
# (.ssh), or would hide what the programs of the session need.
RESERVED = (".ssh", ".terminfo", ".jupyter", ".local", ".config")


def check_dotfile(dotfile: object, *, field: str = "dotfiles", **where: Any) -> dict[str, str]:
    """`dotfile`, an object of path, data and perm, as it is stored.

    path: relative to the home folder, 255 bytes at most. perm: an octal mode of 3 or 4 digits. field, where: facts of
    the error, such as `position`. Raises InvalidValue, which never shows the data.
    """

    def refuse(reason: str, **facts: str) -> InvalidValue:
        return InvalidValue(f"{reason[0].upper()}{reason[1:]}.", field=field, **where, **facts)

    if not isinstance(dotfile, Mapping):
        raise refuse(f"a dotfile is an object of path, data and perm, not of the type {type(dotfile).__name__}")
    missing, other = [key for key in KEYS if key not in dotfile], [key for key in dotfile if key not in KEYS]
    if missing or other:
        faults = [f"without {key}" for key in missing] + [f"with {quote(key)}" for key in other[:3]]
        raise refuse(f"a dotfile has path, data and perm; one is {', '.join(faults)}")
    for key in KEYS:
        if not isinstance(dotfile[key], str):
            raise refuse(f"the {key} of a dotfile is a text, not of the type {type(dotfile[key]).__name__}")
    path, data, perm = (dotfile[key] for key in KEYS)
    if fault := _fault_of_path(path):
        raise refuse(f"a dotfile cannot have the path {quote(path)}: {fault}", path=cut(path))
    if not is_storable(data):
        raise refuse(f"the data of {quote(path)} has a NUL or half a character in it", path=path)
    if not MODE.fullmatch(perm):
        raise refuse(f"the perm of {quote(path)} is an octal mode such as 644, not {quote(perm)}", path=path)
    return {"path": path, "data": data, "perm": perm}


def check_dotfiles(dotfiles: object) -> list[dict[str, str]]:
    """All dotfiles of a group, as they are stored. Raises InvalidValue naming the position, from 1, and the path.

    No path is there twice, or lies below another; the data is 64 KiB at most together, in UTF-8.
    """
    if not isinstance(dotfiles, Sequence) or isinstance(dotfiles, (str, bytes)):
        raise InvalidValue(
            f"dotfiles is a list of objects, not of the type {type(dotfiles).__name__}.", field="dotfiles"
        )
    checked = [check_dotfile(dotfile, position=number) for number, dotfile in enumerate(dotfiles, 1)]
    paths: set[str] = set()
    for dotfile in checked:
        if dotfile["path"] in paths:
            raise InvalidValue(f"Two dotfiles have the path {quote(dotfile['path'])}.", **_facts(dotfile))
        paths.add(dotfile["path"])
    for dotfile in checked:
        if not paths.isdisjoint(_folders(dotfile["path"])):
            raise InvalidValue(f"{quote(dotfile['path'])} lies below another dotfile.", **_facts(dotfile))
    size = sum(len(dotfile["data"].encode()) for dotfile in checked)
    if size > MOST_BYTES:
        raise InvalidValue(
            f"The dotfiles of a group hold {MOST_BYTES:,} bytes at most together, not {size:,}.",
            field="dotfiles",
            bytes=size,
        )
    return checked


def _facts(dotfile: Mapping[str, str]) -> dict[str, str]:
    return {"field": "dotfiles", "path": cut(dotfile["path"])}


def _folders(path: str) -> list[str]:
    """The folders above `path`, from the outermost."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _fault_of_path(path: str) -> str | None:
    if not path.isprintable():  # control characters, and what only looks like a space or like nothing
        return "it has a character that cannot be seen"
    if len(path) > LONGEST_PATH or len(path.encode()) > LONGEST_PATH:
        return f"it is longer than {LONGEST_PATH} bytes"
    parts = path.split("/")
    if not {"", ".", ".."}.isdisjoint(parts):
        return "it is relative to the home folder, without empty parts, . and .."
    if parts[0] in RESERVED:
        return f"{parts[0]} belongs to the session"
    return None
