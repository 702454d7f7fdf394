"""Finds the records of a JSON document by the standard library: slower than msgspec, but complete.

It reads JSON that msgspec refuses (lone surrogates, values nested deeper than the stack), and gives the byte at which a
document becomes invalid. It holds one element's value at a time.

The UTF-8 bytes are decoded as Latin-1, one character per byte. So offsets count bytes, and an emoji does not make the
text take four times the memory. Outside of strings JSON is ASCII, so values end at the same offsets.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Final, NoReturn

LONGEST_INTEGER: Final = 30  # digits; far above BIGINT and far below Python's limit for converting text
CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
WHITE_SPACE: Final = re.compile(r"[ \t\n\r]*")
SCALAR: Final = re.compile(
    r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
    r"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)

Span = tuple[int, int]


class BrokenDocument(Exception):
    """The text is not a JSON document. at: offset of the first invalid byte."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


class HugeInteger(Decimal):
    """An integer of more than LONGEST_INTEGER digits. A subclass, since msgspec encodes a Decimal as a string."""


class Infinite(float):
    """A number such as 1e400. msgspec encodes an infinite float as null, but refuses this subclass."""


def parse_integer(digits: str) -> int | HugeInteger:
    """Convert an integer; `parse_int` of the standard library's decoders."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else HugeInteger(digits)


def parse_float(text: str) -> float:
    """Convert a number with fraction or exponent, for both decoders."""
    number = float(text)
    return number if isfinite(number) else Infinite(number)


def refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and the infinities, which Python accepts but JSON does not have."""
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_int=parse_integer, parse_float=parse_float, parse_constant=refuse_constant)


def find_records(document: bytes, wrapper: str) -> list[Span]:
    """Return begin and end of each record of the document (D1), as byte offsets.

    document: valid UTF-8. wrapper: key of the array of records in an object. Raises BrokenDocument if it is not JSON.
    """
    text = document.decode("latin-1")
    begin = _skip(text, 0)
    if text.startswith("[", begin):
        records, end = _elements(text, begin)
    elif text.startswith("{", begin):
        wrapped, end = _wrapped(text, begin, wrapper)
        records = [(0, len(text))] if wrapped is None else wrapped
    else:
        records, end = [(0, len(text))], _end_of_value(text, begin)
    if _skip(text, end) != len(text):
        raise BrokenDocument("trailing text", _skip(text, end))
    return records


def _elements(text: str, begin: int) -> tuple[list[Span], int]:
    """Return the elements of the array at `begin`, and its end."""
    elements: list[Span] = []
    at = _skip(text, begin + 1)
    if text.startswith("]", at):
        return elements, at + 1
    while True:
        end = _end_of_value(text, at)
        elements.append((at, end))
        at = _skip(text, end)
        if text.startswith("]", at):
            return elements, at + 1
        at = _skip(text, _expect(text, at, ","))


def _wrapped(text: str, begin: int, wrapper: str) -> tuple[list[Span] | None, int]:
    """Return the elements of the array `wrapper` in the object at `begin` (None without it), and the object's end."""
    records: list[Span] | None = None
    has_id = False
    at = _skip(text, begin + 1)
    if text.startswith("}", at):
        return None, at + 1
    while True:
        if not text.startswith('"', at):
            raise BrokenDocument("Expecting property name enclosed in double quotes", at)
        key_end = _end_of_value(text, at)
        key = _decoder.decode(text[at:key_end])
        has_id = has_id or key == "id"
        at = _skip(text, _expect(text, _skip(text, key_end), ":"))
        if key == wrapper:
            records = None  # of members with the same name the last one counts
        if key == wrapper and text.startswith("[", at):
            records, end = _elements(text, at)
        else:
            end = _end_of_value(text, at)
        at = _skip(text, end)
        if text.startswith("}", at):
            return None if has_id else records, at + 1
        at = _skip(text, _expect(text, at, ","))


def _expect(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise BrokenDocument(f"Expecting {mark!r} delimiter", at)
    return at + 1


def _end_of_value(text: str, at: int) -> int:
    try:
        return _decoder.raw_decode(text, at)[1]
    except RecursionError:
        return end_of_nested(text, at)
    except json.JSONDecodeError as error:
        raise BrokenDocument(error.msg, error.pos) from error
    except ValueError as error:  # from refuse_constant, which does not know the offset
        found = next((match for match in CONSTANT.finditer(text, at) if match[1]), None)
        raise BrokenDocument(str(error), found.start() if found else at) from error


def end_of_nested(text: str, begin: int) -> int:
    """Return the end of the JSON value at `begin`, at any depth of nesting. Raises BrokenDocument if it is invalid.

    Each step reads opening brackets and a scalar or an empty pair, then closing brackets up to the next comma.
    """
    at, closing = begin, bytearray()
    while True:
        if text.startswith(("[", "{"), at):
            closing.append(ord("]" if text[at] == "[" else "}"))
            at = _skip(text, at + 1)
            if not text.startswith(chr(closing[-1]), at):
                at = _after_key(text, at) if closing[-1] == ord("}") else at
                continue
        else:
            at = _end_of_scalar(text, at, "Expecting value")
        while closing and text.startswith(chr(closing[-1]), _skip(text, at)):
            at = _skip(text, at) + 1
            closing.pop()
        if not closing:
            return at
        at = _skip(text, _expect(text, _skip(text, at), ","))
        at = _after_key(text, at) if closing[-1] == ord("}") else at


def _after_key(text: str, at: int) -> int:
    """Where the value of the member at `at` begins."""
    reason = "Expecting property name enclosed in double quotes"
    if not text.startswith('"', at):
        raise BrokenDocument(reason, at)
    return _skip(text, _expect(text, _skip(text, _end_of_scalar(text, at, reason)), ":"))


def _end_of_scalar(text: str, at: int, reason: str) -> int:
    match = SCALAR.match(text, at)
    if not match:
        raise BrokenDocument(reason, at)
    return match.end()


def _skip(text: str, at: int) -> int:
    match = WHITE_SPACE.match(text, at)
    return match.end() if match else at
