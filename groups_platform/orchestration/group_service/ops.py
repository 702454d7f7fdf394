"""The actions of the group service as ops, and a job for each, which people start from the Launchpad.

An op has no output value, only metadata: values are stored as files, and a group's may be secret.
"""

from collections.abc import Mapping
from typing import Any

from dagster import (
    GraphDefinition,
    JobDefinition,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    Out,
    in_process_executor,
    op,
)

from groups_platform.group_service.services.group.service import GroupService
from groups_platform.orchestration.group_service import metadata as shown
from groups_platform.orchestration.group_service.config import (
    CreateGroupConfig,
    DeleteGroupConfig,
    ModifyGroupConfig,
    PurgeGroupConfig,
    RestoreGroupConfig,
    RetryVFolderDeletionsConfig,
    SearchGroupsConfig,
    UsagePerMonthConfig,
    UsagePerPeriodConfig,
)
from groups_platform.orchestration.group_service.resource import GroupServiceResource

SHOWN: dict[str, Any] = {"out": Out(Nothing, description="No value; the metadata shows the result.")}


@op(**SHOWN)
def create_group(context: OpExecutionContext, config: CreateGroupConfig, group_service: GroupServiceResource) -> None:
    """Create a group (project) in a domain. Fails where the name is taken or the domain or policy is unknown."""
    group = group_service.perform(context, config.actor, GroupService.create_group, config.action())
    context.add_output_metadata(shown.group_facts(group))


@op(**SHOWN)
def modify_group(context: OpExecutionContext, config: ModifyGroupConfig, group_service: GroupServiceResource) -> None:
    """Change a group's fields, its members, or both at once; what is left out stays. Shows the group as it is then."""
    group = group_service.perform(context, config.actor, GroupService.modify_group, config.action())
    context.add_output_metadata(shown.group_facts(group))


@op(**SHOWN)
def delete_group(context: OpExecutionContext, config: DeleteGroupConfig, group_service: GroupServiceResource) -> None:
    """Make a group inactive. Everything of it stays, and restore_group undoes it; doing it again succeeds."""
    group = group_service.perform(context, config.actor, GroupService.delete_group, config.action())
    context.add_output_metadata(shown.group_facts(group))


@op(**SHOWN)
def restore_group(context: OpExecutionContext, config: RestoreGroupConfig, group_service: GroupServiceResource) -> None:
    """Make a deleted group active again. Fails where another active group has taken its integration id."""
    group = group_service.perform(context, config.actor, GroupService.restore_group, config.action())
    context.add_output_metadata(shown.group_facts(group))


@op(**SHOWN)
def purge_group(context: OpExecutionContext, config: PurgeGroupConfig, group_service: GroupServiceResource) -> None:
    """Remove a group and everything of it for good: sessions, kernels, endpoints, folders, members.

    By default it only shows what would go and what blocks. With `dry_run: false` it fails, and removes nothing, while
    a folder of the group is mounted or a kernel or an endpoint of it is active.
    """
    plan = group_service.perform(context, config.actor, GroupService.purge_group, config.action())
    context.add_output_metadata(shown.purge_facts(plan))


@op(**SHOWN)
def search_groups(context: OpExecutionContext, config: SearchGroupsConfig, group_service: GroupServiceResource) -> None:
    """Find groups, a page at a time, in the order of their names."""
    page = group_service.perform(context, config.actor, GroupService.search_groups, config.action())
    context.add_output_metadata(shown.page_facts(page))


@op(**SHOWN)
def usage_per_month(
    context: OpExecutionContext, config: UsagePerMonthConfig, group_service: GroupServiceResource
) -> None:
    """What each group used in a month: CPU, memory, disk, GPU; as a table and a picture."""
    usage = group_service.perform(context, config.actor, GroupService.usage_per_month, config.action())
    context.add_output_metadata(shown.month_facts(usage))


@op(**SHOWN)
def usage_per_period(
    context: OpExecutionContext, config: UsagePerPeriodConfig, group_service: GroupServiceResource
) -> None:
    """What each project used on the days of a period, both ends included; on request by session and kernel."""
    usage = group_service.perform(context, config.actor, GroupService.usage_per_period, config.action())
    context.add_output_metadata(shown.period_facts(usage))


@op(**SHOWN)
def retry_vfolder_deletions(
    context: OpExecutionContext, config: RetryVFolderDeletionsConfig, group_service: GroupServiceResource
) -> None:
    """Remove the folders of purged groups that storage has not given up yet."""
    done = group_service.perform(context, config.actor, GroupService.retry_vfolder_deletions, config.action())
    context.add_output_metadata(shown.folder_facts(done))


SERVICE_OPS = [
    create_group,
    modify_group,
    delete_group,
    restore_group,
    purge_group,
    search_groups,
    usage_per_month,
    usage_per_period,
    retry_vfolder_deletions,
]


def build_service_jobs(resources: Mapping[str, Any]) -> list[JobDefinition]:
    """A job of each op's name, with these resources."""
    return [_job_of(action, resources) for action in SERVICE_OPS]


def _job_of(action: OpDefinition, resources: Mapping[str, Any]) -> JobDefinition:
    # An op and a graph of one name would be a conflict; of a job and an op, Dagster does not mind.
    graph = GraphDefinition(f"{action.name}_graph", node_defs=[action])
    return graph.to_job(
        name=action.name, description=action.description, resource_defs=resources, executor_def=in_process_executor
    )
