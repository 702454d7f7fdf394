"""From staging to the live tables: set-based statements, one transaction, one lock (D12). Touches only what differs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.checks import CheckResult, run_checks
from groups_platform.directory.source import natural_key
from groups_platform.directory.staging import StagedDay
from groups_platform.errors import CheckFailed, DatabaseUnavailable, IncompleteSnapshot

log = logging.getLogger(__name__)


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
    """What one run did. newest_day: the applied day that is newer, when that is why nothing was applied.

    changes: by table (agents, groups, group_membership, group_inactivity). findings: by code, zeros included.
    """

    label: str
    is_applied: bool
    newest_day: str | None = None
    changes: dict[str, TableChange] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()

    @property
    def rows_written(self) -> int:
        """Rows of all tables that this run wrote."""
        return sum(change.written for change in self.changes.values())


def apply_day(staged: StagedDay, run_id: str | None = None) -> DayResult:
    """Make the live tables show the staged day; all or nothing.

    A day older than the newest applied one is left alone (D13). Raises IncompleteSnapshot (D14), whose findings are
    kept, and CheckFailed when a check that protects the tables fails.
    """
    connection = staged.connection
    try:
        with _locked(connection):
            newest = connection.execute(read_sql("directory/newest_applied_day")).fetchone()
            if newest and (newest[1], newest[0]) > (natural_key(staged.label), staged.label):
                log.info("%s is older than %s, the newest applied day: tables left alone", staged.label, newest[0])
                return DayResult(staged.label, is_applied=False, newest_day=newest[0])
            refuse_incomplete(staged)
            return _apply(staged, run_id)
    except IncompleteSnapshot:
        with _locked(connection):
            _replace_findings(connection, staged.label)
        raise
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"The connection to Postgres broke while {staged.label} was applied: {str(error).strip()}. "
            "Nothing was changed; run the day again.",
            sync_day=staged.label,
        ) from error


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    with connection.transaction():
        connection.execute(read_sql("directory/lock_directory"))
        yield


def refuse_incomplete(staged: StagedDay) -> None:
    """D14: raise IncompleteSnapshot with a sentence that says what to do."""
    groups, agents = staged.groups, staged.agents
    counts = _row(staged.connection, "directory/count_staged")
    reason = None
    if "admin_groups" not in groups.folders:
        reason = "it has no folder admin_groups/"
    elif broken := groups.unreadable + agents.unreadable:
        reason = f"{groups.unreadable_files + agents.unreadable_files} file(s) cannot be read: {'; '.join(broken)}"
    elif counts["groups"] == 0:
        reason = "not one group record in admin_groups/ was accepted"
    elif "agents" in agents.folders and counts["roster_agents"] == 0:
        reason = "it has a folder agents/, but not one agent record in it was accepted"
    elif not counts["is_any_agent_known"]:
        reason = "no agent is known yet, so every group would be inactive: deliver agents/ with the first day"
    if reason:
        raise IncompleteSnapshot(
            f"{staged.label} is not a full snapshot: {reason}. Nothing was applied. "
            f"Deliver sync-{staged.label} again and run it again; groups-platform findings --day {staged.label} "
            "lists what is wrong.",
            sync_day=staged.label,
            reason=reason,
        )


def verify_day(staged: StagedDay) -> tuple[CheckResult, ...]:
    """Every check of the live tables, changing nothing; what compares with the snapshot only on the newest day."""
    newest = staged.connection.execute(read_sql("directory/newest_applied_day")).fetchone()
    return run_checks(staged.connection, is_newest_day=newest is not None and newest[0] == staged.label)


def _apply(staged: StagedDay, run_id: str | None) -> DayResult:
    connection = staged.connection
    staged_rows = _row(connection, "directory/count_staged")

    updated, inserted = _run(connection, "update_agents"), _run(connection, "insert_agents")
    absent = _run(connection, "deactivate_absent_agents") if "agents" in staged.agents.folders else 0
    agents = TableChange(inserted, updated + absent, 0, staged_rows["agents"] - inserted - updated)

    updated, inserted = _run(connection, "update_groups"), _run(connection, "insert_groups")
    groups = TableChange(inserted, updated, 0, staged_rows["groups"] - inserted - updated)

    known_now = _run(connection, "insert_known_pending_memberships")
    _run(connection, "find_membership_changes")
    deleted = _run(connection, "delete_memberships")
    inserted = _run(connection, "insert_memberships")
    pending = _run(connection, "delete_pending_memberships") + _run(connection, "insert_pending_memberships")
    if inserted + known_now + deleted + groups.inserted > 1000:
        connection.execute("ANALYZE directory.groups, directory.agents, directory.group_membership")

    flagged = _run(connection, "flag_inactive")
    _run(connection, "find_edges")
    findings = {row["code"]: row["findings"] for row in _rows(connection, "directory/count_findings")}
    has_new_findings = _replace_findings(connection, staged.label)
    totals = _row(connection, "directory/count_directory")
    changes = {
        "agents": agents,
        "groups": groups,
        "group_membership": TableChange(inserted + known_now, 0, deleted, totals["memberships"] - inserted - known_now),
        "group_inactivity": TableChange(0, flagged, 0, totals["groups"] - flagged),
    }
    checks = run_checks(connection)
    refuse_failed(staged.label, checks)
    _record(staged, run_id, findings, has_new_findings or pending > 0 or any(c.written for c in changes.values()))
    return DayResult(staged.label, True, None, changes, findings, totals, checks)


def refuse_failed(label: str, checks: tuple[CheckResult, ...]) -> None:
    """Raise CheckFailed for the first failed check that protects the tables."""
    for check in checks:
        if check.is_blocking and not check.passed:
            raise CheckFailed(
                f"{label} was rolled back: check {check.name} found {check.failures} row(s) where "
                f"{check.promise.rstrip('.')} does not hold. First: {check.sample[:3]}",
                sync_day=label,
                check=check.name,
                checks=checks,
            )


def _record(staged: StagedDay, run_id: str | None, findings: dict[str, int], has_changed: bool) -> None:
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
    with connect(url) as connection:
        connection.execute(read_sql("directory/lock_directory"))
        flagged = _run(connection, "flag_inactive")
        total = _row(connection, "directory/count_directory")["groups"]
    return TableChange(0, flagged, 0, total - flagged)


def _run(connection: Connection, step: str) -> int:
    rows = max(connection.execute(read_sql(f"directory/{step}"), {}).rowcount, 0)
    log.info("%s: %d rows", step.replace("_", " "), rows)
    return rows


def _rows(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(name), parameters or {}).fetchall()


def _row(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    return _rows(connection, name, parameters)[0]
