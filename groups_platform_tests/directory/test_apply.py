"""D12 to D14: all or nothing, again changes nothing, and what is no full snapshot is refused."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pyspark.sql import SparkSession

from groups_platform.database.connection import connect
from groups_platform.directory.apply import apply_day
from groups_platform.directory.day_result import DayResult, TableChange
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import staged_day
from groups_platform.errors import CheckFailed, DatabaseUnavailable, IncompleteSnapshot, UnknownSyncDay
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.pipeline import Pipeline
from groups_platform_tests.staged_by_hand import sync_by_hand

DAY1 = [group(1), group(2, [10], parent=1), group(3, [11]), group(4, [12, 99])]
DAY2 = [group(1), group(2, [11], parent=1), group(3, [11], name="renamed"), group(5, [10, 98], parent=77), 5]


@pytest.fixture(scope="module")
def day1(
    spark: SparkSession, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """A database with day1 applied, and a lake that holds day2 too, which changes every table."""
    source = tmp_path_factory.mktemp("apply")
    write_day(source / "sync-day1", DAY1, [agent(10), agent(11, active=False), agent(12)])
    write_day(source / "sync-day2", DAY2, [agent(10, active=False), agent(11), agent(13), agent(99)])
    with new_database() as url:
        pipeline = Pipeline(spark, url, str(source / "lake"), str(source))
        pipeline.sync("day1")
        pipeline.fill_lake("day2")
        yield pipeline


@pytest.fixture
def at_day1(day1: Pipeline, new_database: NewDatabase, tmp_path: Path) -> Iterator[Pipeline]:
    """The same in a database of the test's own."""
    with new_database(day1.url) as url:
        yield dataclasses.replace(day1, url=url)


@contextmanager
def trigger(pipeline: Pipeline, table: str, body: str) -> Iterator[None]:
    """While the block runs, `body` (PL/pgSQL) runs for every row that anybody writes to `table`."""
    with connect(pipeline.url, autocommit=True) as connection:
        connection.execute(
            f"CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; "
            f"RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$; "
            f"CREATE TRIGGER meddle BEFORE INSERT OR UPDATE OR DELETE ON directory.{table} "
            "FOR EACH ROW EXECUTE FUNCTION public.meddle()".encode()
        )
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION public.meddle CASCADE")


