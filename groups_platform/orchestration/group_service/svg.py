"""Parts of the pictures: text, axes, and the card that they are drawn on. Knows neither usage nor audit.

A picture brings its own light background, because it cannot know the theme of the page that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

INK, QUIET, FAINT = "#111827", "#6b7280", "#e5e7eb"
LETTER = 7.2  # width of an average letter
MARGIN = 16


def card(width: float, height: float, parts: Iterable[str]) -> str:
    """The whole picture: parts on a light card, readable on a page of any colour."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="13">'
        f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="8" fill="white" stroke="{FAINT}"/>'
        f"{''.join(parts)}</svg>"
    )


def text(x: float, y: float, words: str, colour: str = INK, *, size: int = 13, anchor: str = "start") -> str:
    """A line of text that begins, is centred (middle) or ends at x."""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}"{place}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, look: str) -> str:
    """A rectangle. look: its other attributes."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {look}/>'


def y_axis(left: float, top: float, width: float, height: float, ticks: Sequence[float]) -> list[str]:
    """Lines across a plot and their amounts on its left; the last tick is at the top."""
    parts = []
    for tick in ticks:
        y = top + height * (1 - tick / ticks[-1])
        parts.append(f'<path d="M{left:.1f} {y:.1f}h{width:.1f}" stroke="{FAINT}"/>')
        parts.append(text(left - 6, y + 4, amount(tick), QUIET, size=11, anchor="end"))
    return parts


def ticks_to(largest: float, smallest_step: float = 0.0) -> list[float]:
    """Round amounts from zero to at least the largest, two to six of them."""
    if largest <= 0:
        return [0.0, 1.0]
    power = 10.0 ** floor(log10(largest / 4))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= largest / 4 * 0.999)
    step = max(step, smallest_step)
    return [number * step for number in range(ceil(largest / step * 0.999) + 1)]


def amount(size: float) -> str:
    """`1,234`, `12.5`, `0.25`; from a hundred thousand on `120k` and `1.2M`."""
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= max(factor, 1e5):
            return f"{size / factor:,.1f}".removesuffix(".0") + unit
    return f"{size:,.0f}" if size >= 100 else f"{size:,.2f}".rstrip("0").rstrip(".")
