"""The sensor that tells people what happened: it looks for news, and sends what waits in threads of its own."""

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from dagster import DefaultSensorStatus, SensorEvaluationContext, SensorResult, SkipReason, sensor

from groups_platform.errors import PlatformError
from groups_platform.orchestration.directory.resources import Platform

if TYPE_CHECKING:
    from groups_platform.orchestration.alerts.telling import Told

LOOKED_UNTIL: Final = "failed_runs_until"  # in the cursor
WAIT_SECONDS: Final = 2.0  # the daemon ticks one sensor after the other


@sensor(
    name="tell_people",
    minimum_interval_seconds=30,
    default_status=DefaultSensorStatus.RUNNING,
    description=(
        "Tells the receivers of GROUPS_ALERTS, once each, of runs that failed, days that are held or came late, new "
        "errors and overdue days. It starts no run. A receiver that is down or slow holds up neither this sensor nor "
        "any run; the tick says what waits for it, and so does groups-platform alerts."
    ),
)
def tell_people(context: SensorEvaluationContext, platform: Platform) -> SensorResult | SkipReason:
    """One tick: look for news, and give the receivers a few seconds."""
    if platform.settings.alerts is None:
        return SkipReason("Nobody is told of anything: GROUPS_ALERTS is not set.")
    from groups_platform.orchestration.alerts.telling import tell_news  # noqa: PLC0415 - apprise, which no run needs

    try:
        looked_until = read_cursor(context.cursor)
        told = tell_news(platform.settings, platform.database_url, context.instance, looked_until, WAIT_SECONDS)
    except PlatformError as error:
        return SkipReason(str(error))
    cursor = json.dumps({LOOKED_UNTIL: told.looked_until.astimezone(timezone.utc).isoformat(timespec="microseconds")})
    return SensorResult(skip_reason=SkipReason(describe(told)), cursor=cursor)


def read_cursor(cursor: str | None) -> datetime | None:
    """Until when earlier ticks have looked for failed runs."""
    until = json.loads(cursor or "{}").get(LOOKED_UNTIL)
    return datetime.fromisoformat(until) if until else None


def describe(told: "Told") -> str:
    """What the tick did, in a sentence or two."""
    news = f"{told.new} new {'alert' if told.new == 1 else 'alerts'}." if told.new else "Nothing new."
    return " ".join([news, *(f"{of.sentence}." for of in told.waiting)])
