"""What the page says in words: of states, of changes, and what each code of a finding means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True)
class KindWords:
    """A kind of change: what so many of it are called, and what that means.

    mark, planned: beside a group in the tree that changed, or would change.
    """

    many: str
    meaning: str = ""
    mark: str = ""
    planned: str = ""

    @property
    def heading(self) -> str:
        """Above its rows."""
        return self.many[0].upper() + self.many[1:]

    def counted(self, rows: int) -> str:
        """So many of it."""
        noun = next(word for word in ("groups", "agents", "projects", "members") if word in self.many)
        return f"{rows:,} {self.many.replace(noun, noun[:-1], 1) if rows == 1 else self.many}"


# In the order of the page.
KINDS: Final = {
    "groups_turned_inactive": KindWords(
        "groups turned inactive",
        "No active agent is left in them or in any group below them.",
        "turned inactive",
        "would turn inactive",
    ),
    "groups_turned_active": KindWords(
        "groups active again",
        "An active agent is in them, or in a group below them.",
        "active again",
        "would be active again",
    ),
    "groups_new": KindWords("new groups", "", "new"),
    "groups_renamed": KindWords("groups renamed", "", "renamed", "would be renamed"),
    "groups_moved": KindWords("groups moved", "They have another parent.", "moved", "would move"),
    "groups_changed": KindWords("groups changed otherwise", "Such as their times upstream.", "changed", "would change"),
    "groups_missing": KindWords(
        "groups missing upstream",
        "They had no record. They keep what they had, for some days.",
        "missing upstream",
        "missing upstream",
    ),
    "groups_ended": KindWords(
        "groups ended", "They had no record for so many days that their memberships ended.", "ended", "would end"
    ),
    "groups_gone": KindWords("groups taken out", "A replay removed the day that had brought them."),
    "memberships_added": KindWords("members joined", "", "members joined", "members would join"),
    "memberships_removed": KindWords("members left", "", "members left", "members would leave"),
    "agents_new": KindWords("new agents"),
    "agents_deactivated": KindWords(
        "agents deactivated", "They are not in the roster any more, or it says that they are not active."
    ),
    "agents_reactivated": KindWords("agents active again"),
    "agents_changed": KindWords("agents changed", "Their name, address or times."),
    "agents_gone": KindWords("agents taken out", "A replay removed the day that had brought them."),
    "projects_to_be_deleted": KindWords(
        "projects to be deleted", "They belong to groups that would turn inactive.", "", "its project would be deleted"
    ),
    "projects_losing_all_members": KindWords(
        "projects losing all members", "Nobody active would be left in their groups.", "", "its project would be empty"
    ),
    "projects_with_running_kernels": KindWords(
        "projects with running kernels", "Of those above. One of them holds the day.", "", "kernels of its project run"
    ),
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
