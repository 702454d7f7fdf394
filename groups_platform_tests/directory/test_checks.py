"""Each check of sql/checks passes on clean tables and fails on tables that were harmed for it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from pyspark.sql import SparkSession

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.apply import apply_day, recompute_flags
from groups_platform.directory.checks import all_checks, run_checks
from groups_platform.directory.staging import staged_day
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.directory.test_hierarchy import fill, random_parents
from groups_platform_tests.pipeline import Pipeline

# What breaks the promise of which check. The tables: 1 above 2 above 3; agent 10 in group 3, agent 11 in group 2.
HARM = [
    ("agents_equal_snapshot", "UPDATE agents SET active = NOT active WHERE agent_id = 11"),
    ("agents_equal_snapshot", "UPDATE agents SET email = 'other@example.org' WHERE agent_id = 10"),
    ("agents_equal_snapshot", "DELETE FROM agents WHERE agent_id = 11"),
    ("groups_equal_snapshot", "UPDATE groups SET name = 'other' WHERE group_id = 1"),
    ("groups_equal_snapshot", "UPDATE groups SET parent_group_id = 1 WHERE group_id = 3"),
    ("groups_equal_snapshot", "UPDATE groups SET parent_group_id = NULL WHERE group_id = 3"),
    ("groups_equal_snapshot", "UPDATE groups SET updated_at = NULL WHERE group_id = 3"),
    ("groups_equal_snapshot", "UPDATE groups SET created_at = now() WHERE group_id = 3"),
    ("groups_equal_snapshot", "DELETE FROM groups WHERE group_id = 4"),
    ("history_equals_tables", "DELETE FROM group_history WHERE group_id = 1"),
    ("history_equals_tables", "UPDATE group_history SET to_day = 'day1' WHERE group_id = 1"),
    ("history_equals_tables", "UPDATE agent_history SET active = NOT active WHERE agent_id = 10"),
    ("history_equals_tables", "INSERT INTO membership_history VALUES (1, 10, 'day1')"),
    ("history_equals_tables", "DELETE FROM membership_history"),
    ("hierarchy_cycles", "UPDATE groups SET parent_group_id = 3 WHERE group_id = 1"),
    ("hierarchy_cycles", "UPDATE groups SET parent_group_id = 1 WHERE group_id = 1"),
    ("inactivity_is_right", "UPDATE groups SET inactive = TRUE WHERE group_id = 1"),
    ("inactivity_is_right", "UPDATE groups SET inactive = FALSE WHERE group_id = 4"),
    ("inactivity_is_right", "UPDATE groups SET inactive = NOT inactive"),
    ("inactivity_is_right", "UPDATE agents SET active = FALSE"),
    ("inactivity_is_right", "DELETE FROM group_membership"),
    ("membership_without_group_or_agent", "INSERT INTO group_membership VALUES (99, 10)"),
    ("membership_without_group_or_agent", "INSERT INTO group_membership VALUES (1, 99)"),
    ("membership_without_group_or_agent", "DELETE FROM agents WHERE agent_id = 11"),
    ("memberships_equal_snapshot", "DELETE FROM group_membership WHERE group_id = 3"),
    ("memberships_equal_snapshot", "INSERT INTO group_membership VALUES (4, 11)"),
    ("memberships_equal_snapshot", "UPDATE group_membership SET agent_id = 11 WHERE agent_id = 10"),
    ("missing_parents", "UPDATE groups SET parent_group_id = 99 WHERE group_id = 2"),
    ("unique_ids", "ALTER TABLE groups DROP CONSTRAINT groups_pkey; INSERT INTO groups SELECT * FROM groups"),
    ("unique_ids", "ALTER TABLE agents DROP CONSTRAINT agents_pkey; INSERT INTO agents SELECT * FROM agents"),
    ("unique_ids", "INSERT INTO group_record SELECT * FROM group_record WHERE group_id = 1"),
    ("unique_ids", "INSERT INTO agent_record SELECT * FROM agent_record WHERE agent_id = 10"),
]


@pytest.fixture(scope="module")
def loaded(
    spark: SparkSession, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """The run's own connection to a database with one clean day, its staging tables still there."""
    source: Path = tmp_path_factory.mktemp("checks")
    groups = [group(1), group(2, [11], parent=1), group(3, [10], parent=2), group(4, [99], parent=1)]
    write_day(source / "sync-day1", groups, [agent(10), agent(11, active=False)])
    with new_database() as url:
        pipeline = Pipeline(spark, url, str(source / "lake"), str(source))
        pipeline.fill_lake("day1")
        with staged_day(spark, pipeline.lake, "day1", url) as staged:
            apply_day(staged)
            yield staged.connection


