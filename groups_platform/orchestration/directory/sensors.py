"""The sensor that reacts to new or changed sync-day folders: it lists, `planner` decides, Dagster runs."""

import json
import time

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from groups_platform.directory.source import SyncDay, list_day, list_days
from groups_platform.errors import PlatformError
from groups_platform.orchestration.directory.jobs import SYNC_JOB
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.directory.planner import DayState, Sighting, plan_next_day
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.instance import FINGERPRINT_TAG, PARTITION_TAG, end_dead_runs


@sensor(
    name="new_sync_days",
    job_name=SYNC_JOB,
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.RUNNING,
    description=(
        "Looks for sync-<day> folders in the source and runs sync_day for each, one at a time and in natural order. "
        "A folder counts when it has a _SUCCESS that is newer than its files, or nothing in it has changed for "
        "GROUPS_QUIET_SECONDS; changed content runs again."
    ),
)
def new_sync_days(context: SensorEvaluationContext, platform: Platform) -> SensorResult | SkipReason:
    """One tick: list, plan, request at most one day."""
    try:
        settings = platform.settings
        source = settings.source
        days = [list_day(source, label) for label in list_days(source)]
    except PlatformError as error:
        return SkipReason(str(error))
    end_dead_runs(context.instance)
    register_days(context.instance, (day.label for day in days))
    states = {day.label: find_state(context.instance, day) for day in days}
    plan = plan_next_day(days, read_cursor(context.cursor), states, time.time(), settings.quiet_seconds)
    return SensorResult(
        run_requests=[request_for(plan.request)] if plan.request else None,
        skip_reason=plan.reason or None,
        cursor=json.dumps(plan.seen),
    )


def read_cursor(cursor: str | None) -> dict[str, Sighting]:
    """What the ticks before have seen; nothing of a day that an older version saw."""
    seen = json.loads(cursor or "{}")
    return {label: Sighting(*entry) for label, entry in seen.items() if isinstance(entry, list)}


def request_for(day: SyncDay) -> RunRequest:
    """The run of one day; the same content has the same key and is not run twice."""
    return RunRequest(
        run_key=f"{day.label}:{day.fingerprint}",
        partition_key=day.label,
        tags={FINGERPRINT_TAG: day.fingerprint},
    )


def find_state(instance: DagsterInstance, day: SyncDay) -> DayState:
    """The state of the newest run of this content, whoever started it."""
    same_content = RunsFilter(tags={PARTITION_TAG: day.label, FINGERPRINT_TAG: day.fingerprint})
    run = next(iter(instance.get_runs(same_content, limit=1)), None)
    if run is None:
        return DayState.NOT_REQUESTED
    if run.status is DagsterRunStatus.SUCCESS:
        return DayState.SUCCEEDED
    return DayState.FAILED if run.is_finished else DayState.IN_PROGRESS
