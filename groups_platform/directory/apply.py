"""Applies a staged day to the live tables: set-based SQL, one transaction, one lock (D12). Writes changed rows only."""

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
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.decisions import is_approved
from groups_platform.directory.fingerprint import Tables, find_newest_day, read_tables, why_everything
from groups_platform.directory.guard import Excess, Protection, find_excesses, hold
from groups_platform.directory.history import write_history
from groups_platform.directory.plan import Plan, read_plan, store_plan
from groups_platform.directory.staging import StagedDay
from groups_platform.directory.table_columns import read_directory_sql
from groups_platform.errors import CheckFailed, DatabaseUnavailable, DayHeld, IncompleteSnapshot, PlatformError

log = logging.getLogger(__name__)

# Above this share and number of changed rows a step over every row costs no more than one over the changes.
LARGE_SHARE: Final = 0.05
LARGE_ROWS: Final = 1000

TABLES: Final = ("agents", "groups", "group_membership", "group_inactivity")


@dataclass(frozen=True)
class TableChange:
    """How many rows of one table a run inserted, updated, deleted and left unchanged."""

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
    """The result of applying a day.

    newest_day: the applied day that is newer, when that is why nothing was applied. refusal: IncompleteSnapshot,
    DayHeld or CheckFailed, when that is why; `checks` then has the evaluated checks, if it came so far.
    plan: what the day changes, or would change, if it came so far. excesses: the limits that this exceeds.
    applied_fingerprint: of the content with which an older day was applied; None where it never was.
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
    plan: Plan | None = None
    excesses: tuple[Excess, ...] = ()
    applied_fingerprint: str | None = None

    @property
    def rows_written(self) -> int:
        """Rows written to all tables."""
        return sum(change.written for change in self.changes.values())

    def or_raise(self) -> DayResult:
        """Return this result, or raise its refusal."""
        if self.refusal:
            raise self.refusal
        return self


class _RolledBack(Exception):
    """Rolls back the transaction of a day that failed a blocking check; `args[0]` is its DayResult."""


def apply_day(
    staged: StagedDay, run_id: str | None = None, protection: Protection | None = None, *, is_plan: bool = False
) -> DayResult:
    """Make the live tables show the staged day; all or nothing. is_plan: find out what that changes, and undo it.

    A day older than the newest applied one is left alone (D13). A day that is no full snapshot (D14), one that exceeds
    a limit and that nobody has approved (P11), and one that fails a check that protects the tables come back with
    their refusal; its findings are kept. Raises DatabaseUnavailable.
    """
    connection, protection = staged.connection, protection or Protection()
    try:
        try:
            with _locked(connection, protection.lock_timeout):
                result = _apply(staged, protection, run_id, is_plan=is_plan)
        except _RolledBack as rolled_back:
            result = rolled_back.args[0]
            with _locked(connection, protection.lock_timeout):
                _note(staged, result, run_id, is_plan=is_plan)
        return result
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"The connection to Postgres broke while {staged.label} was applied: {str(error).strip()}. "
            "Uncommitted changes are undone; run the day again. If it writes zero rows, it had been applied.",
            sync_day=staged.label,
        ) from error


@contextmanager
def _locked(connection: Connection, patience: float | None = None) -> Iterator[None]:
    with transaction_lock(connection, "groups_platform.directory", patience):
        connection.execute(read_sql("directory/set_up_transaction"))
        yield


def count_staged(staged: StagedDay) -> dict[str, Any]:
    """Return how many rows are staged, and whether any agent is known; the keys are those of `count_staged.sql`."""
    return _row(staged.connection, "directory/count_staged")


def find_incompleteness(staged: StagedDay, counts: Mapping[str, Any]) -> IncompleteSnapshot | None:
    """Return why the staged day is not a full snapshot (D14), or None. counts: from `count_staged`."""
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
    """Run every check, changing nothing; those that compare with the snapshot only if it is the newest day."""
    newest = find_newest_day(staged.connection)
    return run_checks(staged.connection, is_newest_day=newest is not None and newest.label == staged.label)


def _note(staged: StagedDay, result: DayResult, run_id: str | None, *, is_plan: bool = False) -> None:
    """Keep what came of the attempt: its plan, how it ended and, where it was no mere plan, the day's findings."""
    if result.plan and (result.is_applied or is_plan or isinstance(result.refusal, DayHeld)):
        store_plan(
            staged.connection,
            result.plan,
            sync_day=staged.label,
            fingerprint=staged.fingerprint,
            outcome="planned" if is_plan else "applied" if result.is_applied else "held",
            excesses=result.excesses,
            run_id=run_id,
        )
    if is_plan:
        return
    if not (result.is_applied or result.applied_fingerprint or isinstance(result.refusal, CheckFailed)):
        _replace_findings(staged.connection, staged.label)  # of what was applied once, the findings stay
    note_attempt(staged, result, run_id)


