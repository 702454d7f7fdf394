"""Metadata values of the directory for the UI: the contract's columns, previews of DataFrames, findings, the tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlsplit

from dagster import MetadataValue, TableColumn, TableColumnConstraints, TableMetadataValue, TableSchema
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the conventional name

from groups_platform.directory.change_words import KINDS, Mark, named
from groups_platform.directory.contract import Column, Contract
from groups_platform.directory.difference import Difference
from groups_platform.directory.findings import ERROR, WARNING, FindingCode
from groups_platform.directory.hierarchy import GroupTree, draw_tree
from groups_platform.orchestration.metadata import rows_table, svg_picture, table_schema

PREVIEW_ROWS = 10
FLAWED_ROWS = 25  # of a preview, before the good ones
LONGEST_RAW = 200
CHANGED_ROWS = 25  # of each kind
SQL_TYPES = {"bigint": "BIGINT", "string": "TEXT", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP"}


def column_schema(contract: Contract) -> TableSchema:
    """Return the columns of the record contract."""
    return TableSchema(columns=[_column(column, column.spark_type) for column in contract.columns])


def stored_schema(contract: Contract, **more: str) -> TableSchema:
    """Return the columns of the contract's Postgres table. more: as in `table_schema`, replaces or adds columns."""
    own = {column.name: _column(column, SQL_TYPES[column.spark_type]) for column in contract.stored}
    return TableSchema(
        columns=list({**own, **{column.name: column for column in table_schema(**more).columns}}.values())
    )


def _column(column: Column, sql_type: str) -> TableColumn:
    return TableColumn(column.name, sql_type, column.description, TableColumnConstraints(nullable=column.is_nullable))


def preview(rows: DataFrame) -> TableMetadataValue | MetadataValue[str]:
    """Return the first rows of a DataFrame."""
    texts = [F.col(name).cast("string") for name in rows.columns]  # time zones can move year 1 to 0: invalid in Python
    return rows_table([row.asDict() for row in rows.limit(PREVIEW_ROWS).select(*texts).collect()])


def preview_raw(raw: DataFrame, id_column: str) -> TableMetadataValue | MetadataValue[str]:
    """Return rows of raw records, with codes and reasons: unread files, rejected records, other faults, good ones."""
    said = raw.where("entry IN ('record', 'file')").select(
        "file",
        "position",
        (F.col("accepted") & (F.col("entry") == "record")).alias("accepted"),
        F.concat_ws(", ", F.col("faults.code")).alias("code"),
        F.concat_ws("; ", F.col("faults.detail")).alias("reason"),
        F.col(id_column).cast("string").alias(id_column),
        "name",
        "raw",
        "entry",
    )
    flawed = said.where("code <> ''").orderBy("entry", "accepted", "file", "position").limit(FLAWED_ROWS)
    good = said.where("code = '' AND entry = 'record'").limit(PREVIEW_ROWS)
    rows = [row.asDict() for rows in (flawed, good) for row in rows.drop("entry").collect()]
    return rows_table([{**row, "accepted": bool(row["accepted"])} for row in rows], LONGEST_RAW)


def findings_table(counts: Mapping[str, int]) -> TableMetadataValue | MetadataValue[str]:
    """Return code, severity, number and meaning of findings, zeros included."""
    return rows_table(
        [
            {"code": code.value, "severity": code.severity, "findings": counts[code], "meaning": code.meaning}
            for code in FindingCode
            if code in counts
        ],
        LONGEST_RAW,
    )


def count_severities(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many findings there are, and how many of each severity: numbers for the curves."""
    found = {"errors": ERROR, "warnings": WARNING}
    by_severity = {
        name: sum(counts.get(code, 0) for code in FindingCode if code.severity == severity)
        for name, severity in found.items()
    }
    return {"findings_total": sum(by_severity.values()), **by_severity}


def findings_link(label: str, ui_url: str) -> MetadataValue[str]:
    """Return the page of the day's findings, on the host that shows the link. ui_url: where the UI is for people."""
    root = urlsplit(ui_url).path.rstrip("/")
    return MetadataValue.url(f"{root}/assets/findings?view=partitions&partition={quote(label, safe='')}")


def about(label: str, sentence: str) -> str:
    """Return the sentence of a check with the day that it is about in front, unless it begins with that."""
    return sentence if sentence.startswith(f"{label} ") else f"{label}: {sentence}"


def counts_table(counts: Mapping[str, int]) -> TableMetadataValue | MetadataValue[str]:
    """What a plan changes: kind and rows, without those of which there are none."""
    return rows_table([{"change": kind, "rows": number} for kind, number in counts.items() if number])


def changes_table(
    difference: Difference, kinds: Iterable[str] = KINDS, limit: int = CHANGED_ROWS
) -> TableMetadataValue | MetadataValue[str]:
    """What changed, of which group and agent, from what to what; at most `limit` rows of each kind."""
    return rows_table(
        [
            {
                "change": change.kind.one,
                "group": named(change.group_name, change.group_id),
                "agent": named(change.agent_name, change.agent_id),
                "from": change.sides[0],
                "to": change.sides[1],
            }
            for kind in kinds
            for change in difference.of(kind)[:limit]
        ]
    )


def tree_picture(
    tree: GroupTree, marks: Mapping[int, Sequence[Mark]] | None = None, title: str = ""
) -> MetadataValue[str]:
    """Return the hierarchy as a picture; marks and title as `draw_tree` has them."""
    return svg_picture("groups", draw_tree(tree, marks, title))
