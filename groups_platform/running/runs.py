"""Runs the jobs in this process, for the command line; the UI shows the runs like any other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import psycopg
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetKey,
    DagsterInstance,
    Definitions,
)
from dagster._core.utils import make_new_run_id

from groups_platform.database.connection import find_lost_connection, open_database, running_database
from groups_platform.directory.day_names import in_natural_order
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.days import DayState, DayStatus
from groups_platform.directory.guard import Excess
from groups_platform.directory.plan import Plan
from groups_platform.directory.replay import LABEL, ReplayResult
from groups_platform.directory.reports import applied_days
from groups_platform.directory.snapshot import AGENTS, GROUPS, SnapshotCounts
from groups_platform.directory.source import list_day, list_source
from groups_platform.directory.spark import prepare_spark
from groups_platform.errors import DatabaseUnavailable, UnknownSyncDay
from groups_platform.masking import mask_text
from groups_platform.orchestration.alerts.failed_runs import why_failed
from groups_platform.orchestration.directory.day_states import find_day_states
from groups_platform.orchestration.directory.definitions import build_directory_defs
from groups_platform.orchestration.directory.jobs import CHECKS_JOB, PLAN_JOB, REPLAY_JOB, SYNC_JOB
from groups_platform.orchestration.directory.outcomes import Stage, take_outcome
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.directory.resources import DAY_TAG, Platform
from groups_platform.orchestration.instance import FINGERPRINT_TAG, end_dead_runs, open_instance
from groups_platform.orchestration.storage import give_up_early
from groups_platform.running.progress import PROGRESS
from groups_platform.running.steps import PREPARING, STEPS, step
from groups_platform.settings import Settings

APPLIED = (
    "It was applied and its tables are complete, but the run ended before it could say so. "
    "Run it again for a complete record of the run; that writes zero rows."
)
UNKNOWN = (
    "Postgres went away while it was applied, and whether the commit went through is not known: either all of it was "
    "applied or nothing. Run it again: it writes zero rows if it had been applied."
)


@dataclass(frozen=True)
class CheckOutcome:
    """One evaluated check. is_error: its failure makes `groups-platform checks` exit 1."""

    asset: str
    name: str
    passed: bool
    is_error: bool
    description: str


@dataclass(frozen=True)
class RunSummary:
    """The result of a run. message: why it failed, in one sentence.

    records: read, accepted and rejected for groups and agents. changes: inserted, updated, deleted and unchanged rows
    per table. left_alone: why the tables were not touched. is_applied: whether the day's transaction was committed,
    which a run that failed later does not undo; None where Postgres went away in it and cannot be asked.
    plan, excesses: what the day changes, or would change, and the limits that this exceeds.
    """

    sync_day: str
    run_id: str
    succeeded: bool
    seconds: float
    message: str = ""
    left_alone: str = ""
    records: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    checks: tuple[CheckOutcome, ...] = ()
    is_applied: bool | None = False
    plan: Plan | None = None
    excesses: tuple[Excess, ...] = ()
    replay: ReplayResult | None = None

    @property
    def rows_written(self) -> int:
        """Rows inserted, updated or deleted in all tables."""
        return sum(change["rows_written"] for change in self.changes.values())


def open_for_terminal(settings: Settings) -> DagsterInstance:
    """Open the instance that the UI shows, for a command: it gives up after a few seconds without Postgres."""
    instance = open_instance(settings)
    give_up_early(instance)
    return instance


def sync_day(settings: Settings, instance: DagsterInstance, label: str) -> RunSummary:
    """Run the job `sync_day` for one day of the settings' source. Raises UnknownSyncDay, SourceUnavailable."""
    day = list_day(settings.source, label)
    register_days(instance, [label])
    end_dead_runs(instance)
    return _run(instance, SYNC_JOB, label, settings, {FINGERPRINT_TAG: day.fingerprint}, partition_key=label)


def check_day(settings: Settings, instance: DagsterInstance, label: str) -> RunSummary:
    """Run every check on one day without changing anything. Raises UnknownSyncDay, SourceUnavailable."""
    is_applied = label in [day["sync_day"] for day in applied_days(open_database(settings))]
    # a day that was read and not applied has checks too
    if not is_applied and label not in instance.get_materialized_partitions(AssetKey(GROUPS.name)):
        list_day(settings.source, label)
        raise UnknownSyncDay(f"{label} was never read. Run groups-platform sync --day {label} first.", sync_day=label)
    end_dead_runs(instance)
    return _run(instance, CHECKS_JOB, label, settings, {DAY_TAG: label})


def plan_day(settings: Settings, instance: DagsterInstance, label: str) -> RunSummary:
    """Run the job `plan_day`, changing nothing. Raises UnknownSyncDay, SourceUnavailable."""
    list_day(settings.source, label)
    end_dead_runs(instance)
    ops = {PLAN_JOB: {"config": {"day": label}}}
    return _run(instance, PLAN_JOB, label, settings, {DAY_TAG: label}, ops=ops)


def describe_source(settings: Settings, instance: DagsterInstance) -> list[DayStatus]:
    """What there is of each folder of the source. Raises SourceUnavailable, DatabaseUnavailable."""
    listing = list_source(settings.source)
    end_dead_runs(instance)
    return find_day_states(instance, open_database(settings), listing, settings.quiet_seconds)


