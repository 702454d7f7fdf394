"""What a day changed, for people: a row for each change, with names, and marks on the groups of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from groups_platform.directory.hierarchy import Mark
from groups_platform.directory.plan import KINDS, find_plan
from groups_platform.directory.reports import query

SHOWN_ROWS: Final = 25  # of each kind

# What people read for a kind of change, those first that they look for. Of rows of which only other fields changed,
# such as a time, there is nothing to tell.
WORDS: Final = {
    "groups_turned_inactive": "turned inactive",
    "groups_turned_active": "turned active",
    "groups_new": "new group",
    "groups_moved": "moved",
    "groups_renamed": "renamed",
    "groups_ended": "ended",
    "groups_missing": "no record",
    "agents_deactivated": "agent became inactive",
    "agents_reactivated": "agent came back",
    "agents_new": "new agent",
    "memberships_added": "joined",
    "memberships_removed": "left",
    "projects_to_be_deleted": "project to be deleted",
    "projects_losing_all_members": "project loses all members",
    "projects_with_running_kernels": "project with running kernels",
}
FLAG_KINDS: Final = ("groups_turned_inactive", "groups_turned_active")

Samples = Mapping[str, Sequence[Mapping[str, Any]]]


def change_rows(samples: Samples, kinds: Iterable[str] = tuple(WORDS), limit: int = SHOWN_ROWS) -> list[dict[str, str]]:
    """The samples of a plan for people: what changed, of which group and agent, from what to what.

    At most `limit` rows of each kind. A name is followed by its id.
    """
    return [
        {
            "change": WORDS[kind],
            "group": _named(row["group_name"], row["group_id"]),
            "agent": _named(row["agent_name"], row["agent_id"]),
            "from": _value(kind, row, "before"),
            "to": _value(kind, row, "after"),
        }
        for kind in kinds
        for row in samples.get(kind, ())[:limit]
    ]


def read_applied_samples(url: str, label: str) -> tuple[dict[str, int], Samples]:
    """Counts and samples of what the day changed when it was last applied; empty where that is not known."""
    plan = find_plan(url, label, outcome="applied")
    return ({**dict.fromkeys(KINDS, 0), **plan["counts"]}, plan["samples"]) if plan else ({}, {})


def read_marks(url: str, label: str, group_ids: Sequence[int]) -> dict[int, tuple[Mark, ...]]:
    """What an applied day changed of these groups, by id; empty for the first applied day, and for one that was not."""
    rows = query(url, "read_group_changes", sync_day=label, group_ids=list(group_ids))
    marks = {row["group_id"]: tuple(_marks(row)) for row in rows}
    return {group_id: found for group_id, found in marks.items() if found}


def _marks(row: Mapping[str, Any]) -> Iterator[Mark]:
    if row["is_turned_inactive"]:
        yield Mark("inactive", "turned inactive")
    if row["is_turned_active"]:
        yield Mark("active", "turned active")
    if row["is_new"]:
        yield Mark("new", "new")
    if row["has_moved"]:
        yield Mark("moved", f"moved from {_parent(row['old_parent_name'], row['old_parent_id'])}")
    if row["old_name"] is not None:
        yield Mark("renamed", f"was {row['old_name']}")
    if row["has_ended"]:
        yield Mark("ended", "ended")
    elif row["is_missing"]:
        yield Mark("missing", "no record")
    joined, left = row["members_joined"], row["members_left"]
    if joined or left:
        said = [f"{joined:,} joined"] * bool(joined) + [f"{left:,} left"] * bool(left)
        yield Mark("members", ", ".join(said))


def _value(kind: str, row: Mapping[str, Any], side: str) -> str:
    if kind == "groups_moved":
        return _parent(row.get(f"{side}_name"), row[side])
    is_told = kind == "groups_renamed" or kind.startswith("projects_")  # of a project its name, and what it holds
    return row[side] or "" if is_told else ""


def _parent(name: str | None, group_id: object) -> str:
    """The group above; a plan that an older version stored has no name of it."""
    if group_id is None:
        return "the top"
    return _named(name, group_id) if name else f"group {group_id}"


def _named(name: str | None, number: object) -> str:
    if number is None:
        return ""
    return f"{name} ({number})" if name else str(number)
