"""P16: the newest day delivered again with other content, which replaces what the day had said.

Applied over the live tables, the new content would build on the old one: an agent or a group that only the old one had
would stay. So the day is folded anew over what the tables were before it, as a replay from that day would, and the live
tables become equal to that. Plan and guard are about the difference to the live tables.
"""

from __future__ import annotations

from dataclasses import replace

import psycopg
from psycopg import sql

from groups_platform.database.connection import Connection
from groups_platform.directory.apply import apply_day, count_fewer, locked, lost_connection
from groups_platform.directory.attempts import find_applied_fingerprint, keep_outcome
from groups_platform.directory.day_result import DayResult, TableChange
from groups_platform.directory.decisions import find_refusal, is_approved
from groups_platform.directory.fingerprint import find_newest_day, read_tables
from groups_platform.directory.fold import fold_schema, plan_fold, seed_fold, take_over
from groups_platform.directory.guard import OFF, Protection, find_excesses, hold, measure
from groups_platform.directory.plan import Plan
from groups_platform.directory.staging import StagedDay
from groups_platform.directory.statements import LIVE
from groups_platform.errors import ReplayImpossible


def apply_delivery(
    staged: StagedDay, run_id: str | None = None, protection: Protection | None = None, *, is_plan: bool = False
) -> DayResult:
    """As `apply_day`; other content of the newest applied day is applied over what was before that day."""
    protection = protection or Protection()
    applied = _replaced_content(staged)
    if applied is None:
        return apply_day(staged, run_id, protection, is_plan=is_plan)
    try:
        with fold_schema(staged.connection) as fold:
            if not seed_fold(staged.connection, fold, staged.label):  # nobody knows what was before
                return apply_day(staged, run_id, protection, is_plan=is_plan)
            folded = _fold(staged, fold, run_id, protection)
            with locked(staged.connection, protection.lock_timeout):
                if _replaced_content(staged) != applied:
                    raise ReplayImpossible(
                        f"{staged.label} was applied by somebody else meanwhile. Run it again.", sync_day=staged.label
                    )
                return _take_over(staged, fold, folded, run_id, protection, is_plan=is_plan)
    except psycopg.OperationalError as error:
        raise lost_connection(staged.label, error) from error


def _replaced_content(staged: StagedDay) -> str | None:
    """The fingerprint of the applied content that this one would replace; None where it replaces none."""
    connection, newest = staged.connection, find_newest_day(staged.connection)
    if newest is None or newest.label != staged.label or find_refusal(connection, staged.label, staged.fingerprint):
        return None
    applied = find_applied_fingerprint(connection, staged.label)
    return None if applied == staged.fingerprint else applied


def _fold(staged: StagedDay, fold: str, run_id: str | None, protection: Protection) -> DayResult:
    """Apply the day to the tables of the fold, without limits."""
    _look_at(staged.connection, staged.schema, fold)
    try:
        return apply_day(staged, run_id, replace(protection, limits=OFF.limits, impact=None))
    finally:
        if not staged.connection.closed:
            _look_at(staged.connection, staged.schema, LIVE)


def _look_at(connection: Connection, staging: str, tables: str) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, (staging, tables, "public")))
    connection.execute(sql.SQL("SET search_path = {}").format(names))


def _take_over(
    staged: StagedDay, fold: str, folded: DayResult, run_id: str | None, protection: Protection, *, is_plan: bool
) -> DayResult:
    """Guard and write the difference between the fold and the live tables, and keep what came of it."""
    connection, label = staged.connection, staged.label
    if folded.refusal:
        keep_outcome(staged, folded, run_id, is_plan=is_plan)
        return folded
    plan = plan_fold(connection, fold, protection.impact)
    measured = measure(plan.counts, {**read_tables(connection).totals, **plan.stored}, *count_fewer(staged))
    excesses = find_excesses(*measured, protection.limits)
    result = DayResult(label, is_applied=False, plan=plan, excesses=excesses)
    if excesses and not is_plan and not is_approved(connection, label, plan.id):
        look = f"groups-platform plan --day {label}"
        result = replace(result, refusal=hold(label, plan.id, excesses, look=look))
    elif not is_plan:
        written = take_over(connection, fold, [label], run_id)
        result = replace(folded, changes=_changes(written, plan, folded.totals), plan=plan, excesses=excesses)
    keep_outcome(staged, result, run_id, is_plan=is_plan)
    return result


def _changes(written: dict[str, int], plan: Plan, totals: dict[str, int]) -> dict[str, TableChange]:
    """What was written to the live tables, by table of TABLES, as the plan tells it apart."""
    counts = plan.counts
    flagged = counts["groups_turned_inactive"] + counts["groups_turned_active"]
    added, removed = counts["memberships_added"], counts["memberships_removed"]
    tables = {
        name: TableChange(
            counts[f"{name}_new"], written[name] - counts[f"{name}_new"], 0, max(0, totals[name] - written[name])
        )
        for name in ("agents", "groups")
    }
    return {
        **tables,
        "group_membership": TableChange(added, 0, removed, totals["memberships"] - added),
        "group_inactivity": TableChange(0, flagged, 0, totals["groups"] - flagged),
    }
