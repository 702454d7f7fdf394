"""`python -m groups_platform_tests.sync_process HOME URL LAKE SOURCE STEP DAY…` does one step of days, and says when.

STEP: sync, or a half of it: fill_lake or load. SPARK_MASTER names the engine, as for the platform. A process of its
own, for tests that kill it, run two of it at once, or want another engine.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from groups_platform.directory.spark import prepare_spark
from groups_platform.settings import Settings
from groups_platform_tests.pipeline import Pipeline


def start_spark(settings: Settings) -> SparkSession:
    """A session as the platform starts it."""
    return SparkSession.builder.config(map=prepare_spark(settings)).getOrCreate()


def main(home: str, url: str, lake: str, source: str, step: str, *labels: str) -> None:
    """Print `begin DAY` before and `end DAY` after each day."""
    master = os.environ.get("SPARK_MASTER") or None
    settings = Settings(home=Path(home), source=source, lake=lake, database_url=url, spark_master=master)
    pipeline = Pipeline(start_spark(settings), url, lake, source)
    for label in labels:
        print(f"begin {label}", flush=True)
        getattr(pipeline, step)(label)
        print(f"end {label}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
