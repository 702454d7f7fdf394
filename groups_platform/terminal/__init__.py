"""How the command line shows things: tables, trees, bars. Draws only; asks nothing."""

from __future__ import annotations

import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

PIPED_WIDTH = None if sys.stdout.isatty() else 140  # a pipe has no width of its own, and 80 cuts ids

console = Console(highlight=False, width=PIPED_WIDTH)
errors = Console(stderr=True, highlight=False)


def uncut(*names: str) -> list[Column]:
    """Columns that are never folded: ids and codes are copied."""
    return [Column(name, no_wrap=True) for name in names]


def narrow_table(*columns: Column | str) -> Table:
    """A table without lines between its columns: those of many fit into 80 characters."""
    return Table(*columns, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
