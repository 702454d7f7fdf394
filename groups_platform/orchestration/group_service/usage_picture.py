"""The usage of groups as a picture: for each a bar of CPU, memory and GPU. Knows no usage query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from xml.sax.saxutils import escape

MOST_GROUPS = 20
LINE, BAR, GAP, LETTER = 24, 150, 90, 7.5
PANELS = (("CPU", "#2563eb"), ("memory GiB", "#059669"), ("GPU", "#d97706"))


@dataclass(frozen=True)
class GroupBars:
    """What was allocated to a group: cores, GiB of memory, GPUs."""

    name: str
    cpu: float
    memory: float
    gpu: float


def draw_usage(groups: Sequence[GroupBars]) -> str:
    """SVG with a line per group, the largest first, at most `MOST_GROUPS`; the longest bar of a panel fills it."""
    largest = [max((astuple(group)[1 + panel] for group in groups), default=0.0) or 1.0 for panel in range(3)]
    shares = {id(group): sum(v / m for v, m in zip(astuple(group)[1:], largest, strict=True)) for group in groups}
    shown = sorted(groups, key=lambda group: -shares[id(group)])[:MOST_GROUPS]
    left = 30 + LETTER * max((len(group.name) for group in shown), default=0)
    parts = [_text(left + panel * (BAR + GAP), 20, title, "#6b7280") for panel, (title, _) in enumerate(PANELS)]
    for row, group in enumerate(shown):
        y = 42 + row * LINE
        parts.append(_text(14, y, group.name, "#111827"))
        for panel, ((_, colour), amount) in enumerate(zip(PANELS, astuple(group)[1:], strict=True)):
            x, width = left + panel * (BAR + GAP), amount / largest[panel] * BAR
            parts.append(f'<rect x="{x}" y="{y - 11}" width="{width:.1f}" height="14" rx="2" fill="{colour}"/>')
            parts.append(_text(x + width + 6, y, f"{amount:,.1f}".removesuffix(".0"), "#6b7280"))
    height = 42 + len(shown) * LINE
    if len(groups) > len(shown):
        parts.append(_text(14, height, f"… and {len(groups) - len(shown)} more groups", "#6b7280"))
    elif not groups:
        parts.append(_text(14, height, "no usage", "#6b7280"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + 3 * (BAR + GAP):.0f}" height="{height + 10}" '
        f'font-family="Inter, Helvetica, Arial, sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, colour: str) -> str:
    return f'<text x="{x:.0f}" y="{y}" fill="{colour}">{escape(text)}</text>'
