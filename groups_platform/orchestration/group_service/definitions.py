"""The group service's half of the definitions. Nothing of it needs Spark."""

from __future__ import annotations

from dagster import AssetsDefinition, AssetSpec, Definitions

from groups_platform.orchestration.group_service.assets import build_service_assets
from groups_platform.orchestration.group_service.checks import build_usage_checks
from groups_platform.orchestration.group_service.member_check import SERVICE_GROUPS, build_member_check
from groups_platform.orchestration.group_service.ops import build_service_jobs
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.group_service.schedules import SERVICE_ASSET_JOBS, build_schedules
from groups_platform.settings import Settings


def build_service_defs(service: GroupServiceResource | None = None) -> Definitions:
    """Every op, asset, check, job and schedule of the group service."""
    resources = {"group_service": service or GroupServiceResource()}
    time_zone = Settings.from_env().time_zone
    assets: list[AssetsDefinition | AssetSpec] = [*build_service_assets(time_zone), SERVICE_GROUPS]
    checks = [build_usage_checks(), build_member_check()]
    # Resolved here, a job has the resources of this half; after the merge it would list those of the other too.
    alone = Definitions(assets=assets, asset_checks=checks, jobs=SERVICE_ASSET_JOBS, resources=resources)
    jobs = [alone.resolve_job_def(job.name) for job in SERVICE_ASSET_JOBS]
    return Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[*build_service_jobs(resources), *jobs],
        schedules=build_schedules(time_zone),
        resources=resources,
    )
