"""A Spark Connect server on loopback that `dev` keeps warm, so that a small day takes seconds.

Its address and token lie in `$GROUPS_HOME/spark-connect.json`, readable by the owner alone. Runs from the UI, the
sensor and the terminal attach when the server is alive; when it is not, they start a Spark of their own.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from groups_platform.directory.spark import BEHAVIOUR, local_config, prepare_process, spark_home
from groups_platform.errors import SparkUnavailable
from groups_platform.settings import Settings

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
START_SECONDS = 120


def _address_file(settings: Settings) -> Path:
    return settings.home / "spark-connect.json"


def attach(settings: Settings) -> bool:
    """Let this process use the warm server if one is alive and the settings name no other Spark."""
    if settings.spark_master or settings.spark_remote:
        return False
    try:
        address = json.loads(_address_file(settings).read_text())
        is_alive = psutil.Process(address["pid"]).create_time() == address["created"] and _answers(address["port"])
    except (OSError, ValueError, KeyError, psutil.Error):
        return False
    if is_alive:
        # «localhost»: the client sends a token over an unencrypted channel to this name only.
        os.environ["SPARK_REMOTE"] = f"sc://localhost:{address['port']}"
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = address["token"]
    return is_alive


@contextmanager
def warm_server(settings: Settings) -> Iterator[None]:
    """Run a server until the block ends, unless the settings name another Spark."""
    if settings.spark_master or settings.spark_remote:
        yield
        return
    _end_orphan(settings)
    prepare_process(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    port, token = _free_port(), secrets.token_urlsafe(24)
    log = settings.home / "spark-connect.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            _command(settings, port),
            env={**os.environ, "SPARK_CONNECT_AUTHENTICATE_TOKEN": token, "PYSPARK_PYTHON": sys.executable},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches `dev`, which ends the server last
        )
    try:
        _wait_until_ready(server, port, log)
        _write_address(settings, server.pid, port, token)
        yield
    finally:
        _address_file(settings).unlink(missing_ok=True)
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _end_orphan(settings: Settings) -> None:
    """End the server of a `dev` that was killed."""
    try:
        address = json.loads(_address_file(settings).read_text())
        server = psutil.Process(address["pid"])
        if server.create_time() == address["created"] and server.ppid() == 1:
            server.terminate()
    except (OSError, ValueError, KeyError, psutil.Error):
        pass


def _command(settings: Settings, port: int) -> list[str]:
    config = {
        **local_config(settings),
        **BEHAVIOUR,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    options = [part for name, value in config.items() for part in ("--conf", f"{name}={value}")]
    return [
        str(spark_home() / "bin" / "spark-submit"),
        "--class",
        SERVER,
        "--master",
        "local[*]",
        *options,
        "spark-internal",
    ]


def _write_address(settings: Settings, pid: int, port: int, token: str) -> None:
    address = {"pid": pid, "created": psutil.Process(pid).create_time(), "port": port, "token": token}
    descriptor = os.open(_address_file(settings), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(address, file)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SparkUnavailable(f"The Spark Connect server did not start. Its log is {log}.")
        time.sleep(0.2)


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
