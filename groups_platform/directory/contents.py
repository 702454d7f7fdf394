"""The contents of a day that the lake holds: the one that was read last, and the applied one, kept while they differ.

A replay needs what was applied, also after other content of the same day was read and held, refused or rejected.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import SparkSession

from groups_platform.directory.lake import copy_day, read_lake
from groups_platform.directory.snapshot import AGENTS, GROUPS, MEMBERSHIPS
from groups_platform.errors import UnknownSyncDay

DATASETS: Final = (GROUPS.dataset, AGENTS.dataset, MEMBERSHIPS)


def keep_applied(spark: SparkSession, lake: str, label: str, applied: str | None, read: str) -> None:
    """Copy the day aside before other content of it is read.

    applied: the fingerprint of the content that the tables show, if the day was applied. read: of what is read next.
    """
    if applied in (None, read) or not _holds(spark, lake, label, applied):
        return
    for dataset in DATASETS:
        copy_day(spark, lake, _kept(lake), dataset, label)


def find_content(spark: SparkSession, lake: str, label: str, fingerprint: str) -> str | None:
    """Return the lake that holds this content of the day, or None."""
    return next((place for place in (lake, _kept(lake)) if _holds(spark, place, label, fingerprint)), None)


def _kept(lake: str) -> str:
    return f"{lake.rstrip('/')}/kept"


def _holds(spark: SparkSession, lake: str, label: str, fingerprint: str | None) -> bool:
    try:
        groups, agents, memberships = (read_lake(spark, lake, dataset, label).receipt for dataset in DATASETS)
    except UnknownSyncDay:
        return False
    fingerprints = {groups.fingerprint, agents.fingerprint, memberships.fingerprint}
    return fingerprints == {fingerprint} and memberships.source == groups.write
