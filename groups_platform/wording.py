"""Numbers in sentences, and texts of others in pages."""

from __future__ import annotations

from typing import Final

# Begin and end what is written in a direction. Left open in a name, they would turn round what stands beside it.
TURNING: Final = {sign: f"\\u{sign:04x}" for sign in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Say how many there are of what: `1 finding`, `1,200 findings`. plural: where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def untwisted(value: object) -> object:
    """A text with the signs that would turn round what is beside it in the form of JSON; other values as they are."""
    return value.translate(TURNING) if type(value) is str else value
