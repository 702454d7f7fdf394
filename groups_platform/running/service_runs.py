"""Runs the assets over the group service in this process, for the command line; the UI shows the runs too."""

from __future__ import annotations

from collections.abc import Mapping

from dagster import DagsterInstance, Definitions

from groups_platform.orchestration.group_service.checks import RANGE_TAGS
from groups_platform.orchestration.group_service.definitions import build_service_defs
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.group_service.schedules import store_monthly_usage, summarise_audit
from groups_platform.orchestration.instance import end_dead_runs, open_instance
from groups_platform.orchestration.provisioning.review_definitions import REFRESH, build_review_defs
from groups_platform.orchestration.storage import give_up_early
from groups_platform.running.progress import PROGRESS
from groups_platform.running.steps import PREPARING, STEPS
from groups_platform.settings import Settings

STORE_USAGE, SUMMARISE_AUDIT, REVIEW_ACCESS = store_monthly_usage.name, summarise_audit.name, REFRESH.name


def materialise(settings: Settings, wanted: Mapping[str, tuple[str, str] | None]) -> bool:
    """Run jobs of assets, one after the other; whether all succeeded.

    wanted: by the name of a job its first and its last partition, which are one run; None for a job without partitions.
    The actions use the database of this process's environment. Raises DatabaseUnavailable.
    """
    service = GroupServiceResource()
    definitions = Definitions.merge(build_service_defs(service), build_review_defs(service), PROGRESS)
    with open_instance(settings) as instance:
        give_up_early(instance)
        end_dead_runs(instance)
        return all(_run(definitions, instance, *each) for each in wanted.items())


def _run(definitions: Definitions, instance: DagsterInstance, job: str, partitions: tuple[str, str] | None) -> bool:
    STEPS.begin(PREPARING)
    try:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {}}}},
            tags=dict(zip(RANGE_TAGS, partitions or (), strict=False)),
            raise_on_error=False,
        )
    finally:
        STEPS.close()
    return result.success