def _applied_fingerprint(staged: StagedDay) -> str | None:
    rows = _rows(staged.connection, "directory/applied_fingerprint", {"sync_day": staged.label})
    return rows[0]["fingerprint"] if rows else None


def note_attempt(staged: StagedDay, result: DayResult, run_id: str | None) -> None:
    """Keep how the newest attempt of the day ended; nothing is written where the one before ended like that."""
    outcomes = {IncompleteSnapshot: "incomplete", DayHeld: "held", CheckFailed: "failed"}
    attempt = {
        "sync_day": staged.label,
        "sort_key": natural_key(staged.label),
        "fingerprint": staged.fingerprint,
        "outcome": outcomes[type(result.refusal)] if result.refusal else "applied" if result.is_applied else "late",
        "message": str(result.refusal or ""),
        "plan_id": result.plan and result.plan.id if result.excesses else None,
        "run_id": run_id,
    }
    staged.connection.execute(read_sql("directory/note_attempt"), attempt)


def _apply(staged: StagedDay, protection: Protection, run_id: str | None, *, is_plan: bool) -> DayResult:
    connection = staged.connection
    newest = find_newest_day(connection)
    if newest and newest.is_newer_than(staged.label):
        log.info("%s is older than %s, the newest applied day: tables left alone", staged.label, newest.label)
        late = DayResult(staged.label, False, newest.label, changes=dict.fromkeys(TABLES, TableChange()))
        raise _RolledBack(replace(late, applied_fingerprint=_applied_fingerprint(staged)))
    staged_rows = count_staged(staged)
    if incomplete := find_incompleteness(staged, staged_rows):
        raise _RolledBack(DayResult(staged.label, is_applied=False, refusal=incomplete))
    before = read_tables(connection)
    everything = why_everything(newest, before, staged.label)
    if everything:
        log.info("flags and checks of every row, because %s", everything)

    agents = _apply_agents(staged, staged_rows["agents"])
    _analyze(connection, "agents", agents, before.totals["agents"])
    groups = _apply_groups(connection, staged_rows["groups"])
    _analyze(connection, "groups", groups, before.totals["groups"])
    day = {"sync_day": staged.label, "sort_key": natural_key(staged.label), "grace_days": protection.grace_days}
    _find_missing(connection, day)
    memberships, pending = _apply_memberships(connection, before)
    _analyze(connection, "memberships", memberships, before.totals["memberships"])
    is_large = _is_large(connection, before, memberships)
    flagged = _flag(connection, everything is not None or is_large)
    _run(connection, "find_every_cycle" if everything or is_large else "find_cycles_of_changes")
    _run(connection, "find_edges", day)
    plan = read_plan(connection, is_first=before.is_empty)
    excesses = () if newest is None else find_excesses(*_measure(staged, plan, before), protection.limits)
    planned = DayResult(staged.label, is_applied=False, plan=plan, excesses=excesses)
    if is_plan:
        raise _RolledBack(planned)
    if excesses and not is_approved(connection, staged.label, plan.id):
        look = f"groups-platform plan --day {staged.label}"
        raise _RolledBack(replace(planned, refusal=hold(staged.label, plan.id, excesses, look=look)))
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
    write_history(
        connection,
        staged.label,
        is_first=before.is_empty and newest is None,
        is_again=newest is not None and newest.label == staged.label,
        every_row=everything is not None,
    )
    checks = run_checks(connection) if everything else check_changes(connection, is_large=is_large)
    if failed := next((check for check in checks if check.is_blocking and not check.passed), None):
        raise _RolledBack(replace(planned, refusal=_refusal_by(failed, staged.label), checks=checks, excesses=()))
    has_changed = has_new_findings or pending > 0 or rows_written > 0
    is_checked_whole = everything is not None or newest is None
    _record(staged, run_id, findings, tables.fingerprint, is_checked_whole=is_checked_whole, has_changed=has_changed)
    result = DayResult(
        staged.label,
        is_applied=True,
        changes=changes,
        findings=findings,
        totals=tables.totals,
        checks=checks,
        plan=plan,
        excesses=excesses,
    )
    if has_changed:
        _note(staged, result, run_id)
    else:
        note_attempt(staged, result, run_id)
    return result


