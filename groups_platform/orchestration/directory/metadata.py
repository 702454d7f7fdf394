"""What the UI shows of the directory: the contract's columns, previews of DataFrames, findings, the tree."""

from __future__ import annotations

from collections.abc import Mapping

from dagster import MetadataValue, TableColumn, TableColumnConstraints, TableMetadataValue, TableSchema
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that everybody uses

from groups_platform.directory.contract import Contract
from groups_platform.directory.findings import FindingCode
from groups_platform.directory.hierarchy import GroupTree, draw_tree
from groups_platform.orchestration.metadata import rows_table, svg_picture

PREVIEW_ROWS = 10


def column_schema(contract: Contract) -> TableSchema:
    """The columns of the record contract."""
    return TableSchema(
        columns=[
            TableColumn(
                column.name, column.spark_type, column.description, TableColumnConstraints(nullable=column.is_nullable)
            )
            for column in contract.columns
        ]
    )


def preview(rows: DataFrame) -> TableMetadataValue | MetadataValue[str]:
    """The first rows of a DataFrame."""
    texts = [F.col(name).cast("string") for name in rows.columns]  # Python has no year 0, where time zones lead year 1
    return rows_table([row.asDict() for row in rows.limit(PREVIEW_ROWS).select(*texts).collect()])


def findings_table(counts: Mapping[str, int]) -> TableMetadataValue | MetadataValue[str]:
    """Code, severity and number, zeros included."""
    return rows_table(
        [
            {"code": code.value, "severity": code.severity, "findings": counts[code]}
            for code in FindingCode
            if code in counts
        ]
    )


def tree_picture(tree: GroupTree) -> MetadataValue[str]:
    """The hierarchy as a picture."""
    return svg_picture("groups", draw_tree(tree))
