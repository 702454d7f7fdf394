"""The checks of `monthly_usage`, over the months of the run; in a run of their own, over the newest stored one."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    multi_asset_check,
)

from groups_platform.group_service import accounts
from groups_platform.group_service.accounts import StoredMonth
from groups_platform.orchestration.group_service.assets import month_of
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.instance import PARTITION_TAG
from groups_platform.orchestration.metadata import rows_table

ASSET: Final = "monthly_usage"
COMPLETE = "every_kernel_counted"
EQUAL = "domains_are_sums_of_groups"
OVER = "month_was_over"

DESCRIPTIONS: Final = {
    COMPLETE: "The stored kernels of each group are those that the month has now; purged groups have none to compare.",
    EQUAL: "Each stored figure of a domain is the sum of its groups'.",
    OVER: "The month had ended when it was computed. Materialise it again if not: it is preliminary.",
}
WARNS: Final = {OVER}
MOST_ROWS: Final = 20
RANGE_TAGS: Final = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")  # not public by name


def build_usage_checks(time_zone: str) -> AssetChecksDefinition:
    """The checks, in one step; the months are those of the time zone."""
    specs = [AssetCheckSpec(name, asset=ASSET, description=text) for name, text in DESCRIPTIONS.items()]

    @multi_asset_check(specs=specs, name=f"check_{ASSET}")
    def check_usage(
        context: AssetCheckExecutionContext, group_service: GroupServiceResource
    ) -> Iterator[AssetCheckResult]:
        with group_service.step(context.op_execution_context):
            url = group_service.database_url
            months = _months(context.run.tags, accounts.stored_months(url))
            if not months:
                yield from (_result(name, False, {"months": "none is stored"}) for name in DESCRIPTIONS)
                return
            incomplete = [
                {"month": str(month), **row}
                for month in months
                for row in accounts.find_incomplete(url, month, month_of(str(month), time_zone))
            ]
            unequal = [{"month": str(month), **row} for month in months for row in accounts.find_unequal(url, month)]
        under_way = [{"month": str(month)} for month, stored in months.items() if not stored.is_over]
        facts = {
            "months": ", ".join(sorted({str(min(months)), str(max(months))})),
            "missing_statistics": sum(stored.missing_statistics for stored in months.values()),
        }
        yield _result(COMPLETE, not incomplete, {**facts, "groups": rows_table(incomplete[:MOST_ROWS])})
        yield _result(EQUAL, not unequal, {**facts, "figures": rows_table(unequal[:MOST_ROWS])})
        yield _result(OVER, not under_way, {**facts, "under_way": rows_table(under_way[:MOST_ROWS])})

    return check_usage


def _months(tags: Mapping[str, str], stored: list[StoredMonth]) -> dict[date, StoredMonth]:
    first, last = (tags.get(tag, tags.get(PARTITION_TAG)) for tag in RANGE_TAGS)
    if first is None or last is None:
        return {month.month: month for month in stored[-1:]}
    return {month.month: month for month in stored if first <= str(month.month) <= last}


def _result(name: str, passed: bool, facts: dict[str, Any]) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=name,
        asset_key=ASSET,
        passed=passed,
        severity=AssetCheckSeverity.WARN if name in WARNS else AssetCheckSeverity.ERROR,
        description=DESCRIPTIONS[name],
        metadata=facts,
    )
