"""P12: what people decide about a day that is held or failed, kept for ever: approve, reject or skip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.plan import find_plan
from groups_platform.errors import DayRejected, InvalidDecision, UnknownPlan, UnknownSyncDay


class Verdict(str, Enum):
    """What somebody decided.

    APPROVE: the day applies if its plan still is the one that was seen. REJECT, SKIP: the day, with this content, is
    dealt with, and later days go on.
    """

    APPROVE = "approve"
    REJECT = "reject"
    SKIP = "skip"

    @property
    def past(self) -> str:
        """What somebody has done."""
        return {"approve": "approved", "reject": "rejected", "skip": "skipped"}[self.value]


@dataclass(frozen=True)
class Decision:
    """A row of `sync_decisions`. fingerprint: of the content of the day that it is about."""

    decision_id: int
    sync_day: str
    verdict: Verdict
    plan_id: str | None
    fingerprint: str
    decided_by: str
    reason: str
    decided_at: datetime


def decide(
    url: str,
    label: str,
    verdict: Verdict,
    *,
    fingerprint: str,
    decided_by: str,
    reason: str,
    plan_id: str | None = None,
    look: str | None = None,
) -> Decision:
    """Keep a decision about the day with this content. look: the command that shows the plan, if it is no day's.

    Raises UnknownPlan for the approval of another plan than the newest one, or of one that is applied and was not
    rejected since, and InvalidDecision for a reason or a name that is blank or cannot be stored.
    """
    for what, text in (("reason", reason), ("name of who decides", decided_by)):
        if not text.strip() or "\0" in text or not _is_text(text):
            raise InvalidDecision(f"The {what} must be a text that is not blank, in UTF-8 and without U+0000.")
    if verdict is Verdict.APPROVE:
        newest = find_plan(url, label)
        if newest is None or newest["plan_id"] != plan_id or not _can_be_approved(url, label, newest):
            held = f"its plan is {newest['plan_id']}, {newest['outcome']}" if newest else "it has no plan"
            raise UnknownPlan(
                f"{label} does not wait with the plan {plan_id}: {held}. Look at it with "
                f"{look or f'groups-platform plan --day {label}'}, or run it again.",
                sync_day=label,
                plan_id=plan_id,
            )
        fingerprint = newest["fingerprint"]
    with connect(url) as connection:
        row = connection.execute(
            read_sql("directory/insert_decision"),
            {
                "sync_day": label,
                "decision": verdict.value,
                "plan_id": plan_id,
                "fingerprint": fingerprint,
                "decided_by": decided_by,
                "reason": reason,
            },
        ).fetchone()
    assert row is not None
    return _decision(row)


def find_content(url: str, source: str, label: str) -> str:
    """Return the fingerprint of the content that a decision about the day is about.

    It is that of the folder, or of what was last read where the folder is gone. Raises UnknownSyncDay,
    SourceUnavailable.
    """
    from groups_platform.directory.source import list_day  # noqa: PLC0415 - it loads pyarrow, which decisions do not need

    try:
        return list_day(source, label).fingerprint
    except UnknownSyncDay:
        with connect(url) as connection:
            row = connection.execute(read_sql("directory/last_content"), {"sync_day": label}).fetchone()
        if row is None:
            raise
        return str(row[0])


def find_decision(connection: Connection, label: str, fingerprint: str | None = None) -> Decision | None:
    """The newest decision about a day; with a fingerprint the newest about that content."""
    parameters = {"sync_day": label, "fingerprint": fingerprint}
    row = connection.execute(read_sql("directory/newest_decision"), parameters).fetchone()
    return _decision(row) if row else None


def find_refusal(connection: Connection, label: str, fingerprint: str) -> DayRejected | None:
    """Return why this content of the day is not applied: the newest decision about it rejects or skips it. Or None."""
    decision = find_decision(connection, label, fingerprint)
    if decision is None or decision.verdict is Verdict.APPROVE:
        return None
    return DayRejected(
        f"{decision.decided_by} has {decision.verdict.past} {label} with this content: {decision.reason}. "
        "Nothing of it was applied. Deliver other content; or look at "
        f"groups-platform plan --day {label}, and approve that.",
        sync_day=label,
    )


def is_approved(connection: Connection, label: str, plan_id: str) -> bool:
    """Whether the newest decision about the day approves this very plan."""
    decision = find_decision(connection, label)
    return decision is not None and decision.verdict is Verdict.APPROVE and decision.plan_id == plan_id


def _can_be_approved(url: str, label: str, plan: Mapping[str, Any]) -> bool:
    """Whether the plan waits, or was applied and rejected since."""
    if plan["outcome"] != "applied":
        return True
    with connect(url) as connection:
        return find_refusal(connection, label, plan["fingerprint"]) is not None


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decision(row: tuple[object, ...]) -> Decision:
    decision_id, label, verdict, *rest = row
    return Decision(decision_id, label, Verdict(verdict), *rest)  # type: ignore[arg-type]
