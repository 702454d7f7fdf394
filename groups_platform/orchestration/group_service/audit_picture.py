"""The attempts of some days as a picture: a bar for each, by how they ended. Knows no audit query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from groups_platform.orchestration.group_service.svg import (
    MARGIN,
    QUIET,
    amount,
    box,
    card,
    text,
    ticks_to,
    y_axis,
)

COLOURS = {"success": "#059669", "failure": "#dc2626", "denied": "#d97706"}
LEFT, TOP, HEIGHT, DAY_WIDTH = 56, 44, 150, 26


def draw_attempts(days: Sequence[date], attempts: Mapping[date, Mapping[str, int]]) -> str:
    """A bar for each day; its number above it. attempts: by day and status; a day that is missing had none."""
    sums = {day: sum(attempts.get(day, {}).values()) for day in days}
    ticks = ticks_to(max(sums.values(), default=0), smallest_step=1)
    width = len(days) * DAY_WIDTH
    parts = [*_legend(), *y_axis(LEFT, TOP, width, HEIGHT, ticks)]
    for number, day in enumerate(days):
        x, y = LEFT + number * DAY_WIDTH, float(TOP + HEIGHT)
        for status, colour in COLOURS.items():
            height = attempts.get(day, {}).get(status, 0) / ticks[-1] * HEIGHT
            y -= height
            if height:
                parts.append(box(x + 4, y, DAY_WIDTH - 8, height, f'fill="{colour}"'))
        if sums[day]:
            parts.append(text(x + DAY_WIDTH / 2, y - 4, amount(sums[day]), QUIET, size=11, anchor="middle"))
        parts.append(text(x + DAY_WIDTH / 2, TOP + HEIGHT + 16, str(day.day), QUIET, size=11, anchor="middle"))
        if number == 0 or day.day == 1:
            parts.append(text(x + 4, TOP + HEIGHT + 32, f"{day:%b %Y}", QUIET, size=11))
    if not any(sums.values()):
        parts.append(text(LEFT + width / 2, TOP + HEIGHT / 2, "no attempts", QUIET, anchor="middle"))
    return card(LEFT + width + MARGIN, TOP + HEIGHT + 46, parts)


def _legend() -> list[str]:
    parts = []
    for number, (status, colour) in enumerate(COLOURS.items()):
        x = LEFT + number * 90
        parts += [box(x, 14, 12, 12, f'fill="{colour}" rx="2"'), text(x + 18, 25, status, QUIET)]
    return parts
