"""Rules and links in Dagster: a job for each action."""

from __future__ import annotations

from dagster import Definitions

from groups_platform.orchestration.group_service.ops import job_of
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.provisioning.rule_ops import RULE_OPS


def build_rule_defs(service: GroupServiceResource) -> Definitions:
    """The jobs that people start from the Launchpad. service: the same as the group service's."""
    return Definitions(jobs=[job_of(action, {"group_service": service}) for action in RULE_OPS])
