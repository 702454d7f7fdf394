"""When the assets over the group service are computed: a job for each, and schedules, which are off by default."""

from dagster import (
    AssetSelection,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    TimeWindowPartitionsDefinition,
    define_asset_job,
    in_process_executor,
    schedule,
)

from groups_platform.orchestration.group_service.assets import days_of, months_of
from groups_platform.orchestration.group_service.member_check import SERVICE_GROUPS

store_monthly_usage = define_asset_job(
    "store_monthly_usage",
    selection=AssetSelection.assets("monthly_usage"),
    description="Compute the usage of a month, store it and check it.",
    executor_def=in_process_executor,
)

check_usage = define_asset_job(
    "check_usage",
    selection=AssetSelection.checks_for_assets("monthly_usage"),
    description="Check the newest stored month, and change nothing.",
    executor_def=in_process_executor,
)

check_members = define_asset_job(
    "check_members",
    selection=AssetSelection.checks_for_assets(SERVICE_GROUPS.key),
    description="Find members who are no active users of their group's domain, and change nothing.",
    executor_def=in_process_executor,
)

summarise_audit = define_asset_job(
    "summarise_audit",
    selection=AssetSelection.assets("audit_summary"),
    description="Count what was attempted on a day, and how it ended.",
    executor_def=in_process_executor,
)


def build_schedules(time_zone: str) -> list[ScheduleDefinition]:
    """On the first of each month the month before it; each day the day before it, and the members; in the time zone."""
    return [
        _schedule("monthly_usage_schedule", store_monthly_usage.name, months_of(time_zone), "0 1 1 * *"),
        _schedule("audit_summary_schedule", summarise_audit.name, days_of(time_zone), "15 0 * * *"),
        ScheduleDefinition(
            name="check_members_schedule",
            job_name=check_members.name,
            cron_schedule="30 0 * * *",
            execution_timezone=time_zone,
            description="Runs check_members. Off by default.",
        ),
    ]


def _schedule(name: str, job: str, partitions: TimeWindowPartitionsDefinition, cron: str) -> ScheduleDefinition:
    @schedule(
        name=name,
        job_name=job,
        cron_schedule=cron,
        execution_timezone=str(partitions.timezone),
        description=f"Runs {job} for what has just ended. Off by default.",
    )
    def request_what_ended(context: ScheduleEvaluationContext) -> RunRequest:
        *_, ended, _under_way = partitions.get_partition_keys(context.scheduled_execution_time)
        return RunRequest(partition_key=ended)

    return request_what_ended


SERVICE_ASSET_JOBS = [store_monthly_usage, check_usage, summarise_audit, check_members]
