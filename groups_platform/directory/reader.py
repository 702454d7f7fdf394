"""From the bytes of one file to its records (D1, D2): what is a record, where it stands, what JSON value it holds.

Two decoders give the same answer. msgspec is fast; the standard library's takes what msgspec refuses although it is
JSON (lone surrogates, integers of any length) and says where a broken file breaks. Nothing here knows groups or agents.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

JSON_LINES: Final = re.compile(r"\.(jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
READABLE: Final = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
LONGEST_INTEGER: Final = 30  # digits; far beyond BIGINT, far below the length that Python refuses to convert
CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
WHITE_SPACE: Final = re.compile(r"[ \t\n\r]*")


class UnreadableFile(Exception):
    """The file as a whole is not JSON, or does not decompress."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (byte {offset})")
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


def read_records(path: str, data: bytes, wrapper: str) -> Iterator[RawRecord]:
    """The records of the file at `path` (its name says the format) with content `data`.

    wrapper: the key whose array holds the records when the file is one object, `groups` or `agents`.
    Raises UnreadableFile before the first record, so that a broken file gives no records at all.
    """
    if path.lower().endswith(".gz"):
        data = _decompress(data)
    start = len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
    data = data[start:]
    if JSON_LINES.search(path):
        return _json_lines(data)
    return iter(_json_document(data, wrapper, start))


def _decompress(data: bytes) -> bytes:
    if not data:
        raise UnreadableFile("an empty file is not gzip", 0)
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"does not decompress: {error}", len(data)) from error


def _json_lines(data: bytes) -> Iterator[RawRecord]:
    for position, ended_line in enumerate(data.split(b"\n")):
        line = ended_line.removesuffix(b"\r")
        if not line.strip(b" \t\r"):
            continue
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            yield RawRecord(position, line.decode(errors="backslashreplace"), NotJson(f"not UTF-8: {error}"))
            continue
        try:
            value = decode(text)
        except NotJson as error:
            value = error
        yield RawRecord(position, text, value)


def _json_document(data: bytes, wrapper: str, start: int) -> Iterator[RawRecord]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile("not UTF-8", start + error.start) from error
    try:
        return _fast_document(text, wrapper)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return iter(list(_exact_document(text, wrapper, start)))


class Infinite(float):
    """1e400: a type of its own, since msgspec would encode an infinite float as null, and refuses this one."""


def _parse_float(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else Infinite(number)


_split_array = msgspec.json.Decoder(list[msgspec.Raw])
_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_decode_fast = msgspec.json.Decoder(float_hook=_parse_float)


def _fast_document(text: str, wrapper: str) -> Iterator[RawRecord]:
    """The records, cut out by msgspec. Raises msgspec.DecodeError before the first where it cannot read the whole."""
    kind = text.lstrip(" \t\n\r")[:1]
    if kind == "{":
        members = _split_object.decode(text)
        records = members.get(wrapper)
        if "id" in members or records is None or not bytes(records).lstrip().startswith(b"["):
            return iter([RawRecord(0, text, decode(text))])
        return _raw_records(_split_array.decode(records))
    if kind == "[":
        return _raw_records(_split_array.decode(text))
    return iter([RawRecord(0, text, _decode_fast.decode(text))])


def _raw_records(elements: list[msgspec.Raw]) -> Iterator[RawRecord]:
    for position, raw in enumerate(elements):
        text = bytes(raw).decode()
        yield RawRecord(position, text, decode(text))


def decode(text: str) -> Any:
    """The JSON value of `text`. Raises NotJson with the reason."""
    try:
        return _decode_fast.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        pass
    try:
        return json.loads(text, parse_int=_parse_integer, parse_float=_parse_float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error


class HugeInteger(Decimal):
    """An integer that Python refuses to convert. Like Infinite a type of its own: a Decimal is encoded as a string."""


def _parse_integer(digits: str) -> int | HugeInteger:
    return int(digits) if len(digits) <= LONGEST_INTEGER else HugeInteger(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_scanner = json.JSONDecoder(parse_int=_parse_integer, parse_float=_parse_float, parse_constant=_refuse_constant)


def _exact_document(text: str, wrapper: str, start: int) -> Iterator[RawRecord]:
    """The same records by the standard library, which also says where the text stops being JSON."""
    try:
        begin = _skip(text, 0)
        value, end = _scanner.raw_decode(text, begin)
        if _skip(text, end) != len(text):
            raise json.JSONDecodeError("trailing text", text, _skip(text, end))
    except json.JSONDecodeError as error:
        raise UnreadableFile(error.msg, start + len(text[: error.pos].encode())) from error
    except RecursionError as error:
        raise UnreadableFile("nested too deeply", start) from error
    except ValueError as error:
        raise UnreadableFile(str(error), start + _constant_at(text)) from error
    if isinstance(value, dict) and "id" not in value and isinstance(value.get(wrapper), list):
        begin = max(at for key, at in _members(text, begin) if key == wrapper)
    elif not isinstance(value, list):
        yield RawRecord(0, text, value)
        return
    for position, (at, element, stop) in enumerate(_elements(text, begin)):
        yield RawRecord(position, text[at:stop], element)


def _constant_at(text: str) -> int:
    """The byte at which the first NaN or Infinity stands that is in no string."""
    found = next((match for match in CONSTANT.finditer(text) if match[1]), None)
    return len(text[: found.start()].encode()) if found else 0


def _elements(text: str, begin: int) -> Iterator[tuple[int, Any, int]]:
    """Begin, value and end of each element of the valid array at `begin`."""
    at = _skip(text, begin + 1)
    while text[at] != "]":
        value, end = _scanner.raw_decode(text, at)
        yield at, value, end
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _members(text: str, begin: int) -> Iterator[tuple[str, int]]:
    """Key and the value's begin for each member of the valid object at `begin`."""
    at = _skip(text, begin + 1)
    while text[at] != "}":
        key, end = _scanner.raw_decode(text, at)
        value_at = _skip(text, _skip(text, end) + 1)
        yield key, value_at
        _, end = _scanner.raw_decode(text, value_at)
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = WHITE_SPACE.match(text, at)
    return match.end() if match else at
