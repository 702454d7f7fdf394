"""D14: whether a staged day is a full snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groups_platform.directory.staging import StagedDay
from groups_platform.directory.statements import read_row
from groups_platform.errors import IncompleteSnapshot
from groups_platform.wording import counted


def count_staged(staged: StagedDay) -> dict[str, Any]:
    """Return how many rows are staged, and whether any agent is known; the keys are those of `count_staged.sql`."""
    return read_row(staged.connection, "count_staged")


def find_incompleteness(staged: StagedDay, counts: Mapping[str, Any]) -> IncompleteSnapshot | None:
    """Return why the staged day is not a full snapshot (D14), or None. counts: from `count_staged`."""
    groups, agents = staged.groups, staged.agents
    reason = None
    if "admin_groups" not in groups.folders:
        reason = "it has no folder admin_groups/"
    elif broken := groups.unreadable + agents.unreadable:
        files = counted(groups.unreadable_files + agents.unreadable_files, "file")
        reason = f"{files} cannot be read: {'; '.join(broken)}"
    elif claims := list(dict.fromkeys(groups.disagreements + agents.disagreements)):
        reason = f"what it says of itself is not so: {'; '.join(claims)}"
    elif counts["groups"] == 0:
        reason = "not one group record in admin_groups/ was accepted"
    elif "agents" in agents.folders and counts["roster_agents"] == 0:
        reason = "it has a folder agents/, but not one agent record in it was accepted"
    elif not counts["is_any_agent_known"]:
        reason = "no agent is known yet, so every group would be inactive: deliver agents/ with the first day"
    if reason is None:
        return None
    has_findings = any((*groups.findings.values(), *agents.findings.values()))
    look = f"; groups-platform findings --day {staged.label} lists what is wrong" if has_findings else ""
    return IncompleteSnapshot(
        f"{staged.label} is not a full snapshot: {reason}. Nothing was applied. "
        f"Deliver sync-{staged.label} again and run it again{look}.",
        sync_day=staged.label,
        reason=reason,
    )
