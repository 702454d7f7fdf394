"""Terminal output of the command line: tables, trees and bars. Only draws what it is given."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sized

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Column, Table

PIPED_WIDTH = None if sys.stdout and sys.stdout.isatty() else 140  # a pipe has no width, and the default of 80 cuts ids

console = Console(highlight=False, width=PIPED_WIDTH)
errors = Console(stderr=True, highlight=False)

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """Return `text` with control characters replaced, which could control the terminal."""
    return CONTROL.sub("\ufffd", text)


def escape(text: str) -> str:
    """Return the same with rich's markup escaped."""
    return escape_markup(harmless(text))


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Say how many there are of what: `1 finding`, `1,200 findings`. plural: where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def next_page(shown: Sized, cursor: object) -> str | None:
    """Say how to see what follows a page; None on the last."""
    return None if cursor is None else f"{len(shown)} shown; --cursor {cursor} shows the next ones."


def show_page(table: Table | str, shown: Sized, cursor: object) -> None:
    """Show a page of a listing, and how to see the next one."""
    console.print(table)
    if told := next_page(shown, cursor):
        console.print(told, soft_wrap=True)  # a cursor is copied as a whole


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
    return [Column(name, no_wrap=True) for name in names]


def narrow_table(*columns: Column | str) -> Table:
    """Return a table without lines between columns, so that many columns fit into 80 characters."""
    return Table(*columns, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
