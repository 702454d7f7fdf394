"""D12 with real processes: killed at any moment, and two at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from groups_platform_tests import hostile_days, oracle
from groups_platform_tests.directory.test_oracle import compare_tables, expected_tables, stored_tables
from groups_platform_tests.pipeline import Pipeline

pytestmark = pytest.mark.slow

SEED = 3  # all of its days are complete
MOMENTS = 4


@contextmanager
def syncing(pipeline: Pipeline, home: Path, *labels: str) -> Iterator[subprocess.Popen[str]]:
    """A process that syncs these days; whatever is left of its own session is ended with the block."""
    command = [sys.executable, "-m", "groups_platform_tests.sync_process", str(home), pipeline.url, pipeline.lake]
    process = subprocess.Popen(
        [*command, pipeline.source, "sync", *labels], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        if process.stdout:
            process.stdout.close()


def wait_for_line(process: subprocess.Popen[str], line: str) -> float:
    """Seconds until the process has said `line`."""
    started = time.monotonic()
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == line:
            return time.monotonic() - started
    raise AssertionError(f"the process ended without saying {line!r}")


@pytest.fixture
def expected(pipeline: Pipeline) -> dict[str, dict[str, set[tuple[Any, ...]]]]:
    """The tables after each of two days."""
    labels = hostile_days.write_days(Path(pipeline.source), SEED, days=2)
    directory = oracle.Directory()
    tables = {}
    for label in labels:
        directory.sync(Path(pipeline.source) / f"sync-{label}", label)
        tables[label] = expected_tables(directory)
    return tables


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_d12_a_process_killed_at_any_moment_leaves_a_whole_day_and_can_run_again(
    pipeline: Pipeline, home: Path, expected: dict[str, dict[str, set[tuple[Any, ...]]]], moment: int
) -> None:
    first, second = expected
    with syncing(pipeline, home, first, second) as process:
        wait_for_line(process, f"begin {second}")
        time.sleep(random.Random(moment).uniform(0, 6) if moment else 0.0)
        process.kill()
        process.wait(30)
        time.sleep(0.5)
    assert stored_tables(pipeline) in (expected[first], expected[second])
    pipeline.sync(second)
    compare_tables(stored_tables(pipeline), expected[second])
    assert pipeline.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%staging%'") == []
    before = pipeline.row_versions()
    assert pipeline.load(second).rows_written == 0
    assert pipeline.row_versions() == before


def test_d12_two_processes_that_sync_the_same_days_at_once(
    pipeline: Pipeline, home: Path, expected: dict[str, dict[str, set[tuple[Any, ...]]]]
) -> None:
    with syncing(pipeline, home, *expected) as one, syncing(pipeline, home, *expected) as other:
        assert [process.wait(300) for process in (one, other)] == [0, 0]
    compare_tables(stored_tables(pipeline), list(expected.values())[-1])