def _measure(staged: StagedDay, plan: Plan, before: Tables) -> tuple[dict[str, int], dict[str, int]]:
    """What the limits compare: the changes of the day, and what was stored before, or read on the day before."""
    parameters = {"sync_day": staged.label, "sort_key": natural_key(staged.label)}
    day_before = _rows(staged.connection, "directory/counts_of_day_before", parameters)
    read = {"groups": staged.groups.read, "agents": staged.agents.read}
    read_before = {kind: day_before[0]["counts"][kind]["read"] if day_before else read[kind] for kind in read}
    fewer = {f"{kind}_read_fewer": read_before[kind] - read[kind] for kind in read}
    active_groups = before.totals["groups"] - before.totals["inactive_groups"]
    stored = {**before.totals, "active_groups": active_groups, **{f"{k}_read": n for k, n in read_before.items()}}
    return {**plan.counts, **fewer}, stored


def _find_missing(connection: Connection, day: dict[str, Any]) -> None:
    """P19: which groups are newly missing, are back, or end today; their waiting memberships end here."""
    _run(connection, "delete_found_groups")
    _run(connection, "find_missing_groups")
    _run(connection, "insert_missing_groups", day)
    _run(connection, "find_ended_groups", day)
    _run(connection, "end_groups", day)
    _run(connection, "delete_ended_pending_memberships")


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
    """Return the change of group_membership, and how many rows of pending_membership were written."""
    _run(connection, "digest_staged")
    if before.is_empty:  # every member is new: membership_change can stay empty
        _run(connection, "find_membership_changes", is_equal=sql.Literal(True))
        inserted = _run(connection, "insert_first_memberships")
        is_complete = _row(connection, "directory/count_staged_pairs")["pairs"] == inserted
        return TableChange(inserted), 0 if is_complete else _run(connection, "insert_first_pending_memberships")
    is_equal = sql.Literal(_row(connection, "directory/compare_memberships")["is_equal"])
    _run(connection, "find_membership_changes", is_equal=is_equal)
    _run(connection, "find_known_pending_memberships", is_equal=is_equal)
    _run(connection, "end_memberships")
    deleted, inserted = _run(connection, "delete_memberships"), _run(connection, "insert_memberships")
    pending = _run(connection, "delete_pending_memberships") + _run(connection, "insert_pending_memberships")
    return TableChange(inserted, 0, deleted), pending


def _is_large(connection: Connection, before: Tables, memberships: TableChange) -> bool:
    """Whether so many rows changed that recomputing every flag and cycle costs no more than the affected ones."""
    changes = _row(connection, "directory/count_changes")
    return (
        _is_share(changes["moved_groups"], before.totals["groups"])
        or _is_share(changes["switched_agents"], before.totals["agents"])
        or _is_share(memberships.written, before.totals["memberships"])
    )


def _analyze(connection: Connection, tables: str, change: TableChange, rows_before: int) -> None:
    """Update the planner's statistics if many rows were written."""
    if _is_share(change.written, rows_before):
        connection.execute(read_sql(f"directory/analyze_{tables}"))


def _is_share(rows: int, total: int) -> bool:
    return rows > max(LARGE_SHARE * total, LARGE_ROWS)


def _flag(connection: Connection, every_group: bool) -> int:
    """Recompute the flags (D11) of all groups, or of those that the changes affect; return how many changed."""
    _run(connection, "affect_every_group" if every_group else "affect_changed_groups")
    _run(connection, "index_affected_groups")
    _run(connection, "find_staffed_groups" if every_group else "find_affected_starts")
    _run(connection, "index_active_starts")
    _run(connection, "find_flag_changes")
    return _run(connection, "update_flags")


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
    """Replace the day's findings with the staged ones; return False, without writing, if they are the same."""
    day = {"sync_day": label}
    if not _row(connection, "directory/has_new_findings", day)["has_new_findings"]:
        return False
    connection.execute(read_sql("directory/delete_findings"), day)
    connection.execute(read_sql("directory/insert_findings"), day)
    return True


def recompute_flags(url: str) -> TableChange:
    """D11 alone, over the tables as they are. The newest applied day's history then says the same."""
    with connect(url, purpose="flags") as connection, _locked(connection):
        connection.execute("SET LOCAL search_path = directory, public")
        flagged = _flag(connection, every_group=True)
        total = _row(connection, "directory/count_directory")["groups"]
        if newest := find_newest_day(connection):
            write_history(connection, newest.label, is_first=False, is_again=True, every_row=True)
    return TableChange(0, flagged, 0, total - flagged)


def _run(
    connection: Connection, step: str, parameters: Mapping[str, Any] | None = None, **literals: sql.Composable
) -> int:
    statement = read_directory_sql(f"directory/{step}", **literals)
    rows = max(connection.execute(statement, parameters or {}).rowcount, 0)
    log.info("%s: %d rows", step.replace("_", " "), rows)
    return rows


def _rows(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(name), parameters or {}).fetchall()


def _row(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    return _rows(connection, name, parameters)[0]
