"""The six mistakes of the pipeline that came before this one, each once and by name."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.pipeline import Pipeline

pytestmark = pytest.mark.engines

ANN, BOB, CID = 1, 2, 3


@pytest.fixture(scope="module")
def days(
    spark: SparkSession, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Pipeline]]:
    """One database after day1, and another after day1 and day2. Ann and Cid are active on day1; Bob on day2."""
    source = tmp_path_factory.mktemp("mistakes")
    common = [
        group(10), group(11, parent=10), group(12, [ANN], parent=11),  # active below
        group(20, [ANN]), group(21, parent=20), group(22, [BOB], parent=21),  # active above
        group(30, [BOB]), group(31, [CID]),
        group(50, [ANN]), group(50, [ANN, CID], updated_at="2026-11-02T08:00:00Z"), group(51, [ANN, ANN, str(ANN)]),
        group(60, "1,2"), group(61, ["1", "x", CID]),
    ]  # fmt: skip
    agents = [agent(ANN), agent(BOB, active=False), agent(CID), agent(CID), agent(ANN, updated_at="2020-01-01")]
    write_day(source / "sync-day1", [*common, group(40, [ANN]), 5, None, [], "text"], [*agents, None, 7])
    day2 = [*common, group(40, []), *json.loads('[{"agent_ids": {}}, true]')]
    write_day(source / "sync-day2", day2, [agent(ANN), agent(BOB), agent(CID, active=False)])
    with new_database() as one, new_database() as two:
        before, after = (Pipeline(spark, url, str(source / "lake"), str(source)) for url in (one, two))
        before.sync("day1")
        after.load("day1")
        after.sync("day2")
        yield {"day1": before, "day2": after}


def test_it_asked_the_ancestors_instead_of_the_descendants(days: dict[str, Pipeline]) -> None:
    inactive = days["day1"].inactive()
    assert not {10, 11, 12} & inactive, "an active member deep below keeps every group above it active"
    assert {21, 22} <= inactive, "an active member above says nothing about the groups below"


def test_its_flags_never_changed(days: dict[str, Pipeline]) -> None:
    """One statement both inserted and updated the rows, so it saw none of its own."""
    assert {30} <= days["day1"].inactive()
    assert not {31} & days["day1"].inactive()
    assert {31} <= days["day2"].inactive()
    assert not {21, 22, 30} & days["day2"].inactive()


def test_a_group_that_lost_all_members_kept_them(days: dict[str, Pipeline]) -> None:
    assert days["day1"].members(40) == {ANN}
    assert days["day2"].members(40) == set()
    assert 40 in days["day2"].inactive()


def test_a_repeated_id_or_a_repeated_agent_aborted_the_load(days: dict[str, Pipeline]) -> None:
    assert days["day1"].members(50) == {ANN, CID}
    assert days["day1"].members(51) == {ANN}
    assert days["day1"].set_of("SELECT agent_id FROM agents") == {ANN, BOB, CID}
    assert days["day1"].codes("day1")["duplicate_record"] == 2  # the older group and one of two differing agents


def test_one_string_in_agent_ids_dropped_every_membership(days: dict[str, Pipeline]) -> None:
    assert days["day1"].members(61) == {ANN, CID}
    assert days["day1"].members(12) == {ANN}
    assert days["day1"].set_of("SELECT group_id FROM groups WHERE group_id IN (60, 61)") == {61}
    assert days["day1"].codes("day1")["invalid_agent_ids"] == 1
    assert days["day1"].codes("day1")["invalid_member"] == 1


def test_one_non_object_record_ended_the_run(days: dict[str, Pipeline]) -> None:
    assert days["day1"].codes("day1")["not_an_object"] == 6
    assert days["day2"].codes("day2")["not_an_object"] == 1
    assert len(days["day1"].set_of("SELECT group_id FROM groups")) == 12
