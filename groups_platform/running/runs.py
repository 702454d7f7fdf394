"""Runs the jobs in this process, for the terminal; the runs show in the UI like any other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterInstance,
    Definitions,
    ExecuteInProcessResult,
    TableMetadataValue,
)
from dagster._core.utils import make_new_run_id

from groups_platform.database.connection import find_lost_connection, running_database
from groups_platform.directory.engine_errors import first_reason
from groups_platform.directory.reports import applied_days
from groups_platform.directory.source import in_natural_order, list_day
from groups_platform.errors import DatabaseUnavailable
from groups_platform.orchestration.directory.definitions import build_directory_defs
from groups_platform.orchestration.directory.jobs import CHECKS_JOB, SYNC_JOB
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.directory.resources import DAY_TAG
from groups_platform.orchestration.directory.stages import Stage, stage_of
from groups_platform.orchestration.instance import FINGERPRINT_TAG, end_dead_runs, open_instance
from groups_platform.orchestration.storage import give_up_early
from groups_platform.running.progress import PROGRESS
from groups_platform.settings import Settings

APPLIED = (
    "It was applied and its tables are complete, but the run ended before it could say so. "
    "Run it again to have the run's record too; that writes zero rows."
)
UNKNOWN = (
    "Postgres went away while it was applied, and whether the commit went through is not known: the tables show either "
    "all of it or nothing. Run it again: it writes zero rows if it had been applied."
)


@dataclass(frozen=True)
class CheckOutcome:
    """One evaluated check. is_error: failing it fails CI."""

    asset: str
    name: str
    passed: bool
    is_error: bool
    description: str


@dataclass(frozen=True)
class RunSummary:
    """What a run did, as its materialisations and checks say. message: why it failed, one sentence.

    records: read, accepted and rejected for groups and agents. changes: inserted, updated, deleted and unchanged rows
    per table. left_alone: why the tables were not touched. is_applied: whether the day's transaction was committed,
    which a run that failed later does not undo; None where Postgres went away in it and cannot be asked.
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

    @property
    def rows_written(self) -> int:
        """Rows of all tables that the run inserted, updated or deleted."""
        return sum(change["rows_written"] for change in self.changes.values())


def open_for_terminal(settings: Settings) -> DagsterInstance:
    """The instance that the UI shows, for somebody who waits: without Postgres it gives up after some seconds."""
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
    """Run every check on one day, changing nothing."""
    return _run(instance, CHECKS_JOB, label, settings, {DAY_TAG: label})


def _run(
    instance: DagsterInstance, job: str, label: str, settings: Settings, tags: dict[str, str], **options: Any
) -> RunSummary:
    started, run_id = time.monotonic(), make_new_run_id()
    try:
        result = (
            Definitions.merge(build_directory_defs(), PROGRESS)
            .resolve_job_def(job)
            .execute_in_process(
                instance=instance,
                run_config={
                    "resources": {"platform": {"config": {"source": settings.source}}},
                    "loggers": {"console": {"config": {}}},
                },
                tags=tags,
                raise_on_error=False,
                run_id=run_id,
                **options,
            )
        )
    except Exception as error:  # Dagster could not write down how it ended
        lost = find_lost_connection(error, is_embedded=settings.database_url is None)
        if lost is None:
            raise
        summary = _with_outcome(RunSummary(label, run_id, succeeded=False, seconds=0.0, message=str(lost)), settings)
        if summary.is_applied is False:
            summary = replace(summary, message=f"{lost} Nothing was applied.")
    else:
        summary = _with_outcome(_summary(label, result), settings)
    return replace(summary, seconds=round(time.monotonic() - started, 2))


def _with_outcome(summary: RunSummary, settings: Settings) -> RunSummary:
    """Whether the tables show the day, also where the run failed: a commit counts, whatever came after it."""
    stage = stage_of(summary.run_id)
    if stage is Stage.WITHIN:
        is_applied = _is_recorded(summary, running_database(settings))
        message = summary.message if is_applied is False else ""
    else:
        is_applied, message = stage is Stage.AFTER and not summary.left_alone, summary.message
    if summary.succeeded or is_applied is False:
        return replace(summary, is_applied=is_applied)
    outcome, cause = APPLIED if is_applied else UNKNOWN, f" It ended with: {message}" if message else ""
    return replace(summary, is_applied=is_applied, message=outcome + cause)


def _is_recorded(summary: RunSummary, url: str | None) -> bool | None:
    """Whether the database says that this run applied its day; None when it does not answer."""
    try:
        return any(day["run_id"] == summary.run_id for day in applied_days(url)) if url else None
    except (DatabaseUnavailable, psycopg.OperationalError):
        return None


def _summary(label: str, result: ExecuteInProcessResult) -> RunSummary:
    facts: dict[str, dict[str, Any]] = {
        event.asset_key.to_user_string(): {
            name: value.records if isinstance(value, TableMetadataValue) else value.value
            for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    kinds = {"groups": facts.get("raw_groups"), "agents": facts.get("raw_agents")}
    tables = ("agents", "groups", "group_membership", "group_inactivity")
    columns = ("inserted", "updated", "deleted", "unchanged", "rows_written")
    groups = facts.get("groups", {})
    in_files: dict[str, int] = {}
    for raw in filter(None, kinds.values()):
        for code, number in _counts(raw).items():
            in_files[code] = in_files.get(code, 0) + number
    return RunSummary(
        sync_day=label,
        run_id=result.run_id,
        succeeded=result.success,
        seconds=0.0,
        message="" if result.success else _why(result),
        left_alone=groups.get("left_alone", ""),
        records={
            kind: {name: raw[name] for name in ("read", "accepted", "rejected")} for kind, raw in kinds.items() if raw
        },
        findings=_counts(groups) or in_files,
        changes={table: {name: facts[table][name] for name in columns} for table in tables if table in facts},
        totals=groups.get("totals", {}),
        checks=tuple(map(_outcome, result.get_asset_check_evaluations())),
    )


def _counts(facts: dict[str, Any]) -> dict[str, int]:
    records = facts.get("findings", [])
    if isinstance(records, str):  # what `rows_table` says where there are none
        return {}
    return {record.data["code"]: int(record.data["findings"]) for record in records}


def _outcome(check: AssetCheckEvaluation) -> CheckOutcome:
    return CheckOutcome(
        asset=check.asset_key.to_user_string(),
        name=check.check_name,
        passed=check.passed,
        is_error=check.severity is AssetCheckSeverity.ERROR,
        description=check.description or "",
    )


def _why(result: ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return str(failure.user_failure_data.description)
            error = failure.error
            while error and error.cause:
                error = error.cause
            if error and error.cls_name == "DagsterExecutionInterruptedError":
                return f"It was stopped at {event.step_key}, and what was not committed is undone. Run it again."
            reason = first_reason(error.message if error else "")
            return f"{event.step_key} failed: {reason} The run's log in the UI has the whole of it."
    return "The run failed before its first step; its log in the UI says why."


def natural_days(labels: tuple[str, ...]) -> list[str]:
    """The labels as they are to be run: each once, in natural order."""
    return in_natural_order(set(labels))
