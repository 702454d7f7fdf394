"""Runs the assets over the group service in this process, for the command line; the UI shows the runs too."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import DagsterInstance, Definitions

from groups_platform.orchestration.group_service.checks import RANGE_TAGS
from groups_platform.orchestration.group_service.definitions import build_service_defs
from groups_platform.orchestration.group_service.schedules import store_monthly_usage, summarise_audit
from groups_platform.orchestration.instance import end_dead_runs, open_instance
from groups_platform.orchestration.storage import give_up_early
from groups_platform.running.progress import PROGRESS
from groups_platform.running.steps import PREPARING, STEPS
from groups_platform.settings import Settings

STORE_USAGE, SUMMARISE_AUDIT = store_monthly_usage.name, summarise_audit.name


def materialise(settings: Settings, wanted: Sequence[tuple[str, str, str]]) -> bool:
    """Run jobs of assets, one after the other; whether all succeeded.

    wanted: a job, its first and its last partition, which are one run. The actions use the database of this process's
    environment. Raises DatabaseUnavailable.
    """
    definitions = Definitions.merge(build_service_defs(), PROGRESS)
    with open_instance(settings) as instance:
        give_up_early(instance)
        end_dead_runs(instance)
        return all(_run(definitions, instance, *each) for each in wanted)


def _run(definitions: Definitions, instance: DagsterInstance, job: str, first: str, last: str) -> bool:
    STEPS.begin(PREPARING)
    try:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {}}}},
            tags=dict(zip(RANGE_TAGS, (first, last), strict=True)),
            raise_on_error=False,
        )
    finally:
        STEPS.close()
    return result.success
