"""What a run of this process came to, as values: for whoever started it here and waits for it.

Materialisations show the same to people. A run that another process works on leaves nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from groups_platform.directory.apply import DayResult
from groups_platform.directory.snapshot import SnapshotCounts
from groups_platform.errors import DatabaseUnavailable

ADMIN_SHUTDOWN = "57P01"


class Stage(Enum):
    """Whether the transaction of a day's tables was committed."""

    BEFORE = "before"  # it was not begun, or rolled back, or left the tables alone
    WITHIN = "within"  # it was begun, and the connection broke: only the database knows
    AFTER = "after"


@dataclass
class RunOutcome:
    """How far a run came. records: what was read, by raw dataset. day: what the tables' transaction did."""

    stage: Stage = Stage.BEFORE
    records: dict[str, SnapshotCounts] = field(default_factory=dict)
    day: DayResult | None = None


_outcomes: dict[str, RunOutcome] = {}


def outcome_of(run_id: str) -> RunOutcome:
    """The run's outcome so far, to be filled."""
    return _outcomes.setdefault(run_id, RunOutcome())


def take_outcome(run_id: str) -> RunOutcome:
    """The run's outcome, which is forgotten here."""
    return _outcomes.pop(run_id, RunOutcome())


def apply_within(run_id: str, apply: Callable[[], DayResult]) -> DayResult:
    """What `apply`, the transaction of the run, returns; noted with the stage that it came to."""
    outcome = outcome_of(run_id)
    outcome.stage = Stage.WITHIN
    try:
        outcome.day = apply()
    except DatabaseUnavailable as error:
        # A server that is told to stop answers a statement with this code, or commits and answers that.
        if getattr(error.__cause__, "sqlstate", None) == ADMIN_SHUTDOWN:
            outcome.stage = Stage.BEFORE
        raise
    outcome.stage = Stage.AFTER if outcome.day.is_applied else Stage.BEFORE
    return outcome.day
