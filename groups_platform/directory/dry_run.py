"""P10: what a day would change, found out by applying it and rolling back; the day's own Parquet is not touched."""

from __future__ import annotations

from pyspark.sql import SparkSession

from groups_platform.directory.day_result import DayResult
from groups_platform.directory.guard import Protection
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.directory.snapshot import AGENTS, GROUPS, explode_into_lake, read_into_lake
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import staged_day
from groups_platform.settings import Settings


def plan_day(
    spark: SparkSession, settings: Settings, url: str, label: str, protection: Protection | None = None
) -> DayResult:
    """The plan of a day as the source has it now, over the tables as they are, and the limits that it exceeds.

    protection: what the settings say where it is left out.
    Raises UnknownSyncDay, SourceUnavailable, IncompleteSnapshot.
    """
    day, lake = list_day(settings.source, label), f"{settings.lake.rstrip('/')}/plans"
    for kind in (GROUPS, AGENTS):
        read_into_lake(spark, day, kind, lake, settings.file_limit)
    explode_into_lake(spark, label, lake)
    with staged_day(spark, lake, label, url) as staged:
        return apply_delivery(staged, protection=protection or Protection.of(settings), is_plan=True).or_raise()
