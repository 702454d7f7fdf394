"""What one engine writes to the lake, another applies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from groups_platform_tests import oracle
from groups_platform_tests.directory.test_oracle import compare_tables, expected_tables, stored_tables
from groups_platform_tests.hostile_days import write_days
from groups_platform_tests.pipeline import Pipeline

pytestmark = pytest.mark.slow

ON_A_JVM = {"SPARK_MASTER": "local[2]"}
SEED = 3  # all of its days are complete


def run(pipeline: Pipeline, home: Path, step: str, label: str, spark: dict[str, str]) -> None:
    command = [sys.executable, "-m", "groups_platform_tests.sync_process", str(home)]
    command += [pipeline.url, pipeline.lake, pipeline.source, step, label]
    env = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")} | spark
    subprocess.run(command, env=env, check=True, timeout=240, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(("writer", "reader"), [({}, ON_A_JVM), (ON_A_JVM, {})])
def test_a_day_of_one_engine_is_applied_by_the_other(
    pipeline: Pipeline, home: Path, writer: dict[str, str], reader: dict[str, str]
) -> None:
    directory = oracle.Directory()
    for label in write_days(Path(pipeline.source), SEED, days=2):
        directory.sync(Path(pipeline.source) / f"sync-{label}", label)
        run(pipeline, home, "fill_lake", label, writer)
        run(pipeline, home, "load", label, reader)
        compare_tables(stored_tables(pipeline), expected_tables(directory))
