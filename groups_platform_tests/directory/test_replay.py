"""P18: whatever the order of deliveries, a replay leaves what the right order would have left."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from groups_platform.database.connection import connect
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.replay import LABEL, ReplayResult, replay_days
from groups_platform.directory.source import list_day
from groups_platform.errors import DayHeld, IncompleteSnapshot, ReplayImpossible, UnknownPlan, UnknownSyncDay
from groups_platform.settings import Limit
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.pipeline import TABLES, Pipeline

Tables = dict[str, list[tuple[Any, ...]]]

GRACE = Protection(OFF.limits, grace_days=2)
STRICT = Protection({**OFF.limits, "memberships_removed": Limit(0, 0), "groups_moved": Limit(0, 0)}, grace_days=2)
DAYS: dict[str, tuple[list[Any], list[Any]]] = {
    "day1": ([group(1), group(2, [10, 11], parent=1), group(3, [12, 99], parent=2)], [agent(10), agent(11), agent(12)]),
    "day2": (
        [group(1), group(2, [10], parent=1, name="renamed"), group(4, [11], parent=4), {"id": 9}],
        [agent(10), agent(11, active=False), agent(12)],
    ),
    "day3": ([group(1, parent=2), group(2, [10, 98], parent=1), group(4)], [agent(10), agent(12), agent(99)]),
    "day4": ([group(1), group(2, [12], parent=1), group(3, [10], parent=4)], [agent(10), agent(11), agent(98)]),
}


@pytest.fixture(scope="module")
def lake(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase
) -> Iterator[Pipeline]:
    """A lake with every day, and a database in which nothing was applied."""
    source = tmp_path_factory.mktemp("replay")
    with new_database() as url:
        pipeline = Pipeline(spark, url, str(source / "lake"), str(source))
        for label, (groups, agents) in DAYS.items():
            write_day(source / f"sync-{label}", groups, agents)
            pipeline.fill_lake(label)
        yield pipeline


@pytest.fixture
def fresh(lake: Pipeline, database_url: str) -> Pipeline:
    """The same lake over an empty database."""
    return dataclasses.replace(lake, url=database_url)


def replay(pipeline: Pipeline, protection: Protection = GRACE, from_day: str | None = None) -> ReplayResult:
    return replay_days(pipeline.spark, pipeline.lake, pipeline.url, protection, from_day=from_day)


def state(pipeline: Pipeline) -> Tables:
    """Every table, without who applied a day when."""
    tables = {table: pipeline.rows(f"SELECT * FROM directory.{table}") for table in TABLES if table != "sync_days"}
    days = "SELECT sync_day, fingerprint, counts, tables_fingerprint, cycles FROM directory.sync_days"
    return {table: sorted(rows, key=repr) for table, rows in {**tables, "sync_days": pipeline.rows(days)}.items()}


@pytest.fixture(scope="module")
def in_order(lake: Pipeline, new_database: NewDatabase) -> Tables:
    with new_database() as url:
        pipeline = dataclasses.replace(lake, url=url)
        for label in DAYS:
            pipeline.load(label, protection=GRACE)
        return state(pipeline)


def test_p18_a_replay_of_what_was_applied_in_order_writes_nothing(fresh: Pipeline, in_order: Tables) -> None:
    for label in DAYS:
        fresh.load(label, protection=GRACE)
    before = fresh.row_versions()
    result = replay(fresh)
    assert (result.days, result.rows_written, result.plan.is_empty) == (tuple(DAYS), 0, True)
    assert fresh.row_versions() == before
    assert state(fresh) == in_order


@pytest.mark.parametrize("order", list(itertools.permutations(DAYS))[1::5])
def test_p18_any_order_of_deliveries_ends_as_the_right_one(
    fresh: Pipeline, in_order: Tables, order: tuple[str, ...]
) -> None:
    for label in order:
        fresh.load(label, protection=GRACE)
    result = replay(fresh)
    assert result.days == tuple(DAYS)
    assert state(fresh) == in_order
    assert fresh.rows("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'directory_staging%'") == [(0,)]


def test_p18_a_rejected_day_is_undone(fresh: Pipeline, lake: Pipeline, new_database: NewDatabase) -> None:
    for label in DAYS:
        fresh.load(label, protection=GRACE)
    fingerprint = list_day(fresh.source, "day3").fingerprint
    decide(fresh.url, "day3", Verdict.REJECT, fingerprint=fingerprint, decided_by="ada", reason="of another system")
    assert replay(fresh).days == ("day1", "day2", "day4")
    with new_database() as url:
        without = dataclasses.replace(lake, url=url)
        for label in ("day1", "day2", "day4"):
            without.load(label, protection=GRACE)
        expected = state(without)
    assert {**state(fresh), "findings": []} == {**expected, "findings": []}


def test_p18_what_a_replay_changes_is_guarded_and_approved(fresh: Pipeline) -> None:
    for label in ("day1", "day2", "day4", "day3"):
        fresh.load(label, protection=GRACE)
    before = state(fresh)
    held = replay(fresh, STRICT)
    assert isinstance(held.refusal, DayHeld)
    assert state(fresh) == before
    decide(fresh.url, LABEL, Verdict.APPROVE, fingerprint="", decided_by="ada", reason="so", plan_id=held.plan.id)
    assert replay(fresh, STRICT).refusal is None


@pytest.fixture
def own(fresh: Pipeline, tmp_path: Path) -> Pipeline:
    """An empty database with a lake and a source of its own."""
    return dataclasses.replace(fresh, lake=str(tmp_path / "lake"), source=str(tmp_path))


def deliver(own: Pipeline, label: str, content: str | None = None) -> str:
    """Write a day, with the content of another one where that is named, and read it; return its fingerprint."""
    write_day(Path(own.source) / f"sync-{label}", *DAYS[content or label])
    own.fill_lake(label)
    return list_day(own.source, label).fingerprint


def reject(pipeline: Pipeline, label: str, fingerprint: str) -> None:
    decide(pipeline.url, label, Verdict.REJECT, fingerprint=fingerprint, decided_by="ada", reason="wrong")


def test_p18_content_that_was_held_is_not_folded_and_what_was_applied_is_kept(own: Pipeline) -> None:
    for label in ("day1", "day2"):
        deliver(own, label)
        own.load(label, protection=GRACE)
    before = state(own)
    held = deliver(own, "day2", content="day4")
    with pytest.raises(DayHeld):
        own.load("day2", protection=STRICT)
    reject(own, "day2", held)
    result = replay(own)
    assert (result.days, result.rows_written, result.left_out) == (("day1", "day2"), 0, {})
    assert state(own) == before


def test_p18_a_late_content_that_is_rejected_leaves_what_was_applied(own: Pipeline) -> None:
    for label in ("day1", "day2", "day3"):
        deliver(own, label)
        own.load(label, protection=GRACE)
    before = state(own)
    late = deliver(own, "day2", content="day4")
    own.load("day2")
    reject(own, "day2", late)
    assert replay(own).rows_written == 0
    assert state(own) == before


def test_p18_a_late_content_that_is_no_full_snapshot_leaves_what_was_applied(own: Pipeline) -> None:
    for label in ("day1", "day2", "day3"):
        deliver(own, label)
        own.load(label, protection=GRACE)
    before = state(own)
    write_file(Path(own.source) / "sync-day2" / "admin_groups" / "cut.json", "[")
    own.fill_lake("day2")
    with pytest.raises(IncompleteSnapshot, match="day2 is not a full snapshot"):
        own.load("day2")
    result = replay(own)
    assert result.days == ("day1", "day2", "day3")
    assert "cut.json" in result.left_out["day2"]
    assert state(own) == before


def test_p18_content_that_the_lake_does_not_hold_makes_a_replay_impossible(own: Pipeline) -> None:
    for label in ("day1", "day2"):
        deliver(own, label)
        own.load(label, protection=GRACE)
    shutil.rmtree(Path(own.lake) / "raw_agents" / "sync_day=day1")
    shutil.rmtree(Path(own.lake) / "_receipts" / "raw_agents" / "sync_day=day1")
    with pytest.raises(ReplayImpossible, match="The lake does not hold the content of day1 that counts"):
        replay(own)
    assert replay(own, from_day="day2").days == ("day2",)


@pytest.mark.parametrize("from_day", list(DAYS))
def test_p18_from_a_day_on_nothing_differs_from_the_whole_fold(
    fresh: Pipeline, in_order: Tables, from_day: str
) -> None:
    for label in DAYS:
        fresh.load(label, protection=GRACE)
    result = replay(fresh, from_day=from_day)
    assert result.days == tuple(DAYS)[list(DAYS).index(from_day) :]
    assert (result.rows_written, result.plan.is_empty) == (0, True)
    assert state(fresh) == in_order


@pytest.mark.parametrize("late", ["day1", "day2", "day3"])
def test_p18_a_late_day_comes_in_from_its_day_on(fresh: Pipeline, in_order: Tables, late: str) -> None:
    for label in [*(label for label in DAYS if label != late), late]:
        fresh.load(label, protection=GRACE)
    assert replay(fresh, from_day=late).days[0] == late
    assert state(fresh) == in_order


def test_p18_from_a_rejected_day_on_it_goes_out_as_by_the_whole_fold(fresh: Pipeline) -> None:
    for label in DAYS:
        fresh.load(label, protection=GRACE)
    (fingerprint,) = fresh.rows("SELECT fingerprint FROM sync_days WHERE sync_day = 'day2'")[0]
    reject(fresh, "day2", fingerprint)
    result = replay(fresh, from_day="day2")
    assert "day2" not in result.days
    assert len(result.days) == len(DAYS) - 2
    assert result.rows_written > 0
    out = state(fresh)
    assert replay(fresh).rows_written == 0
    assert state(fresh) == out


def test_p12_an_applied_day_that_was_rejected_by_mistake_comes_back_by_its_plan(
    fresh: Pipeline, in_order: Tables
) -> None:
    for label in DAYS:
        fresh.load(label, protection=GRACE)
    ((fingerprint, plan_id),) = fresh.rows(
        "SELECT d.fingerprint, p.plan_id FROM sync_days AS d JOIN sync_plans AS p USING (sync_day) "
        "WHERE sync_day = 'day2'"
    )
    approval = {"fingerprint": fingerprint, "decided_by": "ada", "reason": "it was right", "plan_id": plan_id}
    with pytest.raises(UnknownPlan, match=f"its plan is {plan_id}, applied"):
        decide(fresh.url, "day2", Verdict.APPROVE, **approval)
    reject(fresh, "day2", fingerprint)
    assert replay(fresh).days == ("day1", "day3", "day4")
    decide(fresh.url, "day2", Verdict.APPROVE, **approval)
    fresh.load("day2", protection=GRACE)
    replay(fresh)
    assert state(fresh) == in_order


def test_p18_from_a_day_that_is_not_there_or_over_tables_that_nobody_knows(fresh: Pipeline) -> None:
    for label in DAYS:
        fresh.load(label, protection=GRACE)
    with pytest.raises(UnknownSyncDay, match=r"day9 was never read\. --from names one of the days to fold: day1, day2"):
        replay(fresh, from_day="day9")
    with connect(fresh.url) as connection:
        connection.execute("UPDATE directory.membership_history SET from_day = 'day4'")
    with pytest.raises(ReplayImpossible, match="without --from"):
        replay(fresh, from_day="day3")


def test_p18_a_replay_that_was_killed_leaves_the_tables_and_is_cleaned_up(fresh: Pipeline) -> None:
    for label in ("day2", "day1"):
        fresh.load(label, protection=GRACE)
    before = state(fresh)

    def die(label: str) -> None:
        if label == "day2":
            with connect(fresh.url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%replay%'"
                )

    with pytest.raises(Exception, match=r"terminat|closed|went away|broke"):
        replay_days(fresh.spark, fresh.lake, fresh.url, GRACE, progress=die)
    assert state(fresh) == before
    assert replay(fresh).days == ("day1", "day2")
    assert fresh.rows("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'directory_staging%'") == [(0,)]
