"""Where the records of a JSON document stand, by the standard library: slower than msgspec, and never in doubt.

It takes what msgspec refuses although it is JSON (lone surrogates, values nested deeper than the stack), and says at
which byte a document stops being JSON. It holds one element's value at a time.

The bytes are UTF-8 and are read as Latin-1: a character for each byte, so that places are bytes and a document with an
emoji takes no fourfold memory. Outside of strings JSON is ASCII, so values end at the same places.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Final, NoReturn

LONGEST_INTEGER: Final = 30  # digits; far beyond BIGINT, far below the length that Python refuses to convert
CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
WHITE_SPACE: Final = re.compile(r"[ \t\n\r]*")
SCALAR: Final = re.compile(
    r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
    r"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)

Span = tuple[int, int]


class BrokenDocument(Exception):
    """The text is no JSON document. at: the first byte that cannot stand where it stands."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


class HugeInteger(Decimal):
    """An integer that Python refuses to convert. A type of its own: a Decimal would be encoded as a string."""


class Infinite(float):
    """1e400: a type of its own, since msgspec would encode an infinite float as null, and refuses this one."""


def parse_integer(digits: str) -> int | HugeInteger:
    """For the decoders of the standard library."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else HugeInteger(digits)


def parse_float(text: str) -> float:
    """For both decoders."""
    number = float(text)
    return number if isfinite(number) else Infinite(number)


def refuse_constant(name: str) -> NoReturn:
    """Called for NaN and the infinities, which Python takes and JSON does not."""
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_int=parse_integer, parse_float=parse_float, parse_constant=refuse_constant)


def find_records(document: bytes, wrapper: str) -> list[Span]:
    """Begin and end of each record of the document, in bytes; D1 says what the records are.

    document: valid UTF-8. Raises BrokenDocument when any of it is not JSON.
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
    """The elements of the array at `begin`, and its end."""
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
    """The elements of the array `wrapper` in the object at `begin`, None where it holds none, and the object's end."""
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
            records = None  # of two members of one name the last one counts
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
    except ValueError as error:  # of refuse_constant, which is not told where it stands
        found = next((match for match in CONSTANT.finditer(text, at) if match[1]), None)
        raise BrokenDocument(str(error), found.start() if found else at) from error


def end_of_nested(text: str, begin: int) -> int:
    """The end of the JSON value at `begin`, however deeply it is nested. Raises BrokenDocument when it is none.

    A value is a run of opening brackets and a scalar or an empty pair, then closing brackets up to the next comma.
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
