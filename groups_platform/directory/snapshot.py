"""Reads a sync day with Spark, from the files to the three Parquet datasets of the lake. The rules are plain Python.

`raw_groups` and `raw_agents` hold four kinds of rows (`entry`): each folder, what a manifest says, each file with the
number of records that the reader cut out of it, and each record with its values, its faults and its text. `accepted`
and `counts` settle D6: `counts` is true for the one record per id that the tables take, if it is not `deleted` (P6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyspark.sql.functions as F  # noqa: N812 - the conventional name
import pyspark.sql.types as T  # noqa: N812
from pyspark.sql import Column, DataFrame, Row, SparkSession, Window

from groups_platform.directory import contract
from groups_platform.directory.batches import AGENT_FORMAT, GROUP_FORMAT, FileReader, RecordFormat
from groups_platform.directory.day_names import FOLDERS
from groups_platform.directory.findings import EDGE, FindingCode
from groups_platform.directory.lake import Dataset, WrittenDay, read_lake, write_lake
from groups_platform.directory.reader import FILE_LIMIT
from groups_platform.directory.source import SourceFile, SyncDay

TASK_BYTES: Final = 32 * 2**20  # files are packed into tasks of about this size, and at least one task per core

FAULTS: Final = T.ArrayType(
    T.StructType([T.StructField("code", T.StringType()), T.StructField("detail", T.StringType())])
)


# pyspark has this mapping too, but in a private module whose signature changes between releases.
ARROW_TYPES: Final = {
    T.LongType(): pa.int64(),
    T.StringType(): pa.string(),
    T.BooleanType(): pa.bool_(),
    T.TimestampType(): pa.timestamp("us", tz="UTC"),
    T.ArrayType(T.LongType()): pa.list_(pa.int64()),
    FAULTS: pa.list_(pa.struct([("code", pa.string()), ("detail", pa.string())])),
}


def arrow_schema(schema: T.StructType) -> pa.Schema:
    """Return the Arrow schema of the batches that Python workers return for `schema`."""
    return pa.schema([(column.name, ARROW_TYPES[column.dataType]) for column in schema.fields])


@dataclass(frozen=True)
class RecordKind:
    """What differs between group and agent records."""

    name: str
    folders: tuple[str, ...]
    format: RecordFormat
    contract: contract.Contract

    @property
    def dataset(self) -> Dataset:
        """The dataset in the lake, with the column `counts` (D6)."""
        return Dataset(self.name, T.StructType([*self.schema.fields, T.StructField("counts", T.BooleanType())]))

    @property
    def schema(self) -> T.StructType:
        """The schema of the rows that FileReader yields."""
        return T.StructType(
            [
                T.StructField("entry", T.StringType()),
                T.StructField("folder", T.StringType()),
                T.StructField("file", T.StringType()),
                T.StructField("position", T.LongType()),
                T.StructField("records", T.LongType()),
                T.StructField("total", T.LongType()),
                T.StructField("is_last_page", T.BooleanType()),
                T.StructField("disagrees", T.StringType()),
                T.StructField("accepted", T.BooleanType()),
                *contract.fields_of(self.contract),
                T.StructField("deleted", T.BooleanType()),
                T.StructField("faults", FAULTS),
                T.StructField("raw", T.StringType()),
                T.StructField("content", T.StringType()),
            ]
        )


GROUPS: Final = RecordKind("raw_groups", ("admin_groups",), GROUP_FORMAT, contract.AcceptedGroup)
AGENTS: Final = RecordKind("raw_agents", ("agents", "agent_details"), AGENT_FORMAT, contract.AcceptedAgent)
MEMBERSHIPS: Final = Dataset("exploded_memberships", T.StructType(contract.fields_of(contract.Membership)))


def read_into_lake(
    spark: SparkSession, day: SyncDay, kind: RecordKind, lake: str, file_limit: int = FILE_LIMIT
) -> WrittenDay:
    """Read the files of `kind` in `day` into the lake, overwriting the day; see the module for the columns.

    D6 sends every record's text through a shuffle, which costs more than reading. Most days repeat no id, so each
    accepted record counts at first, deleted ones aside, and only a day that turns out to repeat an id is read again and
    settled. A crash in between leaves a repeated id that counts twice, which the check unique_ids refuses.
    """
    rows = read_files(spark, day, kind, file_limit)
    is_record = F.col("entry") == "record"
    unsettled = rows.withColumn("counts", F.coalesce(is_record & F.col("accepted") & is_there(), F.lit(False)))
    write_lake(unsettled, lake, kind.dataset, day.label, fingerprint=day.fingerprint)
    raw = read_lake(spark, lake, kind.dataset, day.label)
    if not has_repeated_ids(raw.rows, kind):
        return raw
    rows = read_files(spark, day, kind, file_limit, with_content=True)
    write_lake(with_duplicates_settled(rows, kind), lake, kind.dataset, day.label, fingerprint=day.fingerprint)
    return read_lake(spark, lake, kind.dataset, day.label)


def is_there() -> Column:
    """Whether a record is not deleted (P6)."""
    return ~F.coalesce(F.col("deleted"), F.lit(False))


def read_files(
    spark: SparkSession, day: SyncDay, kind: RecordKind, file_limit: int = FILE_LIMIT, *, with_content: bool = False
) -> DataFrame:
    """Return the rows of `kind` in `day`, lazily, before D6. with_content: fill `content`, which only D6 needs."""
    files = [file for folder in kind.folders for file in day.files_under(folder)]
    tasks = pack(files, int(spark.conf.get("spark.sql.shuffle.partitions") or 1))
    folders = tuple(folder for folder in kind.folders if folder in day.folders)
    read = FileReader(
        kind.format,
        day.url,
        folders,
        tasks,
        arrow_schema(kind.schema),
        with_content,
        file_limit,
        kind.folders,
        tuple(file.path for file in day.manifests),
    )
    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(read, kind.schema)


def has_repeated_ids(raw: DataFrame, kind: RecordKind) -> bool:
    """Whether two accepted records have one id in one folder."""
    ids = raw.where("accepted AND entry = 'record'").groupBy("folder", kind.format.id_column).count()
    return not ids.where("count > 1").limit(1).isEmpty()


def pack(files: Iterable[SourceFile], cores: int) -> tuple[tuple[str, ...], ...]:
    """Distribute paths to tasks: largest file first, into the smallest task. Without files, one empty task."""
    files = sorted(files, key=lambda file: file.size, reverse=True)
    wanted = max(cores, sum(file.size for file in files) // TASK_BYTES)
    tasks: list[tuple[int, list[str]]] = [(0, []) for _ in range(max(1, min(wanted, len(files))))]
    for file in files:
        smallest = min(range(len(tasks)), key=lambda index: tasks[index][0])
        size, paths = tasks[smallest]
        tasks[smallest] = (size + file.size + 1, [*paths, file.path])
    return tuple(tuple(paths) for _, paths in tasks)


def with_duplicates_settled(rows: DataFrame, kind: RecordKind) -> DataFrame:
    """D6: of accepted records with the same id the latest counts; others are rejected, except identical ones."""
    is_candidate = F.col("accepted") & (F.col("entry") == "record")
    # Other rows are not compared: they are distributed by their position instead of sharing one partition.
    same_id = Window.partitionBy(
        "folder",
        is_candidate,
        F.when(is_candidate, F.col(kind.format.id_column)).otherwise(F.xxhash64("file", "position")),
    ).orderBy(F.col("updated_at").desc_nulls_last(), F.col("file").desc(), F.col("position").desc())
    rank = F.row_number().over(same_id)
    winner = F.first(F.struct("content", "file", "position")).over(same_id)
    is_loser = is_candidate & (F.col("rank") > 1) & (F.col("content") != F.col("winner.content"))
    fault = F.struct(
        F.lit(FindingCode.DUPLICATE_RECORD.value).alias("code"),
        F.concat(
            F.lit("the record that counts is in "),
            F.col("winner.file"),
            F.lit(" at "),
            F.col("winner.position"),
        ).alias("detail"),
    )
    columns = [column.name for column in kind.schema]
    return (
        rows.withColumn("rank", rank)
        .withColumn("winner", winner)
        .withColumn(
            "faults", F.when(is_loser, F.concat("faults", F.array(fault).cast(FAULTS))).otherwise(F.col("faults"))
        )
        .withColumn("counts", is_candidate & (F.col("rank") == 1) & is_there())
        .withColumn("accepted", F.col("accepted") & ~is_loser)
        .select(*columns, "counts")
    )


def explode_memberships(raw_groups: DataFrame) -> DataFrame:
    """Return group_id and agent_id, one row per member of each group record that counts."""
    return raw_groups.where("counts").select("group_id", F.explode("agent_ids").alias("agent_id"))


def explode_into_lake(spark: SparkSession, label: str, lake: str) -> WrittenDay:
    """Write the memberships of the day's raw groups to the lake. Raises UnknownSyncDay if these are missing."""
    raw_groups = read_lake(spark, lake, GROUPS.dataset, label)
    receipt = raw_groups.receipt
    memberships = explode_memberships(raw_groups.rows)
    write_lake(memberships, lake, MEMBERSHIPS, label, fingerprint=receipt.fingerprint, source=receipt.write)
    return read_lake(spark, lake, MEMBERSHIPS, label)


