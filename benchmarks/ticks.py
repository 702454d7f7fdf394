"""`python -m benchmarks.ticks [DAYS]`: a tick of the sensor beside the mere listing of the source, all days applied.

With a home and a server of its own. The tick contains a listing: what is beside it is the difference.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from dagster import DagsterInstance, build_sensor_context

from groups_platform.database import embedded
from groups_platform.database.connection import connect, open_database
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.source import list_source
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.directory.sensors import new_sync_days
from groups_platform.orchestration.instance import open_instance
from groups_platform.settings import Settings

ROUNDS = 7
FILES = ("admin_groups/groups.json", "agents/agents.json", "agents/more.json", "_SUCCESS")


def main(days: int) -> None:
    """Print the medians in seconds."""
    with TemporaryDirectory(prefix="groups-platform-ticks-") as folder:
        home, source = Path(folder, "home"), Path(folder, "source")
        home.mkdir()
        os.environ.update(GROUPS_HOME=str(home), GROUPS_SOURCE=str(source))
        for path in (source / f"sync-day{number}" / name for number in range(days) for name in FILES):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("[]")
        settings = Settings.from_env()
        try:
            mark_as_applied(open_database(settings), str(source))
            with open_instance(settings) as instance:
                tick(instance)  # makes the partitions
                pairs = [
                    (seconds(lambda: list_source(str(source))), seconds(lambda: tick(instance))) for _ in range(ROUNDS)
                ]
        finally:
            embedded.stop_embedded(settings.home)
    listing, whole = (median(each) for each in zip(*pairs, strict=True))
    print(f"{days} days: listing {listing:.2f} s, tick {whole:.2f} s, beside the listing {whole - listing:.2f} s")


def mark_as_applied(url: str, source: str) -> None:
    """As if every day had been applied with the content that it has."""
    rows = [(day.label, natural_key(day.label), day.fingerprint) for day in list_source(source).days]
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO directory.sync_days VALUES (%s, %s, %s, '{}', now(), NULL)", rows)


def tick(instance: DagsterInstance) -> None:
    """One tick, as the daemon has it evaluated."""
    with build_sensor_context(instance, resources={"platform": Platform()}) as context:
        new_sync_days(context)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = perf_counter()
    work()
    return perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
