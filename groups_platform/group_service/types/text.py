"""Texts of callers in sentences and facts: cut, since a log or an audit row must not grow with what somebody sends."""

from __future__ import annotations

LONGEST_SHOWN = 100


def cut(text: str) -> str:
    """`text`, or its beginning and an ellipsis: 100 characters at most. What Postgres cannot store is escaped."""
    shown = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return shown if is_storable(shown) else cut(shown.encode(errors="backslashreplace").decode().replace("\0", "\\x00"))


def quote(value: object) -> str:
    """`value` as Python writes it, cut; only its type where it cannot be written."""
    try:
        return cut(repr(value[:LONGEST_SHOWN] if isinstance(value, (str, bytes)) else value))
    except Exception:  # digits or nesting beyond what Python writes, or a __repr__ that fails
        return f"a value of the type {type(value).__name__}"


def is_storable(text: str) -> bool:
    """Whether Postgres can store `text`: without NUL characters and lone surrogates."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