def staging_schemas(pipeline: Pipeline) -> set[str]:
    return pipeline.set_of(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE '%staging%'")


def test_d12_a_failure_at_any_statement_leaves_everything_as_it_was(at_day1: Pipeline) -> None:
    before = at_day1.tables()
    tables = ("agents", "groups", "group_membership", "pending_membership", "findings", "sync_days")
    with staged_day(at_day1.spark, at_day1.lake, "day2", at_day1.url) as staged:
        for table in tables:
            with (
                trigger(at_day1, table, "RAISE EXCEPTION 'injected'"),
                pytest.raises(psycopg.errors.RaiseException, match="injected"),
            ):
                apply_day(staged)
            assert at_day1.tables() == before, table
        assert apply_day(staged).is_applied
    assert all(rows != before[table] for table, rows in at_day1.tables().items())
    assert staging_schemas(at_day1) == set()


def test_d12_a_failing_check_rolls_the_day_back(at_day1: Pipeline) -> None:
    before = at_day1.tables()
    with trigger(at_day1, "groups", "NEW.inactive := TRUE"), pytest.raises(CheckFailed) as failed:
        at_day1.load("day2")
    assert at_day1.tables() == before
    assert failed.value.facts["check"] == "inactivity_is_right"
    assert "day2 was rolled back" in str(failed.value)


def test_d12_a_run_that_dies_changes_nothing_and_the_next_one_completes(at_day1: Pipeline) -> None:
    before = at_day1.tables()
    die = "PERFORM pg_terminate_backend(pg_backend_pid())"
    with trigger(at_day1, "sync_days", die), pytest.raises(DatabaseUnavailable, match="run the day again"):
        at_day1.load("day2")
    assert at_day1.tables() == before
    assert len(staging_schemas(at_day1)) == 1, "nobody was left to drop it"
    assert at_day1.load("day2").is_applied
    assert staging_schemas(at_day1) == set()


def test_d12_the_staging_tables_of_a_living_run_are_left_alone(at_day1: Pipeline) -> None:
    with staged_day(at_day1.spark, at_day1.lake, "day2", at_day1.url) as living:
        assert at_day1.load("day2").rows_written > 0
        assert staging_schemas(at_day1) == {living.schema}
        assert apply_day(living).rows_written == 0


def wait_for(pipeline: Pipeline, query: str) -> None:
    for _ in range(300):
        if pipeline.rows(query) != [(0,)]:
            return
        time.sleep(0.1)
    raise TimeoutError(query)


def test_d12_a_reader_sees_the_old_day_or_the_new_one(at_day1: Pipeline) -> None:
    """The run is held at its last table, all others written, while the reader looks."""
    old = at_day1.tables()
    hold = "PERFORM pg_advisory_xact_lock(4711)"
    results: list[DayResult] = []
    with trigger(at_day1, "sync_days", hold), connect(at_day1.url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(4711)")
        run = threading.Thread(target=lambda: results.append(at_day1.load("day2")))
        run.start()
        wait_for(at_day1, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        assert at_day1.tables() == old
        holder.execute("SELECT pg_advisory_unlock(4711)")
        run.join(60)
    assert results[0].is_applied
    new = at_day1.tables()
    assert all(new[table] != old[table] for table in old)


def test_d12_of_two_days_at_once_the_second_waits_until_the_first_has_ended(
    at_day1: Pipeline, new_database: NewDatabase, tmp_path: Path
) -> None:
    day3 = write_day(tmp_path / "sync-day3", [group(1, [13]), group(2, [10], parent=3)], [agent(10), agent(13)])
    with new_database(at_day1.url) as url:  # one after the other
        in_turn = dataclasses.replace(at_day1, url=url)
        in_turn.load("day2")
        sync_by_hand(url, "day3", day3)
        expected = in_turn.live_tables()
    hold = "IF NEW.sync_day = 'day2' THEN PERFORM pg_advisory_xact_lock(4711); END IF"
    with trigger(at_day1, "sync_days", hold), connect(at_day1.url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(4711)")
        with ThreadPoolExecutor() as pool:
            first = pool.submit(at_day1.load, "day2")
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            wait_for(at_day1, waiting)
            second = pool.submit(sync_by_hand, at_day1.url, "day3", day3)
            wait_for(at_day1, f"SELECT CASE ({waiting}) WHEN 2 THEN 1 ELSE 0 END")
            holder.execute("SELECT pg_advisory_unlock(4711)")
            assert first.result(60).is_applied
            assert second.result(60).is_applied
    assert at_day1.live_tables() == expected


def test_a_code_that_the_run_does_not_know_is_refused_and_not_dropped(at_day1: Pipeline) -> None:
    before = at_day1.tables()
    with staged_day(at_day1.spark, at_day1.lake, "day2", at_day1.url) as staged:
        staged.connection.execute("INSERT INTO finding (code, file) VALUES ('never_heard_of', 'a.json')")
        with pytest.raises(psycopg.errors.NotNullViolation, match="severity"):
            apply_day(staged)
        assert at_day1.tables() == before
        staged.connection.execute("DELETE FROM finding WHERE code = 'never_heard_of'")
        assert apply_day(staged).is_applied


def test_d12_two_runs_of_a_day_at_once_end_in_the_same_tables(
    at_day1: Pipeline, day1: Pipeline, new_database: NewDatabase
) -> None:
    with new_database(day1.url) as url:
        alone = dataclasses.replace(day1, url=url)
        alone.load("day2")
        expected = alone.live_tables()
    results: list[DayResult] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(at_day1.load("day2"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert at_day1.live_tables() == expected
    assert sorted(result.rows_written > 0 for result in results) == [False, True]
    assert staging_schemas(at_day1) == set()


def test_d13_a_day_again_writes_no_row_and_an_older_day_is_left_alone(at_day1: Pipeline) -> None:
    first = at_day1.load("day2", "run 1")
    assert first.changes["agents"] == TableChange(inserted=2, updated=3)
    assert first.changes["groups"] == TableChange(inserted=1, updated=1, unchanged=2)
    assert first.changes["group_membership"] == TableChange(inserted=3, deleted=1, unchanged=2)
    before = at_day1.row_versions()
    again = at_day1.load("day2", "run 2")
    assert (again.is_applied, again.rows_written) == (True, 0)
    assert again.findings == first.findings
    assert again.totals == first.totals
    older = at_day1.load("day1", "run 3")
    assert (older.is_applied, older.newest_day, older.rows_written) == (False, "day2", 0)
    assert at_day1.row_versions() == before
    assert at_day1.rows("SELECT sync_day, run_id FROM sync_days ORDER BY sort_key") == [
        ("day1", None),
        ("day2", "run 1"),
    ]


def test_d13_changed_content_runs_again_and_its_fingerprint_is_recorded(at_day1: Pipeline, tmp_path: Path) -> None:
    """Also when the change is in a field that no table has."""
    pipeline = dataclasses.replace(at_day1, source=str(tmp_path / "source"), lake=str(tmp_path / "lake"))
    for groups in (DAY2[:4], [*DAY2[1:4], group(1, description="longer by a field that no table has")]):
        write_day(tmp_path / "source" / "sync-day2", groups, [agent(10)])
        pipeline.sync("day2")
        fingerprint = list_day(pipeline.source, "day2").fingerprint
        assert pipeline.rows("SELECT fingerprint FROM sync_days WHERE sync_day = 'day2'") == [(fingerprint,)]


def test_a_day_that_was_never_read_is_one_sentence(at_day1: Pipeline) -> None:
    with pytest.raises(UnknownSyncDay, match="day7"):
        at_day1.load("day7")


BAD = [{"id": 1.5, "name": "x"}, 5, {"id": 7, "name": "x", "updated_at": "never"}]
INCOMPLETE: dict[str, tuple[dict[str, Any], str]] = {
    "no folder of groups": ({"agents": [agent(1)]}, "admin_groups"),
    "a broken file of groups": (
        {"groups": DAY1, "agents": [agent(10)], "files": {"admin_groups/cut.json": '[{"id": 8'}},
        "admin_groups/cut.json",
    ),
    "a broken file of agents": (
        {"groups": DAY1, "agents": [agent(10)], "files": {"agents/cut.jsonl.gz": b"\x1f\x8b"}},
        "agents/cut.jsonl.gz",
    ),
    "a broken file of details": (
        {"groups": DAY1, "agents": [agent(10)], "files": {"agent_details/cut.json": ""}},
        "agent_details/cut.json",
    ),
    "no group": ({"groups": [], "agents": [agent(10)]}, "admin_groups"),
    "no accepted group": ({"groups": BAD, "agents": [agent(10)]}, "admin_groups"),
    "no accepted agent": ({"groups": DAY1, "agents": BAD}, "agents"),
    "no agent": ({"groups": DAY1, "agents": [], "details": [agent(10)]}, "agents"),
}


@pytest.mark.parametrize("reason", INCOMPLETE)
def test_d14_an_incomplete_day_applies_nothing_and_says_what_to_do(
    at_day1: Pipeline, tmp_path: Path, reason: str
) -> None:
    day, named = INCOMPLETE[reason]
    write_day(tmp_path / "sync-day3", **day)
    pipeline = dataclasses.replace(at_day1, source=str(tmp_path), lake=str(tmp_path / "lake"))
    before = at_day1.live_tables(), at_day1.rows("SELECT * FROM sync_days")
    with pytest.raises(IncompleteSnapshot) as refused:
        pipeline.sync("day3")
    assert (at_day1.live_tables(), at_day1.rows("SELECT * FROM sync_days")) == before
    said = str(refused.value)
    assert said.startswith("day3 is not a full snapshot")
    assert named in said
    assert "Deliver sync-day3 again" in said
    assert (refused.value.code, refused.value.facts["sync_day"]) == ("incomplete_snapshot", "day3")
    codes = pipeline.codes("day3")
    assert codes["invalid_json"] == int("broken" in reason)
    assert codes["invalid_timestamp"] == int("accepted" in reason)
    assert ("findings --day day3 lists what is wrong" in said) == any(codes.values())


def test_d14_a_first_day_that_knows_no_agent_is_refused(pipeline: Pipeline) -> None:
    write_day(Path(pipeline.source) / "sync-day1", DAY1)
    with pytest.raises(IncompleteSnapshot, match="no agent is known"):
        pipeline.sync("day1")
    assert pipeline.rows("SELECT * FROM groups") == []
    assert pipeline.rows("SELECT * FROM sync_days") == []
