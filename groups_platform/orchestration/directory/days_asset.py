"""The asset `sync_days`: what there is of each folder of the source, as a table. It belongs to no day."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from groups_platform.directory.source import list_source
from groups_platform.orchestration.directory.day_states import find_day_states
from groups_platform.orchestration.directory.jobs import GROUP
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.failures import as_failure
from groups_platform.orchestration.metadata import rows_table


@asset(group_name=GROUP, owners=["team:directory"], kinds={"postgres", "table"}, code_version="1")
def sync_days(context: AssetExecutionContext, platform: Platform) -> MaterializeResult[None]:
    """The days of the source: applied, held, rejected, skipped, failed, running, arriving, waiting, late or ignored.

    Each with a sentence that says why and what to do. The job `list_days` computes it; the sensor decides by the same.
    """
    with as_failure():
        listing = list_source(platform.settings.source)
        days = find_day_states(context.instance, platform.database_url, listing, platform.settings.quiet_seconds)
    rows = [
        {"day": day.label, "state": day.state.value, "plan": day.plan_id or "", "what": day.sentence} for day in days
    ]
    waiting = [day.label for day in days if day.holds_back]
    return MaterializeResult(
        metadata={
            "days": rows_table(rows[-200:]),
            "dagster/row_count": len(rows),
            "waits_for": ", ".join(waiting[:10]) or "nobody",
        }
    )
