"""Provisioning: projects as the rules say, and whom nobody can match."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from groups_platform.cli.answers import Rows, show
from groups_platform.cli.common import CSV, JSON, LIMIT, cut_at, database, importing
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.provisioning.plan import ProvisioningPlan

CHANGES = ("kind", "group_id", "group_name", "agent_id", "agent_name", "before", "after")
PEOPLE = ("reason", "group_id", "group_name", "agent_id", "agent_name", "email", "user_id", "user_domain")


@click.command()
@click.option("--plan", "is_plan", is_flag=True, help="Show what would change and what is in the way; change nothing.")
@click.option("--people", "is_people", is_flag=True, help="List who cannot be matched; change nothing.")
@LIMIT
@CSV
@JSON
@click.pass_obj
def provision(settings: Settings, is_plan: bool, is_people: bool, limit: int, as_json: bool) -> None:
    """Make projects and their members as the provisioning rules and the directory say.

    What exceeds a limit of GROUPS_LIMITS is held, and nothing of it is applied until somebody approves the plan. What a
    person did by hand stays. Exits 1 if it is held, or if a project was refused.

    \b
      groups-platform provision --plan
      groups-platform provision --people --csv
      groups-platform provision
    """
    if is_plan and is_people:
        raise click.UsageError("Write --plan or --people, not both.")
    if not (is_plan or is_people):
        sys.exit(0 if provision_now(settings, as_json) else 1)
    with importing():
        from groups_platform.provisioning.plan import plan_provisioning  # noqa: PLC0415
        from groups_platform.terminal import provisioning as terminal  # noqa: PLC0415

    planned = plan_provisioning(database(settings), settings.limits, rows=limit)
    if is_people:
        people = {"counts": planned.unmatched, "people": planned.people}
        listing: Rows[Any] = Rows(PEOPLE, lambda _: planned.people, lambda _: cut_at(limit, planned.people))
        show(people, as_json, lambda _: terminal.show_people(planned), listing)
    else:
        show(planned, as_json, terminal.show_plan, Rows(CHANGES, _changes))


def provision_now(settings: Settings, as_json: bool) -> bool:
    """Provision in this process, show what came of it, and say whether all of it is done."""
    with importing():
        from groups_platform.provisioning import apply  # noqa: PLC0415
        from groups_platform.terminal import provisioning as terminal  # noqa: PLC0415

    result = apply.provision(settings, database(settings))
    refusal = result.refusal
    error = refusal and {"code": refusal.code, "message": str(refusal), "facts": refusal.facts}
    done = {
        "projects": result.projects,
        "refused": result.refused,
        "refusals": result.refusals,
        "plan": result.planned,
    }
    listing: Rows[Any] = Rows(CHANGES, lambda _: _changes(result.planned), lambda _: str(refusal) if refusal else None)
    show(done, as_json, lambda _: terminal.show_result(result), listing, error=error)
    return refusal is None


def _changes(planned: ProvisioningPlan) -> Iterable[dict[str, Any]]:
    for kind, rows in planned.plan.samples.items():
        yield from ({"kind": kind, **row} for row in rows)
