"""How the folder of a sync day is named, in which order days are, and what is nearly such a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FOLDERS: Final = ("admin_groups", "agents", "agent_details")  # of a day; no other is read
LABEL: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
DAY_FOLDER: Final = re.compile(
    rf"sync-((?!(?:replay|provisioning)\Z){LABEL})"
)  # by these names others are held and approved
DAY_FILE: Final = re.compile(rf"sync-{LABEL}(\.(zip|tar|tgz|gz|tar\.gz|7z))?")
NEARLY: Final = re.compile(r"\s*sync(day|[^a-z]|$)", re.IGNORECASE)
MIDNIGHT: Final = re.compile(r"(?<=\d)[T ]00[:.]?00([:.]?00([.,]0+)?)?(Z|[+-]00:?00)?$")


@dataclass(frozen=True)
class IgnoredFolder:
    """What is not read because of its name. reason: why not, and what to do. is_near: it is nearly a sync day's."""

    name: str
    reason: str
    is_near: bool = True


def is_left_out(path: str) -> bool:
    """Whether P1 leaves it out: a name in the path begins with `_` or `.`."""
    return any(part.startswith((".", "_")) for part in path.split("/"))


def natural_key(label: str) -> str:
    """A text whose plain order is that of labels: day2 before day10, Day2 after day1. ISO dates keep their order.

    It is stored with every applied day; migration 0009 has the same for labels with capital letters.
    """
    lower = label.lower()
    key = re.sub(r"\d+", lambda digits: f"{len(digits[0].lstrip('0')):03d}{digits[0].lstrip('0')}", lower)
    return key if label == lower else f"{key} {label}"  # of labels that differ in case only, each has its own place


def in_natural_order(labels: Iterable[str]) -> list[str]:
    """Labels sorted naturally, equals by the label itself."""
    return sorted(labels, key=lambda label: (natural_key(label), label))


def is_older(label: str, other: str) -> bool:
    """Whether the day `label` comes before the day `other`."""
    return (natural_key(label), label) < (natural_key(other), other)


def find_ignored(folders: Iterable[str], files: Iterable[str]) -> tuple[IgnoredFolder, ...]:
    """The source's folders that are no sync days, and the files that look like one.

    What begins with `_` or `.` is its writer's own (P1), and not told.
    """
    names = set(folders)
    wrong = [name for name in names if not DAY_FOLDER.fullmatch(name) and not is_left_out(name)]
    ignored = [
        IgnoredFolder(name, _reason(name, names))
        if NEARLY.match(name)
        else IgnoredFolder(name, "It is not read: its name is not sync-<day>.", is_near=False)
        for name in wrong
    ]
    ignored += [IgnoredFolder(name, _unpack(name)) for name in files if DAY_FILE.fullmatch(name)]
    return tuple(sorted(ignored, key=lambda folder: folder.name))


def what_is_wrong(name: str) -> str:
    """Why a folder of this name is no sync day's."""
    if not name.startswith("sync-"):
        return "it does not begin with sync-"
    label = name.removeprefix("sync-")
    if wrong := sorted(set(re.findall(r"[^A-Za-z0-9_-]", label))):
        return f"{' and '.join(map(repr, wrong))} may not be in it"
    if not label:
        return "nothing follows sync-"
    if label in ("replay", "provisioning"):
        what = "a replay" if label == "replay" else label
        return f"{label} is the name by which {what} is approved"
    return "more than 100 signs follow sync-" if len(label) > 100 else "a letter or a digit must follow sync-"


def suggest_name(name: str) -> str | None:
    """The name of a sync day that is nearest; None where nothing of it is left."""
    label = re.sub(r"(?i)^\s*sync[^A-Za-z0-9]*", "", name).strip()
    label = re.sub(r"[^A-Za-z0-9_-]+", "-", MIDNIGHT.sub("", label)).strip("-_")[:100]
    return f"sync-{label}" if DAY_FOLDER.fullmatch(f"sync-{label}") else None


def _reason(name: str, names: set[str]) -> str:
    wrong, better = what_is_wrong(name), suggest_name(name)
    if better is None:
        return f"It is not read: {wrong}. Rename it to sync-<day>."
    if better in names:
        return f"It is not read: {wrong}, and {better} is there already. Remove one of them."
    return f"It is not read: {wrong}. Rename it to {better}."


def _unpack(name: str) -> str:
    return f"It is not read: it is a file. Deliver the folder {name.split('.', maxsplit=1)[0]}."
