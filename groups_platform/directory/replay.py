"""P18: the state is a fold of the days in their order, and a replay folds it anew.

The statements of a sync run once more, day by day from the lake, over tables in a schema of the replay's own. One
guarded transaction then makes the live tables, histories, findings and days equal to them, and touches only rows that
differ.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import sql
from pyspark.sql import SparkSession

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import session_lock, transaction_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.apply import apply_day
from groups_platform.directory.decisions import is_approved
from groups_platform.directory.fingerprint import read_tables
from groups_platform.directory.guard import OF, Excess, Protection, find_excesses, hold
from groups_platform.directory.lake import read_lake
from groups_platform.directory.plan import Plan, plan_of, store_plan
from groups_platform.directory.snapshot import GROUPS
from groups_platform.directory.staging import PREFIX, staged_day
from groups_platform.errors import IncompleteSnapshot, PlatformError, ReplayImpossible, UnknownSyncDay

LABEL: Final = "replay"  # by which its plan is held and approved
KEYS: Final = {
    "agents": ("agent_id",),
    "groups": ("group_id",),
    "group_membership": ("group_id", "agent_id"),
    "pending_membership": ("group_id", "agent_id"),
    "missing_groups": ("group_id",),
    "group_history": ("group_id", "from_day"),
    "agent_history": ("agent_id", "from_day"),
    "membership_history": ("group_id", "agent_id", "from_day"),
}


@dataclass(frozen=True)
class ReplayResult:
    """What a replay did. days: those that it folded, in their order. left_out: the others, and why.

    plan: what it changes, or would change; refusal: DayHeld, when that exceeds a limit and nobody has approved it.
    """

    days: tuple[str, ...]
    plan: Plan
    left_out: dict[str, str] = field(default_factory=dict)
    excesses: tuple[Excess, ...] = ()
    refusal: PlatformError | None = None
    rows_written: int = 0


def replay_days(
    spark: SparkSession,
    lake: str,
    url: str,
    protection: Protection,
    *,
    run_id: str | None = None,
    progress: Callable[[str], None] = lambda label: None,
) -> ReplayResult:
    """Fold every day that was applied, or came late, and make the live tables equal to that.

    progress: is told each day before it is folded. Raises ReplayImpossible, DatabaseUnavailable, and CheckFailed for a
    day that breaks a promise.
    """
    with connect(url, autocommit=True, purpose="replay") as connection, _fold_schema(connection) as fold:
        days = _days(connection)
        left_out: dict[str, str] = {}
        _refuse_other_content(spark, lake, days)
        for label in days:
            progress(label)
            with staged_day(spark, lake, label, url, tables=fold) as staged:
                result = apply_day(staged, run_id, Protection(dict.fromkeys(OF), protection.grace_days))
            if isinstance(result.refusal, IncompleteSnapshot):
                left_out[label] = str(result.refusal)
            else:
                result.or_raise()
        with transaction_lock(connection, "groups_platform.directory"):
            connection.execute("SET LOCAL search_path = directory, public")
            if _days(connection) != days:
                raise ReplayImpossible("A day was applied while the days were folded. Run the replay again.")
            return _take_over(connection, fold, tuple(days), left_out, protection, run_id)


@contextmanager
def _fold_schema(connection: Connection) -> Iterator[str]:
    """Empty tables of the replay's own, dropped at the end; a later sync drops those of a replay that was killed."""
    fold = f"{PREFIX}fold_{secrets.token_hex(6)}"
    session_lock(connection, fold)
    connection.execute(read_sql("directory/create_fold").format(fold=sql.Identifier(fold)))
    for (definition,) in connection.execute(read_sql("directory/list_functions")).fetchall():
        connection.execute(definition.replace("directory.", f"{fold}.").encode())
    try:
        yield fold
    finally:
        if not connection.closed:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(fold)))


def _days(connection: Connection) -> dict[str, str]:
    return dict(connection.execute(read_sql("directory/read_fold")).fetchall())


def _refuse_other_content(spark: SparkSession, lake: str, days: dict[str, str]) -> None:
    """The lake has one content of each day: it must be the one that counts."""
    for label, fingerprint in days.items():
        try:
            in_lake = read_lake(spark, lake, GROUPS.dataset, label).receipt.fingerprint
        except UnknownSyncDay as error:
            raise ReplayImpossible(f"{label} is not in the lake. Run groups-platform sync --day {label}.") from error
        if in_lake != fingerprint:
            raise ReplayImpossible(
                f"The lake holds another content of {label} than the one that was applied, which was held or refused. "
                f"Approve it, or deliver the content that counts again and run groups-platform sync --day {label}.",
                sync_day=label,
            )


def _take_over(  # noqa: PLR0917 - once, with all that the replay knows
    connection: Connection,
    fold: str,
    days: tuple[str, ...],
    left_out: dict[str, str],
    protection: Protection,
    run_id: str | None,
) -> ReplayResult:
    schema = sql.Identifier(fold)
    plan = plan_of(connection, read_sql("directory/fold_rows").format(fold=schema))
    totals = read_tables(connection).totals
    active_groups = totals["groups"] - totals["inactive_groups"]
    stored = {**totals, "active_groups": active_groups, "groups_read": 0, "agents_read": 0}
    changes = {**plan.counts, "groups_read_fewer": 0, "agents_read_fewer": 0}
    excesses = find_excesses(changes, stored, protection.limits)
    day: dict[str, Any] = {"sync_day": LABEL, "fingerprint": "", "excesses": excesses, "run_id": run_id}
    if excesses and not is_approved(connection, LABEL, plan.id):
        store_plan(connection, plan, **day, outcome="held")
        look = "SELECT * FROM sync_plans WHERE sync_day = 'replay'"
        return ReplayResult(days, plan, left_out, excesses, hold(LABEL, plan.id, excesses, look=look))
    written = sum(_make_equal(connection, fold, table, key) for table, key in KEYS.items())
    literals = {"fold": schema, "run_id": sql.Literal(run_id)}
    connection.execute(read_sql("directory/fold_findings").format(**literals))
    written += _delete(connection, fold, "sync_days", ("sync_day",))
    for step in ("fold_sync_days", "fold_attempts"):
        written += max(connection.execute(read_sql(f"directory/{step}").format(**literals)).rowcount, 0)
    if not plan.is_empty:
        store_plan(connection, plan, **day, outcome="applied")
    return ReplayResult(days, plan, left_out, excesses, rows_written=written)


def _make_equal(connection: Connection, fold: str, table: str, key: tuple[str, ...]) -> int:
    found = connection.execute(read_sql("directory/read_columns"), {"table": f"directory.{table}"}).fetchall()
    names = [name for (name,) in found]
    deleted = _delete(connection, fold, table, key)
    statement = read_sql("directory/fold_insert").format(
        live=sql.Identifier("directory", table),
        fold=sql.Identifier(fold, table),
        columns=_list(names),
        key=_list(key),
        excluded=_list(names, "excluded"),
    )
    return deleted + connection.execute(statement).rowcount


def _delete(connection: Connection, fold: str, table: str, key: tuple[str, ...]) -> int:
    statement = read_sql("directory/fold_delete").format(
        live=sql.Identifier("directory", table),
        fold=sql.Identifier(fold, table),
        s_key=_list(key, "s"),
        t_key=_list(key, "t"),
    )
    return connection.execute(statement).rowcount


def _list(names: tuple[str, ...] | list[str], alias: str = "") -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)
