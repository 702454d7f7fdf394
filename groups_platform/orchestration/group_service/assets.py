"""The assets over the group service: the usage of each month, which is stored, and the audit log of each day.

Both have a partition that is under way, the last; the schedules (`service_schedules.py`) take the one before it. Many
partitions at once are one run, because there are hundreds of days and each takes milliseconds.
"""

import warnings
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    BetaWarning,
    DailyPartitionsDefinition,
    MaterializeResult,
    MonthlyPartitionsDefinition,
    OpExecutionContext,
    asset,
)

from groups_platform.group_service import accounts
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.period import Period, parse_month
from groups_platform.group_service.types.usage import FIGURES
from groups_platform.orchestration.group_service import metadata as shown
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.metadata import rows_table, table_schema

SERVICE_GROUP = "group_service"
FIRST_DAY = "2024-07-01"
OWNERS = ["team:group-service"]
UNITS = {
    "cpu_allocated": "cores",
    "cpu_used": "milliseconds of CPU time",
    "smp": "multiprocessors of accelerators",
    "gpu_allocated": "accelerators, and shares of them",
}
USAGE_COLUMNS = {
    "month": "DATE not null: its first day",
    "domain_name": "TEXT not null",
    "group_id": "UUID not null: also of a group that was purged since",
    "group_name": "TEXT not null",
    "kernels": "BIGINT not null: lives that overlap the month",
    **{name: f"NUMERIC not null: {UNITS.get(name, 'bytes')}" for name in FIGURES[:-1]},
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


def build_service_assets(time_zone: str) -> list[AssetsDefinition]:
    """The assets; their months and days are those of the time zone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BetaWarning)  # of backfill_policy
        return [_build_monthly_usage(time_zone), _build_audit_summary(time_zone)]


def _build_monthly_usage(time_zone: str) -> AssetsDefinition:
    @asset(
        group_name=SERVICE_GROUP,
        owners=OWNERS,
        code_version="1",
        partitions_def=months_of(time_zone),
        backfill_policy=BackfillPolicy.single_run(),
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
        for month in context.partition_keys:
            facts = _store_month(context.op_execution_context, group_service, month_of(month, time_zone))
            context.add_asset_metadata(facts, partition_key=month)
        return MaterializeResult()

    return monthly_usage


def _build_audit_summary(time_zone: str) -> AssetsDefinition:
    @asset(
        group_name=SERVICE_GROUP,
        owners=OWNERS,
        code_version="1",
        partitions_def=days_of(time_zone),
        backfill_policy=BackfillPolicy.single_run(),
        kinds={"postgres"},
    )
    def audit_summary(context: AssetExecutionContext, group_service: GroupServiceResource) -> MaterializeResult[None]:
        """How often each action of the group service was attempted on a day, and how that ended: status and error code.

        Nothing is stored: the table `audit_log` keeps every attempt and cannot be changed. The numbers over the days
        are on the asset's page.
        """
        for key in context.partition_keys:
            day = date.fromisoformat(key)
            period = Period(day, day, ZoneInfo(time_zone))
            with group_service.step(context.op_execution_context):
                rows = accounts.summarise_audit(group_service.database_url, period.start, period.end)
            facts = {**shown.attempts_by_status(rows), "attempts_by_action": rows_table(rows)}
            context.add_asset_metadata(facts, partition_key=key)
        return MaterializeResult()

    return audit_summary


def _store_month(context: OpExecutionContext, group_service: GroupServiceResource, month: Period) -> dict[str, Any]:
    is_over = month.end <= datetime.now(timezone.utc)  # before it is computed, not after
    action = UsagePerMonthAction(f"{month.first:%Y%m}", detail=False)
    usage = group_service.perform(context, "", GroupService.usage_per_month, action)
    with group_service.step(context):
        changes = accounts.store_month(group_service.database_url, usage, is_over=is_over)
    return {
        **shown.month_facts(usage),
        "dagster/partition_row_count": len(usage.groups),
        "rows_written": changes.written,
        "rows_removed": changes.removed,
        "is_over": is_over,
    }
