"""What people start from the Launchpad beside a sync: the plan of a day, a decision about it, a replay."""

from enum import Enum

from dagster import (
    Config,
    GraphDefinition,
    JobDefinition,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    Out,
    in_process_executor,
    op,
)
from pydantic import Field

from groups_platform.directory import dry_run, replay
from groups_platform.directory.decisions import Verdict, decide, find_content
from groups_platform.directory.difference import difference_of_plan
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.directory.plan import SAMPLE_ROWS
from groups_platform.orchestration.directory import metadata as shown
from groups_platform.orchestration.directory.jobs import POOL
from groups_platform.orchestration.directory.outcomes import outcome_of
from groups_platform.orchestration.directory.resources import Platform, Spark
from groups_platform.orchestration.failures import as_failure
from groups_platform.orchestration.metadata import rows_table
from groups_platform.provisioning.plan import LABEL as PROVISIONING
from groups_platform.provisioning.plan import LOOK

NOTHING = {"out": Out(Nothing, description="Nothing but metadata: what came of it.")}


class DayConfig(Config):
    """Which day it is about."""

    day: str = Field(description="The sync day, such as day3.")


class DecisionKind(Enum):
    """What somebody decides; see Verdict."""

    approve = "approve"
    reject = "reject"
    skip = "skip"


class DecisionConfig(DayConfig):
    """A decision about a day, or about `replay` or `provisioning`, which are held as days are."""

    decision: DecisionKind = Field(description="approve applies the plan; reject and skip let later days go on.")
    plan: str | None = Field(default=None, description="The id of the held plan, which an approval is bound to.")
    decided_by: str = Field(min_length=1, description="Who decides.")
    reason: str = Field(min_length=1, description="Why; it is kept for ever.")


class ReplayConfig(Config):
    """What is folded anew."""

    from_day: str | None = Field(
        default=None,
        description="Fold this day and the later ones only, over what the histories say of the days before.",
    )


@op(out=NOTHING, pool=POOL)
def plan_day(context: OpExecutionContext, config: DayConfig, spark: Spark, platform: Platform) -> None:
    """Show what a day would change and which limits it exceeds; nothing of it is applied."""
    with as_failure(), engine_errors(f"the plan of {config.day} failed"):
        platform.hold_day(config.day)
        result = dry_run.plan_day(
            spark.spark_session, platform.settings, platform.database_url, config.day, platform.protection
        )
    outcome_of(context.run_id).day = result
    if result.plan is None:
        context.add_output_metadata({"left_alone": f"{config.day} is older than {result.newest_day}"})
        return
    difference = difference_of_plan(config.day, result.plan.counts, result.plan.samples)
    samples = {f"sample_{kind}": shown.changes_table(difference, [kind], SAMPLE_ROWS) for kind in difference.counts}
    context.add_output_metadata(
        {
            "plan": result.plan.id,
            "changes": shown.counts_table(result.plan.counts),
            "limits": rows_table([excess.to_json() for excess in result.excesses]),
            **samples,
        }
    )


@op(out=NOTHING)
def decide_day(context: OpExecutionContext, config: DecisionConfig, platform: Platform) -> None:
    """Approve, reject or skip a day. What was approved is run by the sensor, or by sync_day.

    What was approved for `provisioning` is applied by the job `provision`, or by the next run of provisioned_projects.
    """
    url = platform.database_url
    with as_failure():
        is_no_day = config.day in (replay.LABEL, PROVISIONING)
        decision = decide(
            url,
            config.day,
            Verdict(config.decision.value),
            fingerprint="" if is_no_day else find_content(url, platform.settings.source, config.day),
            decided_by=config.decided_by,
            reason=config.reason,
            plan_id=config.plan,
            look=LOOK if config.day == PROVISIONING else None,
        )
    context.add_output_metadata({"decision": decision.decision_id, "decided_at": str(decision.decided_at)})


@op(out=NOTHING, pool=POOL)
def replay_days(context: OpExecutionContext, config: ReplayConfig, spark: Spark, platform: Platform) -> None:
    """Fold every applied and every late day anew, and make the tables, histories and findings equal to that.

    A late or corrected day comes in where it belongs; what was rejected since goes out. Held over a limit, as a day is.
    """
    settings, run_id = platform.settings, context.run_id
    with as_failure(), engine_errors("the replay failed"):
        result = replay.replay_days(
            spark.spark_session,
            settings.lake,
            platform.database_url,
            platform.protection,
            from_day=config.from_day,
            run_id=run_id,
            progress=lambda label: context.log.info(f"folding {label}"),
        )
        outcome_of(run_id).replay = result
        if result.refusal:
            raise result.refusal
    context.add_output_metadata(
        {
            "days": ", ".join(result.days),
            "rows_written": result.rows_written,
            "left_out": rows_table([{"day": day, "why": why} for day, why in result.left_out.items()]),
            "plan": result.plan.id,
            "changes": shown.counts_table(result.plan.counts),
        }
    )


def job_of(action: OpDefinition) -> JobDefinition:
    """A job of the op's name, which runs in one process."""
    graph = GraphDefinition(f"{action.name}_graph", node_defs=[action])
    return graph.to_job(name=action.name, description=action.description, executor_def=in_process_executor)


DIRECTORY_JOBS = [job_of(action) for action in (plan_day, decide_day, replay_days)]
