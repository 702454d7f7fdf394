"""Runs that failed, as values for the alerts: which, of which day, and why in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta, timezone
from typing import Final

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.events import RunFailureReason
from dagster._core.storage.dagster_run import RunRecord
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG

from groups_platform.alerts.events import OUTCOMES, FailedRun
from groups_platform.directory.engine_errors import first_reason
from groups_platform.orchestration.directory.day_states import GONE, RETRY_TAG
from groups_platform.orchestration.directory.jobs import SYNC_JOB
from groups_platform.orchestration.directory.resources import DAY_TAG
from groups_platform.orchestration.instance import PARTITION_TAG

PAGE: Final = 100
OVERLAP: Final = timedelta(minutes=10)  # the clocks of hosts differ, and what was written first may be seen last

NO_STEP: Final = "The run failed before its first step; its log in the UI says why."
FAILURES: Final = {DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}


def find_failed_runs(
    instance: DagsterInstance,
    since: datetime,
    looked_until: datetime | None,
    find_told: Callable[[list[str]], Collection[str]],
) -> tuple[list[FailedRun], datetime]:
    """Runs that failed after `since` and were not told, PAGE of them or a few more, and up to when this has looked.

    looked_until: what an earlier call has returned. find_told: those of these runs that people know of.
    """
    now = datetime.now(timezone.utc)
    after, runs, is_end = max(since, looked_until or since).astimezone(timezone.utc), list[FailedRun](), False
    while len(runs) < PAGE and not is_end:
        records = instance.get_run_records(
            RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=after),
            limit=PAGE,
            order_by="update_timestamp",
            ascending=True,
        )
        fresh = [record.dagster_run for record in records if _ended_at(record) > since]
        told = find_told([run.run_id for run in fresh]) if fresh else ()
        runs += [_failed_run(instance, run) for run in fresh if run.run_id not in told]
        is_end = len(records) < PAGE
        after = max(after, now - OVERLAP) if is_end else records[-1].update_timestamp
    return runs, after


def why_failed(events: Iterable[DagsterEvent]) -> str:
    """Why a run failed, by its events: the sentence of a Failure, else the reason of the first step that failed."""
    for event in events:
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
            return f"{event.step_key} failed: {reason} The run's log in the UI has the full error."
    return NO_STEP


def _failed_run(instance: DagsterInstance, run: DagsterRun) -> FailedRun:
    entries = instance.get_records_for_run(run.run_id, of_type=FAILURES).records
    events = [entry.event_log_entry.dagster_event for entry in entries if entry.event_log_entry.dagster_event]
    facts = _facts(events)
    code, partition = facts.get("code"), run.tags.get(PARTITION_TAG)
    is_of_a_day = run.job_name == SYNC_JOB or code in OUTCOMES  # the partitions of other assets are months
    return FailedRun(
        run_id=run.run_id,
        what=_what(run),
        sentence=_sentence(run, events),
        code=code,
        sync_day=facts.get("sync_day") or (partition if is_of_a_day else None),
    )


def _sentence(run: DagsterRun, events: list[DagsterEvent]) -> str:
    sentence = why_failed(events)
    if sentence == NO_STEP:  # somebody else ended it, and says so
        said = [event.message for event in events if event.event_type is DagsterEventType.RUN_FAILURE and event.message]
        sentence = said[0] if said else sentence
    is_gone = run.tags.get(RUN_FAILURE_REASON_TAG, RunFailureReason.UNKNOWN.value) in GONE
    again = " The sensor new_sync_days runs it again, once." if run.job_name == SYNC_JOB else ""
    return f"{sentence}{again}" if is_gone and RETRY_TAG not in run.tags else sentence


def _facts(events: list[DagsterEvent]) -> dict[str, str]:
    """Code and facts of the error, as `orchestration.failures` writes them."""
    failures = [event.step_failure_data.user_failure_data for event in events if event.is_step_failure]
    return {
        name: str(value.value)
        for failure in failures
        if failure is not None
        for name, value in failure.metadata.items()
        if name in ("code", "sync_day")
    }


def _what(run: DagsterRun) -> str:
    job = "A run of assets" if run.job_name == IMPLICIT_ASSET_JOB_NAME else run.job_name
    about = run.tags.get(PARTITION_TAG) or run.tags.get(DAY_TAG)
    return f"{job} of {about}" if about else job


def _ended_at(record: RunRecord) -> datetime:
    return datetime.fromtimestamp(record.end_time, timezone.utc) if record.end_time else record.update_timestamp
