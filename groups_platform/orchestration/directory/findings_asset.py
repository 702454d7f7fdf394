"""The asset `findings`: what a person should know about a day's records and edges, as the table of that name has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dagster import AssetKey, AssetSpec, MaterializeResult

from groups_platform.directory import reports
from groups_platform.directory.findings import FindingCode
from groups_platform.orchestration.directory import metadata as shown
from groups_platform.orchestration.metadata import rows_table, table_schema

FINDINGS: Final = AssetKey("findings")
SHOWN_FINDINGS: Final = 20  # of each code
LONGEST_TEXT: Final = 200

DESCRIPTION: Final = (
    "The table `findings`: what is wrong with a day's records and edges, also of a day that was held or was no full "
    "snapshot. Each has a code, the place in its file, the group and the agent, a reason, and the text as upstream "
    "delivered it. The page shows the first of each code, and each code alone. Materialise this asset alone to look "
    "again."
)
COLUMNS: Final = {
    "sync_day": "TEXT not null: The day that it was found on.",
    "code": "TEXT not null: What is wrong; the page of the day says what each code means.",
    "severity": "TEXT not null: An error is not loaded, a warning is loaded and should be looked at.",
    "file": "TEXT: The file below the day's folder; null where the tables say it.",
    "position": "BIGINT: The record's place in its file, counted from 0; null for a whole file.",
    "group_id": "BIGINT: The group that it is about.",
    "agent_id": "BIGINT: The agent that it is about.",
    "detail": "TEXT: The reason, in words.",
    "raw": "TEXT: The record exactly as upstream delivered it.",
}


def findings_spec(**common: Any) -> AssetSpec:
    """The asset. It depends on what was read alone, since a refused day has findings and no tables.

    common: what all tables have.
    """
    return AssetSpec(
        FINDINGS,
        deps=["raw_groups", "raw_agents", "exploded_memberships"],
        description=DESCRIPTION,
        metadata={"dagster/table_name": "directory.findings", "dagster/column_schema": table_schema(**COLUMNS)},
        **common,
    )


def show_findings(url: str, label: str, refused: Mapping[str, Any] | None = None) -> MaterializeResult[None]:
    """The findings that are stored of the day. refused: why it was not applied, which comes first."""
    counts = reports.count_findings(url, label)
    found = {code.value: counts[code] for code in FindingCode if counts[code]}
    rows = reports.show_findings(url, label, list(found), SHOWN_FINDINGS)
    by_code = {code: [_row(row) for row in rows if row["code"] == code] for code in found}
    return MaterializeResult(
        asset_key=FINDINGS,
        metadata={
            **(refused or {}),
            "day": label,
            **shown.count_severities(counts),
            "dagster/row_count": sum(counts.values()),
            "by_code": shown.findings_table(found),
            "first_of_each_code": rows_table([{"code": _code(row), **_row(row)} for row in rows], LONGEST_TEXT),
            **{code: rows_table(of_code, LONGEST_TEXT) for code, of_code in by_code.items()},
            **(
                {"all_of_them": f"groups-platform findings --day {label} --limit {sum(found.values())}"}
                if found
                else {}
            ),
        },
    )


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One finding, in few columns: a table that is wider than the page hides the rest of it."""
    place = ", the whole file" if row["is_whole_file"] else f", record {row['position']}"
    return {
        "place": f"{row['file']}{place}" if row["file"] else "in the tables",
        "group": _named(row["group_id"], row["group_name"]),
        "agent": _named(row["agent_id"], row["agent_name"]),
        "detail": row["detail"],
        "raw": row["raw"],
    }


def _code(row: Mapping[str, Any]) -> str:
    return f"{row['code']}, which blocks the day" if row["is_whole_file"] else str(row["code"])


def _named(number: int | None, name: str | None) -> str:
    if number is None:
        return ""
    return f"{name} ({number})" if name else f"{number}, not in the tables"
