"""The actions of the group service as ops, and a job for each, which people start from the Launchpad.

A row of ACTIONS is an op and a job, named as the method and described as the action is. An op has no output value, only
metadata: values are stored as files, and a group's may be secret.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Final, Generic

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
from groups_platform.group_service.types.user import SYSTEM
from groups_platform.orchestration.group_service import account_config as accounts
from groups_platform.orchestration.group_service import account_metadata as shown_accounts
from groups_platform.orchestration.group_service import config as asked
from groups_platform.orchestration.group_service import metadata as shown
from groups_platform.orchestration.group_service import purge_config as purges
from groups_platform.orchestration.group_service import purge_metadata as shown_purges
from groups_platform.orchestration.group_service.asset_metadata import history_facts
from groups_platform.orchestration.group_service.resource import (
    Action,
    ActionConfig,
    Data,
    GroupServiceResource,
    Method,
)

CONTRACT_NUMBERS: Final = re.compile(r" \([SM]\d[^)]*\)")
NOT_FOR_PEOPLE: Final = re.compile(r"^(action: |Returns |error\.code|Raises |Every action: )", re.MULTILINE)


@dataclass(frozen=True)
class Row(Generic[Action, Data]):
    """An action that people start.

    config: what is asked. method: of GroupService or ProvisioningService; its name is the op's. facts: what is shown of
    the result's data. more: what people should know beyond the method's own description.
    """

    config: Callable[..., ActionConfig[Action]]
    method: Method[Action, Data]
    facts: Callable[[Data], shown.Facts]
    more: str = ""

    @property
    def name(self) -> str:
        """The name of the method, the op and the job."""
        return self.method.__name__

    @property
    def description(self) -> str:
        """The beginning of the method's documentation, which is for people, and `more`."""
        beginning = NOT_FOR_PEOPLE.split(getdoc(self.method) or "", maxsplit=1)[0]
        return f"{CONTRACT_NUMBERS.sub('', beginning).strip()}\n\n{self.more}".strip()


# No annotation: so each row is checked by itself, that config, method and facts fit together.
ACTIONS: Final = (
    Row(asked.CreateGroupConfig, GroupService.create_group, shown.group_facts),
    Row(asked.ModifyGroupConfig, GroupService.modify_group, shown.group_facts),
    Row(asked.DeleteGroupConfig, GroupService.delete_group, shown.group_facts),
    Row(asked.RestoreGroupConfig, GroupService.restore_group, shown.group_facts),
    Row(
        asked.PurgeGroupConfig,
        GroupService.purge_group,
        shown.purge_facts,
        more="By default this only shows what would go and what blocks. To purge, set `dry_run: false` and write the "
        "group's name in `confirm`. Nothing is removed while a folder of the group is mounted, or a kernel or an "
        "endpoint of it is active.",
    ),
    Row(asked.GetGroupConfig, GroupService.get_group, shown.group_facts),
    Row(asked.SearchGroupsConfig, GroupService.search_groups, shown.page_facts),
    Row(asked.UsagePerMonthConfig, GroupService.usage_per_month, shown.month_facts),
    Row(asked.UsageHistoryConfig, GroupService.usage_history, history_facts),
    Row(asked.UsagePerPeriodConfig, GroupService.usage_per_period, shown.period_facts),
    Row(asked.RetryVFolderDeletionsConfig, GroupService.retry_vfolder_deletions, shown.folder_facts),
    Row(purges.RequestPurgeConfig, GroupService.request_purge, shown_purges.purge_request_facts),
    Row(
        purges.ApprovePurgeConfig,
        GroupService.approve_purge,
        shown.purge_facts,
        more="By default this only checks, and shows what would go and what blocks. To purge, set `dry_run: false` and "
        "write the group's name in `confirm`.",
    ),
    Row(purges.ListPurgeRequestsConfig, GroupService.list_purge_requests, shown_purges.purge_requests_facts),
    Row(purges.CreateDotfileConfig, GroupService.create_dotfile, shown_purges.dotfiles_facts),
    Row(purges.UpdateDotfileConfig, GroupService.update_dotfile, shown_purges.dotfiles_facts),
    Row(purges.DeleteDotfileConfig, GroupService.delete_dotfile, shown_purges.dotfiles_facts),
    Row(accounts.CreateDomainConfig, GroupService.create_domain, shown_accounts.domain_facts),
    Row(accounts.ModifyDomainConfig, GroupService.modify_domain, shown_accounts.domain_facts),
    Row(accounts.DeactivateDomainConfig, GroupService.deactivate_domain, shown_accounts.domain_facts),
    Row(accounts.ListDomainsConfig, GroupService.list_domains, shown_accounts.domains_facts),
    Row(accounts.CreateResourcePolicyConfig, GroupService.create_resource_policy, shown_accounts.policy_facts),
    Row(accounts.ModifyResourcePolicyConfig, GroupService.modify_resource_policy, shown_accounts.policy_facts),
    Row(accounts.DeleteResourcePolicyConfig, GroupService.delete_resource_policy, shown_accounts.policy_facts),
    Row(accounts.ListResourcePoliciesConfig, GroupService.list_resource_policies, shown_accounts.policies_facts),
    Row(accounts.CreateUserConfig, GroupService.create_user, shown_accounts.user_facts),
    Row(accounts.ModifyUserConfig, GroupService.modify_user, shown_accounts.user_facts),
    Row(accounts.ListUsersConfig, GroupService.list_users, shown_accounts.users_facts),
)


def op_of(row: Row[Any, Any]) -> OpDefinition:
    """The op that performs a row's action."""

    def act(context: OpExecutionContext, config: Any, group_service: GroupServiceResource) -> None:
        data = group_service.launch(context, config, row.method)
        context.add_output_metadata({**row.facts(data), "acted_as": config.actor or SYSTEM.name})

    act.__annotations__["config"] = row.config  # where Dagster looks for what the op asks
    out = Out(Nothing, description="No value; the metadata shows the result.")
    return op(name=row.name, description=row.description, out=out)(act)


SERVICE_OPS: Final = [op_of(row) for row in ACTIONS]


def build_service_jobs(resources: Mapping[str, Any]) -> list[JobDefinition]:
    """A job of each op's name, with these resources."""
    return [job_of(action, resources) for action in SERVICE_OPS]


def job_of(action: OpDefinition, resources: Mapping[str, Any]) -> JobDefinition:
    """A job of the op's name, with these resources."""
    # An op and a graph of one name would be a conflict; of a job and an op, Dagster does not mind.
    graph = GraphDefinition(f"{action.name}_graph", node_defs=[action])
    return graph.to_job(
        name=action.name, description=action.description, resource_defs=resources, executor_def=in_process_executor
    )
