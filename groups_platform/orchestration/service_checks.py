"""The checks of `monthly_usage`. In a run of its own they look at the newest stored month."""

from collections.abc import Iterator
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
from groups_platform.orchestration.metadata import rows_table
from groups_platform.orchestration.resources import PARTITION_TAG
from groups_platform.orchestration.service_assets import month_of
from groups_platform.orchestration.service_resource import GroupServiceResource

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


def build_usage_checks(time_zone: str) -> AssetChecksDefinition:
    """The checks, in one step; the months are those of the time zone."""
    specs = [AssetCheckSpec(name, asset=ASSET, description=text) for name, text in DESCRIPTIONS.items()]

    @multi_asset_check(specs=specs, name=f"check_{ASSET}")
    def check_usage(
        context: AssetCheckExecutionContext, group_service: GroupServiceResource
    ) -> Iterator[AssetCheckResult]:
        with group_service.step(context.op_execution_context):
            url, wanted = group_service.database_url, context.run.tags.get(PARTITION_TAG)
            stored = [month for month in accounts.stored_months(url) if wanted in (None, str(month.month))]
            if not stored:
                yield from (_result(name, False, {"month": wanted or "no month is stored"}) for name in DESCRIPTIONS)
                return
            month = stored[-1]
            incomplete = accounts.find_incomplete(url, month.month, month_of(str(month.month), time_zone))
            unequal = accounts.find_unequal(url, month.month)
        facts = {"month": str(month.month), "missing_statistics": month.missing_statistics}
        yield _result(COMPLETE, not incomplete, {**facts, "groups": rows_table(incomplete[:MOST_ROWS])})
        yield _result(EQUAL, not unequal, {**facts, "figures": rows_table(unequal[:MOST_ROWS])})
        yield _result(OVER, month.is_over, facts)

    return check_usage


def _result(name: str, passed: bool, facts: dict[str, Any]) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=name,
        asset_key=ASSET,
        passed=passed,
        severity=AssetCheckSeverity.WARN if name in WARNS else AssetCheckSeverity.ERROR,
        description=DESCRIPTIONS[name],
        metadata=facts,
    )
