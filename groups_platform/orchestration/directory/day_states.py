"""What there is of each day, of three sides: the source's folders, the tables, and the runs that Dagster knows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.events import RunFailureReason
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG

from groups_platform.directory.days import DayRun, DayStatus, Folder, describe_days, find_open, read_known_days
from groups_platform.directory.source import SourceListing
from groups_platform.orchestration.directory.jobs import SYNC_JOB
from groups_platform.orchestration.directory.planner import Sighting, counts_when, is_ready, sight
from groups_platform.orchestration.instance import FINGERPRINT_TAG, OWN_TAG, PARTITION_TAG, own_tag

RETRY_TAG: Final = f"{OWN_TAG}retry_of"  # of the second try: the run whose process was gone
DECISION_TAG: Final = f"{OWN_TAG}decision"  # of a run for an approved plan: the decision's id

# Why a run failed that its process left: killed (somebody else says so then, mostly without a reason: the code server
# or `end_dead_runs`), told to end by its host, or never begun. What fails by itself has another reason.
GONE: Final = {
    RunFailureReason.UNKNOWN.value,
    RunFailureReason.UNEXPECTED_TERMINATION.value,
    RunFailureReason.START_TIMEOUT.value,
}


def find_day_states(
    instance: DagsterInstance,
    url: str,
    listing: SourceListing,
    quiet_seconds: float,
    seen: Mapping[str, Sighting] | None = None,
) -> list[DayStatus]:
    """What there is of every folder of the source, in as many queries for a thousand days as for one.

    quiet_seconds: see `planner.is_ready`. seen: by `planner.sight`, what the ticks before saw; None where none did.
    """
    now = time.time()
    seen = sight(listing.days, {}, now) if seen is None else seen
    folders = [
        Folder(
            day.label,
            day.fingerprint,
            is_ready(day, seen[day.label], now, quiet_seconds),
            counts_when=counts_when(day, quiet_seconds),
        )
        for day in listing.days
    ]
    folders += [Folder(label, problem=problem) for label, problem in listing.broken.items()]
    known = read_known_days(url)
    return describe_days(folders, listing.ignored, known, find_runs(instance, find_open(folders, known)))


def find_runs(instance: DagsterInstance, labels: list[str]) -> dict[str, DayRun]:
    """By label, the newest run of each of these days, and of any day the one that is in progress."""
    runs: dict[str, DayRun] = {}
    if labels:
        for run in instance.get_runs(RunsFilter(job_name=SYNC_JOB, tags={PARTITION_TAG: labels})):  # newest first
            runs.setdefault(run.tags[PARTITION_TAG], _day_run(run))
    for run in instance.get_runs(RunsFilter(statuses=list(NOT_FINISHED_STATUSES))):
        if run.job_name in (SYNC_JOB, IMPLICIT_ASSET_JOB_NAME) and PARTITION_TAG in run.tags:
            runs[run.tags[PARTITION_TAG]] = _day_run(run)
    return runs


def _day_run(run: DagsterRun) -> DayRun:
    decision_id = own_tag(run, DECISION_TAG)
    return DayRun(
        run_id=run.run_id,
        fingerprint=own_tag(run, FINGERPRINT_TAG),
        is_in_progress=not run.is_finished,
        has_failed=run.is_finished and run.status is not DagsterRunStatus.SUCCESS,
        is_gone=run.status is DagsterRunStatus.FAILURE
        and run.tags.get(RUN_FAILURE_REASON_TAG, RunFailureReason.UNKNOWN.value) in GONE,
        is_retry=own_tag(run, RETRY_TAG) is not None,
        decision_id=None if decision_id is None else int(decision_id),
    )
