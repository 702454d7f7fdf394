"""The set-based statements that make the tables show the staged day; each touches only rows that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from psycopg import sql

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_result import TableChange
from groups_platform.directory.fingerprint import Tables
from groups_platform.directory.staging import StagedDay
from groups_platform.directory.statements import read_row, run_step

# Above this share and number of changed rows a step over every row costs no more than one over the changes.
LARGE_SHARE: Final = 0.05
LARGE_ROWS: Final = 1000


@dataclass(frozen=True)
class Changes:
    """What the statements wrote, in rows. flagged: groups whose flag changed. pending: rows of pending_membership.

    is_large: so many rows changed that a step over every row costs no more than one over the changes.
    """

    agents: TableChange
    groups: TableChange
    memberships: TableChange
    flagged: int
    pending: int
    is_large: bool

    @property
    def rows_written(self) -> int:
        """Rows of the live tables."""
        return self.agents.written + self.groups.written + self.memberships.written + self.flagged

    def by_table(self, totals: Mapping[str, int]) -> dict[str, TableChange]:
        """The changes by table of TABLES. totals: the row counts after them."""
        unchanged = totals["memberships"] - self.memberships.inserted
        return {
            "agents": self.agents,
            "groups": self.groups,
            "group_membership": replace(self.memberships, unchanged=unchanged),
            "group_inactivity": TableChange(0, self.flagged, 0, totals["groups"] - self.flagged),
        }


def write_changes(
    staged: StagedDay, day: Mapping[str, Any], staged_rows: Mapping[str, int], before: Tables, *, every_row: bool
) -> Changes:
    """Write the difference between the staged day and the tables, which its tables of changes then name.

    day: sync_day, sort_key and grace_days. staged_rows: from `count_staged`. every_row: recompute flags and cycles of
    every group, not only of those that the changes affect.
    """
    connection = staged.connection
    agents = _write_agents(staged, day, staged_rows["agents"])
    _analyze(connection, "agents", agents, before)
    groups = _write_groups(connection, day, staged_rows["groups"])
    _analyze(connection, "groups", groups, before)
    _end_missing_groups(connection, day)
    memberships, pending = _write_memberships(connection, before)
    _analyze(connection, "memberships", memberships, before)
    is_large = _is_large(connection, before, memberships)
    flagged = write_flags(connection, every_group=every_row or is_large)
    run_step(connection, "find_every_cycle" if every_row or is_large else "find_cycles_of_changes")
    run_step(connection, "find_edges", day)
    return Changes(agents, groups, memberships, flagged, pending, is_large)


def write_flags(connection: Connection, *, every_group: bool) -> int:
    """Recompute the flags (D11) of all groups, or of those that the changes affect; return how many changed."""
    run_step(connection, "affect_every_group" if every_group else "affect_changed_groups")
    run_step(connection, "index_affected_groups")
    run_step(connection, "find_staffed_groups" if every_group else "find_affected_starts")
    run_step(connection, "index_active_starts")
    run_step(connection, "find_flag_changes")
    return run_step(connection, "update_flags")


def _end_missing_groups(connection: Connection, day: Mapping[str, Any]) -> None:
    """P19: which groups are newly missing, are back, or end today; their waiting memberships end here."""
    for step in ("find_groups_again", "forget_missing_groups", "close_missing_groups"):
        run_step(connection, step, day)
    run_step(connection, "find_missing_groups")
    for step in ("reopen_missing_groups", "insert_missing_groups", "find_ended_groups", "end_groups"):
        run_step(connection, step, day)
    run_step(connection, "delete_ended_pending_memberships")


def _write_agents(staged: StagedDay, day: Mapping[str, Any], staged_agents: int) -> TableChange:
    connection = staged.connection
    run_step(connection, "find_agent_changes")
    run_step(connection, "remember_agents", day)
    updated, inserted = run_step(connection, "update_agents"), run_step(connection, "insert_agents")
    absent = run_step(connection, "deactivate_absent_agents") if "agents" in staged.agents.folders else 0
    return TableChange(inserted, updated + absent, 0, staged_agents - inserted - updated)


def _write_groups(connection: Connection, day: Mapping[str, Any], staged_groups: int) -> TableChange:
    run_step(connection, "find_group_changes")
    run_step(connection, "remember_groups", day)
    updated, inserted = run_step(connection, "update_groups"), run_step(connection, "insert_groups")
    return TableChange(inserted, updated, 0, staged_groups - inserted - updated)


def _write_memberships(connection: Connection, before: Tables) -> tuple[TableChange, int]:
    """Return the change of group_membership, and how many rows of pending_membership were written."""
    run_step(connection, "digest_staged")
    if before.is_empty:  # every member is new: membership_change can stay empty
        run_step(connection, "find_membership_changes", is_equal=sql.Literal(True))
        inserted = run_step(connection, "insert_first_memberships")
        is_complete = read_row(connection, "count_staged_pairs")["pairs"] == inserted
        return TableChange(inserted), 0 if is_complete else run_step(connection, "insert_first_pending_memberships")
    is_equal = sql.Literal(read_row(connection, "compare_memberships")["is_equal"])
    run_step(connection, "find_membership_changes", is_equal=is_equal)
    run_step(connection, "find_known_pending_memberships", is_equal=is_equal)
    run_step(connection, "end_memberships")
    deleted, inserted = run_step(connection, "delete_memberships"), run_step(connection, "insert_memberships")
    pending = run_step(connection, "delete_pending_memberships") + run_step(connection, "insert_pending_memberships")
    return TableChange(inserted, 0, deleted), pending


def _is_large(connection: Connection, before: Tables, memberships: TableChange) -> bool:
    """Whether so many rows changed that recomputing every flag and cycle costs no more than the affected ones."""
    changes = read_row(connection, "count_changes")
    return (
        _is_share(changes["moved_groups"], before.totals["groups"])
        or _is_share(changes["switched_agents"], before.totals["agents"])
        or _is_share(memberships.written, before.totals["memberships"])
    )


def _analyze(connection: Connection, tables: str, change: TableChange, before: Tables) -> None:
    """Update the planner's statistics if many rows were written."""
    if _is_share(change.written, before.totals[tables]):
        connection.execute(read_sql(f"directory/analyze_{tables}"))


def _is_share(rows: int, total: int) -> bool:
    return rows > max(LARGE_SHARE * total, LARGE_ROWS)
