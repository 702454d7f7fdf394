"""Access reviews in Dagster: the asset `access_review`, and the actions that people start from the Launchpad.

No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from typing import Final

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    Definitions,
    MaterializeResult,
    ScheduleDefinition,
    asset,
    define_asset_job,
    in_process_executor,
)

from groups_platform.orchestration.group_service.member_check import SERVICE_GROUPS
from groups_platform.orchestration.group_service.ops import Row, job_of, op_of
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.provisioning import review_config as asked
from groups_platform.orchestration.provisioning import review_metadata as shown
from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction
from groups_platform.provisioning.service import ProvisioningService
from groups_platform.settings import Settings

MOST_ROWS: Final = 100
REVIEW_ACTIONS: Final = (
    Row(asked.ReviewAccessConfig, ProvisioningService.review_access, shown.access_facts),
    Row(asked.StartReviewConfig, ProvisioningService.start_review, shown.review_facts),
    Row(asked.DecideReviewRowConfig, ProvisioningService.decide_review_row, shown.decided_facts),
    Row(asked.FinishReviewConfig, ProvisioningService.finish_review, shown.review_facts),
    Row(asked.ListReviewsConfig, ProvisioningService.list_reviews, shown.reviews_facts),
    Row(asked.GetReviewConfig, ProvisioningService.get_review, shown.review_rows_facts),
)
REVIEW_OPS: Final = [op_of(row) for row in REVIEW_ACTIONS]


@asset(
    deps=["group_inactivity", "agents", "provisioned_projects", SERVICE_GROUPS.key],
    group_name="provisioning",
    owners=["team:group-service"],
    kinds={"postgres"},
    code_version="1",
)
def access_review(context: AssetExecutionContext, group_service: GroupServiceResource) -> MaterializeResult[None]:
    """Who holds what that nobody active owns, now: projects of inactive groups, members who have left, what they run.

    Nothing is stored: `groups-platform review` shows every row with the command that ends it, and `start_review` begins
    to certify a domain. The numbers over time are on the asset's page.
    """
    action = ReviewAccessAction(limit=MOST_ROWS)
    page = group_service.perform(context.op_execution_context, "", ProvisioningService.review_access, action)
    facts = shown.access_facts(page)
    facts.pop("next_cursor", None)
    return MaterializeResult(metadata={**facts, "are_all_shown": page.next_cursor is None})


REFRESH: Final = define_asset_job(
    "refresh_access_review",
    selection=AssetSelection.assets("access_review"),
    description="Find who holds what that nobody active owns, and change nothing.",
    executor_def=in_process_executor,
)


def build_review_defs(service: GroupServiceResource) -> Definitions:
    """The asset, its job and its schedule, and a job for each action. service: the same as the group service's."""
    resources = {"group_service": service}
    schedule = ScheduleDefinition(
        name="access_review_schedule",
        job_name=REFRESH.name,
        cron_schedule="45 0 * * *",
        execution_timezone=Settings.from_env().time_zone,
        description=f"Runs {REFRESH.name}. Off by default.",
    )
    # resolved here, a job has the resources of this part alone
    alone = Definitions(assets=[access_review], jobs=[REFRESH], resources=resources)
    return Definitions(
        assets=[access_review],
        jobs=[*(job_of(action, resources) for action in REVIEW_OPS), alone.resolve_job_def(REFRESH.name)],
        schedules=[schedule],
    )
