"""Shows plans of provisioning, what came of them, and whom nobody can match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table

from groups_platform.provisioning.apply import ProvisioningResult
from groups_platform.provisioning.plan import BLOCKERS, LABEL, UNMATCHED, ProvisioningPlan
from groups_platform.terminal import console, errors, escape, uncut
from groups_platform.terminal.days import show_excesses
from groups_platform.wording import counted

SHOWN_ROWS: Final = 3  # of a kind of change


def show_plan(planned: ProvisioningPlan) -> None:
    """What would change, what is in the way, and what to do next."""
    _show_changes(planned)
    _show_blockers(planned)
    _hint_people(planned)
    show_excesses(planned.excesses)
    if planned.excesses:
        console.print(
            f"It would be held. groups-platform approve {LABEL} --plan {planned.plan.id} --reason TEXT applies it."
        )
    elif not planned.plan.is_empty:
        console.print("It is within all limits: groups-platform provision applies it.")


def show_result(result: ProvisioningResult) -> None:
    """What was done, and what was not."""
    _show_changes(result.planned)
    _show_blockers(result.planned)
    _hint_people(result.planned)
    show_outcome(result)


def show_outcome(result: ProvisioningResult) -> None:
    """Why it was refused, or how many projects are done."""
    if result.refusal:
        show_excesses(result.planned.excesses)
        for sentence in result.refusals:
            errors.print(f"[red]{escape(sentence)}[/]")
        errors.print(f"[bold red]{escape(str(result.refusal))}[/]")
    elif result.projects:
        console.print(f"[green]{counted(result.projects, 'project')} provisioned.[/]")


def show_people(planned: ProvisioningPlan) -> None:
    """A line per person and directory group."""
    if not planned.people:
        console.print("Every agent of the rules' groups is one user.")
        return
    table = Table(*uncut("why", "group", "agent"), "name", "e-mail")
    for row in planned.people:
        names = (escape(row["agent_name"] or ""), escape(row["email"] or ""))
        agent = "" if row["agent_id"] is None else str(row["agent_id"])
        table.add_row(row["reason"].replace("_", " "), str(row["group_id"]), agent, *names)
    console.print(table)
    for reason, number in planned.unmatched.items():
        console.print(f"{reason.replace('_', ' ')}: {number:,}, where {UNMATCHED[reason]}.")


def _show_changes(planned: ProvisioningPlan) -> None:
    plan = planned.plan
    if plan.is_empty:
        console.print("Every project is as its rule says. groups-platform rule list shows the rules.")
        return
    table = Table(*uncut("change"), "rows", "such as", title=f"Plan {plan.id} of provisioning", title_justify="left")
    table.columns[1].justify = "right"
    for kind, number in plan.counts.items():
        if number:
            some = ", ".join(map(_sample, plan.samples.get(kind, [])[:SHOWN_ROWS]))
            table.add_row(kind.replace("_", " "), f"{number:,}", escape(some))
    console.print(table)


def _show_blockers(planned: ProvisioningPlan) -> None:
    for reason, number in planned.blocked.items():
        some = [row for row in planned.blockers if row["reason"] == reason][:SHOWN_ROWS]
        groups = ", ".join(f"{row['group_id']} ({row['group_name']})" for row in some)
        console.print(f"[yellow]{counted(number, 'group')} blocked:[/] {BLOCKERS[reason]}: {escape(groups)}")


def _hint_people(planned: ProvisioningPlan) -> None:
    if people := sum(planned.unmatched.values()):
        console.print(f"{counted(people, 'person', 'people')} cannot be matched: groups-platform provision --people")


def _sample(row: Mapping[str, Any]) -> str:
    if row["before"] is not None and row["after"] is not None:
        return f"{row['before']} → {row['after']}"
    what = row["after"] or row["before"] or row["group_name"]
    is_member = row["agent_id"] is not None or "@" in str(what)
    return f"{what} in {row['group_name']}" if is_member else str(what)
