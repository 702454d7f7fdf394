"""Row counts and a fingerprint of the live tables, which shows whether they were changed since the last sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg.rows import dict_row

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_names import natural_key

SUMS: Final = frozenset({"by_group", "by_agent", "fingerprint"})

# With daily syncs an error in the computations on changed rows is found and corrected after a week at most.
DAYS_BETWEEN_WHOLE_CHECKS: Final = 7


@dataclass(frozen=True)
class Tables:
    """Row counts and fingerprint of the live tables.

    totals: number of rows by name, as in `digest_tables.sql`.
    fingerprint: equal iff the groups' parents and flags, the agents' statuses and the memberships are the same.
    """

    totals: dict[str, int]
    fingerprint: str

    @property
    def is_empty(self) -> bool:
        """Whether no group, agent or membership is stored."""
        return not (self.totals["groups"] or self.totals["agents"] or self.totals["memberships"])


@dataclass(frozen=True)
class NewestDay:
    """The newest applied day, and the fingerprint of the tables after it.

    days_since_whole: number of days applied after the last one whose checks looked at every row.
    """

    label: str
    sort_key: str
    fingerprint: str | None
    days_since_whole: int

    def is_newer_than(self, label: str) -> bool:
        """Whether this day comes after `label` in natural order."""
        return (self.sort_key, self.label) > (natural_key(label), label)


def read_tables(connection: Connection) -> Tables:
    """Count and digest the live tables, one pass each; keeps the result in the transaction's table `table_digest`."""
    connection.execute(read_sql("directory/digest_tables"))
    with connection.cursor(row_factory=dict_row) as cursor:
        (row,) = cursor.execute(read_sql("directory/fingerprint_tables")).fetchall()
    return Tables({name: value for name, value in row.items() if name not in SUMS}, row["fingerprint"])


def find_newest_day(connection: Connection) -> NewestDay | None:
    """Return the newest applied day, or None."""
    row = connection.execute(read_sql("directory/newest_applied_day")).fetchone()
    return NewestDay(*row) if row else None


def why_everything(newest: NewestDay | None, tables: Tables, label: str) -> str | None:
    """Return why a sync of `label` must recompute and check every row, or None if the changed rows are enough.

    tables: before the sync. A first day into empty tables writes every row anyway.
    """
    if newest is None:
        return None if tables.is_empty else "the tables hold rows that no sync wrote"
    if newest.fingerprint != tables.fingerprint:
        return f"the tables are not as {newest.label} left them"
    days = newest.days_since_whole + (label != newest.label)
    return f"every {DAYS_BETWEEN_WHOLE_CHECKS}th day is checked in full" if days >= DAYS_BETWEEN_WHOLE_CHECKS else None
