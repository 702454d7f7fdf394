"""The group service's half of the definitions. Nothing of it needs Spark."""

from __future__ import annotations

from dagster import Definitions, with_resources

from groups_platform.orchestration.group_service.assets import build_service_assets
from groups_platform.orchestration.group_service.checks import build_usage_checks
from groups_platform.orchestration.group_service.ops import build_service_jobs
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.group_service.schedules import SERVICE_ASSET_JOBS, build_schedules
from groups_platform.settings import Settings


def build_service_defs(service: GroupServiceResource | None = None) -> Definitions:
    """Every op, asset, check, job and schedule of the group service.

    Each is bound to the resource here, so that it lists no resource of the other half.
    """
    resource = {"group_service": service or GroupServiceResource()}
    time_zone = Settings.from_env().time_zone
    return Definitions(
        assets=with_resources(build_service_assets(time_zone), resource),
        asset_checks=with_resources([build_usage_checks()], resource),
        jobs=[*build_service_jobs(resource), *SERVICE_ASSET_JOBS],
        schedules=build_schedules(time_zone),
    )
