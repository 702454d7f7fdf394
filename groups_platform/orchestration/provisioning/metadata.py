"""What provisioning shows in the UI: its plan, what is in the way, whom nobody can match, and its checks."""

from __future__ import annotations

from typing import Any, Final

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec

from groups_platform.orchestration.metadata import rows_table
from groups_platform.provisioning.checks import SHOWN
from groups_platform.provisioning.plan import BLOCKERS, UNMATCHED, ProvisioningPlan

ASSET: Final = "provisioned_projects"
EQUAL: Final = "linked_projects_equal_their_rules"
IS_EQUAL: Final = (
    "Every project of a directory group is as its rule says: name, policy, limits, members; nothing blocks."
)
ACTIVE: Final = "nobody_inactive_is_a_member"
IS_ACTIVE: Final = (
    "No member of a live linked project is an inactive agent. Members added by hand stay until somebody ends them."
)
CHECK_SPECS: Final = [
    AssetCheckSpec(EQUAL, asset=ASSET, description=IS_EQUAL),
    AssetCheckSpec(ACTIVE, asset=ASSET, description=IS_ACTIVE),
]


def plan_facts(planned: ProvisioningPlan) -> dict[str, Any]:
    """The plan as tables."""
    counts = [{"change": kind, "rows": number} for kind, number in planned.plan.counts.items() if number]
    blocked = [{"what": BLOCKERS[reason], "groups": number} for reason, number in planned.blocked.items()]
    unmatched = [{"what": UNMATCHED[reason], "people": number} for reason, number in planned.unmatched.items()]
    return {
        "plan": planned.plan.id,
        "changes": rows_table(counts),
        "limits": rows_table([excess.to_json() for excess in planned.excesses]),
        "blocked": rows_table(blocked),
        "blocked_groups": rows_table(_texts(planned.blockers)),
        "unmatched": rows_table(unmatched),
        "unmatched_people": rows_table(_texts(planned.people)),
        **{f"sample_{kind}": rows_table(rows) for kind, rows in planned.plan.samples.items()},
    }


def equal_check(remaining: ProvisioningPlan, *, is_applied: bool) -> AssetCheckResult:
    """Whether nothing is left to do; only a warning where nothing was to be applied."""
    return AssetCheckResult(
        check_name=EQUAL,
        asset_key=ASSET,
        passed=remaining.plan.is_empty and not remaining.blocked,
        severity=AssetCheckSeverity.ERROR if is_applied else AssetCheckSeverity.WARN,
        description=IS_EQUAL,
        metadata=plan_facts(remaining),
    )


def active_check(members: list[dict[str, Any]], *, is_applied: bool) -> AssetCheckResult:
    """Whether nobody inactive is a member; an error only for members that provisioning should have removed."""
    provisioned = members[0]["provisioned"] if members else 0
    shown = [{name: row[name] for name in ("project", "email", "agent_id", "is_by_hand")} for row in members[:SHOWN]]
    return AssetCheckResult(
        check_name=ACTIVE,
        asset_key=ASSET,
        passed=not members,
        severity=AssetCheckSeverity.ERROR if is_applied and provisioned else AssetCheckSeverity.WARN,
        description=IS_ACTIVE,
        metadata={
            "inactive_members": members[0]["members"] if members else 0,
            "of_those_provisioned": provisioned,
            "members": rows_table(shown),
        },
    )


def _texts(rows: Any) -> list[dict[str, Any]]:
    return [{name: str(value) if value is not None else "" for name, value in row.items()} for row in rows[:SHOWN]]
