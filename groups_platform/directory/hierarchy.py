"""The tree of groups: reads and draws it, and explains why a group is active or inactive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from groups_platform.directory.change_words import KINDS, Mark
from groups_platform.directory.reports import query
from groups_platform.errors import UnknownGroup
from groups_platform.wording import counted

SHOWN_GROUPS: Final = 300

LINE, INDENT, LETTER = 22, 24, 7.2  # pixels
ACTIVE, INACTIVE, EDGE = "#1a7f4b", "#8a8f98", "#c9cdd3"
NO_XML: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")  # signs that a picture cannot have

# Of each kind of mark its colour and its sign: nobody has to tell the colours apart.
MARKS: Final = {
    "groups_turned_inactive": ("#b42318", "▼"),
    "groups_turned_active": ("#1a7f4b", "▲"),
    "groups_new": ("#0b6bcb", "+"),
    "groups_moved": ("#7a3fc0", "→"),
    "groups_renamed": ("#9a5b00", "≈"),
    "groups_ended": ("#b42318", "×"),
    "groups_missing": ("#9a5b00", "?"),
    "memberships_added": ("#4b5563", "±"),
    "memberships_removed": ("#4b5563", "±"),
}


@dataclass(frozen=True)
class TreeGroup:
    """One group of the tree. note: says if its parent is missing or it is on a cycle, else empty."""

    group_id: int
    name: str
    is_inactive: bool
    depth: int
    shown_under: int | None
    members: int
    active_members: int
    note: str

    @property
    def activity(self) -> str:
        """How many of its own members are active, in words."""
        return f"{self.active_members:,} of {counted(self.members, 'member')} active" if self.members else "no members"


@dataclass(frozen=True)
class GroupTree:
    """Groups in depth-first order. left_out: number of groups that are not included."""

    groups: tuple[TreeGroup, ...]
    left_out: int


@dataclass(frozen=True)
class Reason:
    """Why a group is inactive or active.

    path: (id, name) from the group with the active member up to this group; empty if inactive.
    """

    group_id: int
    name: str
    is_inactive: bool
    sentence: str
    path: tuple[tuple[int, str], ...] = ()
    agent_id: int | None = None


def read_tree(url: str, limit: int = SHOWN_GROUPS) -> GroupTree:
    """Return the upper levels of the tree, at most `limit` groups. Raises DatabaseUnavailable."""
    rows = query(url, "read_tree", limit=limit)
    total = query(url, "count_directory")[0]["groups"]
    children: dict[int | None, list[TreeGroup]] = {}
    for row in rows:
        note = ""
        if row["is_cycle"]:
            note = f"on a cycle: its parent {row['parent_group_id']} is below it"
        elif row["shown_under"] is None and row["parent_group_id"] is not None:
            note = f"parent {row['parent_group_id']} is missing"
        group = TreeGroup(
            row["group_id"], row["name"], row["inactive"], row["depth"], row["shown_under"],
            row["members"], row["active_members"], note,
        )  # fmt: skip
        children.setdefault(group.shown_under, []).append(group)
    return GroupTree(tuple(_in_reading_order(children)), total - len(rows))


def _in_reading_order(children: dict[int | None, list[TreeGroup]]) -> Iterator[TreeGroup]:
    waiting = children.get(None, [])[::-1]
    while waiting:
        group = waiting.pop()
        yield group
        waiting.extend(children.get(group.group_id, [])[::-1])


def explain(url: str, group_id: int) -> Reason:
    """Return why the group is inactive, or which active member keeps it active, by which path. Raises UnknownGroup."""
    found = query(url, "read_group", group_id=group_id)
    if not found:
        raise UnknownGroup(
            f"No group has the id {group_id}. groups-platform tree lists the groups.",
            group_id=group_id,
        )
    name, is_inactive = found[0]["name"], found[0]["inactive"]
    if is_inactive:
        return Reason(group_id, name, True, _why_inactive(url, group_id))
    nearest = query(url, "nearest_active_member", group_id=group_id)
    if not nearest:
        return Reason(
            group_id,
            name,
            False,
            "It is flagged active, but no active member was found: run groups-platform checks.",
        )
    member = nearest[0]
    path = tuple(
        (row["group_id"], row["name"]) for row in query(url, "path_up", below=member["group_id"], above=group_id)
    )
    who = member["name"] or member["email"] or "an agent"
    where = "a member of the group itself" if len(path) == 1 else f"a member of {path[0][1]}, {len(path) - 1} below"
    return Reason(
        group_id,
        name,
        False,
        f"{who} (agent {member['agent_id']}) is active and {where}.",
        path,
        member["agent_id"],
    )


def _why_inactive(url: str, group_id: int) -> str:
    facts = query(url, "inactive_below", group_id=group_id)[0]
    below, own, members = facts["groups_below"], facts["own_members"], facts["members"]
    groups = f"{counted(below, 'group') if below else 'No group'} {'is' if below < 2 else 'are'} below it"
    if members == 0:
        return f"{groups}, and there are no members."
    if below == 0:
        return f"{groups}, and it has {counted(own, 'member')}, none of them active."
    return f"{groups}. It has {counted(own, 'member')} itself and {members} with the groups below, none of them active."


def draw_tree(tree: GroupTree, marks: Mapping[int, Sequence[Mark]] | None = None, title: str = "") -> str:
    """Return the tree as SVG on a light card: a line per group, inactive ones grey and struck through.

    marks: by group id, what changed; such lines are tinted, and signs and words say what. title: what the marks are.
    """
    marks = marks or {}
    legend = _draw_legend(title, [mark.kind for found in marks.values() for mark in found])
    top = 18 + LINE * len(legend)
    row_of = {group.group_id: row for row, group in enumerate(tree.groups)}
    parts, width = [line for line, _ in legend], max([200.0, *(length for _, length in legend)])
    for row, group in enumerate(tree.groups):
        x, y = 14 + group.depth * INDENT, top + row * LINE
        if group.shown_under is not None:
            parent_x, parent_y = x - INDENT, top + row_of[group.shown_under] * LINE
            parts.append(f'<path d="M{parent_x} {parent_y + 6}V{y}H{x - 6}" fill="none" stroke="{EDGE}"/>')
        drawn, length = _draw_group(group, marks.get(group.group_id, ()), x, y)
        parts.append(drawn)
        width = max(width, length)
    height = top + len(tree.groups) * LINE + (LINE if tree.left_out else 0)
    if tree.left_out:
        parts.append(f'<text x="14" y="{height - 8}" fill="#6b7280">… and {tree.left_out} more groups</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'font-family="Inter, Helvetica, Arial, sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" rx="8" fill="white"/>{"".join(parts)}</svg>'
    )


def _draw_group(group: TreeGroup, marks: Sequence[Mark], x: int, y: int) -> tuple[str, float]:
    """The line of one group, and how far it reaches."""
    style = ' text-decoration="line-through"' if group.is_inactive else ""
    small = " · ".join(part for part in ("inactive" if group.is_inactive else "", group.activity, group.note) if part)
    said = [f"{MARKS[mark.kind][1]} {mark.text}" for mark in marks]
    coloured = "".join(
        f'<tspan dx="8" font-size="11" font-weight="bold" fill="{MARKS[mark.kind][0]}">{_text(words)}</tspan>'
        for mark, words in zip(marks, said, strict=True)
    )
    length = x + 40 + LETTER * (len(group.name) + len(small) + sum(len(words) + 1 for words in said))
    tint = ""
    if marks:
        look = f'fill="{MARKS[marks[0].kind][0]}" fill-opacity=".1"'
        tint = f'<rect x="{x - 9}" y="{y - 10}" width="{length - x:.0f}" height="20" rx="4" {look}/>'
    return (
        f'{tint}<circle cx="{x}" cy="{y}" r="5" fill="{INACTIVE if group.is_inactive else ACTIVE}"/>'
        f'<text x="{x + 12}" y="{y + 4}"><tspan fill="{"#6b7280" if group.is_inactive else "#111827"}"{style}>'
        f'{_text(group.name)}</tspan><tspan dx="8" font-size="11" fill="#6b7280">{_text(small)}</tspan>'
        f"{coloured}</text>"
    ), length


def _draw_legend(title: str, kinds: Iterable[str]) -> list[tuple[str, float]]:
    """Lines above the tree, each with how far it reaches: what the marks are, and each kind that is there."""
    found = set(kinds)
    lines = [(f'<text x="14" y="22" fill="#111827" font-weight="bold">{_text(title)}</text>', title)] if title else []
    if found:
        shown = [(colour, f"{sign} {KINDS[kind].happened}") for kind, (colour, sign) in MARKS.items() if kind in found]
        spans = "".join(f'<tspan dx="10" fill="{colour}">{_text(words)}</tspan>' for colour, words in shown)
        y = 22 + LINE * len(lines)
        lines.append((f'<text x="4" y="{y}" font-size="11">{spans}</text>', "   ".join(words for _, words in shown)))
    return [(line, 40 + LETTER * len(said)) for line, said in lines]


def _text(words: str) -> str:
    return escape(NO_XML.sub("\N{REPLACEMENT CHARACTER}", words))
