"""The same sync on a standalone cluster of two workers gives the same tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.hostile_days import write_days
from groups_platform_tests.pipeline import TABLES, Pipeline
from groups_platform_tests.spark_cluster import spark_cluster

pytestmark = pytest.mark.slow

SECONDS = 180


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The URL of a Spark master with two workers."""
    with spark_cluster(tmp_path) as master:
        yield master


def test_the_same_tables_come_from_a_cluster(
    cluster: str, pipeline: Pipeline, new_database: NewDatabase, tmp_path: Path
) -> None:
    labels = write_days(tmp_path / "hostile", seed=4, days=2)
    with new_database() as here, new_database() as there:
        tables = []
        for url, master in ((here, "local[2]"), (there, cluster)):
            env = {
                **{name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"},
                "GROUPS_HOME": str(tmp_path / f"home-{master[:5]}"),
                "GROUPS_LAKE": str(tmp_path / f"lake-{master[:5]}"),
                "GROUPS_DATABASE_URL": url,
                "GROUPS_SOURCE": str(tmp_path / "hostile"),
                "SPARK_MASTER": master,
                "SPARK_LOCAL_IP": "127.0.0.1",
                "GROUPS_SPARK_ARCHIVE": "off",
            }
            command = [sys.executable, "-m", "groups_platform", "sync"]
            command += [part for label in labels for part in ("--day", label)]
            result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
            assert result.returncode == 0, result.stderr
            other = Pipeline(pipeline.spark, url, "", "")
            wanted = [table for table in TABLES if table != "sync_days"]
            tables.append({table: other.tables()[table] for table in wanted})
        assert tables[0] == tables[1]
        assert tables[0]["group_membership"]
