"""`python -m groups_platform_tests.hand_process URL FOLDERS STEP DAY` syncs a day, or replays, without Spark.

STEP: sync or replay. FOLDERS has the folders of the days, which are staged by hand. A process of its own, for tests
that kill it; it says how far it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import pytest
from pyspark.sql import SparkSession

from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.directory.replay import ReplayResult, replay_days
from groups_platform.settings import Limit
from groups_platform_tests.staged_by_hand import fingerprint_of, fold_by_hand, staged_by_hand

NO_SPARK = cast(SparkSession, None)
GRACE = Protection(OFF.limits, grace_days=2)
STRICT = Protection({**OFF.limits, "memberships_removed": Limit(0, 0)}, grace_days=2)


def say(line: str) -> None:
    print(line, flush=True)


def replay_by_hand(url: str, folders: Path, protection: Protection = GRACE) -> ReplayResult:
    """A replay of the days in these folders; not for two threads at once."""
    with pytest.MonkeyPatch.context() as patch:
        fold_by_hand(patch, lambda lake, label: Path(lake) / f"sync-{label}")
        return replay_days(NO_SPARK, str(folders), url, protection, progress=lambda label: say(f"fold {label}"))


def main(url: str, folders: str, step: str, label: str) -> None:
    """Print `begin`, how far it is, and `end`."""
    say("begin")
    if step == "replay":
        replay_by_hand(url, Path(folders))
    else:
        folder = Path(folders) / f"sync-{label}"
        with staged_by_hand(url, label, folder, fingerprint=fingerprint_of(folder)) as staged:
            say("staged")
            apply_delivery(staged, protection=STRICT).or_raise()
    say("end")


if __name__ == "__main__":
    main(*sys.argv[1:])
