"""The records of a JSON document (D1, P3): cut out by msgspec where it can, by the standard library where it must."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from groups_platform.directory import exact

WHITE_SPACE: Final = re.compile(rb"[ \t\n\r]*")
TEXT_BYTES: Final = 2**20
NOT_FAST: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


class Document(NamedTuple):
    """The records' texts, as bytes or what gives bytes, and what the document says of the whole (`exact.Found`)."""

    texts: Sequence[Any]
    is_wrapped: bool
    header: dict[str, Any]


def read_document(data: bytes, wrapper: str) -> Document:
    """The records of the document. Raises exact.BrokenDocument when it is none, or holds records twice."""
    try:
        _check_utf8(data)
    except UnicodeDecodeError as error:
        raise exact.BrokenDocument("not UTF-8", error.start) from error
    try:
        return _fast_document(data, wrapper)
    except NOT_FAST:
        return _exact_document(data, wrapper)


def _check_utf8(data: bytes) -> None:
    """Piece by piece, since a text takes up to four times as much memory as its bytes."""
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), TEXT_BYTES):
            decoder.decode(data[at : at + TEXT_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        data.decode()  # says where


def _exact_document(data: bytes, wrapper: str) -> Document:
    found = exact.find_records(data, wrapper)
    return Document([memoryview(data)[begin:end] for begin, end in found.records], found.is_wrapped, found.header)


_split_array = msgspec.json.Decoder(list[msgspec.Raw])
_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_decode = msgspec.json.Decoder(float_hook=exact.parse_float)


def _fast_document(data: bytes, wrapper: str) -> Document:
    """Raises msgspec.DecodeError where msgspec cannot read the whole."""
    begin = WHITE_SPACE.match(data)
    first = data[begin.end() : begin.end() + 1] if begin else b""
    if first == b"{":
        return _fast_object(data, wrapper)
    if first == b"[":
        return Document(_split_array.decode(data), False, {})
    _decode.decode(data)
    return Document([data], False, {})


def _fast_object(data: bytes, wrapper: str) -> Document:
    """As `exact` reads it, but that msgspec splits the array: exact looks at what is left without its elements.

    msgspec alone would take the last of two members of one name, and drop the other without a word.
    """
    members = _split_object.decode(data)
    keys = exact.holders(wrapper)
    if "id" in members or not any(key in members for key in keys):
        return Document([data], False, {})
    arrays = [members[key] for key in keys[:-1] if key in members and bytes(memoryview(members[key])[:1]) == b"["]
    if len(arrays) != 1:
        return _exact_document(data, wrapper)
    array = memoryview(arrays[0])
    begin = pa.py_buffer(array).address - pa.py_buffer(data).address  # msgspec copies nothing: it is a part of data
    end = begin + len(array)
    try:
        _, is_wrapped, header = exact.find_records(data[:begin] + b"[]" + data[end:], wrapper)
    except exact.BrokenDocument as error:
        at = error.at if error.at <= begin else error.at + len(array) - len(b"[]")
        raise exact.BrokenDocument(str(error), at) from error
    return Document(_split_array.decode(arrays[0]), is_wrapped, header)


def is_plain_record(text: bytes, wrapper: str) -> bool:
    """Whether the text is an object and a record itself, holding no others."""
    try:
        return text.lstrip(b" \t").startswith(b"{") and not read_document(text, wrapper).is_wrapped
    except exact.BrokenDocument:
        return False
