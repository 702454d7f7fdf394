"""Shows what changed in the directory, from one day to another or by a plan: in a sentence, a table and a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from groups_platform.directory.change_words import IMPACT, summed_up
from groups_platform.terminal import console, harmless, narrow_table, show_branches, show_table
from groups_platform.wording import counted

if TYPE_CHECKING:
    from groups_platform.directory.change_words import Change
    from groups_platform.directory.difference import Difference, GroupAbove

COLORS: Final = {"+": "green", "-": "red", "~": "yellow"}
MOST_MEMBERS = 10  # of a group in the tree


def show_difference(
    difference: Difference, above: Mapping[int, GroupAbove], *, as_table: bool = True, as_tree: bool = True
) -> None:
    """Show what changed between two days. above: the groups by which changed ones are reached from the top."""
    days = f"From {harmless(difference.first or 'nothing')} to {harmless(difference.second)}"
    if not difference.changes:
        console.print(Text(f"{days} nothing changed."))
        return
    console.print(Text(f"{days}: {summed_up(difference.counts)}."))
    show_changes(difference.changes, above, as_table=as_table, as_tree=as_tree)
    if told := left_out(difference.counts, difference.changes):
        console.print(f"{told}; --limit shows more.")


def show_changes(
    changes: Sequence[Change], above: Mapping[int, GroupAbove], *, as_table: bool = True, as_tree: bool = True
) -> None:
    """Show changes as a table, as a tree, or as both."""
    if as_table:
        show_table(_table(changes))
    if as_tree:
        for tree in _trees(changes, above):
            show_branches(tree)


def left_out(counts: Mapping[str, int], changes: Sequence[Change]) -> str | None:
    """Say how many changes are not shown, if any."""
    total = sum(counts.values())
    return f"{len(changes):,} of {counted(total, 'change')} are shown" if total > len(changes) else None


def _table(changes: Sequence[Change]) -> Table:
    table = narrow_table("", "what", "group or agent", "from and to")
    for change in changes:
        sign, one = change.kind.sign, change.kind.one
        between = ", which holds " if change.change in IMPACT else " → "
        sides = Text(harmless(between.join(filter(None, change.sides))).replace("\n", " "))
        table.add_row(_signed(sign), Text(one, style=COLORS[sign]), _about(change), sides)
    return table


def _signed(sign: str) -> Text:
    return Text(sign, style=f"bold {COLORS[sign]}")


def _about(change: Change) -> Text:
    agent = _named(change.agent_name, change.agent_id)
    group = _named(change.group_name, change.group_id)
    if change.agent_id is None:
        return group
    return agent if change.group_id is None else agent.append(", ").append(group)


def _named(name: str | None, id_: int | None) -> Text:
    text = Text(harmless(name or "").replace("\n", " "))
    return text.append(f"{' ' if name else ''}({id_})", style="cyan")


def _trees(changes: Sequence[Change], above: Mapping[int, GroupAbove]) -> Iterator[Tree]:
    """The changed groups below those above them; then the agents that changed."""
    of_groups: dict[int, list[Change]] = defaultdict(list)
    of_agents: list[Change] = []
    for change in changes:
        (of_agents if change.group_id is None else of_groups[change.group_id]).append(change)
    if of_groups:
        yield _group_tree(of_groups, above)
    if of_agents:
        tree = Tree(Text("agents", style="bold"))
        for change in of_agents:
            tree.add(_line(_named(change.agent_name, change.agent_id), change))
        yield tree


def _group_tree(of_groups: Mapping[int, Sequence[Change]], above: Mapping[int, GroupAbove]) -> Tree:
    parents, names = _places(of_groups, above)
    root = Tree(Text("groups", style="bold"))
    branches: dict[int, Tree] = {}
    for group_id in _from_the_top(parents):
        changes = of_groups.get(group_id, ())
        label, parent = _named(names.get(group_id), group_id), parents[group_id]
        own = [change for change in changes if change.agent_id is None]
        branches[group_id] = (root if parent is None else branches[parent]).add(_line(label, *own) if own else label)
        _add_members(branches[group_id], [change for change in changes if change.agent_id is not None])
    return root


def _places(
    of_groups: Mapping[int, Sequence[Change]], above: Mapping[int, GroupAbove]
) -> tuple[dict[int, int | None], dict[int, str | None]]:
    """Parents and names of the groups in the tree. The parent is None where it is not there, or closes a cycle."""
    names: dict[int, str | None] = {group.group_id: group.name for group in above.values()}
    parent_of: dict[int, int | None] = {group.group_id: group.parent_group_id for group in above.values()}
    for group_id, changes in of_groups.items():
        names.setdefault(group_id, changes[0].group_name)
        parent_of[group_id] = changes[0].parent_group_id  # also of one that is new
    places: dict[int, int | None] = {}
    for start in of_groups:
        way: list[int] = []
        at: int | None = start
        while at is not None and at in parent_of and at not in places and at not in way:
            way.append(at)
            at = parent_of[at]
        for group_id in way:
            parent = parent_of[group_id]
            places[group_id] = parent if parent in parent_of else None
        if at in way:
            places[way[-1]] = None  # on a cycle
    return places, names


def _from_the_top(parents: Mapping[int, int | None]) -> Iterator[int]:
    """The groups, each after its parent, in the order of their ids among siblings."""
    below: dict[int | None, list[int]] = defaultdict(list)
    for group_id in sorted(parents, reverse=True):
        below[parents[group_id]].append(group_id)
    waiting = below[None]
    while waiting:
        group_id = waiting.pop()
        yield group_id
        waiting.extend(below.get(group_id, ()))


def _add_members(branch: Tree, changes: Sequence[Change]) -> None:
    for change in changes[:MOST_MEMBERS]:
        branch.add(_line(_named(change.agent_name, change.agent_id), change))
    if rest := changes[MOST_MEMBERS:]:
        branch.add(Text(f"… {counted(len(rest), 'more member')} joined or left", style="dim"))


def _line(label: Text, *changes: Change) -> Text:
    """The sign of the first change, the label, and behind it everything that happened."""
    line = _signed(changes[0].kind.sign).append(" ").append(label)
    for change in changes:
        line.append(f"  {harmless(change.told())}".replace("\n", " "), style=COLORS[change.kind.sign])
    return line
