"""Partition keys stay in natural order, because backfills run them in that order."""

from __future__ import annotations

from dagster import DagsterInstance

from groups_platform.orchestration.directory.partitions import NAME, register_days


def test_days_are_added_once_and_in_natural_order() -> None:
    with DagsterInstance.ephemeral() as instance:
        assert register_days(instance, ["day10", "day2", "day1"]) == ["day1", "day2", "day10"]
        assert register_days(instance, ["day1", "day10"]) == []
        assert list(instance.get_dynamic_partitions(NAME)) == ["day1", "day2", "day10"]


def test_a_late_day_takes_its_place_between_known_ones() -> None:
    with DagsterInstance.ephemeral() as instance:
        register_days(instance, ["day1", "day10", "day11"])
        assert register_days(instance, ["day2", "day12"]) == ["day2", "day12"]
        assert list(instance.get_dynamic_partitions(NAME)) == ["day1", "day2", "day10", "day11", "day12"]