def create_staging(connection: Connection) -> None:
    names = {"schema": sql.Identifier("staging_by_hand"), "tables": sql.Identifier("directory")}
    connection.execute(read_sql("directory/create_staging").format(**names))


def failures(connection: Connection) -> dict[str, int]:
    return {check.name: check.failures for check in run_checks(connection) if not check.passed}


def test_every_check_has_a_header_and_is_harmed_below() -> None:
    assert {check.name for check in all_checks()} == {name for name, _ in HARM}
    assert all(check.promise and re.fullmatch(r"\w+", check.asset) for check in all_checks())
    warnings = {check.name for check in all_checks() if not check.is_blocking}
    assert warnings == {"hierarchy_cycles", "missing_parents"}


def test_every_check_passes_on_clean_tables(loaded: Connection) -> None:
    assert failures(loaded) == {}


@pytest.mark.parametrize(("name", "harm"), HARM)
def test_a_check_fails_on_tables_that_break_its_promise(loaded: Connection, name: str, harm: str) -> None:
    with loaded.transaction(force_rollback=True):
        loaded.execute(harm.encode())
        assert failures(loaded).get(name, 0) > 0
        failed = {check.name: check for check in run_checks(loaded)}[name]
        assert 0 < len(failed.sample) <= 10
        assert "failures" not in failed.sample[0]
    assert failures(loaded) == {}


def test_a_check_counts_every_row_and_shows_the_first(loaded: Connection) -> None:
    with loaded.transaction(force_rollback=True):
        loaded.execute("INSERT INTO group_membership SELECT 1, n FROM generate_series(1000, 1499) AS n")
        failed = {check.name: check for check in run_checks(loaded)}["membership_without_group_or_agent"]
        assert (failed.failures, len(failed.sample)) == (500, 10)


def test_d11_the_check_finds_every_single_wrong_flag(database_url: str) -> None:
    """Also where groups of a cycle could keep each other active for no reason."""
    rng = random.Random(11)
    for _ in range(3):
        parents = {**random_parents(rng, 8), 901: 902, 902: 901, 903: 901, 904: 904, 905: 905, 906: 905}
        ids = list(parents)
        members = {(rng.choice(ids), rng.randrange(8)) for _ in range(6)} | {(906, 0)}
        fill(database_url, parents, members, active={0, 1})
        recompute_flags(database_url)
        with connect(database_url) as connection:
            connection.execute(
                read_sql("directory/create_staging").format(
                    schema=sql.Identifier("staging_by_hand"), tables=sql.Identifier("directory")
                )
            )
            assert "inactivity_is_right" not in failures(connection)
            for group_id in ids:
                connection.execute("UPDATE groups SET inactive = NOT inactive WHERE group_id = %s", (group_id,))
                assert failures(connection)["inactivity_is_right"] > 0, (parents, members, group_id)
                connection.execute("UPDATE groups SET inactive = NOT inactive WHERE group_id = %s", (group_id,))
            connection.rollback()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 5))])
def test_d11_the_check_finds_any_set_of_wrong_flags(database_url: str, seed: int) -> None:
    rng = random.Random(seed)
    parents = {**random_parents(rng, 10), 901: 902, 902: 903, 903: 901, 904: 904, 905: 901}
    members = {(rng.choice(list(parents)), rng.randrange(8)) for _ in range(4)}
    fill(database_url, parents, members, active={0, 1})
    recompute_flags(database_url)
    with connect(database_url) as connection:
        connection.execute(
            read_sql("directory/create_staging").format(
                schema=sql.Identifier("staging_by_hand"), tables=sql.Identifier("directory")
            )
        )
        for _ in range(30):
            wrong = rng.sample(list(parents), k=rng.randrange(1, len(parents)))
            connection.execute("UPDATE groups SET inactive = NOT inactive WHERE group_id = ANY(%s)", (wrong,))
            assert failures(connection)["inactivity_is_right"] > 0, (parents, members, wrong)
            connection.execute("UPDATE groups SET inactive = NOT inactive WHERE group_id = ANY(%s)", (wrong,))
        connection.rollback()
