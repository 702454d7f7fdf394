"""The jobs of the directory. Each runs in one process, since every further process would start a Spark."""

from __future__ import annotations

from dagster import AssetSelection, define_asset_job, in_process_executor

from groups_platform.orchestration.directory.day_reports import report_failed_day

SYNC_JOB = "sync_day"
CHECKS_JOB = "check_directory"
PLAN_JOB = "plan_day"
REPLAY_JOB = "replay_days"
GROUP = "directory"
POOL = "directory"  # one run of the pool at a time; see dagster.yaml

sync_day = define_asset_job(
    SYNC_JOB,
    selection=AssetSelection.groups(GROUP) - AssetSelection.assets("sync_days"),
    description="Read one sync day, apply it to the live tables, flag inactive groups and check all of it.",
    executor_def=in_process_executor,
    hooks={report_failed_day},
)

list_days = define_asset_job(
    "list_days",
    selection=AssetSelection.assets("sync_days"),
    description="List what there is of each folder of the source: applied, held, failed, ignored and so on.",
    executor_def=in_process_executor,
)

check_directory = define_asset_job(
    CHECKS_JOB,
    selection=AssetSelection.all_asset_checks() & AssetSelection.groups(GROUP),
    description="Run every asset check of the directory, by default on the newest applied day, and change nothing.",
    executor_def=in_process_executor,
)
