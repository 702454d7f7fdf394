"""Sparks of other processes on this machine, for tests and benchmarks: a standalone cluster, a Connect server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pyspark

from groups_platform.directory.java import find_java_home

SECONDS = 180


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def spark_cluster(folder: Path) -> Iterator[str]:
    """The URL of a Spark master with two workers, all on loopback, until the block ends."""
    port, ui = free_port(), free_port()
    env = {
        **os.environ,
        "JAVA_HOME": str(find_java_home(os.environ.get("JAVA_HOME"), folder / "java")),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
    }
    start = [str(Path(pyspark.__file__).with_name("bin") / "spark-class")]
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


@contextmanager
def spark_connect_server(folder: Path) -> Iterator[str]:
    """The URL of the JVM's own Spark Connect server, on loopback, until the block ends."""
    port = free_port()
    java_home = str(find_java_home(os.environ.get("JAVA_HOME"), folder / "java"))
    config = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    command = [str(Path(pyspark.__file__).with_name("bin") / "spark-submit"), "--master", "local[2]"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    command += [part for name, value in config.items() for part in ("--conf", f"{name}={value}")]
    env = {**os.environ, "JAVA_HOME": java_home, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    server = subprocess.Popen([*command, "spark-internal"], env=env, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + SECONDS
        while not answers(port):
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not come"
            time.sleep(0.5)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def count_workers(ui: int) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{ui}/json/", timeout=5) as answer:
            return int(answer.read().decode().count('"state" : "ALIVE"'))
    except OSError:
        return 0
