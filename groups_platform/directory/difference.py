"""What differs between two applied days, and what a plan changes, in one form: changes with names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from groups_platform.directory.plan import Plan
from groups_platform.directory.reports import applied_days, query
from groups_platform.errors import UnknownSyncDay

LEVELS: Final = 20  # above a changed group

# Kinds in the order in which people see them, and those of a plan that mean the same.
KINDS: Final = {
    "group turned inactive": "groups_turned_inactive",
    "group turned active": "groups_turned_active",
    "group new": "groups_new",
    "group gone": "",
    "group missing": "groups_missing",
    "group ended": "groups_ended",
    "group moved": "groups_moved",
    "group renamed": "groups_renamed",
    "group changed": "groups_changed",
    "agent deactivated": "agents_deactivated",
    "agent reactivated": "agents_reactivated",
    "agent new": "agents_new",
    "agent gone": "",
    "agent changed": "agents_changed",
    "member added": "memberships_added",
    "member removed": "memberships_removed",
    "project to be deleted": "projects_to_be_deleted",
    "project losing all members": "projects_losing_all_members",
    "project with kernels": "projects_with_running_kernels",
}


@dataclass(frozen=True)
class Change:
    """A change of a group, of an agent, or of a membership (then both ids are there). change: of KINDS.

    before, after: what was renamed; of a group that moved the ids of its parents, whose names are before_name and
    after_name; of a project that is linked to the group its name and what it holds. parent_group_id: of the group
    afterwards, or before it was gone.
    """

    change: str
    group_id: int | None
    group_name: str | None
    parent_group_id: int | None
    agent_id: int | None
    agent_name: str | None
    before: str | None
    after: str | None
    before_name: str | None
    after_name: str | None


@dataclass(frozen=True)
class Difference:
    """Changes from the applied day `first` to `second`. counts: all changes by kind, also those that are left out."""

    first: str
    second: str
    counts: dict[str, int]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class GroupAbove:
    """A group by which changed ones are reached from the top."""

    group_id: int
    name: str
    parent_group_id: int | None


def choose_days(url: str, first: str | None, second: str | None) -> tuple[str, str]:
    """The two applied days to compare; where none or one is given, the newest or that one with the one before it.

    Raises UnknownSyncDay, DatabaseUnavailable.
    """
    days = [row["sync_day"] for row in applied_days(url)]
    if not days:
        raise UnknownSyncDay("No sync day has been applied yet. Run groups-platform sync --all first.")
    for day in filter(None, (first, second)):
        if day not in days:
            known = ", ".join(days[-10:])
            raise UnknownSyncDay(f"{day} was not applied. The newest applied days: {known}.", sync_day=day)
    if first is not None and second is not None:
        return first, second
    place = days.index(first or days[-1])
    if place == 0:
        raise UnknownSyncDay(
            f"{days[0]} is the first applied day: there is none before it to compare it with. "
            f"groups-platform tree shows the groups as they are now.",
            sync_day=days[0],
        )
    return days[place - 1], days[place]


def read_difference(url: str, first: str, second: str, limit: int) -> Difference:
    """At most `limit` changes from one applied day to another. Raises DatabaseUnavailable."""
    rows = query(url, "read_difference", first=first, second=second, limit=limit, kinds=list(KINDS))
    found = rows[0]["counts"] if rows else {}
    return Difference(
        first, second, {kind: found[kind] for kind in KINDS if kind in found}, tuple(_change(**row) for row in rows)
    )


def changes_of_plan(plan: Plan) -> tuple[dict[str, int], tuple[Change, ...]]:
    """The counts and samples of a plan in the form of a difference."""
    counts = {kind: plan.counts[own] for kind, own in KINDS.items() if plan.counts.get(own)}
    changes = (_change(change=kind, **row) for kind in counts for row in plan.samples.get(KINDS[kind], ()))
    return counts, tuple(changes)


def read_groups_above(url: str, changes: Iterable[Change], as_of: str | None = None) -> dict[int, GroupAbove]:
    """The groups of these changes and those above them by id, after an applied day or now; at most LEVELS upwards."""
    wanted = {id_ for change in changes for id_ in (change.group_id, change.parent_group_id) if id_ is not None}
    rows = query(url, "read_groups_above", group_ids=sorted(wanted), as_of=as_of, levels=LEVELS) if wanted else []
    return {row["group_id"]: GroupAbove(**row) for row in rows}


def _change(**row: Any) -> Change:
    known: dict[str, Any] = {field.name: row.get(field.name) for field in fields(Change)}
    return Change(**known)
