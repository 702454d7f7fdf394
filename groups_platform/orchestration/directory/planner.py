"""Decides, from listings alone, which sync day to request next. Pure: no Dagster, no clock, no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from groups_platform.directory.source import SyncDay


class DayState(Enum):
    """What became of the newest run for a day with exactly this content."""

    NOT_REQUESTED = "not requested"
    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Sighting(NamedTuple):
    """A day's fingerprint, and since when the ticks have found it, in seconds since 1970."""

    fingerprint: str
    since: float


@dataclass(frozen=True)
class Plan:
    """request: the day to run now, if any. reason: a sentence for the tick when there is none.

    seen: by label, for the next tick to tell what is still being delivered.
    """

    request: SyncDay | None
    reason: str
    seen: dict[str, Sighting]


def plan_next_day(
    days: Sequence[SyncDay],
    seen: Mapping[str, Sighting],
    states: Mapping[str, DayState],
    now: float,
    quiet_seconds: float,
) -> Plan:
    """The first day, in the given natural order, that has not succeeded, if it is ready and nothing before it runs.

    P9: a day is ready when it has a `_SUCCESS` that is newer than its files, or when nothing in it has changed for
    `quiet_seconds`, by its own times or by what the ticks before have `seen`. now: seconds since 1970.
    """
    now_seen = {day.label: _sighting(day, seen.get(day.label), now) for day in days}
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
        since = now_seen[day.label].since
        if day.is_complete or now - min(since, since if day.changed_at is None else day.changed_at) >= quiet_seconds:
            return Plan(day, "", now_seen)
        marker = "its _SUCCESS is older than its files, and " if day.is_marked else ""
        return Plan(
            None,
            f"sync-{day.label} may still be arriving: {marker}it counts when nothing in it has changed for "
            f"{quiet_seconds:g} s.",
            now_seen,
        )
    return Plan(
        None,
        "Every sync day of the source has been applied." if days else "The source has no sync days.",
        now_seen,
    )


def _sighting(day: SyncDay, before: Sighting | None, now: float) -> Sighting:
    return before if before and before.fingerprint == day.fingerprint else Sighting(day.fingerprint, now)
