"""The usage of groups as pictures: bars of a time, use beside limits, and curves over months. Knows no usage query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date

from groups_platform.orchestration.group_service.svg import (
    FAINT,
    INK,
    LETTER,
    MARGIN,
    QUIET,
    amount,
    box,
    card,
    text,
    ticks_to,
    y_axis,
)

MOST_GROUPS = 20
LINE, BAR, GAP = 24, 150, 90
PANELS = (("CPU cores", "#2563eb"), ("memory GiB", "#059669"), ("GPUs", "#d97706"))
NEAR, NEAR_COLOUR, OVER_COLOUR = 0.8, "#f59e0b", "#dc2626"
TRACK, LIMIT_GAP = 130, 150

CURVE_COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed")
PLOT_WIDTH, PLOT_HEIGHT, PLOT_LEFT, PLOT_TOP, CELL_HEIGHT = 270, 130, 60, 44, 220
COLUMNS, LABEL_WIDTH = 3, 46
MOST_LETTERS = 44  # of a title, and of a name in the legend


@dataclass(frozen=True)
class GroupBars:
    """What was allocated to a group: cores, GiB of memory, GPUs."""

    name: str
    cpu: float
    memory: float
    gpu: float


@dataclass(frozen=True)
class Held:
    """The most of a resource that a group held at once, and its limit; None for no limit."""

    peak: float
    limit: float | None


@dataclass(frozen=True)
class GroupLimits:
    """A group's CPU, memory in GiB and GPUs beside their limits."""

    name: str
    held: tuple[Held, Held, Held]


@dataclass(frozen=True)
class Curve:
    """Amounts of a group, or of all, one for each month; None where it is not known. is_limit: drawn in dashes."""

    name: str
    amounts: Sequence[float | None]
    is_limit: bool = False


@dataclass(frozen=True)
class Panel:
    """A plot with its own scale. curves: in the same order in every panel; the first is the thickest."""

    title: str
    curves: Sequence[Curve]


def draw_usage(groups: Sequence[GroupBars]) -> str:
    """A line per group, the largest first, at most `MOST_GROUPS`; the longest bar of a panel fills it."""
    largest = [max((astuple(group)[1 + panel] for group in groups), default=0.0) or 1.0 for panel in range(3)]
    shares = {id(group): sum(v / m for v, m in zip(astuple(group)[1:], largest, strict=True)) for group in groups}
    shown = sorted(groups, key=lambda group: -shares[id(group)])[:MOST_GROUPS]
    left = _after_names([group.name for group in shown])
    parts = _heading(left, BAR + GAP)
    for row, group in enumerate(shown):
        y = 48 + row * LINE
        parts.append(text(MARGIN, y, group.name))
        for panel, ((_, colour), size) in enumerate(zip(PANELS, astuple(group)[1:], strict=True)):
            x, width = left + panel * (BAR + GAP), size / largest[panel] * BAR
            parts.append(box(x, y - 11, width, 14, f'fill="{colour}" rx="2"'))
            parts.append(text(x + width + 6, y, amount(size), QUIET))
    return _rows_card(left + 3 * (BAR + GAP), parts, len(shown), len(groups))


def draw_limits(groups: Sequence[GroupLimits]) -> str:
    """A line per group, the nearest to a limit first: how much of each limit the peak fills; red is more than all."""
    shown = sorted(groups, key=lambda group: -max(_share(held) for held in group.held))[:MOST_GROUPS]
    left = _after_names([group.name for group in shown])
    parts = _heading(left, TRACK + LIMIT_GAP)
    for row, group in enumerate(shown):
        y = 48 + row * LINE
        parts.append(text(MARGIN, y, group.name))
        for panel, held in enumerate(group.held):
            parts += _beside_limit(left + panel * (TRACK + LIMIT_GAP), y, held, PANELS[panel][1])
    return _rows_card(left + 3 * (TRACK + LIMIT_GAP), parts, len(shown), len(groups))


def draw_months(months: Sequence[date], panels: Sequence[Panel]) -> str:
    """Plots side by side of the same months, from the first to the last; the legend stands in the last cell."""
    cell_width = PLOT_LEFT + PLOT_WIDTH + MARGIN
    parts = []
    for number, panel in enumerate(panels):
        row, column = divmod(number, COLUMNS)
        parts += _plot(column * cell_width, row * CELL_HEIGHT, months, panel)
    row, column = divmod(len(panels), COLUMNS)
    parts += _legend(column * cell_width + PLOT_LEFT, row * CELL_HEIGHT + PLOT_TOP + 8, panels[0].curves)
    last_row = CELL_HEIGHT if column else PLOT_TOP + 22 * len(panels[0].curves)
    return card(COLUMNS * cell_width + MARGIN, row * CELL_HEIGHT + last_row, parts)


