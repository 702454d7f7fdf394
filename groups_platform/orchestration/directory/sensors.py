"""The sensor for new or changed sync-day folders: lists the source and requests the run that `planner` chooses."""

import json

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
from groups_platform.orchestration.directory.planner import DayState, plan_next_day
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.instance import FINGERPRINT_TAG, PARTITION_TAG, end_dead_runs


@sensor(
    name="new_sync_days",
    job_name=SYNC_JOB,
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.RUNNING,
    description=(
        "Looks for sync-<day> folders in the source and runs sync_day for each, one at a time and in natural order. "
        "A folder is ready if it contains _SUCCESS or is unchanged over two ticks; changed content runs again."
    ),
)
def new_sync_days(context: SensorEvaluationContext, platform: Platform) -> SensorResult | SkipReason:
    """One tick: list, plan, request at most one day."""
    try:
        source = platform.settings.source
        days = [list_day(source, label) for label in list_days(source)]
    except PlatformError as error:
        return SkipReason(str(error))
    end_dead_runs(context.instance)
    register_days(context.instance, (day.label for day in days))
    states = {day.label: find_state(context.instance, day) for day in days}
    plan = plan_next_day(days, json.loads(context.cursor or "{}"), states)
    return SensorResult(
        run_requests=[request_for(plan.request)] if plan.request else None,
        skip_reason=plan.reason or None,
        cursor=json.dumps(plan.seen),
    )


def request_for(day: SyncDay) -> RunRequest:
    """Return the request to run a day. Its run_key prevents a second run of the same content."""
    return RunRequest(
        run_key=f"{day.label}:{day.fingerprint}",
        partition_key=day.label,
        tags={FINGERPRINT_TAG: day.fingerprint},
    )


def find_state(instance: DagsterInstance, day: SyncDay) -> DayState:
    """Return the state of the newest run of this content, however it was started."""
    same_content = RunsFilter(tags={PARTITION_TAG: day.label, FINGERPRINT_TAG: day.fingerprint})
    run = next(iter(instance.get_runs(same_content, limit=1)), None)
    if run is None:
        return DayState.NOT_REQUESTED
    if run.status is DagsterRunStatus.SUCCESS:
        return DayState.SUCCEEDED
    return DayState.FAILED if run.is_finished else DayState.IN_PROGRESS
