"""Decides which sync day to request next, and what the tick says. Pure: no Dagster, no clock, no input or output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from groups_platform.directory.days import DayState, DayStatus, find_blocker
from groups_platform.directory.source import SyncDay
from groups_platform.wording import counted

NAMED = 3  # ignored folders that a tick names


class Sighting(NamedTuple):
    """A day's fingerprint, and since when the ticks have found it, in seconds since 1970."""

    fingerprint: str
    since: float


@dataclass(frozen=True)
class Plan:
    """request: the day to run now, if any. reason: what the tick says when there is none.

    seen: fingerprint by label, by which the next tick detects days that are still being delivered.
    """

    request: DayStatus | None
    reason: str
    seen: dict[str, str]


def sight(days: Iterable[SyncDay], before: Mapping[str, Sighting], now: float) -> dict[str, Sighting]:
    """Since when each day is as it is, by the ticks before. now: seconds since 1970."""
    seen = {}
    for day in days:
        last = before.get(day.label)
        seen[day.label] = last if last and last.fingerprint == day.fingerprint else Sighting(day.fingerprint, now)
    return seen


def is_ready(day: SyncDay, seen: Sighting, now: float, quiet_seconds: float) -> bool:
    """P9: whether the folder counts.

    It has a `_SUCCESS` that is newer than its files, or nothing in it has changed for `quiet_seconds`, by its own times
    or by what the ticks have seen. now: seconds since 1970.
    """
    unchanged_since = seen.since if day.changed_at is None else min(seen.since, day.changed_at)
    return day.is_complete or now - unchanged_since >= quiet_seconds


def counts_when(day: SyncDay, quiet_seconds: float) -> str:
    """What has to happen until a folder that is not ready counts."""
    marker = "its _SUCCESS is older than its files, and " if day.is_marked and not day.is_complete else ""
    return f"{marker}it counts when nothing in it has changed for {quiet_seconds:g} s"


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
        count = f" {counted(waiting, 'day')} after it {'is' if waiting == 1 else 'are'} ready." if waiting else ""
        return f"{blocker.sentence} The days after it wait{whom}.{count}"
    counts: Counter[DayState] = Counter(day.state for day in days if day.state is not DayState.IGNORED)
    if not counts:
        return "The source has no sync days."
    told = ", ".join(f"{counts[state]} {state.value}" for state in DayState if counts[state])
    return f"Every sync day of the source is dealt with: {told}."


def _name_ignored(days: Sequence[DayStatus]) -> list[str]:
    ignored = [f"{day.label}: {day.sentence}" for day in days if day.is_near]
    more = len(ignored) - NAMED
    rest = [f"groups-platform days names {more} more that are not read."] if more > 0 else []
    return ignored[:NAMED] + rest
