"""From Spark to Postgres by COPY: what went in is what is stored, once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from psycopg import sql
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.contract import AcceptedAgent, fields_of
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.directory.staging import copy_to, to_csv
from groups_platform.errors import DatabaseUnavailable
from groups_platform_tests.hostile_days import ODD_NAMES

pytestmark = pytest.mark.engines

SCHEMA = "staging_by_hand"

TEXTS = [
    *ODD_NAMES,
    "",
    " ",
    '"',
    '""',
    "a\nb\r\nc\rd",
    "\\.",
    "\\N",
    "\\\\.\n\\.\n",
    "a,b;c\td",
    "null",
    "NULL",
    "'",
    "\u2028\ufeff\U0001f600",
    "\x01\x08\x0b\x7f",
    "long " * 50_000,
]
MOMENTS = [
    None,
    datetime(1, 1, 1),
    datetime(9999, 12, 31, 23, 59, 59, 999999),
    datetime(1582, 10, 10, 12),
    datetime(1899, 12, 31, 23, 59, 59, 1),
    datetime(1969, 12, 31, 23, 59, 59, 999999),
    datetime(2024, 3, 31, 2, 30),
]
IDS = [0, 1, -1, 2**63 - 1, -(2**63)]


@pytest.fixture
def staging(database_url: str) -> Iterator[Connection]:
    """Empty staging tables."""
    with connect(database_url, autocommit=True) as connection:
        connection.execute(
            read_sql("directory/create_staging").format(
                schema=sql.Identifier(SCHEMA), tables=sql.Identifier("directory")
            )
        )
        yield connection


def awkward_agents() -> list[tuple[Any, ...]]:
    """agent_id, email, name, active, created_at, updated_at."""
    rng = random.Random(2)
    texts: list[str | None] = [None, *map(str, TEXTS)]
    return [
        (rng.choice(IDS), rng.choice(texts), text, rng.choice([True, False]), moment, rng.choice(MOMENTS))
        for text in texts
        for moment in MOMENTS
    ]


def stored_agents(connection: Connection) -> list[tuple[Any, ...]]:
    query = "SELECT agent_id, email, name, active, created_at, updated_at FROM agent_record"
    return sorted(connection.execute(query).fetchall(), key=repr)


def test_awkward_values_arrive_as_they_are(spark: SparkSession, staging: Connection, database_url: str) -> None:
    rows = awkward_agents()
    schema = StructType(fields_of(AcceptedAgent))
    columns = [column.name for column in schema.fields]
    assert columns == ["agent_id", "email", "name", "active", "created_at", "updated_at"]
    epoch = datetime(1970, 1, 1)
    arrow = pa.table(
        {
            name: pa.array(
                [None if value is None else (value - epoch) // timedelta(microseconds=1) for value in values],
                pa.timestamp("us", tz="UTC"),
            )
            if name.endswith("_at")
            else pa.array(values)
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
        }
    )
    copy_to(spark.createDataFrame(arrow).repartition(3), database_url, SCHEMA, "agent_record")
    assert stored_agents(staging) == sorted(rows, key=repr)


def test_nothing_to_copy_is_no_fault(spark: SparkSession, staging: Connection, database_url: str) -> None:
    rows = spark.range(10).selectExpr("id AS group_id", "id AS agent_id")
    copy_to(rows.where("group_id < 0"), database_url, SCHEMA, "group_member")
    assert staging.execute("SELECT count(*) FROM group_member").fetchone() == (0,)


def test_a_partition_that_is_tried_again_is_loaded_once(
    spark: SparkSession, staging: Connection, database_url: str
) -> None:
    rows = spark.range(0, 1000, 1, 4).selectExpr("id AS group_id", "id + 1 AS agent_id")
    for _ in range(2):
        copy_to(rows, database_url, SCHEMA, "group_member")
    assert staging.execute("SELECT count(*), count(DISTINCT group_id) FROM group_member").fetchone() == (1000, 1000)


def test_the_executors_connect_with_a_password_that_no_plan_holds(
    spark: SparkSession, spark_master: str | None, staging: Connection, url_with_password: str
) -> None:
    rows = spark.range(0, 100, 1, 2).selectExpr("id AS group_id", "id AS agent_id")
    if spark_master:  # other processes, whose environment is the session's
        with pytest.raises(DatabaseUnavailable, match="executors have no password"), engine_errors("It is not staged"):
            copy_to(rows, url_with_password, SCHEMA, "group_member")
    else:
        copy_to(rows, url_with_password, SCHEMA, "group_member")
        assert staging.execute("SELECT count(*) FROM group_member").fetchone() == (100,)


def test_csv_keeps_empty_and_null_apart_and_times_in_utc(staging: Connection) -> None:
    moment = datetime(2024, 1, 1, 10, tzinfo=timezone.utc)
    names: list[str | None] = [*map(str, TEXTS), None]
    batch = pa.RecordBatch.from_pydict(
        {
            "group_id": pa.array(range(len(names)), pa.int64()),
            "name": pa.array(names, pa.string()),
            "parent_group_id": pa.array([None] * len(names), pa.int64()),
            "created_at": pa.array([moment] * len(names), pa.timestamp("us", tz="UTC")),
            "says_members": pa.array([True] * len(names), pa.bool_()),
        }
    )
    columns = ", ".join(batch.schema.names)
    with staging.cursor() as cursor:
        with cursor.copy(f"COPY group_record ({columns}) FROM STDIN (FORMAT csv)".encode()) as stream:
            stream.write(to_csv(batch))
        stored = cursor.execute("SELECT * FROM group_record ORDER BY group_id").fetchall()
    assert stored == [(n, name, None, moment.replace(tzinfo=None), None, True) for n, name in enumerate(names)]
