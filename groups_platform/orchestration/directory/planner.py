"""Decides which sync day to request next, and what the tick says. Pure: no Dagster, no clock, no input or output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from groups_platform.directory.days import DayState, DayStatus, find_blocker
from groups_platform.directory.source import SyncDay

NAMED = 3  # ignored folders that a tick names


@dataclass(frozen=True)
class Plan:
    """request: the day to run now, if any. reason: what the tick says when there is none.

    seen: fingerprint by label, by which the next tick detects days that are still being delivered.
    """

    request: DayStatus | None
    reason: str
    seen: dict[str, str]


def is_ready(day: SyncDay, seen: Mapping[str, str]) -> bool:
    """Whether the folder counts: it carries `_SUCCESS`, or its fingerprint is the one of the tick before (`seen`)."""
    return day.is_complete or seen.get(day.label) == day.fingerprint


def plan_next_day(days: Sequence[DayStatus]) -> Plan:
    """The day that is due, or why there is none: who waits for whom, and what somebody has to do."""
    seen = {
        day.label: day.fingerprint
        for day in days
        if day.fingerprint and day.state in (DayState.ARRIVING, DayState.WAITING)
    }
    due = next((day for day in days if day.is_due), None)
    if due is not None:
        return Plan(due, "", seen)
    return Plan(None, " ".join([_why_nothing(days), *_name_ignored(days)]), seen)


def _why_nothing(days: Sequence[DayStatus]) -> str:
    blocker = find_blocker(days)
    if blocker is not None:
        waiting = sum(day.state is DayState.WAITING for day in days)
        whom = " for a person" if blocker.state in (DayState.HELD, DayState.FAILED) else ""
        count = f" {waiting} day(s) after it are ready." if waiting else ""
        return f"{blocker.sentence} The days after it wait{whom}.{count}"
    counts: Counter[DayState] = Counter(day.state for day in days if day.state is not DayState.IGNORED)
    if not counts:
        return "The source has no sync days."
    told = ", ".join(f"{counts[state]} {state.value}" for state in DayState if counts[state])
    return f"Every sync day of the source is dealt with: {told}."


def _name_ignored(days: Sequence[DayStatus]) -> list[str]:
    ignored = [f"{day.label}: {day.sentence}" for day in days if day.state is DayState.IGNORED]
    more = len(ignored) - NAMED
    rest = [f"groups-platform days names {more} more that are not read."] if more > 0 else []
    return ignored[:NAMED] + rest
