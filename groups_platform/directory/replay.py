"""P18: the state is a fold of the days in their order, and a replay folds it anew.

The statements of a sync run once more, day by day from the lake, over tables in a schema of the replay's own. One
guarded transaction then makes the live tables, histories, findings and days equal to them, and touches only rows that
differ.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from pyspark.sql import SparkSession

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import transaction_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.apply import apply_day
from groups_platform.directory.contents import find_content
from groups_platform.directory.day_names import is_older
from groups_platform.directory.decisions import is_approved
from groups_platform.directory.fingerprint import read_tables
from groups_platform.directory.fold import fold_schema, plan_fold, seed_fold, take_over
from groups_platform.directory.guard import OF, Excess, Protection, find_excesses, hold, measure
from groups_platform.directory.lake import lock_day
from groups_platform.directory.plan import Plan, store_plan
from groups_platform.directory.staging import staged_day
from groups_platform.errors import IncompleteSnapshot, PlatformError, ReplayImpossible, UnknownSyncDay

LABEL: Final = "replay"  # by which its plan is held and approved

# Of each day the fingerprints of the contents that may count, the newest first, and whether the lake must hold them.
Contents = dict[str, list[tuple[str, bool]]]


@dataclass(frozen=True)
class ReplayResult:
    """What a replay did. days: those that it folded, in their order. left_out: the contents that it did not, and why.

    plan: what it changes, or would change; refusal: DayHeld, when that exceeds a limit and nobody has approved it.
    """

    days: tuple[str, ...]
    plan: Plan
    left_out: dict[str, str] = field(default_factory=dict)
    excesses: tuple[Excess, ...] = ()
    refusal: PlatformError | None = None
    rows_written: int = 0


@dataclass(frozen=True)
class _Replay:
    """A replay that has begun. fold: the schema of its tables."""

    spark: SparkSession
    lake: str
    url: str
    protection: Protection
    run_id: str | None
    connection: Connection
    fold: str
    left_out: dict[str, str] = field(default_factory=dict)


def replay_days(
    spark: SparkSession,
    lake: str,
    url: str,
    protection: Protection,
    *,
    from_day: str | None = None,
    run_id: str | None = None,
    progress: Callable[[str], None] = lambda label: None,
) -> ReplayResult:
    """Fold every day that was applied, or came late, and make the live tables equal to that.

    from_day: fold this day and the later ones only, over the tables as the histories have them before it.
    progress: is told each day before it is folded. Raises ReplayImpossible, UnknownSyncDay, DatabaseUnavailable, and
    CheckFailed for a day that breaks a promise.
    """
    with connect(url, autocommit=True, purpose="replay") as connection, fold_schema(connection) as fold:
        replay = _Replay(spark, lake, url, protection, run_id, connection, fold)
        contents = _contents(connection)
        days = contents
        if from_day is not None:
            days = _begin_with(replay, contents, from_day)
        for label, found in days.items():  # before anything is folded
            _lakes_of(replay, label, found)
        folded = [label for label, found in days.items() if _fold_day(replay, label, found, progress)]
        with transaction_lock(connection, "groups_platform.directory", protection.lock_timeout):
            connection.execute("SET LOCAL search_path = directory, public")
            if _contents(connection) != contents:
                raise ReplayImpossible("A day was applied while the days were folded. Run the replay again.")
            return _finish(replay, tuple(folded))


def _contents(connection: Connection) -> Contents:
    rows = connection.execute(read_sql("directory/read_fold")).fetchall()
    return {label: [(row[1], row[2]) for row in found] for label, found in groupby(rows, key=lambda row: row[0])}


def _begin_with(replay: _Replay, contents: Contents, from_day: str) -> Contents:
    """Fill the fold with what was before this day; return the contents of this day and of the later ones.

    The day itself may be left out, for example since it was rejected: then it goes out of the tables.
    """
    if from_day not in contents:
        known = replay.connection.execute(read_sql("directory/last_content"), {"sync_day": from_day}).fetchone()
        if known is None:
            labels = ", ".join(contents) or "none"
            raise UnknownSyncDay(f"{from_day} was never read. --from names one of the days to fold: {labels}.")
    if not seed_fold(replay.connection, replay.fold, from_day):
        raise ReplayImpossible(
            f"What the tables were before {from_day} is not known: the history begins later, or somebody changed them "
            "by hand. Run groups-platform replay without --from.",
            sync_day=from_day,
        )
    return {label: found for label, found in contents.items() if not is_older(label, from_day)}


def _lakes_of(replay: _Replay, label: str, contents: list[tuple[str, bool]]) -> list[str]:
    """Return where the lake holds the contents of the day, the one that counts first."""
    places = [find_content(replay.spark, replay.lake, label, fingerprint) for fingerprint, _ in contents]
    needed = [place for place, (_, is_needed) in zip(places, contents, strict=True) if is_needed]
    if needed and needed[0] is None:
        raise ReplayImpossible(
            f"The lake does not hold the content of {label} that counts. Deliver it again and run groups-platform sync "
            f"--day {label}, or leave it out: groups-platform reject {label} --reason TEXT.",
            sync_day=label,
        )
    return [place for place in places if place is not None]


def _fold_day(replay: _Replay, label: str, contents: list[tuple[str, bool]], progress: Callable[[str], None]) -> bool:
    """Apply the newest content of the day that is a full snapshot; return whether there is one."""
    progress(label)
    with closing(lock_day(replay.url, label)):  # nobody reads other content of it meanwhile
        try:
            lakes = _lakes_of(replay, label, contents)
        except ReplayImpossible as error:  # it was there when the replay began
            raise ReplayImpossible(
                f"Other content of {label} was read while the days were folded. Run the replay again.", sync_day=label
            ) from error
        return _fold_contents(replay, label, lakes)


def _fold_contents(replay: _Replay, label: str, lakes: list[str]) -> bool:
    for lake in lakes:
        with staged_day(replay.spark, lake, label, replay.url, tables=replay.fold) as staged:
            protection = Protection(dict.fromkeys(OF), replay.protection.grace_days)
            result = apply_day(staged, replay.run_id, protection)
        if not isinstance(result.refusal, IncompleteSnapshot):
            result.or_raise()
            return True
        replay.left_out[label] = str(result.refusal)
    return False


def _finish(replay: _Replay, folded: tuple[str, ...]) -> ReplayResult:
    """Guard and write the difference between the fold and the live tables."""
    connection, protection, left_out = replay.connection, replay.protection, replay.left_out
    plan = plan_fold(connection, replay.fold, protection.impact)
    totals = {**read_tables(connection).totals, **plan.stored}
    excesses = find_excesses(*measure(plan.counts, totals), protection.limits)
    day: dict[str, Any] = {"sync_day": LABEL, "fingerprint": "", "excesses": excesses, "run_id": replay.run_id}
    if excesses and not is_approved(connection, LABEL, plan.id):
        store_plan(connection, plan, **day, outcome="held")
        look = "SELECT * FROM sync_plans WHERE sync_day = 'replay'"
        return ReplayResult(folded, plan, left_out, excesses, hold(LABEL, plan.id, excesses, look=look))
    written = sum(take_over(connection, replay.fold, folded, replay.run_id).values())
    if not plan.is_empty:
        store_plan(connection, plan, **day, outcome="applied")
    return ReplayResult(folded, plan, left_out, excesses, rows_written=written)
