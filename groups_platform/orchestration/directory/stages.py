"""How far a run of this process came with the live tables: what can be said of a day when its run ends badly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from groups_platform.errors import CheckFailed, DatabaseUnavailable, IncompleteSnapshot

ADMIN_SHUTDOWN = "57P01"


class Stage(Enum):
    """Whether the transaction of a day's tables was committed."""

    BEFORE = "before"  # it was not begun, or rolled back
    WITHIN = "within"  # it was begun, and the connection broke: only the database knows
    AFTER = "after"


_stages: dict[str, Stage] = {}


@contextmanager
def applying(run_id: str) -> Iterator[None]:
    """Around the transaction of a run."""
    _stages[run_id] = Stage.WITHIN
    try:
        yield
    except (IncompleteSnapshot, CheckFailed):
        _stages[run_id] = Stage.BEFORE
        raise
    except DatabaseUnavailable as error:
        # A server that is told to stop answers a statement with this code, or commits and answers that.
        if getattr(error.__cause__, "sqlstate", None) == ADMIN_SHUTDOWN:
            _stages[run_id] = Stage.BEFORE
        raise
    _stages[run_id] = Stage.AFTER


def stage_of(run_id: str) -> Stage:
    """How far the run came."""
    return _stages.get(run_id, Stage.BEFORE)
