"""The sensor for new or changed sync-day folders: lists the source and requests the run that `planner` chooses."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Final

from dagster import (
    DagsterInstance,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from groups_platform.directory.days import DayStatus
from groups_platform.directory.source import list_source
from groups_platform.errors import PlatformError
from groups_platform.orchestration.directory.day_states import DECISION_TAG, RETRY_TAG, find_day_states
from groups_platform.orchestration.directory.days_asset import report_days
from groups_platform.orchestration.directory.jobs import SYNC_JOB
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.directory.planner import Sighting, plan_next_day, sight
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.instance import FINGERPRINT_TAG, PARTITION_TAG, end_dead_runs

REPORTED: Final = "*reported"  # in the cursor; no label of a day begins like that
FINGERPRINT: Final = "fingerprint"
SINCE: Final = "unchanged_since"


@sensor(
    name="new_sync_days",
    job_name=SYNC_JOB,
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.RUNNING,
    description=(
        "Looks for sync-<day> folders in the source and runs sync_day for each, one at a time and in natural order. "
        "A folder counts when it has a _SUCCESS that is newer than its files, or nothing in it has changed for "
        "GROUPS_QUIET_SECONDS. It runs when its content is not what was last applied of it; a day that is held waits "
        "for somebody who decides, and the tick says for whom."
    ),
)
def new_sync_days(context: SensorEvaluationContext, platform: Platform) -> SensorResult | SkipReason:
    """One tick: list, plan, request at most one day."""
    instance, before = context.instance, read_cursor(context.cursor)
    try:
        settings = platform.settings
        listing = list_source(settings.source)
        end_dead_runs(instance)
        register_days(instance, listing.labels)
        seen = sight(listing.days, before, time.time())
        days = find_day_states(instance, platform.database_url, listing, settings.quiet_seconds, seen)
        plan = plan_next_day(days)
    except PlatformError as error:
        return SkipReason(str(error))
    digest = digest_of(days)
    is_reported = json.loads(context.cursor or "{}").get(REPORTED) == digest
    return SensorResult(
        run_requests=[request_for(instance, plan.request)] if plan.request else None,
        skip_reason=plan.reason or None,
        asset_events=[] if is_reported else [report_days(days)],
        cursor=write_cursor({label: seen[label] for label in plan.seen}, digest),
    )


def digest_of(days: Sequence[DayStatus]) -> str:
    """Changes with what is told of any day."""
    return hashlib.sha256(repr([(day.label, day.state.value, day.sentence) for day in days]).encode()).hexdigest()[:12]


def write_cursor(seen: Mapping[str, Sighting], digest: str) -> str:
    """What the next tick has to know, in a form that people can read too: the cursor is on the sensor's page."""
    days = {
        label: {FINGERPRINT: day.fingerprint, SINCE: datetime.fromtimestamp(day.since, timezone.utc).isoformat()}
        for label, day in seen.items()
    }
    return json.dumps({**days, REPORTED: digest}, indent=2, ensure_ascii=False)


def read_cursor(cursor: str | None) -> dict[str, Sighting]:
    """What the ticks before have seen, in the form of this version or of the one before; nothing of what is older."""
    seen = {}
    for label, entry in json.loads(cursor or "{}").items():
        if isinstance(entry, list):
            seen[label] = Sighting(*entry)
        elif isinstance(entry, dict):
            seen[label] = Sighting(entry[FINGERPRINT], datetime.fromisoformat(entry[SINCE]).timestamp())
    return seen


def request_for(instance: DagsterInstance, day: DayStatus) -> RunRequest:
    """The run of one day. Its key names the run before it, so that a tick that is repeated starts no second one.

    The content alone does not do as a key: it may return to an earlier state, and then has to run again.
    """
    before = next((run.run_id for run in instance.get_runs(RunsFilter(tags={PARTITION_TAG: day.label}), limit=1)), "")
    tags = {FINGERPRINT_TAG: day.fingerprint or "", RETRY_TAG: day.retries, DECISION_TAG: day.decision_id}
    return RunRequest(
        run_key=f"{day.label}:{day.fingerprint}:{before}",
        partition_key=day.label,
        tags={name: str(value) for name, value in tags.items() if value is not None},
    )
