"""Terminal output of the command line: tables, trees and bars. Only draws what it is given."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sized
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console, OverflowMethod
from rich.markup import escape as escape_markup
from rich.segment import Segments
from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

PIPED_WIDTH = None if sys.stdout and sys.stdout.isatty() else 140  # a pipe has no width, and the default of 80 cuts ids

console = Console(highlight=False, width=PIPED_WIDTH)
errors = Console(stderr=True, highlight=False)

READABLE = 6  # characters of a column of text, as few as can be read
SPACE = 2  # between columns
DEEP, INDENT = 8, 4  # levels of a tree that fit into 80 characters, and the characters of each

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """Return `text` with control characters replaced, which could control the terminal."""
    return CONTROL.sub("\ufffd", text)


def escape(text: str) -> str:
    """Return the same with rich's markup escaped."""
    return escape_markup(harmless(text))


def next_page(shown: Sized, cursor: object) -> str | None:
    """Say how to see what follows a page; None on the last."""
    return None if cursor is None else f"{len(shown)} shown; --cursor {cursor} shows the next ones."


def show_page(table: Table | str, shown: Sized, cursor: object) -> None:
    """Show a page of a listing, and how to see the next one."""
    show_table(table)
    if told := next_page(shown, cursor):
        console.print(told, soft_wrap=True)  # a cursor is copied as a whole


def show_table(table: Table | str) -> None:
    """Show a table, or where the terminal is too narrow for its columns a card for each row, so that nothing is cut.

    A card begins with the first columns that are never folded.
    """
    if isinstance(table, str) or _width_of(table) <= console.width:
        console.print(table)
        return
    columns = table.columns
    led = next((place for place, column in enumerate(columns) if not isinstance(column, Uncut)), len(columns)) or 1
    console.print(Text("  ".join(str(column.header) for column in columns[:led]), style="bold"))
    for cells in zip(*(column.cells for column in columns), strict=True):
        console.print(Text("  ").join(_text(cell) for cell in cells[:led]))
        card = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
        for column, cell in zip(columns[led:], cells[led:], strict=True):
            if (text := _text(cell)).plain:
                card.add_row(f"  {column.header}", text)
        console.print(card)


def _width_of(table: Table) -> int:
    """What the columns need: all of what is never folded, and of other texts what can be read in lines."""
    width = 0
    for column in table.columns:
        longest = max((_text(cell).cell_len for cell in (column.header, *column.cells)), default=0)
        least = column.least if isinstance(column, Readable) else READABLE
        width += max(longest if column.no_wrap else min(longest, least), column.min_width or 0)
    return width + SPACE * (len(table.columns) - 1)


def _text(cell: object) -> Text:
    return cell if isinstance(cell, Text) else Text.from_markup(cell) if isinstance(cell, str) else Text()


def show_branches(tree: Tree) -> None:
    """Show a tree. Of a deep one the terminal folds the lines, since indented labels would have no room."""
    levels, depth = [tree], 0
    while levels := [child for branch in levels for child in branch.children]:
        depth += 1
    if depth <= DEEP:
        console.print(tree)
        return
    options = console.options.update(width=INDENT * depth + console.width)
    for line in console.render_lines(tree, options, pad=False):
        console.print(Segments(line), soft_wrap=True)


def show_facts(name: str, state: str, facts: Mapping[str, str]) -> None:
    """Show what there is to say of one thing, and nothing of empty values. state: with markup."""
    console.print(f"[bold]{escape(name)}[/]  {state}".rstrip())
    table = Table.grid(padding=(0, 2))
    for fact, value in facts.items():
        if value:
            table.add_row(fact, escape(value))
    console.print(table)


def uncut(*names: str) -> list[Column]:
    """Return columns that are never folded, for ids and codes that users copy."""
    return [Uncut(name) for name in names]


@dataclass
class Uncut(Column):
    """A column of ids or codes, which are copied as a whole."""

    no_wrap: bool = True


@dataclass
class Readable(Column):
    """A column of texts that are folded, and with less than `least` characters can hardly be read."""

    least: int = READABLE
    overflow: OverflowMethod = "fold"


def narrow_table(*columns: Column | str) -> Table:
    """Return a table without lines between columns, so that many columns fit into 80 characters.

    Texts are folded and never cut; see `show_table`.
    """
    folded = (Readable(column) if isinstance(column, str) else column for column in columns)
    return Table(*folded, box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
