"""The embedded Spark's door: shut behind our own connection, and nobody in before that."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from groups_platform.directory.embedded_spark import LOOPBACK, shut_door, start_embedded_spark
from groups_platform.errors import SparkUnavailable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the filter")

CLIENT = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3)
except TimeoutError:
    print("shut")
else:
    print("open")
"""


def try_to_connect(port: int) -> str:
    command = [sys.executable, "-c", CLIENT, str(port)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def slow_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import time  # noqa: PLC0415 - runs in the engine

    for batch in batches:
        time.sleep(4)
        yield batch


def test_another_process_cannot_connect_while_a_run_goes_on(spark: SparkSession) -> None:
    port = int(start_embedded_spark().rpartition(":")[2])
    with ThreadPoolExecutor() as pool:
        run = pool.submit(lambda: spark.range(0, 10, 1, 1).mapInArrow(slow_rows, "id long").count())
        assert try_to_connect(port) == "shut"
        assert not run.done()
        assert run.result(60) == 10
    assert try_to_connect(port) == "shut"


def test_the_engine_is_started_once(spark: SparkSession) -> None:
    url = start_embedded_spark()
    assert start_embedded_spark() == url
    assert SparkSession.builder.config("spark.remote", url).getOrCreate() is spark


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server


def test_our_own_connection_stays_when_the_door_is_shut(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with socket.create_connection((LOOPBACK, port)) as client, listener.accept()[0] as accepted:
        shut_door(port)
        client.sendall(b"still here")
        assert accepted.recv(100) == b"still here"
        assert try_to_connect(port) == "shut"


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_stranger_who_came_before_is_noticed(listener: socket.socket, is_accepted: bool) -> None:
    port = listener.getsockname()[1]
    program = f"import socket; s = socket.create_connection(('{LOOPBACK}', {port})); print('in', flush=True); s.recv(1)"
    stranger = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert stranger.stdout
        assert stranger.stdout.readline() == b"in\n"
        accepted = listener.accept()[0] if is_accepted else None
        with pytest.raises(SparkUnavailable, match="connected to the embedded Spark while it started"):
            shut_door(port)
        if accepted:
            accepted.close()
    finally:
        stranger.kill()
        stranger.communicate()
