"""Results of the runs of this process, as values for the code that started them.

The UI shows the same as materialisations. Runs of other processes are not recorded here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from groups_platform.directory.day_result import DayResult
from groups_platform.directory.replay import ReplayResult
from groups_platform.directory.snapshot import SnapshotCounts
from groups_platform.errors import DatabaseUnavailable

ADMIN_SHUTDOWN = "57P01"


class Stage(Enum):
    """Whether the transaction of a day's tables was committed."""

    BEFORE = "before"  # it was not begun, was rolled back, or skipped the day
    WITHIN = "within"  # it was begun, and the connection broke: only the database knows the outcome
    AFTER = "after"


@dataclass
class RunOutcome:
    """The progress of a run. records: counts by raw dataset. day: the result of the transaction on the tables."""

    stage: Stage = Stage.BEFORE
    records: dict[str, SnapshotCounts] = field(default_factory=dict)
    day: DayResult | None = None
    replay: ReplayResult | None = None


_outcomes: dict[str, RunOutcome] = {}


def outcome_of(run_id: str) -> RunOutcome:
    """Return the run's outcome so far, for the assets to fill."""
    return _outcomes.setdefault(run_id, RunOutcome())


def take_outcome(run_id: str) -> RunOutcome:
    """Return the run's outcome and remove it here."""
    return _outcomes.pop(run_id, RunOutcome())


def apply_within(run_id: str, apply: Callable[[], DayResult]) -> DayResult:
    """Call `apply`, the transaction of the run, and return its result; records it with its stage."""
    outcome = outcome_of(run_id)
    outcome.stage = Stage.WITHIN
    try:
        outcome.day = apply()
    except DatabaseUnavailable as error:
        # A server that shuts down either fails a statement with this code or confirms the commit.
        if getattr(error.__cause__, "sqlstate", None) == ADMIN_SHUTDOWN:
            outcome.stage = Stage.BEFORE
        raise
    outcome.stage = Stage.AFTER if outcome.day.is_applied else Stage.BEFORE
    return outcome.day
