"""The assets over the group service: the usage of each month, which is stored, and the audit log of each day.

The last partition of both is still under way; the schedules (`schedules.py`) take the one before it. Many partitions at
once are one run: there are thousands of days, and each takes milliseconds.
"""

import warnings
from collections import defaultdict
from datetime import date, timedelta
from itertools import chain

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    BetaWarning,
    DailyPartitionsDefinition,
    MaterializeResult,
    MonthlyPartitionsDefinition,
    asset,
)

from groups_platform.group_service.services.group.actions.store_monthly_usage import StoreMonthlyUsageAction
from groups_platform.group_service.services.group.actions.summarise_audit import SummariseAuditAction
from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.usage import UNITS
from groups_platform.orchestration.group_service import asset_metadata as shown
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.metadata import table_schema

SERVICE_GROUP = "group_service"
# Dagster needs the first partition while the code loads, without a database. So it is the same for every deployment,
# and early enough that none has kernels or audit rows from before. Later months and days are few enough for the UI.
FIRST_DAY = "2020-01-01"
CURVES = 5  # groups beside the sum of all
OWNERS = ["team:group-service"]
GROUPS_ASSET = "service_groups"
USAGE_COLUMNS = {
    "month": "DATE not null: The first day of the month.",
    "domain_name": "TEXT not null: The domain of the group.",
    "group_id": "UUID not null: The group, also one that was purged since.",
    "group_name": "TEXT not null: The name of the group.",
    "kernels": "BIGINT not null: How many kernels lived in the month.",
    **{name: f"NUMERIC not null: Measured in {unit}, over all its kernels." for name, unit in UNITS.items()},
    "device_type": "TEXT[] not null: The models of accelerators that its kernels had.",
    "kernel_time": "NUMERIC: Milliseconds that the kernels lived in the month, together.",
    "peak_cpu": "NUMERIC: The most cores at once.",
    "peak_mem": "NUMERIC: The most bytes at once.",
    "peak_gpu": "NUMERIC: The most accelerators, and shares of them, at once.",
    "total_resource_slots": "JSONB: The limits when the month was computed.",
}


def months_of(time_zone: str) -> MonthlyPartitionsDefinition:
    """The months since the first, the present one included."""
    return MonthlyPartitionsDefinition(FIRST_DAY, timezone=time_zone, end_offset=1)


def days_of(time_zone: str) -> DailyPartitionsDefinition:
    """The days since the first, the present one included."""
    return DailyPartitionsDefinition(FIRST_DAY, timezone=time_zone, end_offset=1)


def build_service_assets(time_zone: str) -> list[AssetsDefinition]:
    """The assets; their months and days are those of the time zone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BetaWarning)  # of backfill_policy
        return [_build_monthly_usage(time_zone), _build_audit_summary(time_zone)]


def _build_monthly_usage(time_zone: str) -> AssetsDefinition:
    @asset(
        group_name=SERVICE_GROUP,
        deps=[GROUPS_ASSET],
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
        stored = {}
        for key in context.partition_keys:
            action = StoreMonthlyUsageAction(f"{date.fromisoformat(key):%Y%m}")
            stored[key] = group_service.perform(
                context.op_execution_context, "", GroupService.store_monthly_usage, action
            )
        past = UsageHistoryAction(last=f"{date.fromisoformat(max(stored)):%Y%m}", limit=CURVES)
        history = group_service.perform(context.op_execution_context, "", GroupService.usage_history, past)
        for key, month in stored.items():
            context.add_asset_metadata(shown.stored_facts(month, history), partition_key=key)
        return MaterializeResult()

    return monthly_usage


def _build_audit_summary(time_zone: str) -> AssetsDefinition:
    @asset(
        group_name=SERVICE_GROUP,
        deps=[GROUPS_ASSET],
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
        days = [date.fromisoformat(key) for key in context.partition_keys]
        action = SummariseAuditAction(min(days) - timedelta(days=shown.DAYS_SHOWN - 1), max(days))
        counts = group_service.perform(context.op_execution_context, "", GroupService.summarise_audit, action)
        by_day = defaultdict(list)
        for count in counts:
            by_day[count.day].append(count)
        for day in days:
            until_then = (by_day.get(day - timedelta(days=back), ()) for back in range(shown.DAYS_SHOWN))
            facts = shown.audit_facts(day, list(chain.from_iterable(until_then)))
            context.add_asset_metadata(facts, partition_key=str(day))
        return MaterializeResult()

    return audit_summary
