"""What differs between two applied days by the histories, and what a plan changes, in one form: changes with names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from psycopg import sql

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.change_words import KINDS, Change, Mark
from groups_platform.directory.reports import applied_days, query
from groups_platform.directory.statements import read_row, read_rows
from groups_platform.errors import UnknownSyncDay

LEVELS: Final = 20  # above a changed group

Samples = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Difference:
    """Changes from the applied day `first`, None for nothing or for the tables as they are, to `second`.

    counts: all changes by kind, also those that are left out; kinds without any are not there.
    """

    first: str | None
    second: str
    counts: dict[str, int]
    changes: tuple[Change, ...]

    def of(self, kind: str) -> tuple[Change, ...]:
        """Those of a kind."""
        return tuple(change for change in self.changes if change.change == kind)


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
            raise UnknownSyncDay(
                f"{day} was not applied. The newest applied days: {known}. groups-platform plan --day {day} shows what "
                "a day would change.",
                sync_day=day,
            )
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
    """At most `limit` changes from one applied day to another.

    Raises UnknownSyncDay for a day before the histories begin, and DatabaseUnavailable.
    """
    with connect(url) as connection:
        for day in (first, second):
            if not _has_history(connection, day):
                raise UnknownSyncDay(
                    f"What the groups were on {day} is not known: their history begins later. Compare later days, or "
                    "run groups-platform replay, which makes the history anew.",
                    sync_day=day,
                )
        find_changes(connection, first, second)
        return read_changes(connection, first, second, of_each=limit, limit=limit)


def read_changes_of_day(
    url: str, day: str, of_each: int, group_ids: Sequence[int]
) -> tuple[Difference | None, dict[int, tuple[Mark, ...]]]:
    """What an applied day changed, at most `of_each` of a kind, and all of these groups as marks by id.

    None for a day that was not applied, or with which the histories begin. Of the first applied day nothing is marked,
    since all is new. Raises DatabaseUnavailable.
    """
    days = [row["sync_day"] for row in applied_days(url)]
    if day not in days:
        return None, {}
    first = days[days.index(day) - 1] if day != days[0] else None
    with connect(url) as connection:
        if first and not _has_history(connection, first):
            return None, {}
        find_changes(connection, first, day)
        marks = read_marks(connection, group_ids) if first else {}
        return read_changes(connection, first, day, of_each=of_each), marks


def _has_history(connection: Connection, day: str) -> bool:
    return bool(read_row(connection, "has_history", {"sync_day": day})["has_history"])


def find_changes(connection: Connection, first: str | None, second: str) -> None:
    """Make `day_change`, a table of this transaction with every change; see `find_changes.sql`."""
    days = {"first": sql.Literal(first), "second": sql.Literal(second)}
    connection.execute(read_sql("directory/set_up_transaction"))
    connection.execute(read_sql("directory/find_changes").format(**days))


def read_changes(
    connection: Connection, first: str | None, second: str, *, of_each: int, limit: int | None = None
) -> Difference:
    """The changes of `day_change`, at most `of_each` of a kind and `limit` of all, with the names after `second`."""
    asked = {"second": second, "of_each": of_each, "limit": limit, "kinds": list(KINDS)}
    rows = read_rows(connection, "read_changes", asked)
    counts = rows[0]["counts"] if rows else {}
    changes = tuple(_change(**row) for row in rows)
    return Difference(first, second, {kind: counts[kind] for kind in KINDS if kind in counts}, changes)


def read_marks(
    connection: Connection, group_ids: Sequence[int], *, is_planned: bool = False
) -> dict[int, tuple[Mark, ...]]:
    """What `day_change` has of these groups, by id, as marks on a tree. is_planned: say what would change."""
    marks: dict[int, tuple[Mark, ...]] = defaultdict(tuple)
    for row in read_rows(connection, "read_marks", {"group_ids": list(group_ids), "kinds": list(KINDS)}):
        change = _change(**row)
        number = f"{row['rows']:,} " if change.agent_id is not None else ""
        marks[row["group_id"]] += (Mark(change.change, f"{number}{change.told(is_planned=is_planned)}"),)
    return dict(marks)


def difference_of_plan(day: str, counts: Mapping[str, int], samples: Samples) -> Difference:
    """The counts and samples of a plan of the day in the form of a difference."""
    found = {kind: counts[kind] for kind in KINDS if counts.get(kind)}
    changes = tuple(_change(change=kind, **row) for kind in found for row in samples.get(kind, ()))
    return Difference(None, day, found, changes)


def read_groups_above(url: str, changes: Iterable[Change], as_of: str | None = None) -> dict[int, GroupAbove]:
    """The groups of these changes and those above them by id, after an applied day or now; at most LEVELS upwards."""
    wanted = {id_ for change in changes for id_ in (change.group_id, change.parent_group_id) if id_ is not None}
    rows = query(url, "read_groups_above", group_ids=sorted(wanted), as_of=as_of, levels=LEVELS) if wanted else []
    return {row["group_id"]: GroupAbove(**row) for row in rows}


def _change(**row: Any) -> Change:
    known: dict[str, Any] = {field.name: row.get(field.name) for field in fields(Change)}
    return Change(**known)
