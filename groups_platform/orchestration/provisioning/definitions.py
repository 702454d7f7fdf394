"""Where the halves meet, in Dagster: rules, the projects of the rules, and access reviews.

The resource `platform` is the directory's.
"""

from __future__ import annotations

from dagster import Definitions

from groups_platform.orchestration.group_service.ops import job_of
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.provisioning.assets import build_automation, provisioned_projects
from groups_platform.orchestration.provisioning.ops import PROVISIONING_JOBS
from groups_platform.orchestration.provisioning.review_definitions import build_review_defs
from groups_platform.orchestration.provisioning.rule_ops import RULE_OPS
from groups_platform.settings import Settings


def build_provisioning_defs(service: GroupServiceResource) -> Definitions:
    """Every asset, check, job, sensor and schedule of provisioning. service: the same as the group service's."""
    rule_jobs = [job_of(action, {"group_service": service}) for action in RULE_OPS]
    projects = Definitions(
        assets=[provisioned_projects],
        jobs=[*PROVISIONING_JOBS, *rule_jobs],
        sensors=[build_automation(Settings.from_env())],
    )
    return Definitions.merge(projects, build_review_defs(service))
