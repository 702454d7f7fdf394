"""The record of a finished review, and the digest by which a reader sees that it is unchanged.

A line is a JSON object with sorted keys, without spaces, in UTF-8 without escapes: first the review without its
`digest`, then each row in the order of their numbers, as the export has them. The digest is the SHA-256 of the lines,
joined by line feeds, in hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


class Digest:
    """The digest of a record whose lines are added one by one."""

    def __init__(self, review: Mapping[str, Any]) -> None:
        """review: its JSON; a digest in it is left out."""
        self._hash = hashlib.sha256(_line({name: value for name, value in review.items() if name != "digest"}))

    def add(self, row: Mapping[str, Any]) -> None:
        """The JSON of the next row."""
        self._hash.update(b"\n" + _line(row))

    def hexdigest(self) -> str:
        """The digest of what was added."""
        return self._hash.hexdigest()


def digest_of(record: Mapping[str, Any]) -> str:
    """The digest of an exported record: its `review` and `rows`."""
    digest = Digest(record["review"])
    for row in record["rows"]:
        digest.add(row)
    return digest.hexdigest()


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
