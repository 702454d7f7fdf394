"""Makes the page of a day, and the list of days, out of figures. The same figures make the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Final

from groups_platform.directory.change_words import IMPACT, KINDS, summed_up
from groups_platform.directory.days import DayStatus
from groups_platform.directory.findings import FindingCode
from groups_platform.report import words
from groups_platform.report.charts import Curve, draw_curve
from groups_platform.report.figures import AppliedDay, DayReport, FoundCode
from groups_platform.wording import counted, untwisted

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

LARGEST: Final = 1_900_000  # bytes
LONGEST_NAME: Final = 80  # signs
SMALL_TREE: Final = 60  # groups, up to which the whole tree is open
OPEN_ROWS: Final = 12  # of a kind of change, up to which it is open
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "memberships_added": ("agent", "group"),
    "memberships_removed": ("agent", "group"),
    "groups_renamed": ("group", "was", "is"),
    "groups_moved": ("group", "from", "to"),
    "agents_changed": ("agent", "was", "is"),
    **dict.fromkeys(IMPACT, ("group", "project", "holds")),
}
OPEN_FINDINGS: Final = 40  # of a day, up to which they are open


@dataclass(frozen=True)
class Card:
    """A figure of the tables, and what it was before; since: the difference, None where that is not known."""

    name: str
    figure: str
    value: int | None
    since: int | None


def render_page(report: DayReport) -> str:
    """The whole page of a day, as HTML that needs nothing else, of at most LARGEST bytes."""
    from markupsafe import Markup  # noqa: PLC0415

    curves = [(curve, Markup(draw_curve(curve))) for curve in _curves(report.curve)]
    html = _render(report, curves)
    while len(html.encode()) > LARGEST and (shorter := _shortened(report)) != report:
        report = shorter
        html = _render(report, curves)
    return html


def _shortened(report: DayReport) -> DayReport:
    """With half the samples, of which the page then says that they are not all."""
    changes = report.changes and replace(
        report.changes,
        changes=tuple(
            change for rows in map(report.changes.of, report.changes.counts) for change in rows[: len(rows) // 2]
        ),
    )
    findings = tuple(replace(code, sample=code.sample[: len(code.sample) // 2]) for code in report.findings)
    return replace(report, changes=changes, findings=findings)


def _render(report: DayReport, curves: Sequence[tuple[Curve, Markup]]) -> str:
    tree, found = report.tree, sum(code.rows for code in report.findings)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            state=words.STATES[report.status.state],
            commands=words.commands_for(report.status),
            summary=_summary(report),
            cards=_cards(report),
            most_open=0 if report.is_first else OPEN_ROWS,
            kinds=KINDS,
            codes={code.value: code.meaning for code in FindingCode},
            severities=_severities(report),
            findings_total=found,
            are_findings_open=found <= OPEN_FINDINGS,
            is_small=tree is not None and tree.shown <= SMALL_TREE,
            curves=curves,
            curve_rows=_as_rows([curve for curve, _ in curves]),
        )
    )


def render_index(statuses: Sequence[DayStatus], pages: Mapping[str, str]) -> str:
    """The list of days, the newest first. pages: by label, the names of the files that are beside it."""
    html = _environment().get_template("index.html.j2")
    return html.render(statuses=statuses[::-1], pages=pages, states=words.STATES)


def _cards(report: DayReport) -> list[Card]:
    shown, before = report.shown, report.before if report.is_applied else None
    if shown is None:
        return []
    names = {
        "groups": "groups",
        "active_groups": "active groups",
        "inactive_groups": "inactive groups",
        "memberships": "memberships",
        "agents": "agents",
        "active_agents": "active agents",
    }
    return [
        Card(name, figure, getattr(shown, figure), _since(getattr(shown, figure), getattr(before, figure, None)))
        for figure, name in names.items()
    ]


def _since(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def _curves(days: Sequence[AppliedDay]) -> list[Curve]:
    labels = [day.sync_day for day in days]
    figures = {
        "Records read": [day.read for day in days],
        "Findings": [day.findings for day in days],
        "Active groups": [day.active_groups for day in days],
        "Memberships": [day.memberships for day in days],
    }
    return [Curve(title, labels, values) for title, values in figures.items()] if days else []


def _as_rows(curves: Sequence[Curve]) -> list[tuple[str, list[float | None]]]:
    """The newest day first, with the value of each curve."""
    days = curves[0].days if curves else ()
    return [(day, [curve.values[place] for curve in curves]) for place, day in enumerate(days)][::-1]


def _summary(report: DayReport) -> str:
    """What the day changed and found, in one sentence."""
    if report.changes is None:
        return ""
    found = sum(code.rows for code in report.findings)
    findings = counted(found, "finding") if found else "No findings"
    what = "It would change" if report.is_planned else "It changed"
    return f"{what}: {summed_up(report.changes.counts) or 'nothing'}. {findings}."


def _severities(report: DayReport) -> list[tuple[str, str, list[FoundCode]]]:
    """The codes of the day by severity, with what that means."""
    by_severity = {name: [code for code in report.findings if code.severity == name] for name in words.SEVERITIES}
    return [(name, words.SEVERITIES[name], codes) for name, codes in by_severity.items() if codes]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only a page needs it

    environment = Environment(
        loader=PackageLoader("groups_platform.report", ""),
        autoescape=True,  # names come from outside
        finalize=untwisted,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: "–" if value is None else f"{value:,}",
        "signed": _signed,
        "cut": _cut,
        "utc": _utc,
        "columns": lambda kind: COLUMNS.get(kind, ("name",)),
        "limit": words.name_of_limit,
        "tone": lambda kind: "wait" if KINDS[kind].sign == "-" else "good",
    }
    return environment


def _signed(difference: int) -> str:
    return "no change" if difference == 0 else f"{'+' if difference > 0 else '−'}{abs(difference):,}"


def _cut(text: str, longest: int = LONGEST_NAME) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _utc(time: datetime) -> str:
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M}"
