"""Reads the records of one file (D1, D2): position, text and JSON value of each, whatever their kind.

Two decoders give the same results. msgspec is fast; the standard library's (`exact`) reads JSON that msgspec refuses
and gives the offset at which a file is invalid.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple, cast

import msgspec

from groups_platform.directory import exact
from groups_platform.directory.document import is_plain_record, read_document

JSON_LINES: Final = re.compile(r"\.(jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
READABLE: Final = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# Four bytes of JSON in UTF-16 or UTF-32, which begins with ASCII, have two or three zeros; JSON in UTF-8 has none.
WIDE: Final = re.compile(
    rb"\xff\xfe|\xfe\xff|\x00\x00\xfe\xff|[^\x00]\x00([^\x00]\x00|\x00\x00)|\x00([^\x00]\x00|\x00\x00)[^\x00]"
)

FILE_LIMIT: Final = 512 * 2**20  # unpacked bytes of a document, which is held in memory as a whole
# A record may have this fraction of the limit. A text that is not UTF-8 is shown with four characters per byte, and
# this way fits into an Arrow column (less than 2 GiB) even with the largest limit, 2 GiB.
RECORDS_PER_LIMIT: Final = 8
PIECE_BYTES: Final = 16 * 2**20  # JSON Lines are read in pieces of about this size
BATCH_RECORDS: Final = 20_000
BATCH_BYTES: Final = 32 * 2**20
TAIL_BYTES: Final = 2**16

_DO: Final = "Raise GROUPS_FILE_LIMIT, or have upstream split it"


class UnreadableFile(Exception):
    """The file as a whole is not JSON, does not decompress, or exceeds a size limit."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} byte {offset}" if reason.endswith(" at") else f"{reason} (byte {offset})")
        self.offset = offset


class NotJson(Exception):
    """One record's text is not JSON."""


class RawRecord(NamedTuple):
    """position: index in the array, or line in JSON Lines, from 0. text: exactly as read.

    value: the JSON value, or NotJson.
    """

    position: int
    text: str
    value: Any


class RawTexts(NamedTuple):
    """Undecoded records: their positions, and their bytes exactly as read.

    Texts from JSON Lines may be any bytes; those from a document are JSON, or nested too deeply to be decoded.
    """

    positions: Sequence[int]
    texts: Sequence[bytes]

    def take(self, indices: Sequence[int]) -> RawTexts:
        """Return the records at `indices`."""
        positions, texts = self.positions, self.texts
        return RawTexts([positions[index] for index in indices], [texts[index] for index in indices])


class Content(NamedTuple):
    """A file's records in batches, and what it says of the whole: `exact.Found.header`."""

    header: dict[str, Any]
    batches: Iterator[RawTexts]


def read_records(path: str, data: bytes, wrapper: str) -> Iterator[RawRecord]:
    """Yield the records of the file at `path` with content `data`; see read_texts."""
    for batch in read_texts(path, io.BytesIO(data), wrapper):
        yield from map(read_record, batch.positions, batch.texts)


def read_texts(path: str, stream: BinaryIO, wrapper: str, file_limit: int = FILE_LIMIT) -> Iterator[RawTexts]:
    """Yield the records of a file in batches. path: its suffix gives the format. stream: its content.

    A batch has at most BATCH_RECORDS records and, unless it has only one, at most BATCH_BYTES bytes.
    wrapper: key of the array of records if the file is one object, `groups` or `agents`.
    file_limit: unpacked bytes that a document may have. JSON Lines are read in pieces and may be of any size. A record
    of either format may have an eighth of the limit.
    Raises UnreadableFile before the first record if the file does not decompress, or is an invalid or too large
    document; possibly after other records for a record that is too large.
    """
    yield from read_content(path, stream, wrapper, file_limit).batches


def read_content(path: str, stream: BinaryIO, wrapper: str, file_limit: int = FILE_LIMIT) -> Content:
    """What read_texts gives, with what the file says of the whole. Raises UnreadableFile as it does."""
    is_packed = path.lower().endswith(".gz")
    if is_packed and not stream.read(1):
        raise UnreadableFile("an empty file is not gzip", 0)
    stream.seek(0)
    content = cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb")) if is_packed else stream
    head = _read(content, 4)
    start = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    record_limit = file_limit // RECORDS_PER_LIMIT
    if JSON_LINES.search(path):
        if WIDE.match(head):
            raise UnreadableFile("not UTF-8 but UTF-16 or UTF-32", 0)
        content.seek(start)
        _check_end(content, start, record_limit, is_packed=is_packed)
        content.seek(start)
        return Content({}, _all_batches(_lines(_pieces(content), record_limit), record_limit))
    content.seek(start)
    return _document(_whole(content, file_limit), wrapper, start, record_limit)


def _all_batches(lines: Iterator[tuple[list[int], list[bytes]]], record_limit: int) -> Iterator[RawTexts]:
    for positions, texts in lines:
        yield from _batches(positions, texts, record_limit)


def _batches(positions: Sequence[int], texts: Sequence[Any], record_limit: int) -> Iterator[RawTexts]:
    for begin in range(0, len(texts), BATCH_RECORDS):
        part = slice(begin, begin + BATCH_RECORDS)
        batch = RawTexts(positions[part], list(map(bytes, texts[part])))
        if len(longest := max(batch.texts, key=len)) > record_limit:
            position = batch.positions[batch.texts.index(longest)]
            raise _too_large(f"the record at {position}", len(longest), record_limit)
        yield from _bounded(batch)