def find_days_to_sync(settings: Settings, instance: DagsterInstance) -> list[str]:
    """Labels of the days of the source, in natural order, without those that are rejected or skipped."""
    left_out = {DayState.REJECTED, DayState.SKIPPED, DayState.IGNORED}
    return [day.label for day in describe_source(settings, instance) if day.state not in left_out]


def replay_days(settings: Settings, instance: DagsterInstance, from_day: str | None = None) -> RunSummary:
    """Run the job `replay_days`; the summary's `replay` says what it did."""
    end_dead_runs(instance)
    ops = {REPLAY_JOB: {"config": {"from_day": from_day}}}
    return _run(instance, REPLAY_JOB, LABEL, settings, {}, ops=ops)


def _run(
    instance: DagsterInstance,
    job: str,
    label: str,
    settings: Settings,
    tags: dict[str, str],
    *,
    ops: Mapping[str, Any] | None = None,
    **options: Any,
) -> RunSummary:
    started, run_id = time.monotonic(), make_new_run_id()
    platform, config = Platform(source=settings.source), {"platform": {"config": {"source": settings.source}}}
    if mask_text(settings.source) != settings.source:
        config = {}  # the UI shows the configuration of a run
    definitions = Definitions.merge(build_directory_defs({"platform": platform}), PROGRESS)
    _start_spark(settings)
    STEPS.begin(PREPARING)
    try:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_config={"resources": config, "loggers": {"console": {"config": {}}}, "ops": ops or {}},
            tags=tags,
            raise_on_error=False,
            run_id=run_id,
            **options,
        )
    except Exception as error:  # Dagster could not store how the run ended
        lost = find_lost_connection(error, is_embedded=settings.database_url is None)
        if lost is None:
            raise
        summary = _summary(label, run_id, settings, message=str(lost))
        if summary.is_applied is False:
            summary = replace(summary, message=f"{lost} Nothing was applied.")
    else:
        checks = tuple(map(_check_outcome, result.get_asset_check_evaluations()))
        why = "" if result.success else why_failed(result.all_events)
        summary = _summary(label, run_id, settings, checks, message=why)
    finally:
        STEPS.close()
    return replace(summary, seconds=round(time.monotonic() - started, 2))


def _start_spark(settings: Settings) -> None:
    """Start the embedded engine, which takes seconds the first time; where it does not start, the run says why."""
    if settings.spark_master or settings.spark_remote:
        return
    with suppress(Exception), step("starting Spark"):
        prepare_spark(settings)


def _summary(
    label: str, run_id: str, settings: Settings, checks: tuple[CheckOutcome, ...] = (), *, message: str
) -> RunSummary:
    """Return the summary of the run. message: why it failed, empty if it succeeded."""
    outcome = take_outcome(run_id)
    raw = outcome.records
    day = outcome.day or DayResult(label, is_applied=False)
    summary = RunSummary(
        sync_day=label,
        run_id=run_id,
        succeeded=not message,
        seconds=0.0,
        message=message,
        left_alone=f"older than {day.newest_day}, the newest applied day" if day.newest_day else "",
        records={kind.format.wrapper: _records(raw[kind.name]) for kind in (GROUPS, AGENTS) if kind.name in raw},
        findings=day.findings or _add_up(counts.findings for counts in raw.values()),
        changes={table: asdict(change) | {"rows_written": change.written} for table, change in day.changes.items()},
        totals=day.totals,
        checks=checks,
        plan=outcome.replay.plan if outcome.replay else day.plan,
        excesses=outcome.replay.excesses if outcome.replay else day.excesses,
        replay=outcome.replay,
    )
    is_applied = _is_applied(outcome.stage, run_id, settings)
    if summary.succeeded or is_applied is False:
        return replace(summary, is_applied=is_applied)
    if outcome.stage is Stage.WITHIN:
        message = ""  # UNKNOWN says already that Postgres went away
    cause = f" It ended with: {message}" if message else ""
    return replace(summary, is_applied=is_applied, message=(APPLIED if is_applied else UNKNOWN) + cause)


def _is_applied(stage: Stage, run_id: str, settings: Settings) -> bool | None:
    """Whether the day's transaction was committed, even if the run failed later.

    None if Postgres stopped during the transaction and does not answer.
    """
    if stage is not Stage.WITHIN:
        return stage is Stage.AFTER
    url = running_database(settings)
    try:
        return any(day["run_id"] == run_id for day in applied_days(url)) if url else None
    except (DatabaseUnavailable, psycopg.OperationalError):
        return None


def _records(counts: SnapshotCounts) -> dict[str, int]:
    return {"read": counts.read, "accepted": counts.accepted, "rejected": counts.rejected}


def _add_up(counted: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counts in counted:
        total.update(counts)
    return dict(total)


def _check_outcome(check: AssetCheckEvaluation) -> CheckOutcome:
    return CheckOutcome(
        asset=check.asset_key.to_user_string(),
        name=check.check_name,
        passed=check.passed,
        is_error=check.severity is AssetCheckSeverity.ERROR,
        description=check.description or "",
    )


def natural_days(labels: tuple[str, ...]) -> list[str]:
    """Return the distinct labels in natural order."""
    return in_natural_order(set(labels))
