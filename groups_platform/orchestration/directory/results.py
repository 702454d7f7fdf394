"""What came of a day, as the UI shows it: materialisations of the tables, and their checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    DagsterLogManager,
    MaterializeResult,
)

from groups_platform.directory import checks as directory_checks
from groups_platform.directory import hierarchy, reports
from groups_platform.directory.change_words import KINDS, PLANNED, Mark
from groups_platform.directory.day_result import DayResult, TableChange
from groups_platform.directory.difference import Difference, difference_of_plan, read_changes_of_day
from groups_platform.directory.plan import SAMPLE_ROWS
from groups_platform.errors import DayHeld, IncompleteSnapshot
from groups_platform.orchestration.directory import metadata as shown
from groups_platform.orchestration.metadata import rows_table
from groups_platform.settings import Settings
from groups_platform.wording import counted

COMPLETE: Final = "complete_snapshot"
IS_COMPLETE: Final = "The delivery is a full snapshot: every file can be read, and groups and agents were accepted."
LIMITS: Final = "within_limits"
IS_WITHIN: Final = "The day changes no more than GROUPS_LIMITS allow, or somebody has approved what it changes."
NEWEST: Final = "day_is_newest"
IS_NEWEST: Final = "The day does not sort before the newest applied one, or was applied already."

OWN_CHECKS: Final = [
    AssetCheckSpec(COMPLETE, asset="groups", blocking=True, description=IS_COMPLETE),
    AssetCheckSpec(LIMITS, asset="groups", blocking=True, description=IS_WITHIN),
    AssetCheckSpec(NEWEST, asset="groups", description=IS_NEWEST),
]
SQL_CHECKS: Final = [
    AssetCheckSpec(check.name, asset=check.asset, blocking=check.is_blocking, description=check.promise)
    for check in directory_checks.all_checks()
]
# What the page of an asset shows of the changes of a day, by kind.
SHOWS_CHANGES: Final = {
    "groups": tuple(kind for kind in KINDS if kind not in PLANNED),
    "group_inactivity": ("groups_turned_inactive", "groups_turned_active"),
}
COUNTED: Final = {"group_membership": "memberships", "group_inactivity": "groups"}


@dataclass(frozen=True)
class LiveTables:
    """What the pages of several tables show, read once.

    totals: rows by table, as `count_directory.sql` names them. changes: what the day changed; None where that is not
    known. marks: the same of the groups of the tree. ui_url: where the UI is for people.
    """

    url: str
    totals: dict[str, int]
    tree: hierarchy.GroupTree
    ui_url: str = ""
    changes: Difference | None = None
    marks: dict[int, tuple[Mark, ...]] = field(default_factory=dict)


def read_live_tables(settings: Settings, url: str, result: DayResult | None = None) -> LiveTables:
    """The tables as they are, and what the day changed when it was applied, if the run was about a day."""
    tree = hierarchy.read_tree(url)
    if result is None:
        return LiveTables(url, reports.count_tables(url), tree, settings.ui_url)
    group_ids = [group.group_id for group in tree.groups]
    changes, marks = read_changes_of_day(url, result.label, shown.CHANGED_ROWS, group_ids)
    totals = result.totals or reports.count_tables(url)
    return LiveTables(url, totals, tree, settings.ui_url, changes, marks)


def log_outcome(log: DagsterLogManager, result: DayResult) -> None:
    """Say in the run's log what became of the day."""
    if not result.is_applied:
        log.warning(f"{result.label} is {_left_alone(result)}: the tables were left alone.")
        return
    if result.rows_written == 0:
        log.info(f"The tables showed {result.label} already: zero rows written.")
    log.info(f"findings: {', '.join(f'{code} {number}' for code, number in result.findings.items())}")


def materialised(
    key: AssetKey, change: TableChange, tables: LiveTables, result: DayResult | None = None
) -> MaterializeResult[None]:
    """A table after a run. A day that left the tables alone shows what it was, not what they are."""
    name = key.to_user_string()
    if result and result.newest_day:
        return MaterializeResult(asset_key=key, metadata=_as_of(name, result, tables))
    facts: dict[str, Any] = {"day": result.label, "is_applied": result.is_applied} if result else {}
    if name in SHOWS_CHANGES:
        title = f"What {result.label} changed" if result and tables.marks else ""
        facts["tree"] = shown.tree_picture(tables.tree, tables.marks, title)
    if result is not None and name == "groups":
        facts |= _figures(result.label, result.findings, tables.totals, tables.ui_url)
        if result.plan:
            facts |= {"plan": result.plan.id, "changes": shown.counts_table(result.plan.counts)}
    facts |= {**asdict(change), "rows_written": change.written, "dagster/row_count": tables.totals[_counted(name)]}
    facts |= {**_changes(name, tables), "preview": rows_table(reports.preview_table(tables.url, name))}
    return MaterializeResult(asset_key=key, metadata=facts)


