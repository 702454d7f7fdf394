"""From staging to the live tables: set-based statements, one transaction, one lock (D12). Touches only what differs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import transaction_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.checks import CheckResult, check_changes, run_checks
from groups_platform.directory.fingerprint import NewestDay, Tables, find_newest_day, read_tables, why_everything
from groups_platform.directory.source import natural_key
from groups_platform.directory.staging import StagedDay
from groups_platform.directory.table_columns import read_directory_sql
from groups_platform.errors import CheckFailed, DatabaseUnavailable, IncompleteSnapshot, PlatformError

log = logging.getLogger(__name__)

# From here on a step over every row costs no more than one over the changes. Small tables never get there.
LARGE_SHARE: Final = 0.05
LARGE_ROWS: Final = 1000

TABLES: Final = ("agents", "groups", "group_membership", "group_inactivity")


@dataclass(frozen=True)
class TableChange:
    """Rows of one table that one run wrote, and those that it found as they should be."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def written(self) -> int:
        """Rows inserted, updated or deleted."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class DayResult:
    """What one run did.

    newest_day: the applied day that is newer, when that is why nothing was applied. refusal: IncompleteSnapshot or
    CheckFailed, when that is why; `checks` then has the evaluated checks, if it came so far.
    changes: by table of TABLES. findings: by code, zeros included.
    """

    label: str
    is_applied: bool
    newest_day: str | None = None
    refusal: PlatformError | None = None
    changes: dict[str, TableChange] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()

    @property
    def rows_written(self) -> int:
        """Rows of all tables that this run wrote."""
        return sum(change.written for change in self.changes.values())

    def or_raise(self) -> DayResult:
        """This result. Raises its refusal."""
        if self.refusal:
            raise self.refusal
        return self


class _RolledBack(Exception):
    """Ends the transaction of a day that must not be applied; `args[0]` is its DayResult."""


def apply_day(staged: StagedDay, run_id: str | None = None) -> DayResult:
    """Make the live tables show the staged day; all or nothing.

    A day older than the newest applied one is left alone (D13). A day that is no full snapshot (D14), whose findings
    are kept, and one that fails a check that protects the tables come back with their refusal. Raises
    DatabaseUnavailable.
    """
    connection = staged.connection
    try:
        with _locked(connection):
            newest = find_newest_day(connection)
            if newest and newest.is_newer_than(staged.label):
                log.info("%s is older than %s, the newest applied day: tables left alone", staged.label, newest.label)
                return DayResult(staged.label, False, newest.label, changes=dict.fromkeys(TABLES, TableChange()))
            staged_rows = count_staged(staged)
            if incomplete := find_incompleteness(staged, staged_rows):
                _replace_findings(connection, staged.label)
                return DayResult(staged.label, is_applied=False, refusal=incomplete)
            return _apply(staged, staged_rows, newest, run_id)
    except _RolledBack as rolled_back:
        result: DayResult = rolled_back.args[0]
        return result
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"The connection to Postgres broke while {staged.label} was applied: {str(error).strip()}. "
            "What was not committed is undone: run the day again, and zero rows written mean that it had been applied.",
            sync_day=staged.label,
        ) from error


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    with transaction_lock(connection, "groups_platform.directory"):
        connection.execute(read_sql("directory/set_up_transaction"))
        yield


def count_staged(staged: StagedDay) -> dict[str, Any]:
    """How many rows are staged, by name, and whether any agent is known; see `count_staged.sql`."""
    return _row(staged.connection, "directory/count_staged")


def find_incompleteness(staged: StagedDay, counts: Mapping[str, Any]) -> IncompleteSnapshot | None:
    """D14: why the staged day, with these counts, is no full snapshot, and what to do; None if it is one."""
    groups, agents = staged.groups, staged.agents
    reason = None
    if "admin_groups" not in groups.folders:
        reason = "it has no folder admin_groups/"
    elif broken := groups.unreadable + agents.unreadable:
        reason = f"{groups.unreadable_files + agents.unreadable_files} file(s) cannot be read: {'; '.join(broken)}"
    elif claims := list(dict.fromkeys(groups.disagreements + agents.disagreements)):
        reason = f"what it says of itself is not so: {'; '.join(claims)}"
    elif counts["groups"] == 0:
        reason = "not one group record in admin_groups/ was accepted"
    elif "agents" in agents.folders and counts["roster_agents"] == 0:
        reason = "it has a folder agents/, but not one agent record in it was accepted"
    elif not counts["is_any_agent_known"]:
        reason = "no agent is known yet, so every group would be inactive: deliver agents/ with the first day"
    if reason is None:
        return None
    return IncompleteSnapshot(
        f"{staged.label} is not a full snapshot: {reason}. Nothing was applied. "
        f"Deliver sync-{staged.label} again and run it again; groups-platform findings --day {staged.label} "
        "lists what is wrong.",
        sync_day=staged.label,
        reason=reason,
    )


def verify_day(staged: StagedDay) -> tuple[CheckResult, ...]:
    """Every check of the live tables, changing nothing; what compares with the snapshot only on the newest day."""
    newest = find_newest_day(staged.connection)
    return run_checks(staged.connection, is_newest_day=newest is not None and newest.label == staged.label)


def _apply(staged: StagedDay, staged_rows: dict[str, Any], newest: NewestDay | None, run_id: str | None) -> DayResult:
    connection = staged.connection
    before = read_tables(connection)
    everything = why_everything(newest, before, staged.label)
    if everything:
        log.info("flags and checks of every row, because %s", everything)

    agents = _apply_agents(staged, staged_rows["agents"])
    _analyze(connection, "agents", agents, before.totals["agents"])
    groups = _apply_groups(connection, staged_rows["groups"])
    _analyze(connection, "groups", groups, before.totals["groups"])
    memberships, pending = _apply_memberships(connection, before)
    _analyze(connection, "memberships", memberships, before.totals["memberships"])
    is_large = _is_large(connection, before, memberships)
    flagged = _flag(connection, everything is not None or is_large)
    _run(connection, "find_every_cycle" if everything or is_large else "find_cycles_of_changes")
    _run(connection, "find_edges")
    findings = {row["code"]: row["findings"] for row in _rows(connection, "directory/count_findings")}
    has_new_findings = _replace_findings(connection, staged.label)

    rows_written = agents.written + groups.written + memberships.written + flagged
    tables = read_tables(connection) if rows_written else before
    changes = {
        "agents": agents,
        "groups": groups,
        "group_membership": replace(memberships, unchanged=tables.totals["memberships"] - memberships.inserted),
        "group_inactivity": TableChange(0, flagged, 0, tables.totals["groups"] - flagged),
    }
    checks = run_checks(connection) if everything else check_changes(connection, is_large=is_large)
    if failed := next((check for check in checks if check.is_blocking and not check.passed), None):
        raise _RolledBack(DayResult(staged.label, False, refusal=_refusal_by(failed, staged.label), checks=checks))
    has_changed = has_new_findings or pending > 0 or rows_written > 0
    is_checked_whole = everything is not None or newest is None
    _record(staged, run_id, findings, tables.fingerprint, is_checked_whole=is_checked_whole, has_changed=has_changed)
    return DayResult(staged.label, True, changes=changes, findings=findings, totals=tables.totals, checks=checks)


def _apply_agents(staged: StagedDay, staged_agents: int) -> TableChange:
    connection = staged.connection
    _run(connection, "find_agent_changes")
    updated, inserted = _run(connection, "update_agents"), _run(connection, "insert_agents")
    absent = _run(connection, "deactivate_absent_agents") if "agents" in staged.agents.folders else 0
    return TableChange(inserted, updated + absent, 0, staged_agents - inserted - updated)


def _apply_groups(connection: Connection, staged_groups: int) -> TableChange:
    _run(connection, "find_group_changes")
    updated, inserted = _run(connection, "update_groups"), _run(connection, "insert_groups")
    return TableChange(inserted, updated, 0, staged_groups - inserted - updated)


def _apply_memberships(connection: Connection, before: Tables) -> tuple[TableChange, int]:
    """The change of group_membership, and how many rows of pending_membership were written."""
    _run(connection, "digest_staged")
    if before.is_empty:  # every group is new: what changed needs no table of its own
        _run(connection, "find_membership_changes", is_equal=sql.Literal(True))
        inserted = _run(connection, "insert_first_memberships")
        is_complete = _row(connection, "directory/count_staged_pairs")["pairs"] == inserted
        return TableChange(inserted), 0 if is_complete else _run(connection, "insert_first_pending_memberships")
    is_equal = sql.Literal(_row(connection, "directory/compare_memberships")["is_equal"])
    _run(connection, "find_membership_changes", is_equal=is_equal)
    _run(connection, "find_known_pending_memberships", is_equal=is_equal)
    deleted, inserted = _run(connection, "delete_memberships"), _run(connection, "insert_memberships")
    pending = _run(connection, "delete_pending_memberships") + _run(connection, "insert_pending_memberships")
    return TableChange(inserted, 0, deleted), pending


def _is_large(connection: Connection, before: Tables, memberships: TableChange) -> bool:
    """Whether so much changed that computing every flag and every cycle costs no more than those of the changes."""
    changes = _row(connection, "directory/count_changes")
    return (
        _is_share(changes["moved_groups"], before.totals["groups"])
        or _is_share(changes["switched_agents"], before.totals["agents"])
        or _is_share(memberships.written, before.totals["memberships"])
    )


def _analyze(connection: Connection, tables: str, change: TableChange, rows_before: int) -> None:
    """Statistics for the statements that follow, where so much was written that they need it."""
    if _is_share(change.written, rows_before):
        connection.execute(read_sql(f"directory/analyze_{tables}"))


def _is_share(rows: int, total: int) -> bool:
    return rows > max(LARGE_SHARE * total, LARGE_ROWS)


def _flag(connection: Connection, every_group: bool) -> int:
    """D11: how many flags of all groups, or of those that the changes can have affected, were set anew."""
    _run(connection, "affect_every_group" if every_group else "affect_changed_groups")
    _run(connection, "index_affected_groups")
    _run(connection, "find_staffed_groups" if every_group else "find_affected_starts")
    _run(connection, "index_active_starts")
    return _run(connection, "flag_groups")


def _refusal_by(check: CheckResult, label: str) -> CheckFailed:
    return CheckFailed(
        f"{label} was rolled back: check {check.name} found {check.failures} row(s) where "
        f"{check.promise.rstrip('.')} does not hold. First: {check.sample[:3]}",
        sync_day=label,
        check=check.name,
    )


def _record(
    staged: StagedDay,
    run_id: str | None,
    findings: dict[str, int],
    tables_fingerprint: str,
    *,
    is_checked_whole: bool,
    has_changed: bool,
) -> None:
    kept = ("read", "accepted", "rejected")
    counts = {
        "groups": {key: value for key, value in asdict(staged.groups).items() if key in kept},
        "agents": {key: value for key, value in asdict(staged.agents).items() if key in kept},
        "findings": findings,
    }
    staged.connection.execute(
        read_sql("directory/record_sync_day"),
        {
            "sync_day": staged.label,
            "sort_key": natural_key(staged.label),
            "fingerprint": staged.fingerprint,
            "counts": json.dumps(counts),
            "run_id": run_id,
            "tables_fingerprint": tables_fingerprint,
            "is_checked_whole": is_checked_whole,
            "has_changed": has_changed,
        },
    )


def _replace_findings(connection: Connection, label: str) -> bool:
    """Store the staged findings as the day's; False, and nothing written, when they are stored already."""
    day = {"sync_day": label}
    if not _row(connection, "directory/has_new_findings", day)["has_new_findings"]:
        return False
    connection.execute(read_sql("directory/delete_findings"), day)
    connection.execute(read_sql("directory/insert_findings"), day)
    return True


def recompute_flags(url: str) -> TableChange:
    """D11 alone, over the tables as they are."""
    with connect(url, purpose="flags") as connection, _locked(connection):
        flagged = _flag(connection, every_group=True)
        total = _row(connection, "directory/count_directory")["groups"]
    return TableChange(0, flagged, 0, total - flagged)


def _run(connection: Connection, step: str, **literals: sql.Composable) -> int:
    rows = max(connection.execute(read_directory_sql(f"directory/{step}", **literals), {}).rowcount, 0)
    log.info("%s: %d rows", step.replace("_", " "), rows)
    return rows


def _rows(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(name), parameters or {}).fetchall()


def _row(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    return _rows(connection, name, parameters)[0]
