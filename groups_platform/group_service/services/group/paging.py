"""Pages of listings that are ordered by a text: how large one is, and where the next one begins."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.errors import InvalidAPIParameters

Row = TypeVar("Row")

LARGEST_PAGE = 1000


def page_size(limit: int | None, config: ManagerConfigProvider) -> int:
    """`limit`, by default the configured size. Raises InvalidAPIParameters for one that is not 1 to 1000."""
    size = config.page_size if limit is None else limit
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidAPIParameters(f"A page has 1 to {LARGEST_PAGE} rows, not {size}.")
    return size


def place_of(cursor: str | None) -> str | None:
    """The text after which the page begins. Raises InvalidAPIParameters for what is no cursor."""
    if cursor is None:
        return None
    try:
        (place,) = json.loads(base64.urlsafe_b64decode(cursor))
        if not isinstance(place, str) or "\0" in place:
            raise ValueError
        place.encode()
    except (ValueError, TypeError, RecursionError):
        raise InvalidAPIParameters("This cursor is not the next_cursor of a listing.") from None
    return place


def page_of(rows: Sequence[Row], size: int, key: Callable[[Row], str]) -> tuple[tuple[Row, ...], str | None]:
    """The first `size` of the rows, and the cursor of the next page where there are more rows than that."""
    if len(rows) <= size:
        return tuple(rows), None
    cursor = base64.urlsafe_b64encode(json.dumps([key(rows[size - 1])]).encode()).decode()
    return tuple(rows[:size]), cursor
