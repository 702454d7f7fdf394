"""Loads a day from the lake into staging tables in Postgres: the executors COPY their partitions, each exactly once."""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyspark.sql.functions as F  # noqa: N812 - the conventional name
from psycopg import sql
from pyspark.sql import DataFrame, SparkSession

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import session_lock, try_session_lock
from groups_platform.database.passwords import connect_from_task, hide_password
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.contract import AcceptedAgent, AcceptedGroup, Contract
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.directory.findings import FindingCode
from groups_platform.directory.lake import WrittenDay, read_lake
from groups_platform.directory.snapshot import (
    AGENTS,
    GROUPS,
    MEMBERSHIPS,
    SnapshotCounts,
    count_snapshot,
)
from groups_platform.directory.statements import LIVE
from groups_platform.errors import UnknownSyncDay

log = logging.getLogger(__name__)

PREFIX: Final = "directory_staging_"


@dataclass(frozen=True)
class StagedDay:
    """A day's records in the tables of `schema`. groups, agents: counts of the raw datasets in the lake.

    fingerprint: of the source files of the day. connection: the driver's own; its search_path begins with `schema`.
    """

    label: str
    schema: str
    fingerprint: str
    connection: Connection
    groups: SnapshotCounts
    agents: SnapshotCounts


@contextmanager
def staged_day(spark: SparkSession, lake: str, label: str, url: str, tables: str = LIVE) -> Iterator[StagedDay]:
    """Load the lake's day into staging tables of its own, which are dropped at the end. Raises UnknownSyncDay.

    tables: the schema of the tables that the day is applied to.
    """
    groups_day = read_lake(spark, lake, GROUPS.dataset, label)
    memberships = _memberships_of(groups_day, read_lake(spark, lake, MEMBERSHIPS, label), label)
    raw_groups, raw_agents = groups_day.rows, read_lake(spark, lake, AGENTS.dataset, label).rows
    with (
        connect(url, autocommit=True, purpose=f"sync {label}") as connection,
        _staging_schema(connection, tables) as schema,
    ):
        staged = {
            "group_member": memberships.select("group_id", "agent_id"),
            "group_record": raw_groups.where("counts").select(
                *names_of(AcceptedGroup), F.col("agent_ids").isNotNull().alias("says_members")
            ),
            "agent_record": raw_agents.where("counts").select(
                F.col("folder").alias("source"), *names_of(AcceptedAgent)
            ),
            "finding": _findings(raw_groups, raw_agents),
        }
        # In parallel, to overlap the start of the jobs (small days) and their slowest tasks (large days).
        with engine_errors(f"{label} cannot be staged in Postgres"), ThreadPoolExecutor() as pool:
            counts = [pool.submit(count_snapshot, raw) for raw in (raw_groups, raw_agents)]
            copies = [pool.submit(copy_to, rows, url, schema, table) for table, rows in staged.items()]
            for copy in copies:
                copy.result()
        connection.execute(read_sql("directory/analyze_staging"))
        groups, agents = (count.result() for count in counts)
        yield StagedDay(label, schema, groups_day.receipt.fingerprint, connection, groups, agents)


def names_of(contract: Contract) -> list[str]:
    """Return the names of the columns that the table of these records has."""
    return [column.name for column in contract.stored]


def _memberships_of(groups: WrittenDay, memberships: WrittenDay, label: str) -> DataFrame:
    """Return the memberships. Raises UnknownSyncDay if they were derived from an earlier version of the groups."""
    if memberships.receipt.source != groups.receipt.write:
        raise UnknownSyncDay(
            f"raw_groups of {label} was read again after exploded_memberships. Materialise exploded_memberships for "
            f"{label}, or run groups-platform sync --day {label}.",
            sync_day=label,
        )
    return memberships.rows


def _findings(raw_groups: DataFrame, raw_agents: DataFrame) -> DataFrame:
    no_id = F.lit(None).cast("long")
    groups = raw_groups.where(F.size("faults") > 0).withColumn("agent_id", no_id)
    agents = raw_agents.where(F.size("faults") > 0).withColumn("group_id", no_id)
    columns = ["file", "position", "group_id", "agent_id", "raw", "faults"]
    both = groups.select(*columns).unionByName(agents.select(*columns))
    return both.withColumn("fault", F.explode("faults")).select(
        "fault.code", "file", "position", "group_id", "agent_id", "fault.detail", "raw"
    )


@contextmanager
def _staging_schema(connection: Connection, tables: str = LIVE) -> Iterator[str]:
    """A schema of this run's own. The lock on its name says that the run is alive."""
    schema = f"{PREFIX}{secrets.token_hex(6)}"
    session_lock(connection, schema)
    for (other,) in connection.execute(read_sql("directory/list_staging"), {}).fetchall():
        if try_session_lock(connection, other):
            log.info("dropping %s, left by a run that died", other)
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(other)))
    names = {"schema": sql.Identifier(schema), "tables": sql.Identifier(tables)}
    connection.execute(read_sql("directory/create_staging").format(**names))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO finding_severity VALUES (%s, %s)", [(code.value, code.severity) for code in FindingCode]
        )
    try:
        yield schema
    finally:
        if not connection.closed:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def copy_to(rows: DataFrame, url: str, schema: str, table: str) -> None:
    """COPY `rows` from the executors into `schema.table`, whose columns have the same names."""
    # The partition's number is a column, since not every engine gives it to a Python function.
    numbered = rows.select(F.spark_partition_id().cast("long").alias("partition"), *rows.columns)
    load = partition_loader(hide_password(url), schema, table, rows.columns)
    numbered.mapInArrow(load, "partition long").collect()


def partition_loader(
    address: str, schema: str, table: str, columns: list[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that loads a partition's batches, whose first column is the partition's number.

    The function becomes part of Spark's plan, so `address` must hold no password.
    """
    target = sql.Identifier(schema, table)
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        target, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    claim = sql.SQL("INSERT INTO {} VALUES (%s, %s) ON CONFLICT DO NOTHING").format(
        sql.Identifier(schema, "loaded_partition")
    )

    def load(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next((batch for batch in batches if batch.num_rows), None)
        if first is None:
            return
        partition = first.column(0)[0].as_py()
        with connect_from_task(address, f"staging {table}") as connection, connection.cursor() as cursor:
            cursor.execute(claim, (table, partition))
            if cursor.rowcount == 1:
                with cursor.copy(copy) as stream:
                    for batch in chain([first], batches):
                        stream.write(to_csv(batch.select(columns)))
        yield pa.RecordBatch.from_pydict({"partition": [partition]})

    return load


def to_csv(batch: pa.RecordBatch) -> Any:
    """Return the batch as CSV for COPY: strings quoted, null unquoted, timestamps in UTC without an offset."""
    naive = [
        column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column for column in batch.columns
    ]
    buffer = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False)
    pa_csv.write_csv(pa.RecordBatch.from_arrays(naive, names=batch.schema.names), buffer, options)
    return buffer.getbuffer()
