"""Puts the definitions together. Tests pass resources of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import Definitions

from groups_platform.orchestration.directory.definitions import build_directory_defs
from groups_platform.orchestration.group_service.assets import build_service_assets
from groups_platform.orchestration.group_service.checks import build_usage_checks
from groups_platform.orchestration.group_service.ops import SERVICE_JOBS
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.group_service.schedules import SERVICE_ASSET_JOBS, build_schedules
from groups_platform.settings import Settings


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """Every asset, check, job, sensor and schedule of the platform. Loading touches no database and starts no Spark."""
    overrides = dict(resource_overrides or {})
    service = overrides.pop("group_service", None) or GroupServiceResource()
    time_zone = Settings.from_env().time_zone
    return Definitions.merge(
        build_directory_defs(overrides),
        Definitions(
            assets=build_service_assets(time_zone),
            asset_checks=[build_usage_checks(time_zone)],
            jobs=[*SERVICE_JOBS, *SERVICE_ASSET_JOBS],
            schedules=build_schedules(time_zone),
            resources={"group_service": service},
        ),
    )
