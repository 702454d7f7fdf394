"""M5 at its size: provisioning 10,000 projects with 100,000 members where nothing differs, and where 1 % does.

The deployment is made by SQL, as provisioning would have left it. What is measured is `provision` whole: plan, guard,
an audited action per project. Beside the seconds that pass stand those of the processors, of this process and of
Postgres: on a machine that does other things too, these tell more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from groups_platform.database.connection import open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.provisioning.apply import ProvisioningResult, provision
from groups_platform.settings import Settings

PROJECTS, MEMBERS, TURNS = 10_000, 100_000, 2
AIM = 30.0  # seconds
HERE = Path(__file__).parent

console = Console(width=110, highlight=False)


def run(connection: psycopg.Connection, name: str, **numbers: int) -> None:
    """Run a file beside this one."""
    text = sql.SQL((HERE / name).read_text())  # type: ignore[arg-type]
    connection.execute(text.format(**{key: sql.Literal(number) for key, number in numbers.items()}))


def server_seconds(settings: Settings) -> float:
    """Seconds of the processors that sessions of the embedded server took that have ended; 0 for another server."""
    pid_file = settings.home / "postgres" / "postmaster.pid"
    if settings.database_url is not None or not pid_file.exists():
        return 0.0
    spent = psutil.Process(int(pid_file.read_text().split()[0])).cpu_times()
    return float(spent.children_user + spent.children_system)


def timed(settings: Settings, url: str) -> tuple[float, float, float, ProvisioningResult]:
    """Seconds, those of the processor here, those of the server's, and what came of it."""
    started, here, there = time.perf_counter(), time.process_time(), server_seconds(settings)
    result = provision(settings, url).or_raise()
    passed, here = time.perf_counter() - started, time.process_time() - here
    time.sleep(1)  # until the server has seen its sessions end
    return passed, here, server_seconds(settings) - there, result


def measure(settings: Settings, projects: int, members: int, *, with_first: bool) -> bool:
    """Print the table; return whether the aim was met."""
    url = open_database(settings)
    table = Table("what", "projects", "rows", "audit rows", "seconds", "CPU here", "CPU of Postgres")
    for column in table.columns[1:]:
        column.justify = "right"
    with psycopg.connect(url, autocommit=True) as connection:

        def audited() -> int:
            row = connection.execute("SELECT count(*) FROM manager.audit_log").fetchone()
            return int(row[0]) if row else 0

        def turn(what: str) -> float:
            before = audited()
            seconds, here, there, result = timed(settings, url)
            rows = sum(result.planned.plan.counts.values())
            figures = (f"{number:,}" for number in (result.projects, rows, audited() - before))
            table.add_row(what, *figures, *(f"{number:.1f}" for number in (seconds, here, there)))
            console.print(f"{what}: {seconds:.1f} s, CPU {here:.1f} s here and {there:.1f} s in Postgres")
            return seconds

        run(connection, "provisioning_seed.sql", projects=projects, members=members)
        turn("nothing differs")
        seconds = []
        for number in range(1, TURNS + 1):
            run(connection, "provisioning_change.sql", projects=projects, members=members, turn=number)
            seconds.append(turn("1 % differs"))
        turn("nothing differs again")
        if with_first:
            connection.execute("DELETE FROM manager.groups")
            turn("every project is new")
    console.print(table)
    median = statistics.median(seconds)
    console.print(f"1 % differs: {median:.1f} s, the aim is {AIM:g} s")
    return median < AIM


def main() -> None:
    """Measure over a server of its own, or over GROUPS_DATABASE_URL, which must be empty."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=PROJECTS)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--first", action="store_true", help="Also make every project, which takes minutes.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groups-platform-provisioning-") as folder:
        environment = {**os.environ, "GROUPS_HOME": folder}
        settings = Settings.from_env(environment).model_copy(update={"limits": {}})
        try:
            is_met = measure(settings, arguments.projects, arguments.members, with_first=arguments.first)
        finally:
            if settings.database_url is None:
                stop_embedded(settings.home)
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
