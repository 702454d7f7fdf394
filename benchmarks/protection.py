"""What P10 to P16 cost, with and without plan, guard and history; what linked projects add; a replay beside its days.

Run: python -m benchmarks.protection [MEMBERSHIPS] [DAYS]. A first load and a day with 1 % changed are applied both ways
in turns, each way in a database of its own; so is the second day without and with 1,000 projects of a rule (M7). Then
DAYS days, of which each has 1 % other than the first, are applied in order and replayed, whole and from the last three
on. Prints seconds as JSON: of the transaction, of the step (staging included) and of the day (reading included, once
for both ways), and their ratios.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.generate import write_day
from groups_platform.database import embedded
from groups_platform.database.connection import connect, migrate, with_database
from groups_platform.directory import apply, changes, snapshot
from groups_platform.directory.guard import OFF
from groups_platform.directory.plan import KINDS, Plan
from groups_platform.directory.replay import replay_days
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import staged_day
from groups_platform.provisioning.impact import read_impact
from groups_platform.settings import Settings
from groups_platform_tests.sync_process import start_spark

DAYS = ("day1", "day2")
LINKED = 1_000


@contextmanager
def without_protection() -> Iterator[None]:
    """No plan, no history, no rows as they were; the check of the history has nothing to look at."""
    empty = Plan("", dict.fromkeys(KINDS, 0))
    all_checks, all_steps = apply.check_changes, changes.run_step

    def checks(connection: Any, **options: Any) -> Any:
        connection.execute(
            "CREATE TEMP TABLE touched_group (group_id BIGINT) ON COMMIT DROP;"
            "CREATE TEMP TABLE touched_agent (agent_id BIGINT) ON COMMIT DROP;"
            "CREATE TEMP TABLE touched_membership (group_id BIGINT, agent_id BIGINT) ON COMMIT DROP"
        )
        return all_checks(connection, **options)

    def steps(connection: Any, step: str, *parameters: Any, **literals: Any) -> int:
        return 0 if step.startswith("remember") else all_steps(connection, step, *parameters, **literals)

    with (
        patch.object(changes, "run_step", steps),
        patch.object(apply, "read_plan", lambda *_, **__: empty),
        patch.object(apply, "write_history", lambda *_, **__: None),
        patch.object(apply, "check_changes", checks),
    ):
        yield


@contextmanager
def with_protection() -> Iterator[None]:
    """As it is."""
    yield


def main(memberships: int, days: int) -> None:
    """Measure both ways and the replay, and print the seconds as JSON."""
    with TemporaryDirectory(prefix="groups-bench-") as folder:
        Path(folder).chmod(0o755)
        home, source, lake = Path(folder, "home"), Path(folder, "source"), str(Path(folder, "lake"))
        server = embedded.start_embedded(home)
        try:
            spark = start_spark(Settings(home=home, source=str(source), lake=lake))
            reading = {label: read_day(spark, source, lake, label, memberships) for label in DAYS}
            print(json.dumps(measure_ways(spark, lake, server, reading), indent=2))
            print(json.dumps(measure_linked(spark, lake, server, reading), indent=2))
            labels = [f"day{number}" for number in range(1, days + 1)]
            reading |= {
                label: read_day(spark, source, lake, label, memberships) for label in labels if label not in reading
            }
            print(json.dumps(measure_replay(spark, lake, server, labels, reading), indent=2))
        finally:
            embedded.stop_embedded(home)


def read_day(spark: Any, source: Path, lake: str, label: str, memberships: int) -> float:
    """Write the day and read it into the lake; return the seconds of reading."""
    write_day(source, label, memberships, changed=0.0 if label == "day1" else 0.01)
    began, day = time.perf_counter(), list_day(str(source), label)
    for kind in (snapshot.GROUPS, snapshot.AGENTS):
        snapshot.read_into_lake(spark, day, kind, lake)
    snapshot.explode_into_lake(spark, label, lake)
    return time.perf_counter() - began


def new_database(server: str, name: str) -> str:
    """Create and migrate a database; return its URL."""
    with connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = with_database(server, name)
    migrate(url)
    return url


def measure_ways(spark: Any, lake: str, server: str, reading: dict[str, float]) -> dict[str, Any]:
    """Seconds by way and day, best of three."""
    ways: dict[str, Callable[[], Any]] = {"without": without_protection, "with": with_protection}
    seconds: dict[str, dict[str, list[float]]] = {way: {} for way in ways}
    for attempt in range(3):
        for way, protection in ways.items():
            url = new_database(server, f"bench_{way}_{attempt}")
            for label in DAYS:
                began = time.perf_counter()
                with staged_day(spark, lake, label, url) as staged, protection():
                    applying = time.perf_counter()
                    apply.apply_day(staged, protection=OFF).or_raise()
                    ended = time.perf_counter()
                seconds[way].setdefault(f"{label} transaction", []).append(ended - applying)
                seconds[way].setdefault(f"{label} step", []).append(ended - began)
                seconds[way].setdefault(f"{label} whole", []).append(ended - began + reading[label])
    best = {way: {what: round(min(times), 2) for what, times in found.items()} for way, found in seconds.items()}
    ratios = {what: round(best["with"][what] / best["without"][what], 2) for what in best["with"]}
    return {**best, "with / without": ratios}


def measure_linked(spark: Any, lake: str, server: str, reading: dict[str, float]) -> dict[str, Any]:
    """Seconds of the second day without and with linked projects, best of three."""
    guarded, seconds = replace(OFF, impact=read_impact), {}
    for attempt in range(3):
        for projects in (0, LINKED):
            url = new_database(server, f"bench_linked_{projects}_{attempt}")
            for label in DAYS:
                began = time.perf_counter()
                with staged_day(spark, lake, label, url) as staged:
                    applying = time.perf_counter()
                    plan = apply.apply_day(staged, protection=guarded).or_raise().plan
                    ended = time.perf_counter()
                if label == DAYS[0]:
                    link(url, projects)
            own = seconds.setdefault(projects, {"transaction": [], "step": [], "whole": []})
            for what, start in {"transaction": applying, "step": began, "whole": began - reading[DAYS[1]]}.items():
                own[what].append(ended - start)
    best = {n: {what: round(min(times), 2) for what, times in found.items()} for n, found in seconds.items()}
    ratios = {what: round(best[LINKED][what] / best[0][what], 2) for what in best[0]}
    hit = {kind: number for kind, number in plan.counts.items() if kind.startswith("projects") and number}
    return {f"{DAYS[1]} by linked projects": best, "with / without": ratios, "projects hit": hit}


def link(url: str, projects: int) -> None:
    """Give this many of the largest groups a project each, of a rule that claims every group."""
    with connect(url) as connection:
        connection.execute(
            """
            INSERT INTO manager.domains (name) VALUES ('example.com');
            INSERT INTO manager.project_resource_policies (name) VALUES ('default');
            INSERT INTO manager.provisioning_rules (directory_group_id, with_groups_below, domain_name, resource_policy)
            SELECT group_id, TRUE, 'example.com', 'default' FROM directory.groups WHERE parent_group_id IS NULL
            """
        )
        connection.execute(
            """
            WITH largest AS (
                SELECT group_id FROM directory.group_membership
                GROUP BY group_id ORDER BY count(*) DESC, group_id LIMIT %s
            ), made AS (
                INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id)
                SELECT 'team-' || group_id, 'example.com', 'default', 'directory:' || group_id FROM largest RETURNING id
            )
            INSERT INTO manager.provisioned_projects (project_id, rule_id)
            SELECT made.id, (SELECT min(id::TEXT)::UUID FROM manager.provisioning_rules) FROM made
            """,
            (projects,),
        )


def measure_replay(
    spark: Any, lake: str, server: str, labels: list[str], reading: dict[str, float]
) -> dict[str, float | int]:
    """Seconds of the days in order, and of a replay of them all and of the last three."""
    url = new_database(server, "bench_replay")
    began = time.perf_counter()
    for label in labels:
        with staged_day(spark, lake, label, url) as staged:
            apply.apply_day(staged, protection=OFF).or_raise()
    applied = time.perf_counter()
    written = replay_days(spark, lake, url, OFF).rows_written
    replayed = time.perf_counter()
    written += replay_days(spark, lake, url, OFF, from_day=labels[-3]).rows_written
    ended = time.perf_counter()
    return {
        "days": len(labels),
        "reading": round(sum(reading[label] for label in labels), 1),
        "applying": round(applied - began, 1),
        "replay": round(replayed - applied, 1),
        "replay / applying": round((replayed - applied) / (applied - began), 2),
        "replay of the last three": round(ended - replayed, 1),
        "rows written by the replays": written,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 30)
