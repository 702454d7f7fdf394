"""What a person sees of an asset in the UI: counts, findings, previews, column schemas, the tree as a picture."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster import (
    MetadataValue,
    TableColumn,
    TableColumnConstraints,
    TableMetadataValue,
    TableRecord,
    TableSchema,
)

from groups_platform.directory.contract import Contract
from groups_platform.directory.findings import SEVERITIES
from groups_platform.directory.hierarchy import GroupTree, draw_tree

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PREVIEW_ROWS = 10
LONGEST_CELL = 80


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


def table_schema(**columns: str) -> TableSchema:
    """`name="TYPE not null: description"` for each column of a Postgres table."""
    parsed = []
    for name, text in columns.items():
        sql_type, _, description = text.partition(": ")
        is_nullable = not sql_type.endswith(" not null")
        parsed.append(
            TableColumn(
                name,
                sql_type.removesuffix(" not null"),
                description,
                TableColumnConstraints(nullable=is_nullable),
            )
        )
    return TableSchema(columns=parsed)


def rows_table(rows: Sequence[Mapping[str, Any]]) -> TableMetadataValue | MetadataValue[str]:
    """Rows with equal keys as a table; a line of text when there is none."""
    if not rows:
        return MetadataValue.text("no rows")
    return MetadataValue.table(
        records=[TableRecord({key: _cell(value) for key, value in row.items()}) for row in rows],
        schema=TableSchema(columns=[TableColumn(name, "string") for name in rows[0]]),
    )


def preview(rows: DataFrame) -> TableMetadataValue | MetadataValue[str]:
    """The first rows of a DataFrame."""
    from pyspark.sql import functions as F  # noqa: N812, PLC0415 - what shows the service's runs needs no Spark

    texts = [F.col(name).cast("string") for name in rows.columns]  # Python has no year 0, where time zones lead year 1
    return rows_table([row.asDict() for row in rows.limit(PREVIEW_ROWS).select(*texts).collect()])


def findings_table(counts: Mapping[str, int]) -> TableMetadataValue | MetadataValue[str]:
    """Code, severity and number, zeros included."""
    return rows_table(
        [
            {"code": code, "severity": SEVERITIES[code], "findings": counts[code]}
            for code in SEVERITIES
            if code in counts
        ]
    )


def tree_picture(tree: GroupTree) -> MetadataValue[str]:
    """The hierarchy as a picture."""
    return svg_picture("groups", draw_tree(tree))


def svg_picture(title: str, svg: str) -> MetadataValue[str]:
    """A picture, inside the text itself: it needs no server and no file."""
    encoded = base64.b64encode(svg.encode()).decode()
    return MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{encoded})")


def _cell(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"
