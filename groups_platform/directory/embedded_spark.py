"""The embedded Spark: Sail, a Spark Connect server in Rust, in this process. Needs no Java and starts in milliseconds.

Sail has no authentication, and every client can run Python code as this process's user. So, once this process has
connected, a socket filter makes the kernel drop all packets of new connections to the port.
"""

from __future__ import annotations

import ctypes
import logging
import os
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psutil

from groups_platform.errors import SparkUnavailable

if TYPE_CHECKING:
    from pysail.spark import SparkConnectServer
    from pyspark.sql.connect.session import SparkSession

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
FOR_EVER: Final = 2**31 - 1  # milliseconds or seconds; the largest value of the options below

# Read by Sail when a server starts: no log on standard error, and no expiry of idle sessions and their settings.
ENVIRONMENT: Final = {"RUST_LOG": "off", "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(FOR_EVER)}

# The client must not close the connection when idle, since the filter prevents reconnecting.
CHANNEL: Final = [("grpc.client_idle_timeout_ms", FOR_EVER), ("grpc.keepalive_time_ms", FOR_EVER)]

SO_ATTACH_FILTER: Final = 26
DROP_EVERYTHING: Final = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction of classic BPF: return 0 bytes


@dataclass(frozen=True)
class EmbeddedSpark:
    """A server and the only session that is connected to it."""

    url: str
    server: SparkConnectServer
    session: SparkSession


_running: EmbeddedSpark | None = None


def start_embedded_spark() -> str:
    """Start this process's embedded Spark unless it runs, and return its URL (`sc://…`).

    Its session becomes pyspark's default one, which builders return; the URL accepts no other connection. Raises
    SparkUnavailable if it does not start, or if another process connects to its port before the filter is set.
    """
    global _running  # noqa: PLW0603 - a process has one default session
    if _running is None or _running.session.is_stopped:
        if _running is not None:
            _running.server.stop()
        _running = _start()
    return _running.url


def _start() -> EmbeddedSpark:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - imported only when needed
    from pyspark.sql.connect.client import DefaultChannelBuilder  # noqa: PLC0415
    from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415

    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # as pyspark's builder does: makes functions return Connect columns
    server = SparkConnectServer(LOOPBACK, 0)
    server.start()
    address = server.listening_address
    if address is None:
        raise SparkUnavailable("The embedded Spark did not start. Set SPARK_MASTER or SPARK_REMOTE to use another.")
    url = f"sc://{LOOPBACK}:{address[1]}"
    session = SparkSession.builder.channelBuilder(DefaultChannelBuilder(url, CHANNEL)).create()
    try:
        session.version  # noqa: B018 - opens the connection
        shut_door(address[1])
    except BaseException:
        session.stop()  # before the server: it sends a request and would wait minutes for a stopped server
        server.stop()
        raise
    return EmbeddedSpark(url, server, session)


def shut_door(port: int) -> None:
    """Block new connections to this process's server at `port`; existing ones stay open.

    Only Linux has socket filters; elsewhere this logs a warning. Raises SparkUnavailable if another process is
    connected already, since it may have run code.
    """
    if sys.platform != "linux":
        log.warning(
            "Other programs on this machine can connect to the embedded Spark. SPARK_MASTER=local[*] prevents that."
        )
        return
    listeners = [each for each in _own_connections() if each.status == psutil.CONN_LISTEN and each.laddr.port == port]
    with socket.socket(fileno=os.dup(listeners[0].fd)) as listener:
        program = ctypes.create_string_buffer(DROP_EVERYTHING, len(DROP_EVERYTHING))
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))
    ours = {_endpoint(each.laddr) for each in _own_connections() if each.raddr and each.raddr.port == port}
    connected = {
        _endpoint(each.raddr)
        for each in psutil.net_connections("tcp")
        if each.laddr and each.laddr.port == port and each.raddr
    }
    if connected - ours:
        raise SparkUnavailable(
            "Another program on this machine connected to the embedded Spark while it started, so it was stopped. "
            "Find that program, or set SPARK_MASTER=local[*], which requires a token."
        )


def _own_connections() -> list[Any]:
    return psutil.Process().net_connections("tcp")


def _endpoint(address: Any) -> tuple[str, int]:
    """Return IP address and port. gRPC's sockets have IPv4-mapped IPv6 addresses."""
    return address.ip.removeprefix("::ffff:"), address.port
