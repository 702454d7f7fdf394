"""Archives months of the audit log: each is a partition, which becomes a Parquet file and is dropped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.errors import StorageFault
from groups_platform.group_service.types.audit import ArchivedMonth
from groups_platform.masking import mask_text

BATCH = 10_000  # entries in memory, and in a row group
SCHEMA = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("action_id", "action")),
        pa.field("is_read", pa.bool_(), nullable=False),
        pa.field("entity_type", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in ("entity_id", "entity_name", "domain_name", "former_domain_name")),
        pa.field("actor_id", pa.string()),
        *(pa.field(name, pa.string(), nullable=False) for name in ("actor", "status")),
        *(pa.field(name, pa.string()) for name in ("error_code", "description", "before", "after", "run_id")),
        pa.field("started_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("duration_us", pa.int64(), nullable=False),
    ]
)


async def archive_months(session: AsyncSession, before: date, to: str) -> tuple[ArchivedMonth, ...]:
    """Write the months before `before` to files under `to`, a folder or fsspec URL, and drop them.

    Others read and write meanwhile. A row that still comes into such a month, of an attempt that began in it, gets a
    file of its own when no more can come. One archive runs at a time. Raises StorageFault.
    """
    await session.execute(read_statement("manager/audit_archive_alone"))
    months = [month for month in await session.scalars(read_statement("manager/audit_months")) if month < before]
    archived = [await _archive(session, month, to) for month in months]
    # the table before the queue, in the order in which all others have them
    await session.execute(text("LOCK TABLE manager.audit_log IN ACCESS EXCLUSIVE MODE"))
    await session.execute(read_statement("manager/queue_for_commit"))
    late = [await _archive(session, done.month, to, after=done.last) for done in archived]
    for month in months:
        await session.execute(text(f"DROP TABLE {_table(month)}"))
    return tuple(sorted((done for done in (*archived, *late) if done.entries), key=lambda done: done.first))


async def _archive(session: AsyncSession, month: date, to: str, *, after: int = 0) -> ArchivedMonth:
    """Write the entries of the month after a number to a file, whose name says the month and the first of them.

    So it is the same file after an interruption, and no other: neither one of the same month, nor of another database.
    """
    statement = text(f"SELECT number, action_id FROM {_table(month)} WHERE number > {after} ORDER BY number LIMIT 1")
    first = (await session.execute(statement)).one_or_none()
    if first is None:
        return ArchivedMonth(month, "", 0, after, after)
    try:
        filesystem, folder = await asyncio.to_thread(url_to_fs, to)
        path = f"{folder.rstrip('/')}/audit_log-{month:%Y-%m}-{first.number}-{first.action_id.hex[:8]}.parquet"
        entries, last = await _write(session, f"{_table(month)} WHERE number > {after}", filesystem, path)
    except (OSError, ValueError, ImportError) as error:  # what fsspec and Arrow raise
        raise StorageFault(f"The archive of {month:%Y-%m} cannot be written: {mask_text(str(error))}") from None
    return ArchivedMonth(month, mask_text(filesystem.unstrip_protocol(path)), entries, first.number, last)


def _table(month: date) -> str:
    return f"manager.audit_log_{month:%Y_%m}"


async def _write(session: AsyncSession, rows: str, files: AbstractFileSystem, path: str) -> tuple[int, int]:
    """Write the rows to a file, in place of what an interrupted archive has left; how many, and the last number."""
    fresh = f"{path}.{uuid4().hex}"
    await asyncio.to_thread(files.makedirs, path.rpartition("/")[0], exist_ok=True)
    entries, last = 0, 0
    try:
        with await asyncio.to_thread(files.open, fresh, "wb") as file, pq.ParquetWriter(file, SCHEMA) as writer:
            async for batch in _batches(session, rows):
                last, entries = batch[-1]["number"], entries + len(batch)
                await asyncio.to_thread(writer.write_table, pa.Table.from_pylist(batch, SCHEMA))
        with await asyncio.to_thread(files.open, fresh, "rb") as file:
            written = pq.ParquetFile(file).metadata.num_rows
        if written != entries:
            raise OSError(f"{written} of {entries} entries are in the file")
        await asyncio.to_thread(files.mv, fresh, path)
    except BaseException:
        if files.exists(fresh):
            files.rm(fresh)
        raise
    return entries, last


async def _batches(session: AsyncSession, source: str) -> AsyncIterator[list[dict[str, Any]]]:
    statement = text(f"SELECT * FROM {source} ORDER BY number")
    found = await session.stream(statement, execution_options={"yield_per": BATCH})
    async for batch in found.mappings().partitions(BATCH):  # mappings forget how many the stream yields
        yield [_entry(dict(row)) for row in batch]


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """The row in types of the file: ids as text, states as JSON, the duration in microseconds."""
    ids = {name: row[name] and str(row[name]) for name in ("action_id", "actor_id")}
    states = {
        name: None if row[name] is None else json.dumps(row[name], ensure_ascii=False) for name in ("before", "after")
    }
    duration = row.pop("duration")
    return row | ids | states | {"duration_us": duration // timedelta(microseconds=1)}
