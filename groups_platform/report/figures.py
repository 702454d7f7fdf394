"""All the figures of a day's page, read in one transaction; nothing that grows with the tables comes to Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from psycopg import IsolationLevel, sql
from psycopg.rows import class_row, dict_row

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.days import DayState, DayStatus, Folder, KnownDay, describe_days
from groups_platform.directory.difference import Difference, Samples, difference_of_plan, find_changes, read_changes
from groups_platform.directory.findings import FindingCode
from groups_platform.errors import UnknownSyncDay
from groups_platform.report.tree import GroupTree, read_tree

CURVE_DAYS: Final = 90
SAMPLE_ROWS: Final = 100  # of a kind of change; as many as a plan keeps
FINDING_ROWS: Final = 25  # of a code
DECISIONS: Final = 50
LONGEST_TEXT: Final = 300  # signs of a detail, and of a record's text

REPLAY: Final = "replay"  # is approved like a day, and is none
# A day in one of these changed nothing by its newest content: its page shows what it would change.
WOULD: Final = frozenset({DayState.HELD, DayState.REJECTED, DayState.SKIPPED, DayState.LATE, DayState.WAITING})

Row = TypeVar("Row")


@dataclass(frozen=True)
class Records:
    """How many records of a day's files were read, accepted and rejected. None: they were not counted."""

    groups_read: int | None
    groups_accepted: int | None
    groups_rejected: int | None
    agents_read: int | None
    agents_accepted: int | None
    agents_rejected: int | None

    @property
    def read(self) -> int | None:
        """Records of groups and agents."""
        return None if self.groups_read is None or self.agents_read is None else self.groups_read + self.agents_read

    @property
    def rejected(self) -> int | None:
        """Those of them that were rejected."""
        known = self.groups_rejected is not None and self.agents_rejected is not None
        return (self.groups_rejected or 0) + (self.agents_rejected or 0) if known else None


@dataclass(frozen=True)
class AppliedDay(Records):
    """An applied day: records of its files, its findings, and rows that were stored after it.

    None: it was not counted, or the histories begin with a later day.
    """

    sync_day: str
    applied_at: datetime
    findings: int | None
    groups: int | None
    inactive_groups: int | None
    memberships: int | None
    agents: int | None
    active_agents: int | None

    @property
    def active_groups(self) -> int | None:
        """Groups that are not inactive."""
        return None if self.groups is None or self.inactive_groups is None else self.groups - self.inactive_groups


@dataclass(frozen=True)
class Finding:
    """A finding, with the names of its group and agent. is_cut: `raw` is the beginning of the record's text."""

    file: str | None
    position: int | None
    group_id: int | None
    group_name: str | None
    agent_id: int | None
    agent_name: str | None
    detail: str | None
    raw: str | None
    is_cut: bool | None


@dataclass(frozen=True)
class FoundCode:
    """A code that the day has: how many findings, and the first of them."""

    code: str
    severity: str
    rows: int
    sample: tuple[Finding, ...]


@dataclass(frozen=True)
class Decision:
    """What somebody decided about the day."""

    decision: str
    plan_id: str | None
    decided_by: str
    reason: str
    decided_at: datetime


@dataclass(frozen=True)
class Plan:
    """The plan of the day's newest attempt. excesses, samples: as the table of plans has them."""

    plan_id: str
    outcome: str
    counts: Mapping[str, int]
    excesses: Sequence[Mapping[str, Any]]
    samples: Samples


@dataclass(frozen=True)
class DayReport:
    """Everything that the page of a day says.

    status: what became of it. shown: the applied day whose tables the page shows, which is the day itself, or the
    newest applied one before a day that is not applied; None before the first. before: the applied day before `shown`,
    or, of a day that is not applied, `shown`. records: of what was delivered last; None where it was not counted.
    curve: the newest CURVE_DAYS applied days up to the day, oldest first. is_planned: the changes are those that the
    day would make. changes: at most SAMPLE_ROWS of a kind; None where they are not known.
    """

    day: str
    status: DayStatus
    shown: AppliedDay | None
    before: AppliedDay | None
    records: Records | None
    curve: tuple[AppliedDay, ...]
    is_planned: bool
    plan: Plan | None
    changes: Difference | None
    findings: tuple[FoundCode, ...]
    tree: GroupTree | None
    decisions: tuple[Decision, ...]

    @property
    def is_applied(self) -> bool:
        """Whether the tables had content of this day, be it an earlier one than was delivered last."""
        return self.shown is not None and self.shown.sync_day == self.day

    @property
    def is_first(self) -> bool:
        """Whether nothing was applied before it."""
        return self.is_applied and self.before is None

    def to_json(self) -> dict[str, Any]:
        """Its figures without samples and without the tree."""
        totals = ("groups", "active_groups", "inactive_groups", "memberships", "agents", "active_agents")
        return {
            "day": self.day,
            "state": self.status.state.value,
            "sentence": self.status.sentence,
            "shown_day": self.shown and self.shown.sync_day,
            "day_before": self.before and self.before.sync_day,
            "totals": {name: getattr(self.shown, name) for name in totals} if self.shown else None,
            "records": {field.name: getattr(self.records, field.name) for field in fields(Records)}
            if self.records
            else None,
            "is_planned": self.is_planned,
            "plan": self.plan and self.plan.plan_id,
            "changes": self.changes and self.changes.counts,
            "findings": {code.code: code.rows for code in self.findings},
            "decisions": len(self.decisions),
        }