def _bounded(batch: RawTexts) -> Iterator[RawTexts]:
    middle = len(batch.texts) // 2
    if middle and sum(map(len, batch.texts)) > BATCH_BYTES:
        for half in (slice(middle), slice(middle, None)):
            yield from _bounded(RawTexts(batch.positions[half], batch.texts[half]))
    else:
        yield batch


def _too_large(what: str, size: int, limit: int) -> UnreadableFile:
    return UnreadableFile(f"{what} has {size:,} bytes or more, and may have {limit:,}. {_DO}", limit)


def _read(content: BinaryIO, size: int) -> bytes:
    try:
        return content.read(size)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableFile(f"does not decompress: {error}", content.tell()) from error


def _whole(content: BinaryIO, limit: int) -> bytes:
    """Return all bytes of a document; reads at most one piece beyond `limit`. Raises UnreadableFile."""
    size = getattr(content, "size", None) or 0  # not every file system reports it
    data = io.BytesIO()
    while max(size, data.tell()) <= limit and (piece := _read(content, PIECE_BYTES)):
        data.write(piece)
    if max(size, data.tell()) > limit:
        raise _too_large("the document", max(size, data.tell()), limit)
    return data.getvalue()


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    return iter(partial(_read, content, PIECE_BYTES), b"")


def _check_end(content: BinaryIO, start: int, record_limit: int, *, is_packed: bool) -> None:
    """JSON Lines that were cut give no record (P2), and neither does a packed file that is broken.

    So a packed file is first unpacked to nowhere; of any other only the end is read.
    """
    if is_packed:
        last = deque(_whole_lines(_pieces(content), record_limit), maxlen=1).pop()
    else:
        last = _last_line(content, start, record_limit)
    if last.strip(b" \t\r") and not _is_json(last):
        raise UnreadableFile("the last line was cut: it has no end and is not JSON", content.tell())


def _last_line(content: BinaryIO, start: int, longest: int) -> bytes:
    """What follows the last mark that ends a line; at least `longest` bytes of it. Leaves `content` at its end."""
    end = content.seek(0, io.SEEK_END)
    size, tail = 0, b""
    while b"\n" not in tail and size < min(end - start, longest):
        size = min(end - start, max(TAIL_BYTES, 2 * size))
        content.seek(end - size)
        tail = b"".join(iter(partial(content.read, size), b""))
    return tail.rpartition(b"\n")[2]


def _is_json(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return exact.is_json(line)


def _lines(pieces: Iterator[bytes], record_limit: int) -> Iterator[tuple[list[int], list[bytes]]]:
    """Yield positions and texts of the lines that are not blank."""
    begin = 0
    for block in _whole_lines(pieces, record_limit):
        lines = [line.removesuffix(b"\r") for line in block.split(b"\n")]
        filled = [index for index, line in enumerate(lines) if line.strip(b" \t\r")]
        yield [begin + index for index in filled], [lines[index] for index in filled]
        begin += len(lines)


def _whole_lines(pieces: Iterator[bytes], record_limit: int) -> Iterator[bytes]:
    """Split the same bytes at line ends instead; the newline at the end of each block is dropped."""
    begun: list[bytes] = []  # the beginning of a line whose end is not read yet
    size = 0
    for piece in pieces:
        lines, end, rest = piece.rpartition(b"\n")
        if end:
            yield b"".join([*begun, lines])
            begun, size = [], 0
        begun.append(rest)
        size += len(rest)
        if size > record_limit:
            raise _too_large("a line", size, record_limit)
    yield b"".join(begun)


def _document(data: bytes, wrapper: str, start: int, record_limit: int) -> Content:
    """start: the byte of the file where `data` begins."""
    try:
        document = read_document(data, wrapper)
    except exact.BrokenDocument as error:
        lines = _plain_lines(data, wrapper, record_limit)
        if not lines:
            raise UnreadableFile(str(error), start + error.at) from error
        return Content({}, _all_batches(iter(lines), record_limit))
    texts = document.texts
    return Content(document.header, _batches(range(len(texts)), texts, record_limit))


def _plain_lines(data: bytes, wrapper: str, record_limit: int) -> list[tuple[list[int], list[bytes]]]:
    """The lines of a document that is JSON Lines (P3); none where it is anything else."""
    first = data[: data.find(b"\n", len(data) - len(data.lstrip())) + 1]
    if not is_plain_record(first.strip(), wrapper):
        return []
    try:
        lines = list(_lines(iter([data]), record_limit))
    except UnreadableFile:
        return []
    return lines if all(is_plain_record(text, wrapper) for _, texts in lines for text in texts) else []


_decode_fast = msgspec.json.Decoder(float_hook=exact.parse_float)


def read_record(position: int, raw: bytes) -> RawRecord:
    """Return the record with its value, which is NotJson if `raw` is not valid UTF-8 and JSON."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return RawRecord(position, raw.decode(errors="backslashreplace"), NotJson(f"not UTF-8: {error}"))
    try:
        return RawRecord(position, text, decode(text))
    except NotJson as error:
        return RawRecord(position, text, error)


def decode(text: str) -> Any:
    """Return the JSON value of `text`. Raises NotJson with the reason."""
    try:
        return _decode_fast.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        pass
    try:
        return json.loads(
            text,
            parse_int=exact.parse_integer,
            parse_float=exact.parse_float,
            parse_constant=exact.refuse_constant,
        )
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
