"""Every Spark gives the same tables: the embedded one, a standalone cluster, the JVM's Spark Connect server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.hostile_days import write_days
from groups_platform_tests.pipeline import TABLES, Pipeline
from groups_platform_tests.spark_cluster import spark_cluster, spark_connect_server

pytestmark = pytest.mark.slow

SECONDS = 240


def synced(pipeline: Pipeline, url: str, folder: Path, labels: list[str], **spark: str) -> dict[str, Any]:
    """The tables after a sync in a process of its own, with these variables to name its Spark."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SPARK_")},
        "GROUPS_HOME": str(folder / "home"),
        "GROUPS_LAKE": str(folder / "lake"),
        "GROUPS_DATABASE_URL": url,
        "GROUPS_SOURCE": pipeline.source,
        **spark,
    }
    command = [sys.executable, "-m", "groups_platform", "sync", *(part for day in labels for part in ("--day", day))]
    result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert result.returncode == 0, result.stderr
    tables = Pipeline(pipeline.spark, url, "", "").tables()
    return {table: tables[table] for table in TABLES if table != "sync_days"}


@pytest.mark.parametrize(
    ("start", "variable"), [(spark_cluster, "SPARK_MASTER"), (spark_connect_server, "SPARK_REMOTE")]
)
def test_the_same_tables_come_from_another_spark(
    pipeline: Pipeline,
    new_database: NewDatabase,
    tmp_path: Path,
    start: Callable[[Path], AbstractContextManager[str]],
    variable: str,
) -> None:
    labels = write_days(Path(pipeline.source), seed=4, days=2)
    with start(tmp_path) as url, new_database() as here, new_database() as there:
        other = synced(pipeline, there, tmp_path / "there", labels, **{variable: url, "SPARK_LOCAL_IP": "127.0.0.1"})
        assert synced(pipeline, here, tmp_path / "here", labels) == other
        assert other["group_membership"]
