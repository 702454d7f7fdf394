"""A month of kernels: `usage_per_month(detail=False)` beside the straightforward loop over rows in Python.

Each contender is a process of its own on the same throwaway server, and all must come to the same sums. Seconds are
those of the query, without the start of Python; memory is the process's peak, without Postgres.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table

from benchmarks.measure import run_measured
from groups_platform.database.connection import open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.group_service import group_service
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.settings import Settings

KERNELS = 1_000_000
MONTH, START, END = "202410", "2024-10-01 00:00+00", "2024-11-01 00:00+00"
SEED = Path(__file__).with_name("usage_seed.sql")
ROWS = """
SELECT group_id, occupied_slots, attached_devices, resource_opts, last_stat FROM manager.kernels
WHERE status IN ('TERMINATED', 'RUNNING') AND created_at < %s AND (status = 'RUNNING' OR terminated_at >= %s)
"""

Sums = dict[str, list[str]]

console = Console(width=120 if not sys.stdout.isatty() else None, highlight=False)


def sum_by_service(url: str, *, peaks: bool = False) -> Sums:
    """What the platform does; peaks: also what each group held at once."""

    async def ask() -> Sums:
        async with group_service(url) as service:
            result = await service.usage_per_month(UsagePerMonthAction(MONTH, detail=False, peaks=peaks))
        assert result.data is not None, result.error
        return {
            str(g.g_id): [
                _text(figure)
                for figure in (
                    g.g_kernels, g.g_cpu_allocated, g.g_mem_allocated, g.g_gpu_allocated, g.g_cpu_used, g.g_mem_used,
                    g.g_io_read, g.g_io_write, g.g_disk_used, g.g_shared_memory, g.g_smp, g.g_gpu_mem_allocated,
                )
            ]
            for g in result.data.groups
        }  # fmt: skip

    return asyncio.run(ask())


def sum_all_rows(url: str) -> Sums:
    """The straightforward loop: fetch the rows, then add them up."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return _add_up(connection.execute(ROWS, (END, START)).fetchall())


def sum_streamed_rows(url: str) -> Sums:
    """The same loop for the careful: a server-side cursor holds what was not read yet."""
    with psycopg.connect(url, row_factory=dict_row) as connection, connection.cursor("rows") as cursor:
        cursor.itersize = 1000
        return _add_up(cursor.execute(ROWS, (END, START)))


def _add_up(rows: Iterable[dict[str, Any]]) -> Sums:
    sums: dict[str, list[Any]] = defaultdict(lambda: [0] * 12)
    for row in rows:
        slots, used = row["occupied_slots"], row["last_stat"] or {}
        devices = row["attached_devices"].get("cuda", ())
        figures = (
            1,
            Decimal(slots.get("cpu", 0)),
            int(slots.get("mem", 0)),
            Decimal(slots.get("cuda.shares", 0)),
            Decimal(used.get("cpu_used", {}).get("current", 0)),
            int(used.get("mem", {}).get("capacity", 0)),
            int(used.get("io_read", {}).get("current", 0)),
            int(used.get("io_write", {}).get("current", 0)),
            int(used.get("io_scratch_size", {}).get("stats.max", 0)),
            int(row["resource_opts"]["shmem"].removesuffix("m")) * 2**20,
            sum(device["data"]["smp"] for device in devices),
            sum(device["data"]["mem"] for device in devices),
        )
        own = sums[str(row["group_id"])]
        for position, figure in enumerate(figures):
            own[position] += figure
    return {group_id: [_text(figure) for figure in own] for group_id, own in sums.items()}


def _text(figure: Decimal | int) -> str:
    return f"{Decimal(figure).normalize():f}"


CONTENDERS: dict[str, Callable[[str], Sums]] = {
    "service": sum_by_service,
    "service, with peaks": partial(sum_by_service, peaks=True),
    "loop over all rows": sum_all_rows,
    "loop over streamed rows": sum_streamed_rows,
}


def seed(url: str, kernels: int) -> None:
    """Fill the empty database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT set_config('bench.kernels', %s, FALSE)", (str(kernels),))
        connection.execute(SEED.read_bytes())
        connection.execute("VACUUM manager.kernels")
        connection.execute("CHECKPOINT")


def compare(kernels: int, runs: int, scratch: Path) -> Table:
    """Every contender in turns, `runs` times; the best of each."""
    settings = Settings(home=scratch / "home", source="", lake="")
    url = open_database(settings)
    seed(url, kernels)
    best: dict[str, tuple[float, float]] = {}
    sums = None
    for name in [*CONTENDERS] * runs:
        command = [sys.executable, "-m", "benchmarks.usage", "--contender", name, "--url", url]
        measured = run_measured(command, {**os.environ, "GROUPS_HOME": str(settings.home)})
        answer = json.loads(measured.output)
        assert sums in (None, answer["sums"]), f"{name} comes to other sums"
        sums = answer["sums"]
        console.print(f"{name}: {answer['seconds']:.1f} s, {measured.peak_mb:.0f} MB")
        best[name] = min(best.get(name, (float("inf"), 0.0)), (answer["seconds"], measured.peak_mb))
    return _table(kernels, best)


def _table(kernels: int, best: dict[str, tuple[float, float]]) -> Table:
    table = Table(title=f"A month of {kernels:,} kernels")
    for column in ("", "seconds", "÷ service", "peak MB", "÷ service"):
        table.add_column(column, justify="right" if column else "left")
    seconds, peak = best["service"]
    for name, own in best.items():
        table.add_row(name, f"{own[0]:.1f}", f"{own[0] / seconds:.1f} ×", f"{own[1]:.0f}", f"{own[1] / peak:.1f} ×")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="?", type=int, default=KERNELS)
    parser.add_argument("--runs", type=int, default=1, help="turns of every contender; the best counts")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        started = time.perf_counter()
        sums = CONTENDERS[arguments.contender](arguments.url)
        print(json.dumps({"seconds": time.perf_counter() - started, "sums": sums}, sort_keys=True))
        return
    with tempfile.TemporaryDirectory(prefix="groups-bench-") as scratch:
        Path(scratch).chmod(0o755)
        try:
            console.print(compare(arguments.kernels, arguments.runs, Path(scratch)))
        finally:
            stop_embedded(Path(scratch) / "home")


if __name__ == "__main__":
    main()
