"""The Dagster definitions of the directory. Runs of the command line load only these: the service imports slowly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import Definitions

from groups_platform.orchestration.directory.assets import (
    directory_tables,
    exploded_memberships,
    raw_agents,
    raw_groups,
)
from groups_platform.orchestration.directory.checks import RECORD_CHECKS
from groups_platform.orchestration.directory.days_asset import sync_days
from groups_platform.orchestration.directory.jobs import check_directory, list_days, sync_day
from groups_platform.orchestration.directory.ops import DIRECTORY_JOBS
from groups_platform.orchestration.directory.report_asset import day_report
from groups_platform.orchestration.directory.resources import Platform, Spark
from groups_platform.orchestration.directory.sensors import new_sync_days


def build_directory_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """Return every asset, check, job and sensor of the directory. resource_overrides: replaces resources by name."""
    return Definitions(
        assets=[raw_groups, raw_agents, exploded_memberships, directory_tables, sync_days, day_report],
        asset_checks=RECORD_CHECKS,
        jobs=[sync_day, check_directory, list_days, *DIRECTORY_JOBS],
        sensors=[new_sync_days],
        resources={"platform": Platform(), "spark": Spark.from_environment(), **(resource_overrides or {})},
    )
