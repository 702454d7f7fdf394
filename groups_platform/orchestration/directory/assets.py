"""The assets of the directory: two of raw records, one of memberships (Spark, Parquet), five tables (Postgres)."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    FreshnessPolicy,
    MaterializeResult,
    asset,
    multi_asset,
)

from groups_platform.directory.apply import recompute_flags, verify_day
from groups_platform.directory.attempts import read_applied_fingerprint
from groups_platform.directory.completeness import count_staged, find_incompleteness
from groups_platform.directory.contents import keep_applied
from groups_platform.directory.contract import AcceptedAgent, AcceptedGroup, Membership
from groups_platform.directory.day_result import TableChange
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.directory.lake import lake_path
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.directory.snapshot import (
    AGENTS,
    GROUPS,
    MEMBERSHIPS,
    RecordKind,
    count_snapshot,
    explode_into_lake,
    read_into_lake,
)
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import staged_day
from groups_platform.errors import CheckFailed
from groups_platform.masking import mask_text
from groups_platform.orchestration.directory import metadata as shown
from groups_platform.orchestration.directory.findings_asset import FINDINGS, findings_spec, show_findings
from groups_platform.orchestration.directory.jobs import GROUP, POOL
from groups_platform.orchestration.directory.outcomes import apply_within, outcome_of
from groups_platform.orchestration.directory.partitions import SYNC_DAY
from groups_platform.orchestration.directory.refusals import observe_refusal, refusal_facts, telling_why
from groups_platform.orchestration.directory.resources import Platform, Spark
from groups_platform.orchestration.directory.results import (
    OWN_CHECKS,
    SQL_CHECKS,
    complete,
    evaluated,
    log_outcome,
    materialised,
    read_live_tables,
    refused,
    sql_checks,
)
from groups_platform.orchestration.failures import as_failure
from groups_platform.orchestration.instance import FINGERPRINT_TAG
from groups_platform.orchestration.metadata import table_schema
from groups_platform.settings import Settings

OWNERS = ["team:directory"]
COMMON: dict[str, Any] = {
    "partitions_def": SYNC_DAY,
    "group_name": GROUP,
    "owners": OWNERS,
    "code_version": "1",
}
SPARK_ASSET: dict[str, Any] = {**COMMON, "kinds": {"spark", "parquet"}, "pool": POOL}
TABLE: dict[str, Any] = {**COMMON, "kinds": {"postgres", "table"}}


def expected_freshness() -> FreshnessPolicy | None:
    """P20: a day is expected every GROUPS_EXPECT_EVERY hours, as they are set where the definitions are loaded."""
    name = "GROUPS_EXPECT_EVERY"  # no other setting: what else is wrong fails a run and not the definitions
    hours = Settings.from_env({name: os.environ.get(name, "")}).expect_every
    return FreshnessPolicy.time_window(fail_window=timedelta(hours=hours)) if hours else None


def _materialise_raw(
    context: AssetExecutionContext, spark: Spark, platform: Platform, kind: RecordKind
) -> MaterializeResult[None]:
    label, settings = context.partition_key, platform.settings
    telling = telling_why(context.op_execution_context, label, kind.name)
    with as_failure(), telling, engine_errors(f"{kind.name} of {label} failed"):
        platform.hold_day(label)
        day = list_day(settings.source, label)
        applied = read_applied_fingerprint(platform.database_url, label)
        keep_applied(spark.spark_session, settings.lake, label, applied, day.fingerprint)
        context.log.info(f"reading {sum(len(day.files_under(f)) for f in kind.folders)} files of {mask_text(day.url)}")
        raw = read_into_lake(spark.spark_session, day, kind, settings.lake, settings.file_limit).rows
        counts, preview = count_snapshot(raw), shown.preview_raw(raw, kind.format.id_column)
    outcome_of(context.run.run_id).records[kind.name] = counts
    context.log.info(f"findings: {', '.join(f'{code} {number}' for code, number in counts.findings.items())}")
    return MaterializeResult(
        metadata={
            "dagster/row_count": counts.read,
            "dagster/uri": lake_path(settings.lake, kind.name, label),
            "read": counts.read,
            "accepted": counts.accepted,
            "rejected": counts.rejected,
            "files": counts.files,
            "findings": shown.findings_table(counts.findings),
            "all_findings": shown.findings_link(label, settings.ui_url),
            **shown.count_severities(counts.findings),
            "preview": preview,
            "source": mask_text(day.url),
            "fingerprint": day.fingerprint,
        }
    )


@asset(**SPARK_ASSET, metadata={"dagster/column_schema": shown.column_schema(AcceptedGroup)})
def raw_groups(context: AssetExecutionContext, spark: Spark, platform: Platform) -> MaterializeResult[None]:
    """Every record of the day's `admin_groups/`, accepted or rejected, with its original text and its parsed values.

    A row per folder, file and record (`entry`). A rejected record has its `faults`; `counts` marks the one record per
    group that is loaded into the tables. `raw` is the text exactly as upstream delivered it.
    """
    return _materialise_raw(context, spark, platform, GROUPS)


@asset(**SPARK_ASSET, metadata={"dagster/column_schema": shown.column_schema(AcceptedAgent)})
def raw_agents(context: AssetExecutionContext, spark: Spark, platform: Platform) -> MaterializeResult[None]:
    """Every record of `agents/` (the day's roster) and `agent_details/`, in the form of `raw_groups`."""
    return _materialise_raw(context, spark, platform, AGENTS)


@asset(
    **SPARK_ASSET,
    deps=[raw_groups],
    metadata={"dagster/column_schema": shown.column_schema(Membership)},
)
def exploded_memberships(context: AssetExecutionContext, spark: Spark, platform: Platform) -> MaterializeResult[None]:
    """One row per member of each accepted group, from `agent_ids`. The agents need not be known yet."""
    label, lake = context.partition_key, platform.settings.lake
    telling = telling_why(context.op_execution_context, label, MEMBERSHIPS.name)
    with as_failure(), telling, engine_errors(f"exploded_memberships of {label} failed"):
        platform.hold_day(label)
        memberships = explode_into_lake(spark.spark_session, label, lake).rows
        row_count, preview = memberships.count(), shown.preview(memberships)
    return MaterializeResult(
        metadata={
            "dagster/row_count": row_count,
            "dagster/uri": lake_path(lake, MEMBERSHIPS.name, label),
            "preview": preview,
        }
    )


TABLE_SPECS = [
    AssetSpec(
        "agents",
        deps=[raw_agents],
        description=(
            "The table `agents`: every agent that upstream ever delivered, and whether it is active. An agent is "
            "active if, and only if, the newest roster has it and does not deactivate it."
        ),
        metadata={
            "dagster/table_name": "directory.agents",
            "dagster/column_schema": shown.stored_schema(
                AcceptedAgent, active="BOOLEAN not null: Whether the newest roster has it and does not deactivate it."
            ),
        },
        **TABLE,
    ),
    AssetSpec(
        "groups",
        deps=[raw_groups],
        description=(
            "The table `groups`: each group as its last accepted record describes it. A rejected or missing record "
            "does not change the row. Why a day was held or failed is among the events, and on its page of `findings`."
        ),
        metadata={
            "dagster/table_name": "directory.groups",
            "dagster/column_schema": shown.stored_schema(
                AcceptedGroup,
                inactive="BOOLEAN not null: Whether nobody in it or below it is active; see group_inactivity.",
            ),
        },
        freshness_policy=expected_freshness(),
        **TABLE,
    ),
    AssetSpec(
        "group_membership",
        deps=["groups", "agents", exploded_memberships],
        description=(
            "The table `group_membership`: which known agents are members of which groups. An accepted group has "
            "exactly the members of its record; those that are not known agents are in `pending_membership`."
        ),
        metadata={
            "dagster/table_name": "directory.group_membership",
            "dagster/column_schema": shown.stored_schema(
                Membership, agent_id="BIGINT not null: A member, who is a row of agents."
            ),
        },
        **TABLE,
    ),
    AssetSpec(
        "group_inactivity",
        deps=["groups", "group_membership", "agents"],
        description=(
            "The column `groups.inactive`: true if, and only if, no active agent is a member of the group or of any "
            "group below it, at any depth. Materialise this asset alone to recompute the flags from the current tables."
        ),
        metadata={
            "dagster/table_name": "directory.groups",
            "dagster/column_schema": table_schema(
                group_id="BIGINT not null: Upstream's id.",
                inactive="BOOLEAN not null: Whether no active agent is in it or in any group below it.",
            ),
        },
        **TABLE,
    ),
]
FLAGS = AssetKey("group_inactivity")
ALL_SPECS = [*TABLE_SPECS, findings_spec(**TABLE)]
CHECK_SPECS = [*OWN_CHECKS, *SQL_CHECKS]


@multi_asset(name="directory_tables", specs=ALL_SPECS, check_specs=CHECK_SPECS, can_subset=True, pool=POOL)
def directory_tables(context: AssetExecutionContext, spark: Spark, platform: Platform) -> Iterator[Any]:
    """Apply the day in one transaction, checked before it commits; flags, findings or checks can be selected alone.

    The findings are stored, and materialised, also where the day is refused.
    """
    selected, run_id = context.op_execution_context.selected_asset_keys, context.run.run_id
    if selected == {FLAGS}:
        with as_failure():
            change = recompute_flags(platform.database_url)
            yield materialised(FLAGS, change, read_live_tables(platform.settings, platform.database_url))
        return
    if selected == {FINDINGS}:
        with as_failure():
            yield show_findings(platform.database_url, context.partition_key)
        return
    with as_failure():
        label, protection = platform.day_of(context.run), platform.protection
        with telling_why(context.op_execution_context, label, "groups") if selected else nullcontext():
            platform.hold_day(label)
            with staged_day(spark.spark_session, platform.settings.lake, label, platform.database_url) as staged:
                if not selected:
                    yield complete(label, find_incompleteness(staged, count_staged(staged)))
                    yield from sql_checks(label, verify_day(staged))
                    return
                result = apply_within(run_id, lambda: apply_delivery(staged, run_id, protection))
                fingerprint = staged.fingerprint
    with as_failure():  # the day is committed or refused: later errors fail the run only
        tables_selected = [spec.key for spec in TABLE_SPECS if spec.key in selected]
        if FINDINGS in selected and not isinstance(result.refusal, CheckFailed):  # which keeps those from before
            yield show_findings(platform.database_url, label, refusal_facts(result))
        if result.refusal:
            observe_refusal(context.op_execution_context, result, tables_selected)
            yield from refused(result)
            raise result.refusal
        context.instance.add_run_tags(run_id, {FINGERPRINT_TAG: fingerprint})
        log_outcome(context.log, result)
        tables = read_live_tables(platform.settings, platform.database_url, result)
        for key in tables_selected:
            change = result.changes.get(key.to_user_string(), TableChange())
            yield materialised(key, change, tables, result)
        yield from evaluated(result)