def _after_names(names: Sequence[str]) -> float:
    return 2 * MARGIN + LETTER * max(map(len, names), default=8)


def _heading(left: float, step: float) -> list[str]:
    return [text(left + panel * step, 22, title, QUIET) for panel, (title, _) in enumerate(PANELS)]


def _rows_card(width: float, parts: list[str], shown: int, known: int) -> str:
    rest = f"… and {known - shown} more groups" if known > shown else "" if known else "no usage"
    if rest:
        parts.append(text(MARGIN, 48 + shown * LINE, rest, QUIET))
    return card(width, 48 + (shown if rest else shown - 1) * LINE + MARGIN, parts)


def _share(held: Held) -> float:
    return held.peak / held.limit if held.limit else 0.0


def _beside_limit(x: float, y: float, held: Held, colour: str) -> list[str]:
    if held.limit is None:
        return [
            box(x, y - 11, TRACK, 14, f'fill="none" rx="3" stroke="{FAINT}" stroke-dasharray="4 3"'),
            text(x + TRACK + 8, y, f"{amount(held.peak)}, no limit", QUIET),
        ]
    share = _share(held)
    fill = OVER_COLOUR if share > 1 else NEAR_COLOUR if share >= NEAR else colour
    return [
        box(x, y - 11, TRACK, 14, f'fill="{FAINT}" rx="3"'),
        box(x, y - 11, TRACK * min(share, 1), 14, f'fill="{fill}" rx="3"'),
        text(x + TRACK + 8, y, f"{amount(held.peak)} of {amount(held.limit)}", INK if share > 1 else QUIET),
    ]


def _plot(left: float, top: float, months: Sequence[date], panel: Panel) -> list[str]:
    known = [size for curve in panel.curves for size in curve.amounts if size is not None]
    ticks = ticks_to(max(known, default=0.0))
    x0, y0 = left + PLOT_LEFT, top + PLOT_TOP
    parts = [text(x0, y0 - 18, _short(panel.title)), *y_axis(x0, y0, PLOT_WIDTH, PLOT_HEIGHT, ticks)]
    places = [x0 + PLOT_WIDTH * (number + 0.5) / len(months) for number in range(len(months))]
    every = -(-len(months) * LABEL_WIDTH // PLOT_WIDTH) if months else 1
    for number, (month, x) in enumerate(zip(months, places, strict=True)):
        if (len(months) - 1 - number) % every == 0:
            parts.append(text(x, y0 + PLOT_HEIGHT + 16, f"{month:%b}", QUIET, size=11, anchor="middle"))
            if number < every or month.month <= every:
                parts.append(text(x, y0 + PLOT_HEIGHT + 30, f"{month:%Y}", QUIET, size=11, anchor="middle"))
    for number, curve in reversed(list(enumerate(panel.curves))):  # the sum of all on top
        points = [
            None if size is None else (x, y0 + PLOT_HEIGHT * (1 - size / ticks[-1]))
            for x, size in zip(places, curve.amounts, strict=True)
        ]
        parts += _line(points, number, is_limit=curve.is_limit)
    return parts


def _line(points: Sequence[tuple[float, float] | None], number: int, *, is_limit: bool) -> list[str]:
    """Broken where an amount is not known; a dot marks each that is."""
    colour, width = (OVER_COLOUR, 1.6) if is_limit else (_colour(number), 1.6 if number else 2.4)
    path, pen = "", "M"
    for point in points:
        path += "" if point is None else f"{pen}{point[0]:.1f} {point[1]:.1f}"
        pen = "M" if point is None else "L"
    look = f'stroke="{colour}" stroke-width="{width}"' + (' stroke-dasharray="5 4"' if is_limit else "")
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 0.6:.1f}" fill="{colour}"/>' for x, y in filter(None, points)
    ]
    return [f'<path d="{path}" fill="none" {look} stroke-linejoin="round"/>', *dots]


def _legend(x: float, y: float, curves: Sequence[Curve]) -> list[str]:
    parts = []
    for number, curve in enumerate(curves):
        line = y + number * 22
        parts += _line([(x, line - 4), (x + 22, line - 4)], number, is_limit=curve.is_limit)
        parts.append(text(x + 34, line, _short(curve.name)))
    return parts


def _colour(number: int) -> str:
    return INK if number == 0 else CURVE_COLOURS[(number - 1) % len(CURVE_COLOURS)]


def _short(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else "…" + name[1 - MOST_LETTERS :]
