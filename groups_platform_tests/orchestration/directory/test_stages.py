"""What can be said of a day whose run ended badly."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from groups_platform.errors import CheckFailed, DatabaseUnavailable, IncompleteSnapshot
from groups_platform.orchestration.directory.stages import Stage, applying, stage_of


def unavailable(cause: Exception) -> DatabaseUnavailable:
    error = DatabaseUnavailable("the connection broke")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "stage"),
    [
        (None, Stage.AFTER),
        (IncompleteSnapshot("half a day"), Stage.BEFORE),
        (CheckFailed("rolled back"), Stage.BEFORE),
        (unavailable(psycopg.errors.AdminShutdown("terminating connection")), Stage.BEFORE),
        (unavailable(psycopg.OperationalError("server closed the connection unexpectedly")), Stage.WITHIN),
        (KeyboardInterrupt(), Stage.WITHIN),
    ],
)
def test_only_an_answer_of_the_database_is_believed(error: BaseException | None, stage: Stage) -> None:
    run_id = f"{error!r}"
    assert stage_of(run_id) is Stage.BEFORE
    with suppress(type(error) if error else ()), applying(run_id):
        assert stage_of(run_id) is Stage.WITHIN
        if error:
            raise error
    assert stage_of(run_id) is stage
