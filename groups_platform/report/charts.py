"""Curves over applied days as SVG for the page: its colours and fonts are those of the page, in light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES: Final = (5.0, 2.3)  # at 72 points each; a page on a phone shows it nearly at this size
DOTS: Final = 14  # days, up to which each has a dot
LONGEST_LABEL: Final = 12
# matplotlib draws with colours that stand for variables of the page's style sheet.
COLORS: Final = {
    "#010101": "var(--text-soft)",
    "#020202": "var(--rule)",
    "#030303": "var(--curve)",
    "#040404": "var(--curve-area)",
    "#050505": "var(--card)",
}
TEXT, RULE, CURVE, AREA, CARD = COLORS
STYLE: Final[Any] = {
    "svg.fonttype": "none",  # text stays text: smaller, found by a search, in the font of the page
    "font.size": 11,
    "text.color": TEXT,
    "axes.edgecolor": RULE,
    "axes.labelcolor": TEXT,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "text.parse_math": False,  # labels are names that others chose
}


@dataclass(frozen=True)
class Curve:
    """A figure over days. values: one for each day, None where it is not known."""

    title: str
    days: Sequence[str]
    values: Sequence[float | None]


def draw_curve(curve: Curve) -> str:
    """The curve as an SVG element, the same for the same figures. Its scale begins at zero where that is not far."""
    import matplotlib  # noqa: PLC0415 - only a page needs it, and it loads slowly
    from matplotlib.figure import Figure  # noqa: PLC0415

    name = "chart-" + re.sub(r"\W+", "-", curve.title.lower())
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=INCHES, layout="constrained")
        figure.patch.set_alpha(0)
        _draw(figure.add_subplot(), curve)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return _as_element(written.getvalue(), name, curve)


def _draw(axes: Axes, curve: Curve) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    places = range(len(curve.days))
    values = [float("nan") if value is None else value for value in curve.values]
    known = [value for value in curve.values if value is not None]
    lowest = _lowest(known)
    axes.fill_between(places, values, lowest, color=AREA, linewidth=0)
    axes.plot(places, values, color=CURVE, linewidth=2, solid_joinstyle="round")
    if len(known) <= DOTS:
        axes.plot(places, values, "o", color=CURVE, markersize=4)
    if known and curve.values[-1] is not None:
        axes.plot(places[-1:], values[-1:], "o", color=CURVE, markeredgecolor=CARD, markeredgewidth=1.5, markersize=8)
    axes.set_facecolor("none")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    highest = max(known, default=1)
    axes.set_ylim(lowest, highest + max((highest - lowest) * 0.12, 1 if highest < 8 else 0, highest * 1e-9) or 1)
    axes.set_xlim(-0.5, max(len(curve.days) - 0.5, 0.5))
    ticks = _labelled(curve.days)
    labels = [_cut(curve.days[place]) for place in ticks]
    axes.set_xticks(ticks, labels)


def _lowest(values: Sequence[float]) -> float:
    """Where the scale begins: at zero, or nearer to a curve that is far from it, so that its changes are seen."""
    low, high = min(values, default=0), max(values, default=1)
    if high - low > high * 0.15 or high == low:
        return 0
    return max(low - (high - low) * 0.5, 0)


def _labelled(days: Sequence[str]) -> list[int]:
    """The places of days that have a label: the newest, and others in equal distances before it."""
    longest = max((len(_cut(day)) for day in days), default=1)
    most = max(int(INCHES[0] * 72 * 0.85 / (longest * 6.5 + 14)), 1)
    step = -(-len(days) // most) if days else 1
    return sorted(range(len(days) - 1, -1, -step))


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else "…" + label[1 - LONGEST_LABEL :]


def _short(value: float) -> str:
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.4g}M"
    return f"{value / 1e3:,.4g}k" if abs(value) >= 1e4 else f"{value:,.6g}"


def _as_element(svg: str, name: str, curve: Curve) -> str:
    """Without what only a file needs, with variables for colours and a title for those who do not see it."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    for color, variable in COLORS.items():
        svg = svg.replace(color, variable)
    svg = re.sub(r"font-family: [^;\"]*; ?", "", svg)
    svg = re.sub(r" transform=\"rotate\(-?0 [^\"]*\"", "", svg)
    svg = re.sub(r"(\d\.\d\d)\d+", r"\1", svg).replace("xlink:href", "href")
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    known = [f"{day}: {value:,}" for day, value in zip(curve.days, curve.values, strict=True) if value is not None]
    about = f"From {known[0]} to {known[-1]}." if known else "Nothing is known of it."
    head = (
        f'<svg class="chart" viewBox="0 0 {INCHES[0] * 72:g} {INCHES[1] * 72:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-about"><title id="{name}-title">{escape(curve.title)}</title>'
        f'<desc id="{name}-about">{escape(about)}</desc>'
    )
    return head + svg[svg.index(">") + 1 :].replace('id="', f'id="{name}-').replace("url(#", f"url(#{name}-").replace(
        'href="#', f'href="#{name}-'
    )
