"""How Spark is started: which server, which Java, which settings. Sessions themselves are the caller's."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from pathlib import Path

from groups_platform.directory.java import class_archive_options, find_java_home
from groups_platform.settings import Settings, write_whole

# Timestamps are UTC, and any year a snapshot may hold is a plain value (no Julian calendar).
BEHAVIOUR = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}


def local_config(settings: Settings) -> dict[str, str]:
    """What makes a Spark on this machine start fast and stay to itself; a cluster keeps its own.

    Its JVM compiles with C1 alone, also in a server that lives long: there C2 made the first day take 1.8 times as
    long, and no later one shorter.
    """
    java_options = [
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dlog4j2.configurationFile={_log_configuration(settings)}",
    ]
    if settings.is_spark_archived:
        java_options += class_archive_options(_java_folder(settings), spark_home() / "jars")
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": shlex.join(java_options),
        "spark.python.unix.domain.socket.enabled": "true",
        "spark.sql.shuffle.partitions": str(os.cpu_count() or 2),
        "spark.sql.warehouse.dir": str(settings.home / "spark-warehouse"),
    }


def session_config(settings: Settings) -> dict[str, str]:
    """The configuration of a session for `settings`: Spark Connect, a cluster, or `local[*]` in this process."""
    if settings.spark_remote:
        return {"spark.remote": settings.spark_remote, **BEHAVIOUR}
    master = settings.spark_master or "local[*]"
    if master.startswith("local"):
        return {"spark.master": master, **local_config(settings), **BEHAVIOUR}
    return {"spark.master": master, "spark.log.level": "ERROR", **BEHAVIOUR}


# Without a file of its own Spark says on standard error that it has none, and warns of what nobody here can change.
LOG4J = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex{short}
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
"""


def prepare_process(settings: Settings) -> None:
    """Set what pyspark reads from the environment when it starts a JVM or attaches to a server."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("PYARROW_IGNORE_TIMEZONE", "1")
    if settings.spark_token:
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = settings.spark_token
    if not settings.spark_remote:
        os.environ.pop("SPARK_REMOTE", None)
        os.environ["JAVA_HOME"] = str(find_java_home(settings.java_home, _java_folder(settings)))
    if not (settings.spark_remote or settings.spark_master) or (settings.spark_master or "").startswith("local"):
        write_whole(_log_configuration(settings), LOG4J)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # a cluster must reach the driver; this machine need not
    warnings.filterwarnings("ignore", module=r"pyspark(\..*)?")


def _log_configuration(settings: Settings) -> Path:
    return settings.home / "log4j2.properties"


def _java_folder(settings: Settings) -> Path:
    return settings.home / "java"


def spark_home() -> Path:
    """The folder of the pyspark wheel."""
    import pyspark  # noqa: PLC0415 - heavy, and only `dev` asks

    return Path(pyspark.__file__).parent
