"""What P10 to P16 cost: a first load and a day with 1 % changed, applied with and without plan, guard and history.

Run: python -m benchmarks.protection [MEMBERSHIPS]. The days are read once; each way has a database of its own, and the
ways take turns. Prints the seconds of the transaction and of the whole step (staging included), and their ratios.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.generate import write_day
from groups_platform.database import embedded
from groups_platform.database.connection import connect, migrate, with_database
from groups_platform.directory import apply, snapshot
from groups_platform.directory.guard import OFF
from groups_platform.directory.plan import KINDS, Plan
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import staged_day
from groups_platform.settings import Settings
from groups_platform_tests.sync_process import start_spark

DAYS = {"day1": 0.0, "day2": 0.01}


@contextmanager
def without_protection() -> Iterator[None]:
    """No plan and no history; the check of the history has nothing to look at."""
    empty = Plan("", dict.fromkeys(KINDS, 0))
    all_checks = apply.check_changes

    def checks(connection: Any, **options: Any) -> Any:
        connection.execute(
            "CREATE TEMP TABLE touched_group (group_id BIGINT) ON COMMIT DROP;"
            "CREATE TEMP TABLE touched_agent (agent_id BIGINT) ON COMMIT DROP;"
            "CREATE TEMP TABLE touched_membership (group_id BIGINT, agent_id BIGINT) ON COMMIT DROP"
        )
        return all_checks(connection, **options)

    with (
        patch.object(apply, "read_plan", lambda *_, **__: empty),
        patch.object(apply, "write_history", lambda *_, **__: None),
        patch.object(apply, "check_changes", checks),
    ):
        yield


@contextmanager
def with_protection() -> Iterator[None]:
    """As it is."""
    yield


def main(memberships: int) -> None:
    """Measure both ways and print the seconds as JSON."""
    with TemporaryDirectory(prefix="groups-bench-") as folder:
        Path(folder).chmod(0o755)
        home, source, lake = Path(folder, "home"), Path(folder, "source"), str(Path(folder, "lake"))
        for label, changed in DAYS.items():
            write_day(source, label, memberships, changed=changed)
        server = embedded.start_embedded(home)
        try:
            spark = start_spark(Settings(home=home, source=str(source), lake=lake))
            for label in DAYS:
                day = list_day(str(source), label)
                for kind in (snapshot.GROUPS, snapshot.AGENTS):
                    snapshot.read_into_lake(spark, day, kind, lake)
                snapshot.explode_into_lake(spark, label, lake)
            print(json.dumps(measure(spark, lake, server), indent=2))
        finally:
            embedded.stop_embedded(home)


def measure(spark: Any, lake: str, server: str) -> dict[str, Any]:
    """Seconds by way and day, best of three."""
    ways: dict[str, Callable[[], Any]] = {"without": without_protection, "with": with_protection}
    seconds: dict[str, dict[str, list[float]]] = {way: {} for way in ways}
    for attempt in range(3):
        for way, protection in ways.items():
            name = f"bench_{way}_{attempt}"
            with connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            url = with_database(server, name)
            migrate(url)
            for label in DAYS:
                began = time.perf_counter()
                with staged_day(spark, lake, label, url) as staged, protection():
                    applying = time.perf_counter()
                    apply.apply_day(staged, protection=OFF).or_raise()
                    ended = time.perf_counter()
                seconds[way].setdefault(f"{label} transaction", []).append(ended - applying)
                seconds[way].setdefault(f"{label} step", []).append(ended - began)
    best = {way: {what: round(min(times), 2) for what, times in found.items()} for way, found in seconds.items()}
    ratios = {what: round(best["with"][what] / best["without"][what], 2) for what in best["with"]}
    return {**best, "with / without": ratios}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
