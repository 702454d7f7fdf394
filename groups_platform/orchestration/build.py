"""Puts the definitions together. Tests pass resources of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import Definitions, in_process_executor

from groups_platform.orchestration.assets import (
    directory_tables,
    exploded_memberships,
    raw_agents,
    raw_groups,
)
from groups_platform.orchestration.checks import RECORD_CHECKS
from groups_platform.orchestration.jobs import check_directory, sync_day
from groups_platform.orchestration.progress import console
from groups_platform.orchestration.resources import Platform, Spark
from groups_platform.orchestration.sensors import new_sync_days
from groups_platform.orchestration.service_assets import build_service_assets
from groups_platform.orchestration.service_checks import build_usage_checks
from groups_platform.orchestration.service_ops import SERVICE_JOBS
from groups_platform.orchestration.service_resource import GroupServiceResource
from groups_platform.orchestration.service_schedules import SERVICE_ASSET_JOBS, build_schedules
from groups_platform.settings import Settings


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """Every asset, check, job, sensor and schedule of the platform. Loading touches no database and starts no Spark."""
    time_zone = Settings.from_env().time_zone
    resources: dict[str, Any] = {
        "platform": Platform(),
        "spark": Spark.from_environment(),
        "group_service": GroupServiceResource(),
    }
    return Definitions(
        assets=[
            raw_groups,
            raw_agents,
            exploded_memberships,
            directory_tables,
            *build_service_assets(time_zone),
        ],
        asset_checks=[*RECORD_CHECKS, build_usage_checks(time_zone)],
        jobs=[sync_day, check_directory, *SERVICE_JOBS, *SERVICE_ASSET_JOBS],
        sensors=[new_sync_days],
        schedules=build_schedules(time_zone),
        resources={**resources, **(resource_overrides or {})},
        executor=in_process_executor,
        loggers={"console": console},
    )
