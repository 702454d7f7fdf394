"""The pipeline's stages timed one by one in one process, on the Spark of the environment.

Prints JSON: per pass the seconds of each stage. Passes: `first` (into empty tables), `unchanged` (the same day again),
`again_first` (into empty tables again, with everything imported and a JVM warm) and `changed` when there is a day2.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from pyspark.sql import SparkSession

from groups_platform.database.connection import open_database
from groups_platform.directory import snapshot
from groups_platform.directory.apply import apply_day, recompute_flags
from groups_platform.directory.contract import find_contract_errors
from groups_platform.directory.lake import read_lake
from groups_platform.directory.source import list_day, list_days
from groups_platform.directory.spark import prepare_spark
from groups_platform.directory.staging import staged_day
from groups_platform.settings import Settings

TABLES = (
    "groups, group_membership, pending_membership, agents, findings, sync_days, sync_plans, sync_attempts, "
    "missing_groups, group_history, agent_history, membership_history"
)


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(self.seconds.get(stage, 0) + time.perf_counter() - started, 3)


def run_day(spark: SparkSession, settings: Settings, url: str, label: str) -> dict[str, float]:
    """One day through every stage."""
    watch, day = Stopwatch(), list_day(settings.source, label)
    lake = settings.lake
    with watch.time("reading"):
        for kind in (snapshot.GROUPS, snapshot.AGENTS):
            snapshot.read_into_lake(spark, day, kind, lake)
        snapshot.explode_into_lake(spark, label, lake)
    with watch.time("validation"):
        for kind in (snapshot.GROUPS, snapshot.AGENTS):
            accepted = read_lake(spark, lake, kind.dataset, label).rows.where("counts")
            assert not find_contract_errors(kind.contract, accepted)
    with watch.time("staging"), staged_day(spark, lake, label, url) as staged:
        watch_apply = time.perf_counter()
        result = apply_day(staged).or_raise()
        watch.seconds["apply"] = round(time.perf_counter() - watch_apply, 3)
    watch.seconds["staging"] = round(watch.seconds["staging"] - watch.seconds["apply"], 3)
    with watch.time("flags"):
        recompute_flags(url)
    watch.seconds["rows_written"] = result.rows_written
    return watch.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    arguments = parser.parse_args()
    settings = Settings.from_env().model_copy(update={"source": arguments.source})
    started = time.perf_counter()
    builder: Any = SparkSession.builder
    spark = builder.config(map=prepare_spark(settings)).getOrCreate()
    url = open_database(settings)
    passes = {"start": {"spark": round(time.perf_counter() - started, 3)}}
    passes["first"] = run_day(spark, settings, url, "day1")
    passes["unchanged"] = run_day(spark, settings, url, "day1")
    with psycopg.connect(url) as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    passes["again_first"] = run_day(spark, settings, url, "day1")
    if "day2" in list_days(settings.source):
        passes["changed"] = run_day(spark, settings, url, "day2")
    print(json.dumps(passes))


if __name__ == "__main__":
    main()
