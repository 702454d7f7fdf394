"""Applies a staged day to the live tables: set-based SQL, one transaction, one lock (D12). Writes changed rows only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import transaction_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.attempts import (
    find_applied_fingerprint,
    keep_outcome,
    note_attempt,
    record_day,
    replace_findings,
)
from groups_platform.directory.changes import write_changes, write_flags
from groups_platform.directory.checks import CheckResult, check_changes, run_checks
from groups_platform.directory.completeness import count_staged, find_incompleteness
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.day_result import TABLES, DayResult, TableChange
from groups_platform.directory.decisions import find_refusal, is_approved
from groups_platform.directory.fingerprint import find_newest_day, read_tables, why_everything
from groups_platform.directory.guard import Protection, find_excesses, hold, measure
from groups_platform.directory.history import write_history
from groups_platform.directory.plan import read_plan
from groups_platform.directory.staging import StagedDay
from groups_platform.directory.statements import read_row, read_rows
from groups_platform.errors import CheckFailed, DatabaseUnavailable
from groups_platform.wording import counted

log = logging.getLogger(__name__)


class _RolledBack(Exception):
    """Rolls back the transaction of a day that failed a blocking check; `args[0]` is its DayResult."""


def apply_day(
    staged: StagedDay, run_id: str | None = None, protection: Protection | None = None, *, is_plan: bool = False
) -> DayResult:
    """Make the live tables show the staged day; all or nothing. is_plan: find out what that changes, and undo it.

    A day older than the newest applied one is left alone (D13). These come back with their refusal, and their findings
    are kept: a day that is no full snapshot (D14), also an older one; one that exceeds a limit and that nobody has
    approved (P11); one that somebody has rejected (P12); one that fails a check that protects the tables. Raises
    DatabaseUnavailable.
    """
    connection, protection = staged.connection, protection or Protection()
    try:
        try:
            with locked(connection, protection.lock_timeout):
                result = _apply(staged, protection, run_id, is_plan=is_plan)
        except _RolledBack as rolled_back:
            result = rolled_back.args[0]
            with locked(connection, protection.lock_timeout):
                keep_outcome(staged, result, run_id, is_plan=is_plan)
        return result
    except psycopg.OperationalError as error:
        raise lost_connection(staged.label, error) from error


def lost_connection(label: str, error: psycopg.OperationalError) -> DatabaseUnavailable:
    """What to say when the connection broke while a day was applied."""
    return DatabaseUnavailable(
        f"The connection to Postgres broke while {label} was applied: {str(error).strip()}. "
        "Uncommitted changes are undone; run the day again. If it writes zero rows, it had been applied.",
        sync_day=label,
    )


@contextmanager
def locked(connection: Connection, patience: float | None = None) -> Iterator[None]:
    """One transaction, alone with the tables. patience: seconds to wait for another one. Raises LockTimeout."""
    with transaction_lock(connection, "groups_platform.directory", patience):
        connection.execute(read_sql("directory/set_up_transaction"))
        yield


def verify_day(staged: StagedDay) -> tuple[CheckResult, ...]:
    """Run every check, changing nothing; those that compare with the snapshot only if it is the newest day."""
    newest = find_newest_day(staged.connection)
    return run_checks(staged.connection, is_newest_day=newest is not None and newest.label == staged.label)


def _apply(staged: StagedDay, protection: Protection, run_id: str | None, *, is_plan: bool) -> DayResult:
    connection = staged.connection
    newest = find_newest_day(connection)
    if newest and newest.is_newer_than(staged.label):
        log.info("%s is older than %s, the newest applied day: tables left alone", staged.label, newest.label)
        late = DayResult(
            staged.label,
            is_applied=False,
            newest_day=newest.label,
            refusal=None if is_plan else find_incompleteness(staged, count_staged(staged)),
            changes=dict.fromkeys(TABLES, TableChange()),
            applied_fingerprint=find_applied_fingerprint(connection, staged.label),
        )
        raise _RolledBack(late)
    if not is_plan and (rejected := find_refusal(connection, staged.label, staged.fingerprint)):
        raise _RolledBack(DayResult(staged.label, is_applied=False, refusal=rejected))
    staged_rows = count_staged(staged)
    if incomplete := find_incompleteness(staged, staged_rows):
        raise _RolledBack(DayResult(staged.label, is_applied=False, refusal=incomplete))
    before = read_tables(connection)
    everything = why_everything(newest, before, staged.label)
    if everything:
        log.info("flags and checks of every row, because %s", everything)

    day = {"sync_day": staged.label, "sort_key": natural_key(staged.label), "grace_days": protection.grace_days}
    changes = write_changes(staged, day, staged_rows, before, every_row=everything is not None)
    plan = read_plan(connection, is_first=before.is_empty, impact=protection.impact)
    measured = measure(plan.counts, {**before.totals, **plan.stored}, *count_fewer(staged))
    excesses = () if newest is None else find_excesses(*measured, protection.limits)
    planned = DayResult(staged.label, is_applied=False, plan=plan, excesses=excesses)
    if is_plan:
        raise _RolledBack(planned)
    if excesses and not is_approved(connection, staged.label, plan.id):
        look = f"groups-platform plan --day {staged.label}"
        raise _RolledBack(replace(planned, refusal=hold(staged.label, plan.id, excesses, look=look)))
    findings = {row["code"]: row["findings"] for row in read_rows(connection, "count_findings")}
    has_new_findings = replace_findings(connection, staged.label)

    tables = read_tables(connection) if changes.rows_written else before
    write_history(
        connection,
        staged.label,
        is_first=before.is_empty and newest is None,
        is_again=newest is not None and newest.label == staged.label,
        every_row=everything is not None,
    )
    checks = run_checks(connection) if everything else check_changes(connection, is_large=changes.is_large)
    if failed := next((check for check in checks if check.is_blocking and not check.passed), None):
        raise _RolledBack(replace(planned, refusal=_refusal_by(failed, staged.label), checks=checks, excesses=()))
    has_changed = has_new_findings or changes.pending > 0 or changes.rows_written > 0
    is_checked_whole = everything is not None or newest is None
    record_day(staged, run_id, findings, tables.fingerprint, is_checked_whole=is_checked_whole, has_changed=has_changed)
    result = DayResult(
        staged.label,
        is_applied=True,
        changes=changes.by_table(tables.totals),
        findings=findings,
        totals=tables.totals,
        checks=checks,
        plan=plan,
        excesses=excesses,
    )
    if has_changed:
        keep_outcome(staged, result, run_id)
    else:
        note_attempt(staged, result, run_id)
    return result


def count_fewer(staged: StagedDay) -> tuple[dict[str, int], dict[str, int]]:
    """By kind, how many records fewer the day has than the applied day before, and how many that had."""
    parameters = {"sync_day": staged.label, "sort_key": natural_key(staged.label)}
    day_before = read_row(staged.connection, "counts_of_day_before", parameters)
    read = {"groups": staged.groups.read, "agents": staged.agents.read}
    told = {"groups"} | (staged.agents.folders & {"agents"})  # a day may have no roster (D7)
    read_before = {kind: (day_before[kind] if kind in told else None) or n for kind, n in read.items()}
    return {kind: read_before[kind] - n for kind, n in read.items()}, read_before


def _refusal_by(check: CheckResult, label: str) -> CheckFailed:
    return CheckFailed(
        f"{label} was rolled back: check {check.name} found {counted(check.failures, 'row')} where "
        f"{check.promise.rstrip('.')} does not hold. First: {check.sample[:3]}",
        sync_day=label,
        check=check.name,
    )


def recompute_flags(url: str) -> TableChange:
    """D11 alone, over the tables as they are. The newest applied day's history then says the same."""
    with connect(url, purpose="flags") as connection, locked(connection):
        connection.execute("SET LOCAL search_path = directory, public")
        flagged = write_flags(connection, every_group=True)
        total = read_row(connection, "count_directory")["groups"]
        if newest := find_newest_day(connection):
            write_history(connection, newest.label, is_first=False, is_again=True, every_row=True)
    return TableChange(0, flagged, 0, total - flagged)
