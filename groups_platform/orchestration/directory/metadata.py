"""Metadata values of the directory for the UI: the contract's columns, previews of DataFrames, findings, the tree."""

from __future__ import annotations

from collections.abc import Mapping

from dagster import MetadataValue, TableColumn, TableColumnConstraints, TableMetadataValue, TableSchema
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the conventional name

from groups_platform.directory.contract import Column, Contract
from groups_platform.directory.findings import FindingCode
from groups_platform.directory.hierarchy import GroupTree, draw_tree
from groups_platform.orchestration.metadata import rows_table, svg_picture, table_schema

PREVIEW_ROWS = 10
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


def findings_table(counts: Mapping[str, int]) -> TableMetadataValue | MetadataValue[str]:
    """Return code, severity and number of findings, zeros included."""
    return rows_table(
        [
            {"code": code.value, "severity": code.severity, "findings": counts[code]}
            for code in FindingCode
            if code in counts
        ]
    )


def counts_table(counts: Mapping[str, int]) -> TableMetadataValue | MetadataValue[str]:
    """What a plan changes: kind and rows, without those of which there are none."""
    return rows_table([{"change": kind, "rows": number} for kind, number in counts.items() if number])


def tree_picture(tree: GroupTree) -> MetadataValue[str]:
    """Return the hierarchy as a picture."""
    return svg_picture("groups", draw_tree(tree))
