"""The directory's load as dlt does it, set up as its documentation advises for speed.

Resources yield pages, not rows; the schema is declared, so nothing is inferred; CSV goes in by COPY; two
processes normalise; files are not compressed; sessions have memory to sort and hash in. Groups and agents
are upserted and equal rows skipped; memberships are deleted and inserted by group, which was faster than
dlt's diff (`cdc`). What dlt has no step for (keys, agents that left the roster, the flags) is SQL after the
load. Rows come as dicts or, as dlt recommends for volume, as Arrow tables. Left out: a bad record is not
named, it stops the run or loads as null; a membership of an agent that nobody knows would be stored.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import psycopg
import pyarrow as pa
from dlt.common import json
from dlt.destinations.impl.postgres.configuration import PostgresCredentials

SCHEMA = "bench_dlt"
FLAGS = Path(__file__).with_name("flags.sql")
PAGE = 10_000
NO_AGENT = 0
SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "NORMALIZE__WORKERS": "2",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "250000",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
}
"""Files of 250,000 rows give both normalising processes, and several COPYs, something to do."""

ID, TEXT, FLAG, TIME = pa.int64(), pa.string(), pa.bool_(), pa.timestamp("us")
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "groups": {"group_id": ID, "name": TEXT, "parent_group_id": ID, "created_at": TIME, "updated_at": TIME},
    "agents": {
        "agent_id": ID,
        "email": TEXT,
        "name": TEXT,
        "active": FLAG,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "group_membership": {"group_id": ID, "agent_id": ID, "is_removed": FLAG},
}
HINTS: dict[pa.DataType, dict[str, Any]] = {
    ID: {"data_type": "bigint"},
    TEXT: {"data_type": "text"},
    FLAG: {"data_type": "bool"},
    TIME: {"data_type": "timestamp", "timezone": False},
}

UPSERT: Any = {"disposition": "merge", "strategy": "upsert", "skip_unchanged_rows": True}
REPLACE_BY_KEY: Any = {"disposition": "merge", "strategy": "delete-insert"}

AFTER_FIRST_LOAD = """
ALTER TABLE groups ADD PRIMARY KEY (group_id), ADD COLUMN IF NOT EXISTS inactive BOOLEAN;
ALTER TABLE agents ADD PRIMARY KEY (agent_id);
ALTER TABLE group_membership ADD PRIMARY KEY (group_id, agent_id);
"""
AFTER_EVERY_LOAD = """
SET LOCAL work_mem = '256MB';
UPDATE agents AS t SET active = false
WHERE t.active AND NOT EXISTS (SELECT FROM bench_dlt_staging.agents AS s WHERE s.agent_id = t.agent_id);
ANALYZE groups; ANALYZE agents; ANALYZE group_membership;
"""


@dlt.source(name="directory")
def directory(day_folder: str, rows: str) -> Any:
    """The day's three tables; the files of the groups are read once for two of them."""

    def page(table: str, items: list[dict[str, Any]]) -> Any:
        return items if rows == "dicts" else pa.Table.from_pylist(items, pa.schema(COLUMNS[table]))

    @dlt.resource(selected=False)
    def group_records() -> Iterator[list[dict[str, Any]]]:
        yield from _pages(day_folder, "admin_groups")

    @dlt.transformer(
        data_from=group_records,
        columns=_hints("groups"),
        primary_key="group_id",
        write_disposition=UPSERT,
    )
    def groups(records: list[dict[str, Any]]) -> Any:
        yield page("groups", [_group_row(record) for record in records])

    @dlt.transformer(
        data_from=group_records,
        columns=_hints("group_membership") | {"is_removed": {"data_type": "bool", "hard_delete": True}},
        merge_key="group_id",
        write_disposition=REPLACE_BY_KEY,
    )
    def group_membership(records: list[dict[str, Any]]) -> Any:
        yield page("group_membership", [row for record in records for row in _member_rows(record)])

    @dlt.resource(
        columns=_hints("agents"),
        primary_key="agent_id",
        write_disposition=UPSERT,
    )
    def agents() -> Any:
        for records in _pages(day_folder, "agents"):
            yield page("agents", [_agent_row(record) for record in records])

    return group_records, groups, group_membership, agents


