"""From files to Arrow batches. Runs on the executors, so it imports nothing heavy: no pandera, no Spark SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from groups_platform.directory.reader import RawRecord, UnreadableFile, read_records
from groups_platform.directory.records import ParsedRecord, parse_agent, parse_group
from groups_platform.directory.source import read_file

BATCH_RECORDS: Final = 20_000


@dataclass(frozen=True)
class RecordFormat:
    """How the records of one kind are read. wrapper: the key of an object that holds them; id_column: where id goes."""

    wrapper: str
    id_column: str
    parse: Callable[[RawRecord], ParsedRecord]


GROUP_FORMAT: Final = RecordFormat("groups", "group_id", parse_group)
AGENT_FORMAT: Final = RecordFormat("agents", "agent_id", parse_agent)


def parse_file(kind: RecordFormat, path: str, data: bytes) -> tuple[list[ParsedRecord], UnreadableFile | None]:
    """The records of one file after the rules, or why the whole file cannot be read."""
    try:
        return [kind.parse(record) for record in read_records(path, data, kind.wrapper)], None
    except UnreadableFile as error:
        return [], error


@dataclass(frozen=True)
class FileReader:
    """What Spark runs on each task: `tasks[n]` are the paths, below `day_url`, that task n reads."""

    kind: RecordFormat
    day_url: str
    folders: tuple[str, ...]
    tasks: tuple[tuple[str, ...], ...]
    schema: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows for the folders (task 0 alone), each file and each record of the tasks named in column 0."""
        for batch in batches:
            for task in batch.column(0).to_pylist():
                if task == 0:
                    yield self._rows([{"entry": "folder", "folder": folder} for folder in self.folders])
                for path in self.tasks[task]:
                    yield from self._file(path)

    def _file(self, path: str) -> Iterator[pa.RecordBatch]:
        try:
            records, unreadable = parse_file(self.kind, path, read_file(self.day_url, path))
        except OSError as error:
            records, unreadable = [], UnreadableFile(f"cannot be opened: {error.strerror or error}", 0)
        faults = [{"code": "invalid_json", "detail": str(unreadable)}] if unreadable else []
        folder = path.split("/", 1)[0]
        row = {"entry": "file", "folder": folder, "file": path, "records": len(records), "faults": faults}
        yield self._rows([row])
        for start in range(0, len(records), BATCH_RECORDS):
            yield self._records(folder, path, records[start : start + BATCH_RECORDS])

    def _rows(self, rows: list[dict[str, Any]]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([{"faults": [], **row} for row in rows], self.schema)

    def _records(self, folder: str, path: str, records: list[ParsedRecord]) -> pa.RecordBatch:
        count = len(records)
        positions, texts, accepted, values, faults, contents = zip(*records, strict=True)
        columns: dict[str, Any] = {
            "entry": pa.repeat("record", count),
            "folder": pa.repeat(folder, count),
            "file": pa.repeat(path, count),
            "position": positions,
            "records": pa.nulls(count, pa.int64()),
            "accepted": accepted,
            self.kind.id_column: [value.get("id") for value in values],
            "faults": [[fault._asdict() for fault in some] if some else () for some in faults],
            "raw": texts,
            "content": contents,
        }
        arrays = [
            column
            if isinstance(column := columns.get(name) or [value.get(name) for value in values], pa.Array)
            else pa.array(column, type_)
            for name, type_ in zip(self.schema.names, self.schema.types, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)
