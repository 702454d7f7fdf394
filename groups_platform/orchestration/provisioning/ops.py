"""What people start from the Launchpad: the plan of provisioning, and provisioning itself."""

from dagster import OpExecutionContext, op

from groups_platform.orchestration.directory.ops import NOTHING, job_of
from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.failures import as_failure
from groups_platform.orchestration.provisioning import metadata as shown
from groups_platform.orchestration.provisioning.assets import POOL
from groups_platform.provisioning import apply, plan


@op(out=NOTHING)
def plan_provisioning(context: OpExecutionContext, platform: Platform) -> None:
    """Show what provisioning would change, which limits that exceeds and what is in the way; change nothing."""
    with as_failure():
        planned = plan.plan_provisioning(platform.database_url, platform.settings.limits, run_id=context.run_id)
    context.add_output_metadata(shown.plan_facts(planned))


@op(out=NOTHING, pool=POOL)
def provision(context: OpExecutionContext, platform: Platform) -> None:
    """Make projects and their members as the provisioning rules and the directory say, whatever GROUPS_PROVISIONING is.

    What exceeds a limit is held: decide_day approves it, with `provisioning` for the day; then start this job again.
    """
    with as_failure():
        result = apply.provision(
            platform.settings,
            platform.database_url,
            run_id=context.run_id,
            progress=lambda done: context.log.info(f"{done} projects"),
        ).or_raise()
    context.add_output_metadata({"projects": result.projects, **shown.plan_facts(result.planned)})


PROVISIONING_JOBS = [job_of(action) for action in (plan_provisioning, provision)]
