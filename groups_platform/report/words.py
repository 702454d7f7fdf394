"""What the page says in words: of states, severities and limits, and what people can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from groups_platform.directory.change_words import KINDS
from groups_platform.directory.days import DayState, DayStatus


@dataclass(frozen=True)
class StateWords:
    """How a state is named, its colour (good, wait, bad or quiet), and what it means for the tables."""

    name: str
    tone: str
    meaning: str


STATES: Final = {
    DayState.APPLIED: StateWords("Applied", "good", "The tables show what upstream delivered for this day."),
    DayState.HELD: StateWords(
        "Held",
        "wait",
        "What was delivered was not applied: it changes more than is allowed, and somebody has to decide.",
    ),
    DayState.REJECTED: StateWords("Rejected", "quiet", "What was delivered for the day was not applied."),
    DayState.SKIPPED: StateWords("Skipped", "quiet", "Later days go on without it."),
    DayState.FAILED: StateWords("Failed", "bad", "What was delivered now was not applied; later days wait."),
    DayState.RUNNING: StateWords("Running", "wait", "The day is being read and applied."),
    DayState.ARRIVING: StateWords("Arriving", "wait", "The delivery is not complete yet."),
    DayState.WAITING: StateWords("Waiting", "wait", "The day is to be read and applied."),
    DayState.LATE: StateWords("Older", "quiet", "A newer day is applied, so this one changed no table."),
    DayState.IGNORED: StateWords("Ignored", "quiet", "The folder's name is no sync day's."),
}


SEVERITIES: Final = {"error": "not loaded", "warning": "loaded, and a person should look"}

LIMITS: Final = {"groups_read_fewer": "Fewer records of groups", "agents_read_fewer": "Fewer records of agents"}


def name_of_limit(limit: str) -> str:
    """How a limit of a plan is named."""
    return LIMITS.get(limit) or (KINDS[limit].heading if limit in KINDS else limit.replace("_", " "))


def commands_for(status: DayStatus) -> tuple[tuple[str, str], ...]:
    """What people with access can do about the day: when, and the command."""
    day = status.label
    if status.state is DayState.HELD:
        approve = f"groups-platform approve {day} --plan {status.plan_id} --reason TEXT"
        return (
            ("It is right", approve),
            ("It is wrong", f"groups-platform reject {day} --reason TEXT"),
            ("To see more", f"groups-platform plan --day {day}"),
        )
    if status.state is DayState.FAILED:
        return (
            ("After it was delivered again, or mended", f"groups-platform sync --day {day}"),
            ("To go on without it", f"groups-platform skip {day} --reason TEXT"),
        )
    if status.state is DayState.LATE:
        return (("To have it in the tables", "groups-platform replay"),)
    return ()