def read_statuses(url: str) -> list[DayStatus]:
    """What the tables alone say of every day that they know, in the order of the days."""
    with connect(url) as connection:
        return _statuses(connection)


def newest_day(statuses: Sequence[DayStatus]) -> str:
    """The newest day of which there is anything to tell. Raises UnknownSyncDay where there is none."""
    if not statuses:
        raise UnknownSyncDay("No sync day was read yet, so there is nothing to report. Run groups-platform sync --all.")
    return statuses[-1].label


def read_report(url: str, day: str, status: DayStatus | None = None) -> DayReport:
    """The figures of the day, of one moment.

    status: what is known of it besides the tables, such as a run that failed before it came to them. Raises
    UnknownSyncDay for a day of which nothing is known, DatabaseUnavailable.
    """
    with connect(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        status = status or _find_status(connection, day)
        key = {"sync_day": day, "sort_key": natural_key(day)}
        curve = _rows(connection, "read_days", AppliedDay, **key, limit=CURVE_DAYS + 1)
        shown = curve[-1] if curve else None
        is_applied = shown is not None and shown.sync_day == day
        before = shown if not is_applied else curve[-2] if len(curve) > 1 else None
        plan = next(iter(_rows(connection, "read_plan", Plan, sync_day=day)), None)
        tried = next(iter(_rows(connection, "read_records", Records, sync_day=day)), None)
        is_planned = plan is not None and plan.outcome != "applied" and status.state in WOULD
        report = DayReport(
            day=day,
            status=status,
            shown=shown,
            before=before,
            records=shown if is_applied and status.state is DayState.APPLIED else tried,
            curve=tuple(curve[-CURVE_DAYS:]),
            is_planned=is_planned,
            plan=plan,
            changes=None,
            findings=_findings(connection, day),
            tree=None,
            decisions=tuple(_rows(connection, "read_decisions", Decision, sync_day=day, limit=DECISIONS)),
        )
        return _with_tables(connection, report) if shown else report


def _with_tables(connection: Connection, report: DayReport) -> DayReport:
    """With what changed, and the tree, for which tables of this transaction are made."""
    assert report.shown is not None
    _run(connection, "create_tables", sync_day=report.shown.sync_day)
    changes = _changes(connection, report)
    is_marked = changes is not None and not report.is_first
    tree = read_tree(connection, report.shown.sync_day, is_marked=is_marked, is_planned=report.is_planned)
    return replace(report, changes=changes, tree=tree)


def _changes(connection: Connection, report: DayReport) -> Difference | None:
    """What changed, which is in `day_change` too; None where nobody knows what did, or nothing could."""
    plan = report.plan if report.is_planned else None
    is_in_histories = report.is_applied and not (report.before and report.before.groups is None)  # they may begin later
    if plan or not is_in_histories:
        plan_id = plan.plan_id if plan else None  # of none there are no rows
        _run(connection, "find_planned_changes", sync_day=report.day, plan_id=plan_id)
        return difference_of_plan(report.day, plan.counts, plan.samples) if plan else None
    first = report.before.sync_day if report.before else None
    find_changes(connection, first, report.day)
    return read_changes(connection, first, report.day, of_each=SAMPLE_ROWS)


def _findings(connection: Connection, day: str) -> tuple[FoundCode, ...]:
    rows = _dicts(connection, "read_findings", sync_day=day, limit=FINDING_ROWS, longest=LONGEST_TEXT)
    found: dict[str, FoundCode] = {}
    for row in rows:
        code, severity, number = (row.pop(name) for name in ("code", "severity", "rows"))
        known = found.get(code, FoundCode(code, severity, number, ()))
        found[code] = replace(known, sample=(*known.sample, Finding(**row)))
    order = {code.value: place for place, code in enumerate(FindingCode)}
    return tuple(sorted(found.values(), key=lambda code: (code.severity, order.get(code.code, len(order)))))


def _find_status(connection: Connection, day: str) -> DayStatus:
    statuses = _statuses(connection)
    found = next((status for status in statuses if status.label == day), None)
    if found is None:
        known = ", ".join(status.label for status in statuses[-10:]) or "none"
        raise UnknownSyncDay(f"Nothing is known of {day}. The newest days: {known}.", sync_day=day)
    return found


def _statuses(connection: Connection) -> list[DayStatus]:
    with connection.cursor(row_factory=class_row(KnownDay)) as cursor:
        days = cursor.execute(read_sql("directory/read_known_days")).fetchall()
    known = {day.sync_day: day for day in days if day.sync_day != REPLAY}
    return describe_days([Folder(label) for label in known], (), known, {})


def _rows(connection: Connection, name: str, of: type[Row], **parameters: Any) -> list[Row]:
    with connection.cursor(row_factory=class_row(of)) as cursor:
        return cursor.execute(read_sql(f"report/{name}"), parameters).fetchall()


def _dicts(connection: Connection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"report/{name}"), parameters).fetchall()


def _run(connection: Connection, name: str, **values: str | int | None) -> None:
    """Run a file of several statements, which take no parameters: the values are written into it as literals."""
    literals = {key: sql.Literal(value) for key, value in values.items()}
    connection.execute(read_sql(f"report/{name}").format(**literals))
