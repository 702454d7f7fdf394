"""Metadata values for the UI: tables, column schemas and pictures. Independent of the domains and of Spark."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import MetadataValue, TableColumn, TableColumnConstraints, TableMetadataValue, TableRecord, TableSchema

LONGEST_CELL = 80


def table_schema(**columns: str) -> TableSchema:
    """Return the schema of a Postgres table. columns: `name="TYPE not null: description"` for each."""
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


def rows_table(
    rows: Sequence[Mapping[str, Any]], longest: int = LONGEST_CELL
) -> TableMetadataValue | MetadataValue[str]:
    """Return rows with equal keys as a table, or the text `no rows`. longest: signs of a text that are shown."""
    if not rows:
        return MetadataValue.text("no rows")
    return MetadataValue.table(
        records=[TableRecord({key: _cell(value, longest) for key, value in row.items()}) for row in rows],
        schema=TableSchema(columns=[TableColumn(name, "string") for name in rows[0]]),
    )


def svg_picture(title: str, svg: str) -> MetadataValue[str]:
    """Return a picture as Markdown with the SVG embedded, so that it needs no file."""
    encoded = base64.b64encode(svg.encode()).decode()
    return MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{encoded})")


def _cell(value: Any, longest: int) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= longest else text[:longest] + "…"
