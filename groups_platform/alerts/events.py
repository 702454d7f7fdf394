"""P20: what is news, by the tables of the directory and the failed runs that the caller knows; and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Final

from psycopg.rows import dict_row

from groups_platform.database.connection import Connection
from groups_platform.database.sql_files import read_sql
from groups_platform.masking import mask_text
from groups_platform.settings import Settings

MOST = 200  # events of a kind that one look finds; the next one finds the others
LONGEST_SUBJECT = 200
LONGEST_BODY = 1500
CODES_NAMED = 5

# How an attempt ended, by the code of the error with which its run fails.
OUTCOMES: Final = {"day_held": "held", "incomplete_snapshot": "incomplete", "check_failed": "failed"}
KINDS: Final = {"failed": "check_failed"}  # of an outcome that is not named like its kind

# Codes of what is held and is no attempt of a day, with its name where the run has none: a replay, a provisioning.
HELD: Final = {"day_held": "", "provisioning_held": "Provisioning"}


@dataclass(frozen=True)
class FailedRun:
    """A run of Dagster that failed. what: its job and its day, in words. code: of the error, where it is a typed one.

    sync_day: that it was about, if any. sentence: why it failed.
    """

    run_id: str
    what: str
    sentence: str
    code: str | None = None
    sync_day: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened and that people are told once. key: of the event; kind: see the table `alerts`."""

    key: str
    kind: str
    subject: str
    body: str
    sync_day: str | None = None
    run_id: str | None = None


def find_events(
    connection: Connection, settings: Settings, since: datetime, failed_runs: Sequence[FailedRun]
) -> list[Event]:
    """What happened since then and is to be told; some of it may have been told before, with the same keys.

    A run that failed because its day was held, or for another reason that is kept of the day, is one event with it.
    """
    kept = [(run.sync_day, OUTCOMES[run.code]) for run in failed_runs if run.sync_day and run.code in OUTCOMES]
    sync_days, outcomes = [label for label, _ in kept], [outcome for _, outcome in kept]
    most = MOST + len(kept)
    attempts = _rows(connection, "find_attempts", since=since, sync_days=sync_days, outcomes=outcomes, most=most)
    of_days = {(row["sync_day"], row["outcome"]) for row in attempts}
    runs = [run for run in failed_runs if (run.sync_day, OUTCOMES.get(run.code or "")) not in of_days]
    events = [_of_attempt(row) for row in attempts]
    events += [_of_run(run) for run in runs]
    events += _of_new_errors(connection, since)
    events += _of_overdue(connection, settings.expect_every)
    return [_finish(event, settings.ui_url) for event in events]


def _of_attempt(row: Mapping[str, Any]) -> Event:
    label, outcome = row["sync_day"], row["outcome"]
    subjects = {
        "held": f"{label} is held",
        "incomplete": f"{label} was not applied: it is no full snapshot",
        "failed": f"{label} was not applied: a check failed",
        "late": f"{label} came late",
    }
    late = (
        f"{label} was read into the lake and left out of the tables, since a newer day is applied. "
        "groups-platform replay folds it in where it belongs."
    )
    body = late if outcome == "late" else row["message"]
    return Event(row["key"], KINDS.get(outcome, outcome), subjects[outcome], body, label, row["run_id"])


def _of_run(run: FailedRun) -> Event:
    held = HELD.get(run.code or "")
    kind, subject = "run_failed", f"{run.what} failed"
    if held is not None:
        kind, subject = "held", f"{run.sync_day or held or run.what} is held"
    return Event(f"run:{run.run_id}", kind, subject, run.sentence, run.sync_day, run.run_id)


def _of_new_errors(connection: Connection, since: datetime) -> Iterable[Event]:
    for row in _rows(connection, "find_new_errors", since=since, most=MOST):
        label, numbers = row["sync_day"], row["numbers"]
        connection.execute(read_sql("alerts/note_compared"), {"sync_day": label, "applied_at": row["applied_at"]})
        if not numbers:
            continue
        codes = sorted(numbers, key=lambda code: (-numbers[code], code))
        new, some = sum(numbers.values()), codes[:CODES_NAMED]
        more = f" and {len(codes) - len(some)} more" if len(codes) > len(some) else ""
        before = f"that {row['day_before']} had not" if row["day_before"] else "on the first applied day"
        lines = [
            f"- {code}: {numbers[code]:,} new, {(row['totals'] or {}).get(code, numbers[code]):,} in all"
            for code in codes
        ]
        yield Event(
            f"new_errors:{label}:{row['digest']}",
            "new_errors",
            f"{label} has {new:,} new {'error' if new == 1 else 'errors'}: {', '.join(some)}{more}",
            f"{label} is applied, with findings of severity error {before}:\n"
            + "\n".join(lines)
            + f"\ngroups-platform findings --day {label} --code {codes[0]} shows them.",
            label,
            row["run_id"],
        )


def _of_overdue(connection: Connection, expect_every: float | None) -> Iterable[Event]:
    if expect_every is None:
        return
    for row in _rows(connection, "find_overdue", seconds=expect_every * 3600):
        label, hours = row["sync_day"], row["seconds"] / 3600
        since = row["applied_at"] or row["began_at"]
        said = (
            f"The last day that was applied is {label}, at {since.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
            if label
            else "No day was applied yet"
        )
        yield Event(
            f"overdue:{label}:{since.astimezone(timezone.utc).isoformat()}",
            "overdue",
            f"No day was applied for {hours:,.0f} hours"
            if hours >= 10
            else f"No day was applied for {hours:.1f} hours",
            f"{said}; one is expected every {expect_every:g} hours (GROUPS_EXPECT_EVERY). Ask upstream for it; "
            "groups-platform days says of each folder what became of it.",
            label,
            row["run_id"],
        )


def _finish(event: Event, ui_url: str) -> Event:
    """With the link, masked, and cut to what every receiver takes."""
    link = mask_text(f"{ui_url}/runs/{event.run_id}" if event.run_id else f"{ui_url}/assets/sync_days")
    subject = _cut(" ".join(mask_text(event.subject).split()), LONGEST_SUBJECT)
    return replace(event, subject=subject, body=f"{_cut(mask_text(event.body).strip(), LONGEST_BODY)}\n{link}")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rows(connection: Connection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"alerts/{name}"), parameters).fetchall()
