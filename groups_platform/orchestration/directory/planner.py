"""Decides, from listings alone, which sync day to request next. Pure: no Dagster, no clock, no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from groups_platform.directory.source import SyncDay


class DayState(Enum):
    """What became of the newest run for a day with exactly this content."""

    NOT_REQUESTED = "not requested"
    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Plan:
    """request: the day to run now, if any. reason: a sentence for the tick when there is none.

    seen: fingerprint by label, for the next tick to tell what is still being delivered.
    """

    request: SyncDay | None
    reason: str
    seen: dict[str, str]


def plan_next_day(days: Sequence[SyncDay], seen: Mapping[str, str], states: Mapping[str, DayState]) -> Plan:
    """The first day, in the given natural order, that has not succeeded, if it is ready and nothing before it runs.

    A day is ready when it carries `_SUCCESS` or its fingerprint is the one of the tick before (`seen`).
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
                f"{day.label} failed; the days after it wait. Deliver sync-{day.label} again, or mend what the run "
                "says and re-execute it.",
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
