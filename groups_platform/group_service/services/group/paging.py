"""Pages of listings: how large one is, and where the next one begins.

A place is what rows are ordered by, as texts; a cursor is the place of a page's last row.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.types.text import is_storable

Row = TypeVar("Row")

LARGEST_PAGE = 1000


def page_size(limit: int | None, config: ManagerConfigProvider, rows: str = "rows") -> int:
    """`limit`, by default the configured size. Raises InvalidAPIParameters for one that is not 1 to 1000."""
    size = config.page_size if limit is None else limit
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidAPIParameters(f"A page has 1 to {LARGEST_PAGE} {rows}, not {size}.")
    return size


def place_of(cursor: str | None) -> str | None:
    """The text after which the page begins, of a listing that is ordered by one. Raises like `parts_of`."""
    parts = parts_of(cursor, 1)
    return None if parts is None else parts[0]


def parts_of(cursor: str | None, number: int, of: str = "a listing") -> tuple[str, ...] | None:
    """The place after which the page begins, which has so many parts; None for the first page.

    Raises InvalidAPIParameters for what is no cursor of such a listing.
    """
    if cursor is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor))
        if len(parts) == number and all(isinstance(part, str) and is_storable(part) for part in parts):
            return tuple(parts)
    except (ValueError, TypeError, RecursionError):
        pass
    raise foreign_cursor(of)


def foreign_cursor(of: str = "a listing") -> InvalidAPIParameters:
    """The error for a cursor that another listing, or nobody, has given."""
    return InvalidAPIParameters(f"This cursor is not the next_cursor of {of}.")


def page_of(
    rows: Sequence[Row], size: int, place: Callable[[Row], tuple[str, ...]]
) -> tuple[tuple[Row, ...], str | None]:
    """The first `size` of the rows, and the cursor of the next page where there are more rows than that."""
    if len(rows) <= size:
        return tuple(rows), None
    cursor = base64.urlsafe_b64encode(json.dumps(place(rows[size - 1])).encode()).decode()
    return tuple(rows[:size]), cursor
