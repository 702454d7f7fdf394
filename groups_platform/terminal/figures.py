"""Formats amounts for people."""

from __future__ import annotations

from decimal import Decimal

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def in_bytes(amount: Decimal | int) -> str:
    """Format bytes: `17179869184` as `16 GiB`, with one decimal place if it is not whole."""
    size = Decimal(amount)
    if not size.is_finite():
        return "no limit"
    unit = 0
    while size >= 1024 and unit < len(UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{in_counts(size)} {UNITS[unit]}" if size else "0"


def in_counts(amount: Decimal | int) -> str:
    """Format a number with at most one decimal place, two below one: `4`, `1.5`, `0.25`."""
    size = Decimal(amount)
    text = f"{size:,.2f}" if abs(size) < 1 else f"{size:,.1f}"
    return text.rstrip("0").rstrip(".")


def in_hours(milliseconds: Decimal | int) -> str:
    """Format milliseconds as hours."""
    return f"{in_counts(Decimal(milliseconds) / 3_600_000)} h" if milliseconds else "0"
