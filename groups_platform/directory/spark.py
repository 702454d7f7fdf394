"""Configures the Spark of a run: the embedded one, one on a JVM (`SPARK_MASTER`), or a server (`SPARK_REMOTE`)."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Final

from groups_platform.directory.embedded_spark import start_embedded_spark
from groups_platform.directory.java import find_java_home
from groups_platform.settings import Settings

# Timestamps are UTC, and early years are not converted to the Julian calendar.
BEHAVIOUR: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}

# One machine: a partition for each core, and a JVM that listens on loopback only and optimises for a short start.
LOCAL: Final = {"spark.sql.shuffle.partitions": str(os.cpu_count() or 2)}
LOCAL_JVM: Final = {
    **LOCAL,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.python.unix.domain.socket.enabled": "true",
}


def prepare_spark(settings: Settings) -> dict[str, str]:
    """Prepare this process for Spark; return the configuration for pyspark's session builder.

    Sets the environment variables that pyspark reads, and starts the embedded engine; any other engine is started by
    the builder. Raises SparkUnavailable.
    """
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("PYARROW_IGNORE_TIMEZONE", "1")
    if settings.spark_token:
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = settings.spark_token.get_secret_value()
    warnings.filterwarnings("ignore", module=r"pyspark(\..*)?")
    if settings.spark_remote:
        return {"spark.remote": settings.spark_remote.get_secret_value(), **BEHAVIOUR}
    os.environ.pop("SPARK_REMOTE", None)
    if settings.spark_master is None:
        return {"spark.remote": start_embedded_spark(), **LOCAL, **BEHAVIOUR}
    os.environ["JAVA_HOME"] = str(find_java_home(settings.java_home, settings.home / "java"))
    config = {"spark.master": settings.spark_master, "spark.log.level": "OFF", **BEHAVIOUR}
    if settings.spark_master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # no other machine connects to the driver
        config |= {**LOCAL_JVM, "spark.sql.warehouse.dir": str(settings.home / "spark-warehouse")}
    return config
