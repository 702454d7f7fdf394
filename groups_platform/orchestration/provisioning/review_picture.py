"""What projects hold that nobody active owns, as a picture: a line per project. Light, or dark where preferred."""

from __future__ import annotations

from collections.abc import Sequence

from groups_platform.orchestration.group_service.svg import FAINT, INK, LETTER, MARGIN, QUIET, amount, box, card, text
from groups_platform.provisioning.review.types import UnownedProject

GIB = 1024**3
LINE, BAR, GAP = 24, 110, 70
MOST_LETTERS = 44
PANELS = (
    ("kernels", "#2563eb"),
    ("CPU cores", "#7c3aed"),
    ("memory GiB", "#059669"),
    ("GPUs", "#d97706"),
    ("folders", "#db2777"),
)
DARK = (
    "<style>@media (prefers-color-scheme: dark) {"
    f'rect[fill="white"] {{ fill: {INK}; stroke: #374151 }} text[fill="{INK}"] {{ fill: {FAINT} }} '
    f'text[fill="{QUIET}"] {{ fill: #9ca3af }} }}</style>'
)


def draw_unowned(projects: Sequence[UnownedProject], known: int) -> str:
    """A line per project, in the order given; the longest bar of a panel fills it. known: how many there are."""
    names = [_short(f"{project.domain_name}/{project.project_name}") for project in projects]
    sizes = [(own.kernels, own.cpu, own.mem / GIB, own.gpu, own.folders) for own in projects]
    largest = [max((size[panel] for size in sizes), default=0) or 1 for panel in range(len(PANELS))]
    left = 2 * MARGIN + LETTER * max(map(len, names), default=24)
    parts = [DARK, *(text(left + panel * (BAR + GAP), 22, title, QUIET) for panel, (title, _) in enumerate(PANELS))]
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        y = 48 + number * LINE
        parts.append(text(MARGIN, y, name))
        for panel, (_, colour) in enumerate(PANELS):
            x, width = left + panel * (BAR + GAP), size[panel] / largest[panel] * BAR
            parts += [box(x, y - 11, width, 14, f'fill="{colour}" rx="2"')] if width else []
            parts.append(text(x + width + 6, y, amount(size[panel]), QUIET))
    rest = f"… and {known - len(names)} more projects" if known > len(names) else "" if names else "nothing is held"
    if rest:
        parts.append(text(MARGIN, 48 + len(names) * LINE, rest, QUIET))
    lines = len(names) + bool(rest)
    return card(left + len(PANELS) * (BAR + GAP), 48 + (lines - 1) * LINE + MARGIN, parts)


def _short(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else "…" + name[1 - MOST_LETTERS :]
