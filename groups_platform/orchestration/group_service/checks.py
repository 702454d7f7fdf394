"""The checks of `monthly_usage`, over the months of the run; in a run of their own, over the newest stored one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
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

from groups_platform.group_service.services.group.actions.check_monthly_usage import CheckMonthlyUsageAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.usage import IncompleteGroup, UnequalFigure
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


def build_usage_checks() -> AssetChecksDefinition:
    """The checks, in one step."""
    specs = [AssetCheckSpec(name, asset=ASSET, description=text) for name, text in DESCRIPTIONS.items()]

    @multi_asset_check(specs=specs, name=f"check_{ASSET}")
    def check_usage(
        context: AssetCheckExecutionContext, group_service: GroupServiceResource
    ) -> Iterator[AssetCheckResult]:
        action = CheckMonthlyUsageAction(_months_of(context.run.tags))
        found = group_service.perform(context.op_execution_context, "", GroupService.check_monthly_usage, action)
        if not found.months:
            yield from (_result(name, False, {"months": "none is stored"}) for name in DESCRIPTIONS)
            return
        under_way = [{"month": stored.month} for stored in found.months if not stored.is_over]
        facts = {
            "months": ", ".join(dict.fromkeys(str(stored.month) for stored in (found.months[0], found.months[-1]))),
            "missing_statistics": sum(stored.missing_statistics for stored in found.months),
        }
        yield _result(COMPLETE, not found.incomplete, {**facts, "groups": _table(found.incomplete)})
        yield _result(EQUAL, not found.unequal, {**facts, "figures": _table(found.unequal)})
        yield _result(OVER, not under_way, {**facts, "under_way": rows_table(under_way[:MOST_ROWS])})

    return check_usage


def _months_of(tags: Mapping[str, str]) -> tuple[date, date] | None:
    """The first and the last month of a run's partitions; None for a run without them."""
    first, last = (tags.get(tag, tags.get(PARTITION_TAG)) for tag in RANGE_TAGS)
    return (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None


def _table(found: Sequence[IncompleteGroup | UnequalFigure]) -> Any:
    return rows_table([asdict(row) for row in found[:MOST_ROWS]])


def _result(name: str, passed: bool, facts: dict[str, Any]) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=name,
        asset_key=ASSET,
        passed=passed,
        severity=AssetCheckSeverity.WARN if name in WARNS else AssetCheckSeverity.ERROR,
        description=DESCRIPTIONS[name],
        metadata=facts,
    )
