"""`make bench`: the platform at three sizes, beside dlt and a DuckDB script on the same data, server and run.

Every figure is the wall time of a whole process unless the table says «stage». These machines are noisy: read the
ratios, which come from one run, and not the seconds of two.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.generate import FIRST_GROUP_ID, DayFacts, write_day
from benchmarks.measure import Measured, run_measured
from groups_platform.database.connection import open_database, with_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.settings import Settings

SIZES = (1_000, 100_000, 1_000_000)
PASSES = ("first", "unchanged", "1 % changed")
LOOKS = {"why": ["why", str(FIRST_GROUP_ID)], "findings": ["findings"], "tree": ["tree"]}
BENCH_SCHEMAS = "bench_duckdb, bench_dlt, bench_dlt_staging"

console = Console(width=150 if not sys.stdout.isatty() else None, highlight=False)


def compare(size: int, scratch: Path) -> dict[str, Any]:
    """Every contender on one size: first load, the same day again, a day with 1 % changed."""
    source = scratch / f"source-{size}"
    facts = write_day(source, "day1", size)
    write_day(source, "day2", size, changed=0.01)
    home = scratch / f"home-{size}"
    env = _new_home(home, {**os.environ, "GROUPS_SOURCE": str(source)})
    settings = Settings.from_env(env)
    url = _other_database(open_database(settings))
    days = [source / "sync-day1", source / "sync-day1", source / "sync-day2"]
    python = sys.executable
    ours = [
        [python, "-m", "groups_platform", "sync", "--day", day.name.removeprefix("sync-"), "--json"] for day in days
    ]
    duckdb = [[python, "-m", "benchmarks.baselines.duckdb_script", str(day), url] for day in days]
    dlt = [[python, "-m", "benchmarks.baselines.dlt_load", str(day), url] for day in days]
    results = {
        "platform": _measure(ours, env, url),
        "DuckDB script": _measure(duckdb, env, url),
        "dlt (Arrow)": _measure([[*command, "--rows", "arrow"] for command in dlt], env, url),
        "dlt (dicts)": _measure([[*command, "--rows", "dicts"] for command in dlt], env, url),
    }
    looks = {name: run_measured([python, "-m", "groups_platform", *command], env) for name, command in LOOKS.items()}
    stages_env = _new_home(scratch / f"stages-{size}", env)
    open_database(Settings.from_env(stages_env))
    stages = run_measured([python, "-m", "benchmarks.stages", str(source)], stages_env)
    for folder in (home, Path(stages_env["GROUPS_HOME"])):
        stop_embedded(folder)
    shutil.rmtree(source)
    return {
        "facts": facts,
        "runs": results,
        "looks": looks,
        "stages": json.loads(stages.output.strip().splitlines()[-1]),
        "peak": stages.peak_mb,
    }


def _new_home(home: Path, env: dict[str, str]) -> dict[str, str]:
    home.mkdir(mode=0o755)
    return {**env, "GROUPS_HOME": str(home)}


def _measure(commands: list[list[str]], env: dict[str, str], url: str) -> list[Measured]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {BENCH_SCHEMAS} CASCADE")
        connection.execute("CHECKPOINT")
    return [run_measured(command, env) for command in commands]


def _other_database(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench")
    return with_database(url, "bench")


def show(size: int, result: dict[str, Any]) -> None:
    """The tables of one size."""
    facts: DayFacts = result["facts"]
    table = Table(
        title=f"{size:,} memberships, {facts.groups:,} groups, {facts.bytes / 1e6:.0f} MB of JSON: whole processes"
    )
    for column in ("", *PASSES, "peak MB", "memberships/s (first)", "÷ DuckDB: first", "unchanged", "1 %"):
        table.add_column(column, justify="right" if column else "left")
    reference = result["runs"]["DuckDB script"]
    for name, runs in result["runs"].items():
        seconds = [f"{run.seconds:.1f} s" for run in runs]
        ratios = [f"{runs[i].seconds / reference[i].seconds:.2f} ×" for i in range(3)]
        table.add_row(name, *seconds, f"{max(r.peak_mb for r in runs):.0f}", f"{size / runs[0].seconds:,.0f}", *ratios)
    stages = [_total(result["stages"], name) for name in ("again_first", "unchanged", "changed")]
    ratios = [f"{stages[i] / reference[i].seconds:.2f} ×" for i in range(3)]
    seconds = [f"{each:.1f} s" for each in stages]
    table.add_row("platform, stages", *seconds, f"{result['peak']:.0f}", f"{size / stages[0]:,.0f}", *ratios)
    console.print(table)
    console.print(", ".join(f"{name} {look.seconds:.1f} s" for name, look in result["looks"].items()))

    table = Table(title="Stages of the platform, seconds")
    for column in ("", "reading", "validation", "staging", "apply", "sum", "flags alone", "rows written"):
        table.add_column(column, justify="right" if column else "left")
    for name, each in result["stages"].items():
        if name != "start":
            parts = [f"{each[stage]:.2f}" for stage in ("reading", "validation", "staging", "apply")]
            table.add_row(
                name,
                *parts,
                f"{_total(result['stages'], name):.2f}",
                f"{each['flags']:.2f}",
                f"{each['rows_written']:,.0f}",
            )
    console.print(table)


def _total(stages: dict[str, dict[str, float]], name: str) -> float:
    return sum(stages[name][stage] for stage in ("reading", "validation", "staging", "apply"))


def show_growth(results: dict[int, dict[str, Any]]) -> None:
    """How time and memory grow from size to size: linear is the ratio of the sizes, or less."""
    sizes = sorted(results)
    table = Table(title="Growth from size to size")
    for column in ("from", "to", "data", "platform, stages: first", "unchanged", "peak memory", "DuckDB script, first"):
        table.add_column(column, justify="right")
    for small, large in itertools.pairwise(sizes):
        warm = [
            _total(results[large]["stages"], n) / _total(results[small]["stages"], n)
            for n in ("again_first", "unchanged")
        ]
        first = [results[size]["runs"]["DuckDB script"][0].seconds for size in (small, large)]
        peak = results[large]["peak"] / results[small]["peak"]
        ratios = (large / small, *warm, peak, first[1] / first[0])
        table.add_row(f"{small:,}", f"{large:,}", *(f"{ratio:.1f} ×" for ratio in ratios))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="numbers of memberships")
    sizes = parser.parse_args().sizes or list(SIZES)
    scratch = Path(tempfile.mkdtemp(prefix="groups-bench-"))
    scratch.chmod(0o755)
    results = {}
    try:
        for size in sizes:
            console.print(f"[bold]{size:,} memberships[/] …")
            results[size] = compare(size, scratch)
            show(size, results[size])
        show_growth(results)
    finally:
        for home in scratch.glob("*-*"):
            stop_embedded(home)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
