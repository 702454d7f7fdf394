"""Checks of the raw records: accounting, contract, rejected share, volume. Those of tables: `assets.CHECK_SPECS`."""

from collections.abc import Iterator
from typing import Any, Final

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    multi_asset_check,
)

from groups_platform.directory.contract import find_contract_errors
from groups_platform.directory.day_names import natural_key
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.directory.lake import read_lake
from groups_platform.directory.reports import applied_days
from groups_platform.directory.snapshot import (
    AGENTS,
    GROUPS,
    RecordKind,
    SnapshotCounts,
    count_snapshot,
)
from groups_platform.errors import CheckFailed
from groups_platform.orchestration.directory import metadata as shown
from groups_platform.orchestration.directory.jobs import POOL
from groups_platform.orchestration.directory.refusals import observe, table_of_day, why_facts
from groups_platform.orchestration.directory.resources import Platform, Spark
from groups_platform.orchestration.failures import as_failure

VOLUME_CHANGE: Final = 0.5  # share by which a day may differ from the day before without a warning

ACCOUNTING = "every_record_accounted_for"
CONTRACT = "accepted_records_keep_the_contract"
REJECTED = "few_records_rejected"
VOLUME = "volume_like_the_day_before"

DESCRIPTIONS: Final = {
    ACCOUNTING: "Records found in the files = accepted + rejected records in the lake.",
    CONTRACT: "Records that count keep the pandera contract: types, required values, names not blank.",
    REJECTED: "The share of rejected records is below GROUPS_REJECTED_LIMIT.",
    VOLUME: f"The number of records is within {VOLUME_CHANGE:.0%} of that of the previous applied day.",
}
BLOCKING: Final = {ACCOUNTING, CONTRACT}


def build_record_checks(kind: RecordKind) -> AssetChecksDefinition:
    """Return the checks of one raw dataset, in one step that reads it twice."""
    specs = [
        AssetCheckSpec(name, asset=kind.name, blocking=name in BLOCKING, description=text)
        for name, text in DESCRIPTIONS.items()
    ]

    @multi_asset_check(specs=specs, name=f"check_{kind.name}", pool=POOL)
    def check_records(
        context: AssetCheckExecutionContext, spark: Spark, platform: Platform
    ) -> Iterator[AssetCheckResult]:
        with as_failure(), engine_errors(f"{kind.name} cannot be checked"):
            label = platform.day_of(context.run)
            raw = read_lake(spark.spark_session, platform.settings.lake, kind.dataset, label).rows
            counts = count_snapshot(raw)
            before = _read_the_day_before(platform.database_url, label, kind)
            contract_errors = find_contract_errors(kind.contract, raw.where("counts"))
        results = [
            _accounting(kind, label, counts),
            _contract(kind, label, contract_errors),
            _rejected(kind, label, counts, platform.settings.rejected_limit),
            _volume(kind, label, counts, before),
        ]
        _observe_blocked(context, label, results)
        yield from results

    return check_records


def _observe_blocked(context: AssetCheckExecutionContext, label: str, results: list[AssetCheckResult]) -> None:
    """Say on the day's page of `groups` that a check of the records keeps the day from the tables."""
    for result in results:
        if not result.passed and result.check_name in BLOCKING:
            error = CheckFailed(
                f"Nothing of {label} was applied, because {result.check_name} fails. {result.description}"
            )
            observe(context.op_execution_context, label, table_of_day(context.run), why_facts(error, label))


def _accounting(kind: RecordKind, label: str, counts: SnapshotCounts) -> AssetCheckResult:
    facts = {"read": counts.read, "accepted": counts.accepted, "rejected": counts.rejected}
    said = f"{counts.read:,} records were read; {counts.accepted:,} are accepted and {counts.rejected:,} rejected"
    return _result(kind, ACCOUNTING, counts.read == counts.accepted + counts.rejected, facts, said, label=label)


def _contract(kind: RecordKind, label: str, errors: list[str]) -> AssetCheckResult:
    said = (
        f"{len(errors)} kinds of errors among the records that count" if errors else "Every record that counts keeps it"
    )
    return _result(kind, CONTRACT, not errors, {"errors": errors[:20]}, said, label=label)


def _rejected(kind: RecordKind, label: str, counts: SnapshotCounts, limit: float) -> AssetCheckResult:
    share = counts.rejected / counts.read if counts.read else 0.0
    facts = {"share": share, "limit": limit, "rejected": counts.rejected}
    said = f"{counts.rejected:,} of {counts.read:,} records are rejected ({share:.1%}), allowed are {limit:.1%}"
    return _result(kind, REJECTED, share <= limit, facts, said, label=label)


def _volume(kind: RecordKind, label: str, counts: SnapshotCounts, before: tuple[str, int] | None) -> AssetCheckResult:
    if before is None:
        facts = {"read": counts.read, "day_before": "none"}
        return _result(kind, VOLUME, True, facts, "No day was applied before", label=label)
    day_before, read = before
    is_alike = abs(counts.read - read) <= VOLUME_CHANGE * read
    facts = {"read": counts.read, "day_before": day_before, "read_the_day_before": read}
    allowed = f"{VOLUME_CHANGE:.0%} more or fewer are allowed"
    said = f"{counts.read:,} records were read, and {read:,} on {day_before}; {allowed}"
    return _result(kind, VOLUME, is_alike, facts, said, label=label)


def _read_the_day_before(url: str, label: str, kind: RecordKind) -> tuple[str, int] | None:
    entity = "groups" if kind is GROUPS else "agents"
    earlier = [day for day in applied_days(url) if day["sort_key"] < natural_key(label)]
    return (earlier[-1]["sync_day"], earlier[-1]["counts"][entity]["read"]) if earlier else None


def _result(
    kind: RecordKind, name: str, passed: bool, facts: dict[str, Any], said: str, *, label: str
) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=name,
        asset_key=kind.name,
        passed=passed,
        severity=AssetCheckSeverity.ERROR if name in BLOCKING else AssetCheckSeverity.WARN,
        description=shown.about(label, f"{said}."),
        metadata={"day": label, **facts},
    )


RECORD_CHECKS = [build_record_checks(GROUPS), build_record_checks(AGENTS)]
