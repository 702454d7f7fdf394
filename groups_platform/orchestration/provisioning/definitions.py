"""The definitions of provisioning, where the halves meet."""

from __future__ import annotations

from dagster import Definitions

from groups_platform.orchestration.group_service.ops import build_jobs
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.provisioning.ops import PROVISIONING_OPS
from groups_platform.orchestration.provisioning.review_definitions import build_review_defs


def build_provisioning_defs(service: GroupServiceResource | None = None) -> Definitions:
    """Every op, asset, job and schedule of provisioning. service: replaces the group service, for tests."""
    resources = {"group_service": service or GroupServiceResource()}
    jobs = Definitions(jobs=build_jobs(PROVISIONING_OPS, resources))
    return Definitions.merge(jobs, build_review_defs(resources))