def _as_of(name: str, result: DayResult, tables: LiveTables) -> dict[str, Any]:
    facts: dict[str, Any] = {"left_alone": _left_alone(result), "day": result.label, "is_applied": False}
    totals = reports.count_tables_as_of(tables.url, result.label)
    if totals is None:
        return facts | {"never_applied": "groups-platform replay folds the day in where it belongs."}
    if name == "groups":
        findings = reports.count_findings(tables.url, result.label)
        facts |= _figures(result.label, findings, totals, tables.ui_url)
    return facts | {"dagster/row_count": totals[_counted(name)], **_changes(name, tables)}


def _changes(name: str, tables: LiveTables) -> dict[str, Any]:
    """What the day changed when it was applied: a row for each change, and a number for each kind."""
    if name not in SHOWS_CHANGES or tables.changes is None:
        return {}
    kinds = SHOWS_CHANGES[name]
    numbers = {kind: tables.changes.counts.get(kind, 0) for kind in kinds}
    return {**numbers, "what_changed": shown.changes_table(tables.changes, kinds)}


def _figures(label: str, findings: dict[str, int], totals: dict[str, int], ui_url: str) -> dict[str, Any]:
    """Findings and rows after the day, each number by itself too, so that the UI draws its curve over the days."""
    return {
        "findings": shown.findings_table(findings),
        "all_findings": shown.findings_link(label, ui_url),
        "totals": totals,
        **shown.count_severities(findings),
        **totals,
        "active_groups": totals["groups"] - totals["inactive_groups"],
    }


def _counted(name: str) -> str:
    """The name of the number of rows of this table among the totals."""
    return COUNTED.get(name, name)


def _left_alone(result: DayResult) -> str:
    return f"older than {result.newest_day}, the newest applied day"


def refused(result: DayResult) -> Iterator[AssetCheckResult]:
    """The checks of a day that was not applied, as far as they were evaluated."""
    if isinstance(result.refusal, IncompleteSnapshot):
        yield complete(result.label, result.refusal)
    elif isinstance(result.refusal, DayHeld):
        yield complete(result.label, None)
        yield _within_limits(result)
    else:
        yield from sql_checks(result.label, result.checks)


def evaluated(result: DayResult) -> Iterator[AssetCheckResult]:
    """The checks of a day that was applied, or left alone because a newer one was."""
    yield _newest(result)
    if result.is_applied:
        yield complete(result.label, None)
        yield _within_limits(result)
        yield from sql_checks(result.label, result.checks)


def complete(label: str, refusal: IncompleteSnapshot | None) -> AssetCheckResult:
    """Whether the delivery of the day is a full snapshot."""
    return _own(COMPLETE, refusal is None, str(refusal or IS_COMPLETE), {}, label=label)


def _within_limits(result: DayResult) -> AssetCheckResult:
    facts: dict[str, Any] = {"limits": rows_table([excess.to_json() for excess in result.excesses])}
    if result.plan:
        facts |= {"plan": result.plan.id, "changes": shown.counts_table(result.plan.counts)}
        changes = difference_of_plan(result.label, result.plan.counts, result.plan.samples)
        for excess in result.excesses:
            facts[f"sample_{excess.limit}"] = shown.changes_table(changes, [excess.limit], SAMPLE_ROWS)
    if result.excesses and result.is_applied:
        sentence = "Limits are exceeded, and somebody has approved this very plan: " + "; ".join(
            excess.sentence for excess in result.excesses
        )
    else:
        sentence = str(result.refusal or IS_WITHIN)
    return _own(LIMITS, result.refusal is None, sentence, facts, label=result.label)


def _newest(result: DayResult) -> AssetCheckResult:
    is_fresh_and_late = result.newest_day is not None and result.applied_fingerprint is None
    sentence = IS_NEWEST
    if is_fresh_and_late:
        sentence = (
            f"{result.label} is {_left_alone(result)}, and was not applied: it is in the lake and in no table. "
            "groups-platform replay folds it in where it belongs; or deliver it under a label that sorts later."
        )
    return _own(NEWEST, not is_fresh_and_late, sentence, {}, AssetCheckSeverity.WARN, label=result.label)


def _own(
    name: str,
    passed: bool,
    sentence: str,
    facts: dict[str, Any],
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
    *,
    label: str,
) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=name,
        asset_key="groups",
        passed=passed,
        description=shown.about(label, sentence),
        severity=severity,
        metadata={"day": label, **facts},
    )


def sql_checks(label: str, results: tuple[directory_checks.CheckResult, ...]) -> Iterator[AssetCheckResult]:
    """The checks of `sql/checks`. label: the day after which, or on which, the tables were looked at."""
    for result in results:
        broken = "" if result.passed else _broken(result.failures)
        yield AssetCheckResult(
            check_name=result.name,
            asset_key=result.asset,
            passed=result.passed,
            severity=AssetCheckSeverity.ERROR if result.is_blocking else AssetCheckSeverity.WARN,
            description=shown.about(label, f"{broken}{result.promise} (looks at {result.looked_at})"),
            metadata={"day": label, "offending_rows": result.failures, "sample": rows_table(result.sample)},
        )


def _broken(rows: int) -> str:
    return f"{counted(rows, 'row')} {'breaks' if rows == 1 else 'break'} this promise: "
