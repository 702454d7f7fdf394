"""The asset `sync_days`: what there is of each folder of the source, as a table. It belongs to no day."""

from collections.abc import Sequence
from typing import Any, Final

from dagster import AssetExecutionContext, AssetMaterialization, MaterializeResult, asset

from groups_platform.directory.days import DayStatus, find_blocker
from groups_platform.directory.source import list_source
from groups_platform.orchestration.directory.day_states import find_day_states
from groups_platform.orchestration.directory.jobs import GROUP
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.failures import as_failure
from groups_platform.orchestration.metadata import rows_table

NAME: Final = "sync_days"
SHOWN_DAYS: Final = 200
LONGEST_SENTENCE: Final = 1000


@asset(name=NAME, group_name=GROUP, owners=["team:directory"], kinds={"postgres", "table"}, code_version="1")
def sync_days(context: AssetExecutionContext, platform: Platform) -> MaterializeResult[None]:
    """The days of the source: applied, held, rejected, skipped, failed, running, arriving, waiting, late or ignored.

    Each with a sentence that says why and what to do. The sensor reports it whenever it changes, and decides by it;
    the job `list_days` computes it where no sensor runs.
    """
    with as_failure():
        listing = list_source(platform.settings.source)
        days = find_day_states(context.instance, platform.database_url, listing, platform.settings.quiet_seconds)
    return MaterializeResult(metadata=_metadata(days))


def report_days(days: Sequence[DayStatus]) -> AssetMaterialization:
    """The same as an event, for who knows the days already."""
    return AssetMaterialization(NAME, metadata=_metadata(days))


def _metadata(days: Sequence[DayStatus]) -> dict[str, Any]:
    rows = [{"day": day.label, "state": day.state.value, "what": day.sentence} for day in days]
    blocker = find_blocker(days)
    return {
        "days": rows_table(rows[-SHOWN_DAYS:], LONGEST_SENTENCE),
        "dagster/row_count": len(rows),
        "later_days_wait_for": blocker.label if blocker else "none",
    }
