"""The asset `day_report`: one page of each day for people without access to Dagster."""

from collections.abc import Iterator

from dagster import AssetExecutionContext, MaterializeResult, asset

from groups_platform.errors import PlatformError
from groups_platform.masking import mask_text
from groups_platform.orchestration.directory.day_reports import NAME, report_day
from groups_platform.orchestration.directory.jobs import GROUP
from groups_platform.orchestration.directory.partitions import SYNC_DAY
from groups_platform.orchestration.directory.resources import Platform


@asset(
    name=NAME,
    deps=["agents", "groups", "group_membership", "group_inactivity"],
    partitions_def=SYNC_DAY,
    group_name=GROUP,
    owners=["team:directory"],
    kinds={"html"},
    code_version="1",
    output_required=False,
)
def day_report(context: AssetExecutionContext, platform: Platform) -> Iterator[MaterializeResult[None]]:
    """The day on one HTML page, in `$GROUPS_HOME/reports`, and where GROUPS_REPORT_URL is set also there.

    What became of the day and why, its figures, what changed, findings, the tree, curves, decisions. A day that is
    held or failed has its page too: the job writes it when a step fails. A page that cannot be made or published is a
    warning in the log and changes nothing of the day; `groups-platform report` makes it again.
    """
    try:
        metadata = report_day(platform.settings, platform.database_url, context.partition_key, context.log)
    except Exception as error:  # the day is applied, whatever comes of its page
        is_bug = not isinstance(error, PlatformError)
        context.log.warning(f"The day has no report: {mask_text(str(error))}", exc_info=error if is_bug else None)
        return
    yield MaterializeResult(metadata=metadata)
