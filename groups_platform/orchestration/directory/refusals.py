"""Why a day failed or is held, in the history of its partition: an observation, since nothing was materialised.

Where a partition was never materialised, Dagster shows no event on its page, but those behind `View all historical
events`. So the findings of a refused day, which are materialised, begin with the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from dagster import AssetKey, AssetObservation, DagsterEvent, DagsterRun, MetadataValue, OpExecutionContext

from groups_platform.directory.day_result import DayResult
from groups_platform.directory.difference import difference_of_plan
from groups_platform.errors import DatabaseUnavailable, PlatformError
from groups_platform.orchestration.directory import metadata as shown
from groups_platform.orchestration.instance import PARTITION_TAG
from groups_platform.orchestration.metadata import rows_table

TABLE_OF_DAY: Final = AssetKey("groups")  # where people look first
STATES: Final = {"day_held": "held", "day_rejected": "rejected"}
OTHERWISE: Final = "Do what the sentence says, then re-execute the run, or `groups-platform sync --day {day}`."
WHAT_TO_DO: Final = {
    "day_held": (
        "`groups-platform plan --day {day}` shows all of it. Then decide:\n\n"
        "- `groups-platform approve {day} --plan {plan} --reason TEXT` applies it;\n"
        "- `groups-platform reject {day} --reason TEXT` lets later days go on without it.\n\n"
        "The job `decide_day` in the Launchpad does the same."
    ),
    "day_rejected": (
        "Nothing, if it was rejected rightly. Otherwise deliver other content, or look at "
        "`groups-platform plan --day {day}` and approve that plan."
    ),
    "incomplete_snapshot": (
        "Deliver `sync-{day}` again; the sensor runs it by itself. `groups-platform findings --day {day}`, or the "
        "asset `findings`, lists what is wrong with it."
    ),
    "check_failed": (
        "The tables are as they were before. `groups-platform checks` says which promises they keep; when the rows "
        "that break one are mended, run `groups-platform sync --day {day}`."
    ),
}


@contextmanager
def telling_why(context: OpExecutionContext, label: str, asset: str) -> Iterator[None]:
    """Observe an error of the block on the day's page of this asset and, if the run is to fill it, of `groups`."""
    try:
        yield
    except DatabaseUnavailable:  # then nothing can be told there
        raise
    except PlatformError as error:
        observe(context, label, [AssetKey(asset), *table_of_day(context.run)], why_facts(error, label))
        raise


def observe(context: OpExecutionContext, label: str, keys: Iterable[AssetKey], facts: Mapping[str, Any]) -> None:
    """Show the facts in the day's history of each asset, each once. It marks no partition as materialised.

    They are stored at once: what a context logs is stored with the next thing that the step yields, and lost if the
    step fails before.
    """
    for key in dict.fromkeys(keys):
        observation = AssetObservation(key, partition=label, description=str(facts["why"]), metadata=facts)
        DagsterEvent.asset_observation(context.get_step_execution_context(), observation)


def observe_refusal(context: OpExecutionContext, result: DayResult, keys: Iterable[AssetKey]) -> None:
    """Show why the day was refused: on `groups` with limits and samples, on the other tables the sentence."""
    facts = refusal_facts(result)
    short: dict[str, Any] = {
        name: facts[name] for name in ("state", "why", "what_to_do", "day", "code") if name in facts
    }
    for key in keys if facts else ():
        observe(context, result.label, [key], facts if key == TABLE_OF_DAY else short)


def refusal_facts(result: DayResult) -> dict[str, Any]:
    """Why the day was refused and what to do; the limits that it exceeds, and what it would change. Or nothing."""
    return {**why_facts(result.refusal, result.label), **_measured(result)} if result.refusal else {}


def why_facts(error: PlatformError, label: str) -> dict[str, Any]:
    """State, sentence and what to do."""
    advice = WHAT_TO_DO.get(error.code, OTHERWISE).format(day=label, plan=error.facts.get("plan_id", ""))
    return {
        "state": STATES.get(error.code, "failed"),
        "why": str(error),
        "what_to_do": MetadataValue.md(advice),
        "day": label,
        "code": error.code,
    }


def _measured(result: DayResult) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if result.excesses:
        facts["limits"] = rows_table([excess.to_json() for excess in result.excesses])
    if result.plan:
        facts |= {"plan": result.plan.id, "would_change": shown.counts_table(result.plan.counts)}
        changes = difference_of_plan(result.label, result.plan.counts, result.plan.samples)
        facts |= {"such_as": shown.changes_table(changes)}
    failed = {check.name: rows_table(check.sample) for check in result.checks if check.is_blocking and not check.passed}
    return facts | {f"rows_that_break_{name}": sample for name, sample in failed.items()}


def table_of_day(run: DagsterRun) -> list[AssetKey]:
    """`groups`, if the run is to fill it for one day."""
    is_selected = not run.asset_selection or TABLE_OF_DAY in run.asset_selection  # none: every asset of the job
    return [TABLE_OF_DAY] if is_selected and PARTITION_TAG in run.tags else []
