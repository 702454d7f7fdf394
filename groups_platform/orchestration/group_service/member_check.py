"""The groups themselves as an asset that people keep, not runs; and the check of who is in them."""

from typing import Final

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetSpec,
    asset_check,
)

from groups_platform.group_service.services.group.actions.list_stray_members import ListStrayMembersAction
from groups_platform.group_service.services.group.paging import LARGEST_PAGE
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.orchestration.group_service.assets import GROUPS_ASSET, OWNERS, SERVICE_GROUP
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.metadata import rows_table

MOST_ROWS: Final = 20
TO_END: Final = "groups-platform group members {0.domain_name}/{0.group_name} --remove {0.user_id}"

SERVICE_GROUPS: Final = AssetSpec(
    GROUPS_ASSET,
    deps=["groups", "agents"],  # of the directory
    description="The groups of the service and their members. No run makes them: people and programs do, by actions "
    "of the service such as `create_group`; `audit_summary` counts those. Groups that are linked to a group of the "
    "directory follow it.",
    group_name=SERVICE_GROUP,
    owners=OWNERS,
    kinds={"postgres", "table"},
    metadata={"dagster/table_name": "manager.groups"},
)


def build_member_check() -> AssetChecksDefinition:
    """The check, which reads every group as the platform itself."""

    @asset_check(
        asset=SERVICE_GROUPS.key,
        description="Every member of a group is an active user of its domain. Others have no rights in the group; "
        "their memberships stay until somebody ends them.",
    )
    def members_belong(context: AssetCheckExecutionContext, group_service: GroupServiceResource) -> AssetCheckResult:
        action = ListStrayMembersAction(limit=LARGEST_PAGE)
        page = group_service.perform(context.op_execution_context, "", GroupService.list_stray_members, action)
        shown = [
            {
                "group": f"{member.domain_name}/{member.group_name}",
                "user": member.email,
                "why": member.why,
                "to_end_it": TO_END.format(member),
            }
            for member in page.members[:MOST_ROWS]
        ]
        facts = {"stray_members": len(page.members), "are_all_counted": page.next_cursor is None}
        return AssetCheckResult(
            passed=not page.members,
            severity=AssetCheckSeverity.WARN,
            metadata={**facts, "members": rows_table(shown, longest=400)},
        )

    return members_belong
