"""Does the driver's memory grow with the data? One sync a size on a standalone cluster of two workers.

Prints the peak resident memory of the driver, its Python and its JVM; the workers are processes of their own. A JVM
fills its heap before it cleans up, so the driver's heap is held at 512 MB: a driver that gathered the data would not
survive the larger size.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.generate import write_day
from benchmarks.measure import run_measured
from groups_platform.database.embedded import stop_embedded
from groups_platform_tests.spark_cluster import spark_cluster

DRIVER_HEAP = "512m"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[100_000, 1_000_000], help="numbers of memberships")
    table = Table("memberships", "JSON, MB", "seconds", "driver peak, MB", title="Driver on a cluster of two workers")
    with tempfile.TemporaryDirectory(prefix="groups-bench-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        with spark_cluster(scratch) as master:
            for size in parser.parse_args().sizes:
                facts = write_day(scratch / f"source-{size}", "day1", size)
                home = scratch / f"home-{size}"
                env = {
                    **os.environ,
                    "GROUPS_HOME": str(home),
                    "GROUPS_SOURCE": str(scratch / f"source-{size}"),
                    "SPARK_MASTER": master,
                    "SPARK_LOCAL_IP": "127.0.0.1",
                    "PYSPARK_SUBMIT_ARGS": f"--driver-memory {DRIVER_HEAP} pyspark-shell",
                }
                run = run_measured([sys.executable, "-m", "groups_platform", "sync", "--day", "day1"], env)
                stop_embedded(home)
                table.add_row(f"{size:,}", f"{facts.bytes / 1e6:.0f}", f"{run.seconds:.1f}", f"{run.peak_mb:.0f}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