OF_RECORDS: Final = tuple(code.value for code in FindingCode if code.subject != EDGE)


@dataclass(frozen=True)
class SnapshotCounts:
    """Counts of a raw dataset. read: records found in the files; counted: records to be loaded into the tables.

    unreadable: the first of the files that are not JSON as a whole, and why. folders: those that exist.
    disagreements: what the delivery says of itself and is not so (P8), a sentence each, of false claims on files the
    first.
    """

    read: int
    accepted: int
    rejected: int
    counted: int
    files: int
    folders: frozenset[str]
    unreadable: tuple[str, ...] = ()
    unreadable_files: int = 0
    disagreements: tuple[str, ...] = ()
    findings: dict[str, int] = field(default_factory=dict)


def count_snapshot(raw: DataFrame) -> SnapshotCounts:
    """Count the rows of a raw dataset in one pass."""
    is_record, is_file = F.col("entry") == "record", F.col("entry") == "file"
    is_unreadable = is_file & (F.size("faults") > 0)
    codes = F.col("faults.code")
    per_code = [
        F.sum(F.when(F.size("faults") > 0, F.size(codes) - F.size(F.array_remove(codes, code)))).alias(code)
        for code in OF_RECORDS
    ]
    row = raw.agg(
        F.coalesce(F.sum("records"), F.lit(0)).alias("read"),
        F.count_if(is_record & F.col("accepted")).alias("accepted"),
        F.count_if(is_record & ~F.col("accepted")).alias("rejected"),
        F.count_if(F.col("counts")).alias("counted"),
        F.count_if(is_file).alias("files"),
        F.collect_set(F.when(F.col("entry") == "folder", F.col("folder"))).alias("folders"),
        F.count_if(is_unreadable).alias("unreadable_files"),
        F.min(F.when(is_unreadable, F.concat("file", F.lit(": "), F.col("faults")[0]["detail"]))).alias("unreadable"),
        F.count("disagrees").alias("false_claims"),
        F.min("disagrees").alias("false_claim"),
        *(column for folder in FOLDERS for column in _of_folder(folder)),
        *per_code,
    ).first()
    assert row is not None  # an aggregate without groups has one row
    return SnapshotCounts(
        read=row["read"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        counted=row["counted"],
        files=row["files"],
        folders=frozenset(row["folders"]),
        unreadable=(row["unreadable"],) if row["unreadable"] else (),
        unreadable_files=row["unreadable_files"],
        disagreements=tuple(_disagreements(raw, row)),
        findings={code: row[code] or 0 for code in OF_RECORDS},
    )


def _of_folder(folder: str) -> Iterator[Column]:
    """What its files have and say (P8)."""
    is_here = F.col("folder") == folder
    yield F.sum(F.when(is_here, F.col("records"))).alias(f"{folder} records")
    yield F.min(F.when(is_here, F.col("total"))).alias(f"{folder} least")
    yield F.max(F.when(is_here, F.col("total"))).alias(f"{folder} most")
    yield F.max(F.when(is_here, F.col("is_last_page").cast("int"))).alias(f"{folder} is whole")


def _disagreements(raw: DataFrame, row: Row) -> Iterator[str]:
    if row["false_claims"]:
        more = f" (and {row['false_claims'] - 1} more)" if row["false_claims"] > 1 else ""
        yield f"{row['false_claim']}{more}"
    for folder in FOLDERS:
        records, least, most = row[f"{folder} records"] or 0, row[f"{folder} least"], row[f"{folder} most"]
        if least is not None and not least == most == records:
            is_wrong = (F.col("folder") == folder) & (F.col("total") != records)
            first = raw.where(is_wrong).orderBy("file").select("file", "total").first()
            assert first is not None  # the least or the most
            yield f"{first['file']} says that {folder}/ has {first['total']} records, and {records} were read"
        if row[f"{folder} is whole"] == 0:
            yield f"the last page of {folder}/ is missing: each file that has next_page or next has one"
