"""The sample days in a database of their own, by hand, so that no Spark starts: two applied, one held, two applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from groups_platform.database.connection import connect
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.guard import Protection
from groups_platform.settings import find_resource
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.staged_by_hand import fingerprint_of, sync_by_hand

SAMPLE = Path(find_resource("sample_data"))
REASON = "<script>alert('half an export')</script>"


def apply_sample(url: str, *labels: str) -> None:
    for label in labels:
        sync_by_hand(url, label, SAMPLE / f"sync-{label}", Protection())


@pytest.fixture(scope="package")
def sample_url(new_database: NewDatabase) -> Iterator[str]:
    """day3 was held and then rejected."""
    with new_database() as url:
        apply_sample(url, "day1", "day2", "day3")
        held = fingerprint_of(SAMPLE / "sync-day3")
        decide(url, "day3", Verdict.REJECT, fingerprint=held, decided_by="Ada <ada@example.com>", reason=REASON)
        apply_sample(url, "day4", "day5")
        yield url


@pytest.fixture
def held_url(database_url: str) -> str:
    """day3 is held."""
    apply_sample(database_url, "day1", "day2", "day3")
    return database_url


def rows_of(url: str, query: str, **parameters: object) -> list[tuple[object, ...]]:
    with connect(url) as connection:
        connection.execute("SET LOCAL search_path = directory, public")
        return connection.execute(query.encode(), parameters).fetchall()
