"""What is kept of each attempt to apply a day: how it ended, its plan, its findings, and the applied day itself."""

from __future__ import annotations

import json
from dataclasses import asdict

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.plan import store_plan
from groups_platform.directory.staging import StagedDay
from groups_platform.directory.statements import read_row, read_rows
from groups_platform.errors import CheckFailed, DayHeld, DayRejected, IncompleteSnapshot


def keep_outcome(staged: StagedDay, result: DayResult, run_id: str | None, *, is_plan: bool = False) -> None:
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
    if is_plan or isinstance(result.refusal, DayRejected):
        return
    if not (result.is_applied or result.applied_fingerprint or isinstance(result.refusal, CheckFailed)):
        replace_findings(staged.connection, staged.label)  # of what was applied once, the findings stay
    note_attempt(staged, result, run_id)


def find_applied_fingerprint(connection: Connection, label: str) -> str | None:
    """Return the fingerprint of the content with which the day is applied, or None."""
    rows = read_rows(connection, "applied_fingerprint", {"sync_day": label})
    return rows[0]["fingerprint"] if rows else None


def read_applied_fingerprint(url: str, label: str) -> str | None:
    """Return what `find_applied_fingerprint` finds in the live tables. Raises DatabaseUnavailable."""
    with connect(url) as connection:
        connection.execute("SET LOCAL search_path = directory, public")
        return find_applied_fingerprint(connection, label)


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
        "counts": json.dumps(_records(staged)),
        "run_id": run_id,
    }
    staged.connection.execute(read_sql("directory/note_attempt"), attempt)


def record_day(
    staged: StagedDay,
    run_id: str | None,
    findings: dict[str, int],
    tables_fingerprint: str,
    *,
    is_checked_whole: bool,
    has_changed: bool,
) -> None:
    """Keep the applied day: its counts, and the fingerprint of the tables after it."""
    counts = {**_records(staged), "findings": findings}
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


def _records(staged: StagedDay) -> dict[str, dict[str, int]]:
    kept = ("read", "accepted", "rejected")
    return {
        "groups": {key: value for key, value in asdict(staged.groups).items() if key in kept},
        "agents": {key: value for key, value in asdict(staged.agents).items() if key in kept},
    }


def replace_findings(connection: Connection, label: str) -> bool:
    """Replace the day's findings with the staged ones; return False, without writing, if they are the same."""
    day = {"sync_day": label}
    if not read_row(connection, "has_new_findings", day)["has_new_findings"]:
        return False
    connection.execute(read_sql("directory/delete_findings"), day)
    connection.execute(read_sql("directory/insert_findings"), day)
    return True
