"""The report of a day after its run, also of a run that failed. Whatever comes of it, the day stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dagster import AssetMaterialization, DagsterLogManager, Failure, HookContext, MetadataValue, failure_hook

from groups_platform.database.connection import running_database
from groups_platform.directory.days import DayState, DayStatus
from groups_platform.errors import PlatformError
from groups_platform.masking import mask_text
from groups_platform.orchestration.directory.outcomes import Stage, outcome_of
from groups_platform.orchestration.instance import PARTITION_TAG
from groups_platform.orchestration.metadata import rows_table
from groups_platform.report.figures import read_statuses
from groups_platform.report.publish import Page, make_page, page_name, publish, write_file
from groups_platform.settings import Settings

NAME: Final = "day_report"
# In these a run that failed has more to say than the tables, which know nothing of it.
UNTOLD: Final = (DayState.APPLIED, DayState.WAITING)


def report_folder(settings: Settings) -> Path:
    """Where the report of each day is."""
    return settings.home / "reports"


def report_day(
    settings: Settings, url: str, label: str, log: DagsterLogManager, status: DayStatus | None = None
) -> dict[str, Any]:
    """Write the page of the day, publish it where that is set, and return what the UI shows of it.

    A page that cannot be published is a warning. Raises ReportNotWritten, UnknownSyncDay, DatabaseUnavailable.
    """
    page = make_page(url, label, status)
    path = report_folder(settings) / page_name(label)
    write_file(path, page.content)
    return {**_metadata(page, path), **_publish(settings, url, page, log)}


def _publish(settings: Settings, url: str, page: Page, log: DagsterLogManager) -> dict[str, Any]:
    if settings.report_url is None:
        return {}
    try:
        return {"published": "\n".join(publish(url, settings.report_url, page))}
    except PlatformError as error:
        log.warning(str(error))
        return {"not_published": str(error)}


def _metadata(page: Page, path: Path) -> dict[str, Any]:
    told = page.report.to_json()
    figures = {**(told["totals"] or {}), **(told["records"] or {}), **(told["changes"] or {})}
    return {
        "path": MetadataValue.path(path),
        "bytes": len(page.content),
        "state": told["state"],
        "headline": told["sentence"],
        "figures": rows_table([{"figure": name, "value": value} for name, value in figures.items()]),
        "findings": rows_table([{"code": code, "findings": number} for code, number in told["findings"].items()]),
    }


@failure_hook(name="report_failed_day", required_resource_keys={"platform"})
def report_failed_day(context: HookContext) -> None:
    """Write the report of a day whose run fails, which its own step does not come to: it is held, or failed."""
    try:
        settings = context.resources.platform.settings
        run = context.instance.get_run_by_id(context.run_id)
        url = running_database(settings)  # what was stopped is not started for this
        if run is None or url is None or PARTITION_TAG not in run.tags:
            return
        label = run.tags[PARTITION_TAG]
        status = None if outcome_of(context.run_id).stage is Stage.AFTER else _failed(context, url, label)
        metadata = report_day(settings, url, label, context.log, status)
        context.instance.report_runless_asset_event(AssetMaterialization(NAME, partition=label, metadata=metadata))
    except Exception as error:  # the run fails for another reason, which must be seen
        context.log.warning(f"The day has no report: {mask_text(str(error))}")


def _failed(context: HookContext, url: str, label: str) -> DayStatus | None:
    """That the run failed and why, where the tables do not say what became of the day."""
    told = next((status for status in read_statuses(url) if status.label == label), None)
    if told and told.state not in UNTOLD:
        return None
    error = context.op_exception
    reason = (error.description if isinstance(error, Failure) else None) or f"{type(error).__name__}: {error}"
    sentence = f"{label} failed: {mask_text(reason.splitlines()[0])}"
    return DayStatus(label, DayState.FAILED, sentence, run_id=context.run_id)
