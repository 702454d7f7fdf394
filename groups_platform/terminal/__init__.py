"""How the command line shows things: tables, trees, bars. Draws only; asks nothing."""

from __future__ import annotations

import re
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Column, Table

PIPED_WIDTH = None if sys.stdout.isatty() else 140  # a pipe has no width of its own, and 80 cuts ids

console = Console(highlight=False, width=PIPED_WIDTH)
errors = Console(stderr=True, highlight=False)

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """What people wrote, without what would steer the terminal."""
    return CONTROL.sub("\ufffd", text)


def escape(text: str) -> str:
    """The same, for where rich reads markup."""
    return escape_markup(harmless(text))


def uncut(*names: str) -> list[Column]:
    """Columns that are never folded: ids and codes are copied."""
    return [Column(name, no_wrap=True) for name in names]


def narrow_table(*columns: Column | str) -> Table:
    """A table without lines between its columns: those of many fit into 80 characters."""
    return Table(*columns, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
