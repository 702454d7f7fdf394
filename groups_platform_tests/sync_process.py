"""`python -m groups_platform_tests.sync_process HOME URL LAKE SOURCE DAY…` syncs days, and says when each begins.

A process of its own, for tests that kill it or run two of it at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import SparkSession

from groups_platform.directory.spark import prepare_process, session_config
from groups_platform.settings import Settings
from groups_platform_tests.pipeline import Pipeline


def start_spark(settings: Settings) -> SparkSession:
    """A session as the platform starts it."""
    prepare_process(settings)
    builder = SparkSession.builder
    for key, value in session_config(settings).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def main(home: str, url: str, lake: str, source: str, *labels: str) -> None:
    """Print `begin DAY` before and `end DAY` after each day."""
    settings = Settings(home=Path(home), source=source, lake=lake, database_url=url, spark_master="local[2]")
    pipeline = Pipeline(start_spark(settings), url, lake, source)
    for label in labels:
        print(f"begin {label}", flush=True)
        pipeline.sync(label)
        print(f"end {label}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
