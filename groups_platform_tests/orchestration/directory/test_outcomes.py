"""What can be said of a day whose run ended badly."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from groups_platform.directory.day_result import DayResult
from groups_platform.errors import CheckFailed, DatabaseUnavailable, IncompleteSnapshot
from groups_platform.orchestration.directory.outcomes import Stage, apply_within, outcome_of, take_outcome

APPLIED = DayResult("day1", is_applied=True)
LEFT_ALONE = DayResult("day1", is_applied=False, newest_day="day2")
INCOMPLETE = DayResult("day1", is_applied=False, refusal=IncompleteSnapshot("half a day"))
ROLLED_BACK = DayResult("day1", is_applied=False, refusal=CheckFailed("rolled back"))


def unavailable(cause: Exception) -> DatabaseUnavailable:
    error = DatabaseUnavailable("the connection broke")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("end", "stage"),
    [
        (APPLIED, Stage.AFTER),
        (LEFT_ALONE, Stage.BEFORE),
        (INCOMPLETE, Stage.BEFORE),
        (ROLLED_BACK, Stage.BEFORE),
        (unavailable(psycopg.errors.AdminShutdown("terminating connection")), Stage.BEFORE),
        (unavailable(psycopg.OperationalError("server closed the connection unexpectedly")), Stage.WITHIN),
        (KeyboardInterrupt(), Stage.WITHIN),
    ],
)
def test_only_an_answer_of_the_database_is_believed(end: DayResult | BaseException, stage: Stage) -> None:
    run_id = "a run"
    assert outcome_of(run_id).stage is Stage.BEFORE

    def apply() -> DayResult:
        assert outcome_of(run_id).stage is Stage.WITHIN
        if isinstance(end, BaseException):
            raise end
        return end

    with suppress(type(end) if isinstance(end, BaseException) else ()):
        assert apply_within(run_id, apply) is end
    outcome = take_outcome(run_id)
    assert (outcome.stage, outcome.day) == (stage, end if isinstance(end, DayResult) else None)
    assert take_outcome(run_id).day is None
