"""The assets over the group service: the usage of each month, which is stored, and the audit log of each day.

Both have a partition that is under way, the last; the schedules (`service_schedules.py`) take the one before it.
"""

from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    DailyPartitionsDefinition,
    MaterializeResult,
    MonthlyPartitionsDefinition,
    asset,
)

from groups_platform.group_service import accounts
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.periods import Period, parse_month
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.services.group.usage_types import FIGURES
from groups_platform.orchestration import service_metadata as shown
from groups_platform.orchestration.metadata import rows_table, table_schema
from groups_platform.orchestration.service_resource import GroupServiceResource

SERVICE_GROUP = "group_service"
FIRST_DAY = "2024-07-01"
OWNERS = ["team:group-service"]
USAGE_COLUMNS = {
    "month": "DATE not null: its first day",
    "domain_name": "TEXT not null",
    "group_id": "UUID not null: also of a group that was purged since",
    "group_name": "TEXT not null",
    "kernels": "BIGINT not null: lives that overlap the month",
    **dict.fromkeys(FIGURES[:-1], "NUMERIC not null: sizes are bytes, cpu_used milliseconds"),
    "device_type": "TEXT[] not null: models of accelerators",
}


def months_of(time_zone: str) -> MonthlyPartitionsDefinition:
    """The months since the first, the present one included."""
    return MonthlyPartitionsDefinition(FIRST_DAY, timezone=time_zone, end_offset=1)


def days_of(time_zone: str) -> DailyPartitionsDefinition:
    """The days since the first, the present one included."""
    return DailyPartitionsDefinition(FIRST_DAY, timezone=time_zone, end_offset=1)


def month_of(partition_key: str, time_zone: str) -> Period:
    """The month of the partition of its first day."""
    return parse_month(f"{date.fromisoformat(partition_key):%Y%m}", ZoneInfo(time_zone))


def build_monthly_usage(time_zone: str) -> AssetsDefinition:
    """The asset `monthly_usage`, whose months are those of the time zone."""

    @asset(
        group_name=SERVICE_GROUP,
        owners=OWNERS,
        code_version="1",
        partitions_def=months_of(time_zone),
        kinds={"postgres", "table"},
        metadata={
            "dagster/table_name": "manager.monthly_usage",
            "dagster/column_schema": table_schema(**USAGE_COLUMNS),
        },
    )
    def monthly_usage(context: AssetExecutionContext, group_service: GroupServiceResource) -> MaterializeResult[None]:
        """What each group used in a month: the table `monthly_usage`, and `monthly_domain_usage` for whole domains.

        A month is replaced as a whole and can be computed again at any time; what is the same is not written. Only
        the rows of purged groups stay as they were: their kernels are gone, and this is what is left to account for.
        """
        op_context, period = context.op_execution_context, month_of(context.partition_key, time_zone)
        is_over = period.end <= datetime.now(timezone.utc)  # before it is computed, not after
        action = UsagePerMonthAction(f"{period.first:%Y%m}", detail=False)
        usage = group_service.perform(op_context, "", GroupService.usage_per_month, action)
        with group_service.step(op_context):
            changes = accounts.store_month(group_service.database_url, usage, is_over=is_over)
        return MaterializeResult(
            metadata={
                **shown.month_facts(usage),
                "dagster/partition_row_count": len(usage.groups),
                "rows_written": changes.written,
                "rows_removed": changes.removed,
                "is_over": is_over,
            }
        )

    return monthly_usage


def build_audit_summary(time_zone: str) -> AssetsDefinition:
    """The asset `audit_summary`, whose days are those of the time zone."""

    @asset(
        group_name=SERVICE_GROUP,
        owners=OWNERS,
        code_version="1",
        partitions_def=days_of(time_zone),
        kinds={"postgres"},
    )
    def audit_summary(context: AssetExecutionContext, group_service: GroupServiceResource) -> MaterializeResult[None]:
        """How often each action of the group service was attempted on a day, and how that ended: status and error code.

        Nothing is stored: the table `audit_log` keeps every attempt and cannot be changed. The numbers over the days
        are on the asset's page.
        """
        day = date.fromisoformat(context.partition_key)
        period = Period(day, day, ZoneInfo(time_zone))
        with group_service.step(context.op_execution_context):
            rows = accounts.summarise_audit(group_service.database_url, period.start, period.end)
        return MaterializeResult(metadata={**shown.attempts_by_status(rows), "attempts_by_action": rows_table(rows)})

    return audit_summary
