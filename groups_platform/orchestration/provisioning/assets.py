"""The asset `provisioned_projects`: after each applied day, the projects of the provisioning rules (M6)."""

from collections.abc import Iterator
from typing import Any, Final

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    AutomationCondition,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
    MaterializeResult,
    asset,
)

from groups_platform.orchestration.directory.resources import Platform
from groups_platform.orchestration.failures import as_failure
from groups_platform.orchestration.provisioning.metadata import (
    ASSET,
    CHECK_SPECS,
    active_check,
    equal_check,
    plan_facts,
)
from groups_platform.provisioning.apply import provision
from groups_platform.provisioning.checks import find_inactive_members, remaining
from groups_platform.provisioning.plan import plan_provisioning
from groups_platform.settings import Provisioning, Settings

GROUP: Final = "provisioning"
POOL: Final = "provisioning"
OFF: Final = "GROUPS_PROVISIONING is off: nothing was planned. Set it to plan, or to apply."

# Not «any_deps_missing», as eager() has it: a day that is held has no tables, and the others go on. Not
# «any_deps_updated» and «since_last_handled»: they carry no times, so that a day is forgotten that is applied between
# the request for the day before and the end of its run. These two do, and the later one counts.
AFTER_EACH_DAY = (
    AutomationCondition.any_deps_match(AutomationCondition.newly_updated()).since(AutomationCondition.newly_requested())
    & ~AutomationCondition.any_deps_in_progress()
    & ~AutomationCondition.in_progress()
).with_label("after each applied day")


@asset(
    name=ASSET,
    deps=["group_inactivity", "agents"],
    group_name=GROUP,
    owners=["team:group-service"],
    kinds={"postgres", "table"},
    code_version="1",
    pool=POOL,
    automation_condition=AFTER_EACH_DAY,
    check_specs=CHECK_SPECS,
    metadata={"dagster/table_name": "manager.groups"},
)
def provisioned_projects(context: AssetExecutionContext, platform: Platform) -> Iterator[Any]:
    """The projects of the provisioning rules, and their members, as the directory has them after the newest day.

    GROUPS_PROVISIONING says what a run does: `off` does nothing, `plan` shows what would change, `apply` changes it by
    audited actions of the group service. It belongs to no day: a run compares with the directory as it is now.
    """
    with as_failure():
        settings, url, run_id = platform.settings, platform.database_url, context.run.run_id
        is_applied = settings.provisioning is Provisioning.APPLY
        facts: dict[str, Any] = {"mode": settings.provisioning.value}
        refusal = None
        if settings.provisioning is Provisioning.OFF:
            facts["what"] = OFF
        elif is_applied:
            result = provision(settings, url, run_id=run_id, progress=lambda done: context.log.info(f"{done} projects"))
            refusal = result.refusal
            facts |= {"projects": result.projects, "refused": str(dict(result.refused)), **plan_facts(result.planned)}
        else:
            facts |= plan_facts(plan_provisioning(url, settings.limits, run_id=run_id))
        yield MaterializeResult(
            metadata=facts,
            check_results=[
                equal_check(remaining(url), is_applied=is_applied),
                active_check(find_inactive_members(url), is_applied=is_applied),
            ],
        )
        if refusal:
            raise refusal


def build_automation(settings: Settings) -> AutomationConditionSensorDefinition:
    """What runs the asset after each applied day; it runs by default unless provisioning is off."""
    is_off = settings.provisioning is Provisioning.OFF
    return AutomationConditionSensorDefinition(
        "provisioning_after_each_day",
        target=AssetSelection.assets(ASSET),
        default_status=DefaultSensorStatus.STOPPED if is_off else DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Runs provisioned_projects after each applied day, unless GROUPS_PROVISIONING is off.",
    )