def sync(day_folder: str, database_url: str, rows: str = "arrow") -> None:
    """Load the day in `day_folder` into the schema `bench_dlt`; `rows` is "arrow" or "dicts".

    The working folder is temporary, as on a fresh worker: dlt takes its state and schema from the database.
    dlt commits its own work table by table; only the statements after the load are one transaction.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(SETTINGS, DLT_DATA_DIR=folder)
        postgres = dlt.destinations.postgres(credentials=_credentials(database_url), create_indexes=False)
        pipeline = dlt.pipeline("bench_dlt", pipelines_dir=folder, destination=postgres, dataset_name=SCHEMA)
        pipeline.run(directory(day_folder, rows), loader_file_format="csv")
    with psycopg.connect(database_url, options=f"-c search_path={SCHEMA}") as connection:
        if not connection.execute("SELECT 1 FROM pg_index WHERE indrelid = 'groups'::regclass").fetchone():
            connection.execute(AFTER_FIRST_LOAD)
        connection.execute(AFTER_EVERY_LOAD)
        connection.execute(FLAGS.read_bytes())


def _credentials(database_url: str) -> PostgresCredentials:
    """The same server with memory for the session.

    dlt insists on a host; a Unix socket stands in the query (`?host=/…`), which libpq prefers.
    """
    credentials = PostgresCredentials()
    credentials.parse_native_representation(database_url)
    credentials.host = credentials.host or "localhost"
    credentials.password = credentials.password or ""
    credentials.query = {**(credentials.query or {}), "options": "-cwork_mem=256MB"}
    return credentials


def _hints(table: str) -> dict[str, dict[str, Any]]:
    return {name: dict(HINTS[kind]) for name, kind in COLUMNS[table].items()}


def _pages(day_folder: str, kind: str) -> Iterator[list[dict[str, Any]]]:
    for file in sorted(Path(day_folder, kind).glob("*.json")):
        records = json.loadb(file.read_bytes())
        for start in range(0, len(records), PAGE):
            yield records[start : start + PAGE]


def _group_row(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "group_id": record["id"],
        "name": record["name"],
        "parent_group_id": record.get("parent_group_id"),
        "created_at": _time(record.get("created_at")),
        "updated_at": _time(record.get("updated_at")),
    }


def _member_rows(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One row per member; without any, a removed placeholder, or the group would keep those of before."""
    for agent_id in set(record.get("agent_ids") or ()):
        yield {"group_id": record["id"], "agent_id": agent_id, "is_removed": None}
    if not record.get("agent_ids"):
        yield {"group_id": record["id"], "agent_id": NO_AGENT, "is_removed": True}


def _agent_row(record: dict[str, Any]) -> dict[str, Any]:
    contact = record.get("contact") or {}
    return {
        "agent_id": record["id"],
        "email": contact.get("email"),
        "name": contact.get("name"),
        "active": not record.get("deactivated") and record.get("active", contact.get("active", True)),
        "created_at": _time(record.get("created_at")),
        "updated_at": _time(record.get("updated_at")),
    }


def _time(text: str | None) -> datetime | None:
    """UTC without an offset, as the tables store it; upstream writes Z."""
    return datetime.fromisoformat(text.removesuffix("Z")) if text else None


def main() -> None:
    """Load one day from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.baselines.dlt_load", description=__doc__)
    parser.add_argument("day_folder")
    parser.add_argument("database_url")
    parser.add_argument("--rows", choices=("arrow", "dicts"), default="arrow")
    args = parser.parse_args()
    sync(args.day_folder, args.database_url, args.rows)


if __name__ == "__main__":
    main()
