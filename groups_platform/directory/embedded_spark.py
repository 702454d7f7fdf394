"""The embedded Spark: Sail, a Spark Connect server in Rust, in this process. No Java, and a start of milliseconds.

Sail asks nobody who they are, and whoever reaches its port runs Python as us. So the door is shut behind our own
connection: from then on the kernel drops whatever else arrives at the port.
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
FOR_EVER: Final = 2**31 - 1  # milliseconds or seconds, as long as the option's type holds

# Read by Sail when a server starts. Its log would go to standard error; a session that rests would lose its settings.
ENVIRONMENT: Final = {"RUST_LOG": "off", "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(FOR_EVER)}

# The one connection must last: a client that comes again finds the door shut.
CHANNEL: Final = [("grpc.client_idle_timeout_ms", FOR_EVER), ("grpc.keepalive_time_ms", FOR_EVER)]

SO_ATTACH_FILTER: Final = 26
DROP_EVERYTHING: Final = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction of classic BPF: return 0 bytes


@dataclass(frozen=True)
class EmbeddedSpark:
    """A server and the only session that reaches it."""

    url: str
    server: SparkConnectServer
    session: SparkSession


_running: EmbeddedSpark | None = None


def start_embedded_spark() -> str:
    """The URL (`sc://…`) of this process's embedded Spark, which is started when there is none.

    Its session is pyspark's default one, which builders return; the URL itself lets nobody in. Raises
    SparkUnavailable when it does not start, or when another process got to its port before the door was shut.
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
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - what needs no Spark loads none
    from pyspark.sql.connect.client import DefaultChannelBuilder  # noqa: PLC0415
    from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415

    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # what pyspark's builder sets: functions make Connect's columns
    server = SparkConnectServer(LOOPBACK, 0)
    server.start()
    address = server.listening_address
    if address is None:
        raise SparkUnavailable("The embedded Spark did not start. Name another by SPARK_MASTER or SPARK_REMOTE.")
    url = f"sc://{LOOPBACK}:{address[1]}"
    session = SparkSession.builder.channelBuilder(DefaultChannelBuilder(url, CHANNEL)).create()
    try:
        session.version  # noqa: B018 - the connection stands when this is answered
        shut_door(address[1])
    except BaseException:
        session.stop()  # first, since it says farewell to the server, and would wait minutes for one that is gone
        server.stop()
        raise
    return EmbeddedSpark(url, server, session)


def shut_door(port: int) -> None:
    """Let nobody else connect to this process's server at `port`. What is connected stays so.

    Only Linux has such a filter; elsewhere this logs a warning. Raises SparkUnavailable when somebody else is
    connected already: what they did cannot be known.
    """
    if sys.platform != "linux":
        log.warning(
            "Other programs of this machine can reach the embedded Spark. SPARK_MASTER=local[*] keeps them out."
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
            "Another program of this machine connected to the embedded Spark while it started, so it was stopped. "
            "Find out which; SPARK_MASTER=local[*] starts a Spark that asks for a token."
        )


def _own_connections() -> list[Any]:
    return psutil.Process().net_connections("tcp")


def _endpoint(address: Any) -> tuple[str, int]:
    """gRPC's socket speaks IPv4 by way of IPv6."""
    return address.ip.removeprefix("::ffff:"), address.port
