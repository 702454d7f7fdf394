"""Reads files into Arrow batches. Runs on the executors, so it avoids slow imports such as pandera and Spark SQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa

from groups_platform.directory.columns import GoodRecords, read_agents, read_groups
from groups_platform.directory.findings import Fault, FindingCode
from groups_platform.directory.manifest import (
    Claim,
    Manifest,
    find_false_claims,
    hash_of,
    is_last_page,
    read_manifest,
    records_of,
    total_of,
)
from groups_platform.directory.reader import (
    FILE_LIMIT,
    RawRecord,
    RawTexts,
    UnreadableFile,
    read_content,
    read_record,
)
from groups_platform.directory.records import ParsedRecord, digest, parse_agent, parse_group
from groups_platform.directory.source import open_file
from groups_platform.masking import mask_text

STACK_BYTES: Final = 32 * 2**20


@dataclass(frozen=True)
class RecordFormat:
    """How records of one kind are read. wrapper: key of the object that holds them; id_column: column for their id.

    parse: reads a record and finds its faults. read: reads many records without faults at once, to the same values.
    """

    wrapper: str
    id_column: str
    parse: Callable[[RawRecord], ParsedRecord]
    read: Callable[[Sequence[bytes]], GoodRecords]


GROUP_FORMAT: Final = RecordFormat("groups", "group_id", parse_group, read_groups)
AGENT_FORMAT: Final = RecordFormat("agents", "agent_id", parse_agent, read_agents)


@dataclass(frozen=True)
class FileReader:
    """The function that Spark runs for each task: `tasks[n]` are the paths below `day_url` that task n reads.

    folders: those of the kind that exist. manifests: names of the day's (P8), which each task reads.
    kind_folders: those that the kind may have. with_content: fill the column `content`, which only D6 needs.
    file_limit: see read_texts.
    """

    format: RecordFormat
    day_url: str
    folders: tuple[str, ...]
    tasks: tuple[tuple[str, ...], ...]
    schema: pa.Schema
    with_content: bool = False
    file_limit: int = FILE_LIMIT
    kind_folders: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows for folders and manifests (task 0 alone), each record of the tasks in column 0 and then its file."""
        manifests = [self._manifest(name) for name in self.manifests]
        for batch in batches:
            for task in batch.column(0).to_pylist():
                if task == 0:
                    yield self._rows([{"entry": "folder", "folder": folder} for folder in self.folders])
                    yield self._rows(list(self._claims(manifests)))
                for path in self.tasks[task]:
                    yield from on_deep_stack(self._file(path, manifests))

    def _manifest(self, name: str) -> Manifest:
        try:
            with open_file(self.day_url, name) as stream:
                data = stream.read(self.file_limit + 1)
        except OSError as error:
            return Manifest(name, {}, {}, f"cannot be opened: {error.strerror or error}")
        return read_manifest(name, data) if len(data) <= self.file_limit else Manifest(name, {}, {}, "is too large")

    def _claims(self, manifests: list[Manifest]) -> Iterator[dict[str, Any]]:
        paths = [path for task in self.tasks for path in task]
        for manifest in manifests:
            for sentence in manifest.disagreements(self.kind_folders, paths):
                yield {"entry": "manifest", "file": manifest.name, "disagrees": sentence}
            for folder in self.kind_folders:
                if claim := manifest.folders.get(folder):
                    yield {"entry": "manifest", "file": manifest.name, "folder": folder, "total": records_of(claim)}

    def _file(self, path: str, manifests: list[Manifest]) -> Iterator[pa.RecordBatch]:
        count, faults, sha256 = 0, [], None
        header: dict[str, Any] = {}
        try:
            with open_file(self.day_url, path) as stream:
                if any(manifest.files.get(path, Claim()).sha256 for manifest in manifests):
                    sha256 = hash_of(stream)
                content = read_content(path, stream, self.format.wrapper, self.file_limit)
                header = content.header
                for batch in self.read_records(path, content.batches):
                    count += batch.num_rows
                    yield batch
        except UnreadableFile as error:
            faults.append(Fault(FindingCode.INVALID_JSON, str(error))._asdict())
        except OSError as error:
            unopened = UnreadableFile(f"cannot be opened: {mask_text(error.strerror or str(error))}", 0)
            faults.append(Fault(FindingCode.INVALID_JSON, str(unopened))._asdict())
        false_claims = "; ".join(find_false_claims(path, manifests, count, sha256, header))
        said = {"total": total_of(header), "is_last_page": is_last_page(header), "disagrees": false_claims or None}
        place = {"entry": "file", "folder": path.split("/", 1)[0], "file": path}
        yield self._rows([{**place, "records": count, "faults": faults, **said}])

    def read_records(self, path: str, texts: Iterable[RawTexts]) -> Iterator[pa.RecordBatch]:
        """The records of one file, each once; those without a fault first in each of the reader's batches."""
        for batch in texts:
            good = self.format.read(batch.texts)
            if len(good.indices) == len(batch.texts):
                yield self._good_records(path, batch, good.columns)
                continue
            if good.indices:
                yield self._good_records(path, batch.take(good.indices), good.columns)
            others = batch.take(sorted(set(range(len(batch.texts))).difference(good.indices)))
            yield self._parsed_records(path, [self.format.parse(record) for record in map(read_record, *others)])

    def _rows(self, rows: list[dict[str, Any]]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([{"faults": [], **row} for row in rows], self.schema)

    def _good_records(self, path: str, batch: RawTexts, columns: dict[str, pa.Array]) -> pa.RecordBatch:
        count = len(batch.texts)
        contents = map(digest, map(read_record, *batch)) if self.with_content else pa.nulls(count, pa.string())
        given = {
            "position": batch.positions,
            "accepted": pa.repeat(True, count),
            "faults": [[]] * count,
            "raw": batch.texts,
            "content": contents,
        }
        return self._records(path, count, {**columns, **given})

    def _parsed_records(self, path: str, records: list[ParsedRecord]) -> pa.RecordBatch:
        count = len(records)
        values = [record.values for record in records]
        fields = {name: [value.get(name) for value in values] for name in ("id", *self.schema.names)}
        contents = [record.content for record in records] if self.with_content else pa.nulls(count, pa.string())
        given = {
            "position": [record.position for record in records],
            "accepted": [record.accepted for record in records],
            "faults": [[fault._asdict() for fault in record.faults] for record in records],
            "raw": [record.text for record in records],
            "content": contents,
        }
        return self._records(path, count, {**fields, **given})

    def _records(self, path: str, count: int, columns: dict[str, Any]) -> pa.RecordBatch:
        """A batch of the schema. columns: arrays or lists, the record's id as `id`; what is not among them is null."""
        nothing = partial(pa.nulls, count)
        columns = {
            **columns,
            "entry": pa.repeat("record", count),
            "folder": pa.repeat(path.split("/", 1)[0], count),
            "file": pa.repeat(path, count),
            self.format.id_column: columns["id"],
        }
        arrays = [
            column if isinstance(column := columns.get(name, nothing(type_)), pa.Array) else pa.array(column, type_)
            for name, type_ in zip(self.schema.names, self.schema.types, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def on_deep_stack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield `batches`, produced in a thread with a larger stack.

    From Python 3.12 on the decoders recurse up to 10,000 levels. The threads of an engine may have stack for a third of
    that, and a stack overflow ends the process without an error message.
    """
    pool = ThreadPoolExecutor(1)
    before = threading.stack_size(STACK_BYTES)
    try:
        pool.submit(int).result()  # starts the thread
    finally:
        threading.stack_size(before)
    with pool:
        while (batch := pool.submit(next, batches, None).result()) is not None:
            yield batch
