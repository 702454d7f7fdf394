"""How the command line shows things: tables, trees, bars. Draws only; asks nothing."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Column

PIPED_WIDTH = None if sys.stdout.isatty() else 140  # a pipe has no width of its own, and 80 cuts ids

console = Console(highlight=False, width=PIPED_WIDTH)
errors = Console(stderr=True, highlight=False)


def uncut(*names: str) -> list[Column]:
    """Columns that are never folded: ids and codes are copied."""
    return [Column(name, no_wrap=True) for name in names]
