"""Decides which sync day to run next. Pure functions: no Dagster, no clock, no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from groups_platform.directory.source import SyncDay


class DayState(Enum):
    """The state of the newest run of a day with exactly this content."""

    NOT_REQUESTED = "not requested"
    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Plan:
    """request: the day to run now, if any. reason: a sentence on why there is none.

    seen: fingerprint by label, by which the next tick detects days that are still being delivered.
    """

    request: SyncDay | None
    reason: str
    seen: dict[str, str]


def plan_next_day(days: Sequence[SyncDay], seen: Mapping[str, str], states: Mapping[str, DayState]) -> Plan:
    """Request the first of `days`, in their order, that has not succeeded, if it is ready and has no run yet.

    A day is ready if it contains `_SUCCESS`, or if its fingerprint is that of the previous tick (`seen`).
    """
    now_seen = {day.label: day.fingerprint for day in days}
    for day in days:
        state = states.get(day.label, DayState.NOT_REQUESTED)
        if state is DayState.SUCCEEDED:
            continue
        if state is DayState.IN_PROGRESS:
            return Plan(None, f"{day.label} is running; the days after it wait.", now_seen)
        if state is DayState.FAILED:
            return Plan(
                None,
                f"{day.label} failed; the days after it wait. Deliver sync-{day.label} again, or fix the error and "
                "re-execute the run.",
                now_seen,
            )
        if day.is_complete or seen.get(day.label) == day.fingerprint:
            return Plan(day, "", now_seen)
        return Plan(
            None,
            f"sync-{day.label} may still be arriving; it counts when it is unchanged at the next tick.",
            now_seen,
        )
    return Plan(
        None,
        "Every sync day of the source has been applied." if days else "The source has no sync days.",
        now_seen,
    )
