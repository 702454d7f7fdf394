"""The tree of groups on a page: its upper levels, what changed below them, and at each place what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from psycopg.rows import dict_row

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.change_words import Mark
from groups_platform.directory.difference import read_marks

TREE_GROUPS: Final = 600  # level by level from the top
CHANGED_GROUPS: Final = 100  # besides these, with what is above them
MOST_GROUPS: Final = 1200  # of both
DEEPEST: Final = 30  # levels; browsers stop nesting at some hundred elements


@dataclass(frozen=True)
class TreeGroup:
    """A group of the tree. note: says if its parent is missing or it is on a cycle, else empty.

    marks: what the day changed, or would change, of it. left_out: groups directly below it that are not shown.
    """

    group_id: int
    name: str
    is_inactive: bool
    members: int
    active_members: int
    note: str
    marks: tuple[Mark, ...]
    below: tuple[TreeGroup, ...]
    left_out: int

    @property
    def has_changes_below(self) -> bool:
        """Whether anything changed in a group that is shown below it, at any depth."""
        return any(group.marks or group.has_changes_below for group in self.below)

    def walk(self) -> Iterator[TreeGroup]:
        """It and all groups that are shown below it."""
        yield self
        for group in self.below:
            yield from group.walk()


@dataclass(frozen=True)
class GroupTree:
    """The groups that are shown under no other, and below them the rest. groups: how many there are in all.

    shown: how many are shown. left_out: groups without a parent that are not shown.
    """

    top: tuple[TreeGroup, ...]
    groups: int
    shown: int
    left_out: int


def read_tree(connection: Connection, shown_day: str, *, is_marked: bool, is_planned: bool) -> GroupTree:
    """The tree of the temporary table `report_group`, marked with what is in `day_change`.

    shown_day: the applied day whose groups these are. is_marked: whether to mark anything; on the first day all is new.
    is_planned: the changes are those that a day would make.
    """
    key = {"sync_day": shown_day, "is_marked": is_marked}
    limits = {"limit": TREE_GROUPS, "changed": CHANGED_GROUPS, "most": MOST_GROUPS, "deepest": DEEPEST}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(read_sql("report/read_tree"), key | limits).fetchall()
        (total,) = cursor.execute(read_sql("report/count_tree"), key)
        ids = [row["group_id"] for row in rows]
        counted = cursor.execute(read_sql("report/count_members"), {**key, "group_ids": ids}).fetchall()
    marks = read_marks(connection, ids, is_planned=is_planned) if is_marked else {}
    members = {row["group_id"]: row for row in counted}
    under: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows:
        more = {"marks": marks.get(row["group_id"], ()), **members.get(row["group_id"], {})}
        under.setdefault(row["shown_under"], []).append(row | more)
    top = tuple(_group(row, under) for row in under.get(None, []))
    return GroupTree(top, total["groups"], len(rows), total["roots"] - len(top))


def _group(row: dict[str, Any], under: dict[int | None, list[dict[str, Any]]]) -> TreeGroup:
    below = tuple(_group(child, under) for child in under.get(row["group_id"], []))
    return TreeGroup(
        group_id=row["group_id"],
        name=row["name"],
        is_inactive=row["inactive"],
        members=row.get("members", 0),
        active_members=row.get("active_members", 0),
        note=_note(row),
        marks=row["marks"],
        below=below,
        left_out=row["children"] - len(below),
    )


def _note(row: dict[str, Any]) -> str:
    if row["is_cycle"]:
        return f"on a cycle: its parent {row['parent_group_id']} is below it"
    if row["shown_under"] is None and row["parent_group_id"] is not None:
        return f"parent {row['parent_group_id']} is missing"
    return ""
