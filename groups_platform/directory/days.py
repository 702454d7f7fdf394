"""P13: what there is of each day of the source, and which of them is to run next (P14). Pure, but for one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from psycopg.rows import class_row

from groups_platform.database.connection import connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.day_names import IgnoredFolder, in_natural_order, is_older
from groups_platform.directory.decisions import Verdict


class DayState(str, Enum):
    """What became of a day with the content that its folder has now.

    WAITING: it is to run. ARRIVING: its folder is not complete yet. LATE: a newer day is applied, so this one changes
    no table, whatever else was wrong with it. IGNORED: the folder's name is no sync day's.
    """

    APPLIED = "applied"
    HELD = "held"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    FAILED = "failed"
    RUNNING = "running"
    ARRIVING = "arriving"
    WAITING = "waiting"
    LATE = "late"
    IGNORED = "ignored"


# A day in one of these keeps the days after it waiting. Where that is moot (P13), a held or failed day is LATE.
UNDONE: Final = frozenset({DayState.HELD, DayState.FAILED, DayState.RUNNING, DayState.ARRIVING, DayState.WAITING})


@dataclass(frozen=True)
class Folder:
    """The folder of a day as the source lists it.

    fingerprint: None where only its name is known; it then is taken to have the content that was last seen of it.
    is_ready: whether it counts already (P9), and else when. problem: why it cannot be listed.
    """

    label: str
    fingerprint: str | None = None
    is_ready: bool = True
    problem: str = ""
    counts_when: str = "it counts when nothing in it changes any more"


@dataclass(frozen=True)
class KnownDay:
    """A row of `read_known_days.sql`; of what there is nothing the columns are None."""

    sync_day: str
    applied_fingerprint: str | None = None
    applied_at: datetime | None = None
    tried_fingerprint: str | None = None
    outcome: str | None = None
    message: str | None = None
    plan_id: str | None = None
    run_id: str | None = None
    decision_id: int | None = None
    decision: str | None = None
    decided_fingerprint: str | None = None
    decided_plan_id: str | None = None
    decided_by: str | None = None
    reason: str | None = None

    @property
    def is_approved(self) -> bool:
        """Whether the newest decision approves the plan with which the day is held."""
        return (
            self.outcome == "held"
            and self.decision == Verdict.APPROVE.value
            and self.plan_id is not None
            and self.decided_plan_id == self.plan_id
        )

    @property
    def is_applied(self) -> bool:
        """Whether some content of the day is in the tables."""
        return self.applied_fingerprint is not None

    @property
    def was_read(self) -> bool:
        """Whether some content of the day was read, whatever came of it."""
        return self.is_applied or self.tried_fingerprint is not None

    def drops(self, fingerprint: str | None) -> bool:
        """Whether the newest decision rejects or skips this content."""
        is_about_it = fingerprint is not None and self.decided_fingerprint == fingerprint
        return is_about_it and self.decision != Verdict.APPROVE.value

    @property
    def who_decided(self) -> str:
        """Who approved, rejected or skipped the day, and why."""
        return f"{self.decided_by} has {Verdict(self.decision).past} {self.sync_day}: {self.reason}"

    @property
    def refusal(self) -> str:
        """Why what was tried last was not applied, with what to do; empty if it was, or came late."""
        if self.drops(self.tried_fingerprint) and not self.is_applied:
            return self.who_decided
        return self.message or "" if self.outcome in {"held", "incomplete", "failed"} else ""


@dataclass(frozen=True)
class DayRun:
    """The newest run of a day. fingerprint: of the content that it was asked for, where that is known.

    is_gone: it failed because its process was gone. is_retry: it was the second try of such a run.
    decision_id: of the approval for which it ran.
    """

    run_id: str
    fingerprint: str | None = None
    is_in_progress: bool = False
    has_failed: bool = False
    is_gone: bool = False
    is_retry: bool = False
    decision_id: int | None = None


@dataclass(frozen=True)
class DayStatus:
    """What there is of one folder of the source. sentence: the same for people, and what to do where they must.

    label: of an ignored folder its name. plan_id: of the day that is held. run_id: the run that says more.
    is_due: it is to be run now; retries: then the run whose process was gone, decision_id: the approval, if any.
    holds_back: the days after it wait for it. is_near: of an ignored folder, whether its name is nearly a sync day's.
    """

    label: str
    state: DayState
    sentence: str
    fingerprint: str | None = None
    plan_id: str | None = None
    run_id: str | None = None
    applied_at: datetime | None = None
    is_due: bool = False
    holds_back: bool = False
    is_near: bool = False
    retries: str | None = None
    decision_id: int | None = None


def read_known_days(url: str) -> dict[str, KnownDay]:
    """What the tables know, by label; one query for all days."""
    with connect(url) as connection, connection.cursor(row_factory=class_row(KnownDay)) as cursor:
        return {day.sync_day: day for day in cursor.execute(read_sql("directory/read_known_days"))}


def find_open(folders: Iterable[Folder], known: Mapping[str, KnownDay]) -> list[str]:
    """Labels of the days about which the tables do not say all: their runs have to be looked at."""
    nothing = KnownDay("")
    pairs = [(folder, known.get(folder.label, nothing)) for folder in folders]
    return [folder.label for folder, day in pairs if _told_by_tables(_as_seen(folder, day), day) is None]


def describe_days(
    folders: Iterable[Folder],
    ignored: Iterable[IgnoredFolder],
    known: Mapping[str, KnownDay],
    runs: Mapping[str, DayRun],
) -> list[DayStatus]:
    """What there is of each folder, in the order of the days, and behind them what is ignored.

    known: by label, as `read_known_days`. runs: by label, all that are in progress, and the newest of `find_open`.
    At most one day is due: the first that waits, while none runs and none before it holds it back.
    """
    newest, by_label = newest_applied(known), {folder.label: folder for folder in folders}
    days = [
        _describe(by_label[label], known.get(label, KnownDay(label)), runs.get(label), newest)
        for label in in_natural_order(by_label)
    ]
    return _in_turn(days, newest) + [DayStatus(f.name, DayState.IGNORED, f.reason, is_near=f.is_near) for f in ignored]


def newest_applied(known: Mapping[str, KnownDay]) -> str | None:
    """The newest day that is applied."""
    applied = in_natural_order(day.sync_day for day in known.values() if day.applied_fingerprint is not None)
    return applied[-1] if applied else None


def newest_read(known: Mapping[str, KnownDay]) -> str | None:
    """The newest day that was read, applied or not, without what somebody has rejected or skipped since."""
    left = [
        day.sync_day
        for day in known.values()
        if day.was_read and (day.is_applied or not day.drops(day.tried_fingerprint))
    ]
    return in_natural_order(left)[-1] if left else None


def find_blocker(days: Sequence[DayStatus]) -> DayStatus | None:
    """The day for which others wait: one that runs, or the first that is not done."""
    running = next((day for day in days if day.state is DayState.RUNNING), None)
    return running or next((day for day in days if day.holds_back), None)


def _in_turn(days: list[DayStatus], newest: str | None) -> list[DayStatus]:
    """With one day due at most, since runs change the tables one after the other and in order."""
    blocker = find_blocker(days)
    turned: list[DayStatus] = []
    for day in days:
        is_moot = day.state is DayState.ARRIVING and _is_older(day.label, newest)
        in_turn = replace(day, holds_back=day.state in UNDONE and not is_moot)
        if blocker and day.state is DayState.WAITING:
            has = "has failed" if blocker.state is DayState.FAILED else f"is {blocker.state.value}"
            sentence = f"{day.label} waits for {blocker.label}, which {has}."
            in_turn = replace(in_turn, sentence=sentence, is_due=False)
        turned.append(in_turn)
        blocker = blocker or find_blocker([in_turn])
    return turned


def _describe(folder: Folder, known: KnownDay, run: DayRun | None, newest: str | None) -> DayStatus:
    folder, label = _as_seen(folder, known), folder.label
    day = DayStatus(label, DayState.WAITING, f"{label} runs next.", folder.fingerprint, is_due=True)
    if run and run.is_in_progress:
        return replace(day, state=DayState.RUNNING, sentence=f"{label} is running.", run_id=run.run_id, is_due=False)
    if folder.problem:
        day = replace(day, state=DayState.FAILED, sentence=folder.problem, is_due=False)
    else:
        told = _told_by_tables(folder, known)
        if told is None or (told[0] is DayState.LATE and not _is_older(label, newest)):
            day = _told_by_runs(day, folder, known, run)
        else:
            day = replace(day, state=told[0], sentence=told[1], run_id=known.run_id, is_due=False)
            plan_id = known.plan_id if day.state is DayState.HELD else None
            day = replace(day, plan_id=plan_id, applied_at=known.applied_at)
    if newest and _is_older(label, newest) and day.state in (DayState.HELD, DayState.FAILED):
        return replace(day, state=DayState.LATE, sentence=_moot(day, newest), plan_id=None)
    return day


def _is_older(label: str, newest: str | None) -> bool:
    return newest is not None and is_older(label, newest)


def _told_by_tables(folder: Folder, known: KnownDay) -> tuple[DayState, str] | None:
    """State and sentence, where a row is about just this content and nothing more is to come of it."""
    label = folder.label
    is_dropped = known.drops(folder.fingerprint)
    # Other content came late, and a replay would fold that: the applied one, which is back, has to be read again.
    is_superseded = known.outcome == "late" and not _is_same(folder, known.tried_fingerprint)
    if _is_same(folder, known.applied_fingerprint) and not is_superseded:
        applied = f"{label} is applied, since {known.applied_at:%Y-%m-%d %H:%M %Z}"
        undo = f"; {known.decided_by} has rejected it since, and groups-platform replay takes it out of the tables"
        return DayState.APPLIED, f"{applied}{undo if is_dropped else ''}."
    if is_dropped:
        return DayState.REJECTED if known.decision == Verdict.REJECT.value else DayState.SKIPPED, known.who_decided
    if not _is_same(folder, known.tried_fingerprint) or known.is_approved or known.outcome == "applied":
        return None
    if known.outcome == "late":
        before = " What was applied of it before stands." if known.applied_fingerprint else ""
        return DayState.LATE, (
            f"{label} was read into the lake and left out of the tables, since a newer day is applied.{before} "
            f"groups-platform replay folds it in where it belongs."
        )
    return DayState.HELD if known.outcome == "held" else DayState.FAILED, known.message or ""


def _told_by_runs(day: DayStatus, folder: Folder, known: KnownDay, run: DayRun | None) -> DayStatus:
    """A day that waits, with content about which the tables say nothing, or whose plan was approved."""
    label = day.label
    approval = known.decision_id if known.is_approved and _is_same(folder, known.tried_fingerprint) else None
    if approval is not None:
        sentence = f"{label} runs next: {known.decided_by} has approved its plan {known.plan_id}."
        day = replace(day, sentence=sentence, plan_id=known.plan_id, decision_id=approval)
    is_its_end = run is not None and run.has_failed and _is_same(folder, run.fingerprint)
    if run is None or not is_its_end or (approval is not None and run.decision_id != approval):
        if folder.is_ready or approval is not None:
            return day
        sentence = f"sync-{label} may still be arriving: {folder.counts_when}."
        return replace(day, state=DayState.ARRIVING, sentence=sentence, is_due=False)
    if run.is_gone and not run.is_retry:
        sentence = f"{label} runs again, once, since the process of its run was gone."
        return replace(day, sentence=sentence, run_id=run.run_id, retries=run.run_id)
    again = "the process of its run was gone a second time" if run.is_gone else "its run failed"
    sentence = (
        f"{label} failed: {again}. Deliver sync-{label} again, or mend what the log of run {run.run_id[:8]} says and "
        "re-execute it."
    )
    return replace(day, state=DayState.FAILED, sentence=sentence, run_id=run.run_id, is_due=False)


def _as_seen(folder: Folder, known: KnownDay) -> Folder:
    last_seen = known.tried_fingerprint or known.applied_fingerprint or known.decided_fingerprint
    return replace(folder, fingerprint=folder.fingerprint or last_seen)


def _is_same(folder: Folder, fingerprint: str | None) -> bool:
    return fingerprint is not None and folder.fingerprint == fingerprint


def _moot(day: DayStatus, newest: str) -> str:
    was = "was held" if day.state is DayState.HELD else "failed"
    return (
        f"{day.label} {was}, and that is moot since {newest}, a newer day, is applied: nobody waits for it. "
        f"To have it in the tables nevertheless, deliver sync-{day.label} again, or run it again, and then run "
        f"groups-platform replay. It had said: {day.sentence}"
    )
