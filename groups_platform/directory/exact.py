"""Finds the records of a JSON document by the standard library: slower than msgspec, but complete.

It reads JSON that msgspec refuses (lone surrogates, values nested deeper than the stack), and gives the byte at which a
document becomes invalid. It holds one element's value at a time.

The UTF-8 bytes are decoded as Latin-1, one character per byte. So offsets count bytes, and an emoji does not make the
text take four times the memory. Outside of strings JSON is ASCII, so values end at the same offsets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from decimal import Decimal
from math import isfinite
from typing import Any, Final, NamedTuple, NoReturn

LONGEST_INTEGER: Final = 30  # digits; far above BIGINT and far below Python's limit for converting text
CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
WHITE_SPACE: Final = re.compile(r"[ \t\n\r]*")
SCALAR: Final = re.compile(
    r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
    r"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)

# P3: arrays of records stand under the kind's own key or one of these; P8: what is said of the whole.
ARRAYS: Final = ("data", "results")
HEADER: Final = ("count", "total", "next", "next_page")

Span = tuple[int, int]


class Found(NamedTuple):
    """The records of a document: begin and end of each, in bytes.

    is_wrapped: they stand in an object, which says `header` of the whole: its members of HEADER.
    """

    records: list[Span]
    is_wrapped: bool
    header: dict[str, Any]


class Member(NamedTuple):
    """A member of an object: its key, where its value begins and ends, and the elements that were asked for."""

    key: str
    begin: int
    end: int
    elements: list[Span] | None


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


def holders(wrapper: str) -> tuple[str, ...]:
    """The keys of an object that may hold records: arrays of them, and last the one that holds a single record."""
    return (wrapper, *ARRAYS, wrapper.removesuffix("s"))


def find_records(document: bytes, wrapper: str) -> Found:
    """The records of the document; D1 and P3 say what they are.

    document: valid UTF-8. Raises BrokenDocument when any of it is not JSON, or its records stand under two keys.
    """
    text = document.decode("latin-1")
    whole = Found([(0, len(text))], False, {})
    begin = _skip(text, 0)
    if text.startswith("[", begin):
        elements, end = _elements(text, begin)
        found = Found(elements, False, {})
    elif text.startswith("{", begin):
        members, end = _members(text, begin, holders(wrapper)[:-1])
        found = _wrapped(text, members, wrapper) or whole
    else:
        found, end = whole, _end_of_value(text, begin)
    if _skip(text, end) != len(text):
        raise BrokenDocument("trailing text", _skip(text, end))
    return found


def is_json(line: bytes) -> bool:
    """Whether the line, which is UTF-8, is one JSON value."""
    text = line.decode("latin-1")
    try:
        return _skip(text, _end_of_value(text, _skip(text, 0))) == len(text)
    except BrokenDocument:
        return False


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


def _members(text: str, begin: int, arrays: Collection[str]) -> tuple[list[Member], int]:
    """The members of the object at `begin`, and its end; the elements of those of `arrays` that are arrays."""
    members: list[Member] = []
    at = _skip(text, begin + 1)
    if text.startswith("}", at):
        return members, at + 1
    while True:
        if not text.startswith('"', at):
            raise BrokenDocument("Expecting property name enclosed in double quotes", at)
        key_end = _end_of_value(text, at)
        key = _decoder.decode(text[at:key_end])
        at = _skip(text, _expect(text, _skip(text, key_end), ":"))
        is_array = key in arrays and text.startswith("[", at)
        elements, end = _elements(text, at) if is_array else (None, _end_of_value(text, at))
        members.append(Member(key, at, end, elements))
        at = _skip(text, end)
        if text.startswith("}", at):
            return members, at + 1
        at = _skip(text, _expect(text, at, ","))


def _wrapped(text: str, members: list[Member], wrapper: str) -> Found | None:
    """What the object of these members holds; None where it is a record itself."""
    if any(member.key == "id" for member in members):
        return None
    keys = holders(wrapper)
    holding = [member for member in members if member.key in keys]
    records = [
        [(member.begin, member.end)] if member.elements is None else member.elements
        for member in holding
        if member.elements is not None or (member.key == keys[-1] and text.startswith("{", member.begin))
    ]
    if len(records) > 1 or len({member.key for member in holding}) < len(holding):
        raise BrokenDocument("the object has records twice", holding[-1].begin)
    header = {member.key: _value(text[member.begin : member.end]) for member in members if member.key in HEADER}
    return Found(records[0], True, header) if records else None


def _value(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except RecursionError:
        return text


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
