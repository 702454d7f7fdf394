"""The lake: Parquet datasets with one folder per day. A folder that was not written completely counts as missing.

A folder alone does not show whether it is complete: some engines write no file for an empty frame and no marker at the
end, and read a missing folder as an empty frame. So each has a receipt, a dataset of one row beside it, which is
removed before the folder is overwritten and written afterwards.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Final

import pyspark.sql.functions as F  # noqa: N812 - the conventional name
import pyspark.sql.types as T  # noqa: N812
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import session_lock
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.errors import UnknownSyncDay

RECEIPTS: Final = "_receipts"


@dataclass(frozen=True)
class Dataset:
    """A dataset of the lake. schema: used for reading, since engines store timestamps differently."""

    name: str
    schema: T.StructType


@dataclass(frozen=True)
class Receipt:
    """Marks a day's folder as complete.

    write: unique id of this write. source: `write` of the dataset that this one was derived from, or empty.
    fingerprint: of the source files of the day.
    """

    write: str
    source: str
    fingerprint: str


@dataclass(frozen=True)
class WrittenDay:
    """One day of one dataset, as last written."""

    rows: DataFrame
    receipt: Receipt


RECEIPT_SCHEMA: Final = T.StructType([T.StructField(name, T.StringType()) for name in Receipt.__dataclass_fields__])


def lake_path(lake: str, dataset: str, label: str) -> str:
    """Return the folder of one day of one dataset."""
    return f"{lake.rstrip('/')}/{dataset}/sync_day={label}"


def write_lake(rows: DataFrame, lake: str, dataset: Dataset, label: str, *, fingerprint: str, source: str = "") -> None:
    """Overwrite one day of the dataset. Raises LakeUnavailable with path and cause, SparkUnavailable, SparkFailed."""
    _write(rows, lake, dataset, label, Receipt(secrets.token_hex(8), source, fingerprint))


def copy_day(spark: SparkSession, lake: str, target: str, dataset: Dataset, label: str) -> None:
    """Overwrite one day of the dataset in the lake `target` with that of `lake`. Raises UnknownSyncDay."""
    written = read_lake(spark, lake, dataset, label)
    _write(written.rows, target, dataset, label, written.receipt)


def _write(rows: DataFrame, lake: str, dataset: Dataset, label: str, receipt: Receipt) -> None:
    path, receipts = lake_path(lake, dataset.name, label), lake_path(lake, f"{RECEIPTS}/{dataset.name}", label)
    with engine_errors(f"{dataset.name} of {label} cannot be written to the lake", path):
        _write_receipt(None, rows.sparkSession, receipts)
        rows.write.mode("overwrite").parquet(path)
        _write_receipt(receipt, rows.sparkSession, receipts)


def _write_receipt(receipt: Receipt | None, spark: SparkSession, path: str) -> None:
    texts = asdict(receipt) if receipt else {}
    columns = [F.lit(texts.get(name, "")).alias(name) for name in RECEIPT_SCHEMA.names]
    # a range and literals: createDataFrame would start a Python worker on a JVM
    spark.range(1 if receipt else 0).coalesce(1).select(*columns).write.mode("overwrite").parquet(path)


def read_lake(spark: SparkSession, lake: str, dataset: Dataset, label: str) -> WrittenDay:
    """Return the day as last written. Raises UnknownSyncDay if it was never written completely."""
    path, receipts = lake_path(lake, dataset.name, label), lake_path(lake, f"{RECEIPTS}/{dataset.name}", label)
    with engine_errors(f"{dataset.name} of {label} cannot be read from the lake", path):
        try:
            found = spark.read.schema(RECEIPT_SCHEMA).parquet(receipts).collect()
        except AnalysisException:  # the folder is not there
            found = []
        if not found:
            raise UnknownSyncDay(
                f"The lake has no {dataset.name} of {label}. Materialise {dataset.name} for {label} first, "
                f"or run groups-platform sync --day {label}.",
                sync_day=label,
            )
        return WrittenDay(spark.read.schema(dataset.schema).parquet(path), Receipt(**found[0].asDict()))


def lock_day(url: str, label: str) -> Connection:
    """Lock the folders of `label` in the lake; closing the returned connection releases the lock.

    Raises LockTimeout, DatabaseUnavailable.
    """
    connection = connect(url, autocommit=True, purpose=f"sync {label}")
    try:
        session_lock(connection, f"groups_platform.lake.{label}")
    except BaseException:
        connection.close()
        raise
    return connection
