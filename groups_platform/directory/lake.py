"""The lake: Parquet datasets, one folder per day, each written as a whole or not there.

A folder alone cannot say whether it is whole: some engines write no file for an empty frame and no marker at the end,
and read a folder that is not there as an empty frame. So each has a receipt, a dataset of one row beside it, which is
taken away before the folder is overwritten and written after it.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Final

import pyspark.sql.functions as F  # noqa: N812 - the name that everybody uses
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
    """A dataset of the lake. schema: given when it is read, since engines differ in how they store timestamps."""

    name: str
    schema: T.StructType


@dataclass(frozen=True)
class Receipt:
    """Says that a day's folder is whole.

    write: an id of this writing. source: of a dataset made of another one, that one's `write`. fingerprint: of the
    files that the day was read from.
    """

    write: str
    source: str
    fingerprint: str


@dataclass(frozen=True)
class WrittenDay:
    """One day of one dataset, as it was last written."""

    rows: DataFrame
    receipt: Receipt


RECEIPT_SCHEMA: Final = T.StructType([T.StructField(name, T.StringType()) for name in Receipt.__dataclass_fields__])


def lake_path(lake: str, dataset: str, label: str) -> str:
    """The folder of one day of one dataset."""
    return f"{lake.rstrip('/')}/{dataset}/sync_day={label}"


def write_lake(rows: DataFrame, lake: str, dataset: Dataset, label: str, *, fingerprint: str, source: str = "") -> None:
    """Overwrite the day as a whole. Raises LakeUnavailable with the path and the cause."""
    path, receipts = lake_path(lake, dataset.name, label), lake_path(lake, f"{RECEIPTS}/{dataset.name}", label)
    receipt = Receipt(secrets.token_hex(8), source, fingerprint)
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
    """The day as it was last written. Raises UnknownSyncDay when it never was, or not to the end."""
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
    """Until the returned connection is closed, nobody else who locks `label` writes its folders in the lake.

    Raises LockTimeout.
    """
    connection = connect(url, autocommit=True, purpose=f"sync {label}")
    try:
        session_lock(connection, f"groups_platform.lake.{label}")
    except BaseException:
        connection.close()
        raise
    return connection
