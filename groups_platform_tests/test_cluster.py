"""The same sync on a standalone cluster of two workers gives the same tables."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from groups_platform.directory.java import find_java_home
from groups_platform.directory.spark import spark_home
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.hostile_days import write_days
from groups_platform_tests.pipeline import TABLES, Pipeline

pytestmark = pytest.mark.slow

SECONDS = 180


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The URL of a Spark master with two workers of one core, all on loopback."""
    port, ui = free_port(), free_port()
    env = {
        **os.environ,
        "JAVA_HOME": str(find_java_home(os.environ.get("JAVA_HOME"), tmp_path / "java")),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
    }
    start = [str(spark_home() / "bin" / "spark-class")]
    master = f"spark://127.0.0.1:{port}"
    deploy = "org.apache.spark.deploy"
    head = [*start, f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(ui)]
    worker = [*start, f"{deploy}.worker.Worker", "--cores", "1", "--memory", "1g", "--host", "127.0.0.1"]
    running = [subprocess.Popen(head, env=env, stderr=subprocess.DEVNULL)]
    try:
        running += [
            subprocess.Popen([*worker, "--webui-port", "0", master], env=env, stderr=subprocess.DEVNULL)
            for _ in range(2)
        ]
        deadline = time.monotonic() + SECONDS
        while count_workers(ui) < 2:
            assert time.monotonic() < deadline, "the workers did not come"
            time.sleep(1)
        yield master
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def count_workers(ui: int) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{ui}/json/", timeout=5) as answer:
            return int(answer.read().decode().count('"state" : "ALIVE"'))
    except OSError:
        return 0


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
