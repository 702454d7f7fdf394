"""Shows what changed in the directory, from one day to another or by a plan: in a sentence, a table and a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from groups_platform.terminal import console, harmless, narrow_table, show_branches, show_table
from groups_platform.wording import counted

if TYPE_CHECKING:
    from groups_platform.directory.difference import Change, Difference, GroupAbove

TOP = "the top"
COLORS: Final = {"+": "green", "-": "red", "~": "yellow"}

# kind of a change: its sign, what happened, and one of them beside a number
SAID: Final = {
    "group turned inactive": ("-", "turned inactive", "group turned inactive"),
    "group turned active": ("+", "came back", "group came back"),
    "group new": ("+", "is new", "new group"),
    "group gone": ("-", "is gone", "group that is gone"),
    "group missing": ("-", "is missing upstream", "group newly missing"),
    "group ended": ("-", "ended", "group ended"),
    "group moved": ("~", "moved", "group moved"),
    "group renamed": ("~", "was renamed", "group renamed"),
    "group changed": ("~", "has other details", "group with other details"),
    "agent deactivated": ("-", "turned inactive", "agent turned inactive"),
    "agent reactivated": ("+", "came back", "agent came back"),
    "agent new": ("+", "is new", "new agent"),
    "agent gone": ("-", "is gone", "agent that is gone"),
    "agent changed": ("~", "has another name or address", "agent with another name or address"),
    "member added": ("+", "joined", "member joined"),
    "member removed": ("-", "left", "member left"),
    "project to be deleted": ("-", "would be deleted", "project to be deleted"),
    "project losing all members": ("-", "would lose all members", "project losing all members"),
    "project with kernels": ("-", "has running kernels", "project with running kernels"),
}
MOST_MEMBERS = 10  # of a group in the tree


def show_difference(
    difference: Difference, above: Mapping[int, GroupAbove], *, as_table: bool = True, as_tree: bool = True
) -> None:
    """Show what changed between two days. above: the groups by which changed ones are reached from the top."""
    days = f"From {harmless(difference.first)} to {harmless(difference.second)}"
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


def summed_up(counts: Mapping[str, int]) -> str:
    """Say how many changes of each kind there are."""
    return ", ".join(_number_of(kind, number) for kind, number in counts.items())


def left_out(counts: Mapping[str, int], changes: Sequence[Change]) -> str | None:
    """Say how many changes are not shown, if any."""
    total = sum(counts.values())
    return f"{len(changes):,} of {counted(total, 'change')} are shown" if total > len(changes) else None


def _number_of(kind: str, number: int) -> str:
    one = SAID[kind][2]
    noun = next(noun for noun in ("group", "agent", "project", "member") if noun in one.split())
    return f"{number:,} {one if number == 1 else one.replace(noun, f'{noun}s', 1).replace('that is', 'that are')}"


def _table(changes: Sequence[Change]) -> Table:
    table = narrow_table("", "what", "group or agent", "from and to")
    for change in changes:
        sign = SAID[change.change][0]
        table.add_row(_signed(sign), _happened(change), _about(change), _from_and_to(change))
    return table


def _signed(sign: str) -> Text:
    return Text(sign, style=f"bold {COLORS[sign]}")


def _happened(change: Change) -> Text:
    sign, happened, _ = SAID[change.change]
    return Text(f"{change.change.split()[0]} {happened}", style=COLORS[sign])


def _about(change: Change) -> Text:
    agent = _named(change.agent_name, change.agent_id)
    group = _named(change.group_name, change.group_id)
    if change.agent_id is None:
        return group
    return agent if change.group_id is None else agent.append(", ").append(group)


def _named(name: str | None, id_: int | str | None) -> Text:
    text = Text(harmless(name or "").replace("\n", " "))
    return text.append(f"{' ' if name else ''}({id_})", style="cyan")


def _from_and_to(change: Change) -> Text:
    if change.change == "group moved":
        before, after = _parent(change.before_name, change.before), _parent(change.after_name, change.after)
        return before.append(" → ").append(after)
    if change.change.startswith("project"):
        return Text(harmless(f"{change.before}, which holds {change.after}"))
    if change.before is not None and change.after is not None:
        return Text(harmless(f"{change.before} → {change.after}").replace("\n", " "))
    return Text()


def _parent(name: str | None, id_: str | None) -> Text:
    return Text(TOP) if id_ is None else _named(name or "an unknown group", id_)


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
    line = _signed(SAID[changes[0].change][0]).append(" ").append(label)
    for change in changes:
        sign, happened, _ = SAID[change.change]
        between = _from_and_to(change).plain
        line.append(f"  {happened}{': ' if between else ''}{between}", style=COLORS[sign])
    return line
