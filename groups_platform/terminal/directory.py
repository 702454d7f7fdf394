"""Terminal output of the directory: runs, checks, findings, the tree, reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from groups_platform.directory.findings import FindingCode
from groups_platform.terminal import (
    Readable,
    console,
    errors,
    escape,
    harmless,
    narrow_table,
    show_branches,
    show_facts,
    show_table,
    uncut,
)
from groups_platform.terminal.days import show_excesses
from groups_platform.wording import counted

if TYPE_CHECKING:
    from groups_platform.directory.agents import Agent
    from groups_platform.directory.hierarchy import GroupTree, Reason
    from groups_platform.running.runs import RunSummary

BLOCKING = {FindingCode.INVALID_JSON}  # of a whole file (D2, D14)
MOST_STEPS = 20  # shown of a path, since each is indented further
MOST_EVENTS = 12  # of an agent's history


def show_summaries(summaries: Sequence[RunSummary]) -> None:
    """Show rows read and written per day, findings per code, and the outcome of each day."""
    done = [summary for summary in summaries if summary.succeeded or summary.is_applied]
    if done:
        _show_done(done)
    for summary in summaries:
        show_outcome(summary)


def _show_done(summaries: Sequence[RunSummary]) -> None:
    days = Table("", *(summary.sync_day for summary in summaries), title="Sync", title_justify="left")
    for kind in ("groups", "agents"):
        for name in ("read", "accepted", "rejected"):
            days.add_row(f"{kind} {name}", *(_number(s.records.get(kind, {}).get(name)) for s in summaries))
    days.add_section()
    for table in ("agents", "groups", "group_membership"):
        for name in ("inserted", "updated", "deleted", "unchanged"):
            if name != "deleted" or table == "group_membership":
                days.add_row(f"{table} {name}", *(_number(s.changes.get(table, {}).get(name)) for s in summaries))
    days.add_row("flags changed", *(_number(s.changes.get("group_inactivity", {}).get("updated")) for s in summaries))
    days.add_section()
    days.add_row("groups inactive", *(_share(s.totals, "inactive_groups", "groups") for s in summaries))
    days.add_row("agents active", *(_share(s.totals, "active_agents", "agents") for s in summaries))
    days.add_row("seconds", *(f"{s.seconds:.1f}" for s in summaries))
    for column in days.columns[1:]:
        column.justify = "right"
    console.print(days)

    findings = Table("findings", "severity", *(s.sync_day for s in summaries))
    for code in FindingCode:
        if any(s.findings.get(code) for s in summaries):
            findings.add_row(code.value, code.severity, *(_number(s.findings.get(code)) for s in summaries))
    for column in findings.columns[2:]:
        column.justify = "right"
    if findings.rows:
        console.print(findings)


def show_outcome(summary: RunSummary) -> None:
    """Show the outcome of the run in one sentence."""
    day = escape(summary.sync_day)
    if not summary.succeeded and summary.is_applied is not False:
        errors.print(f"[bold yellow]{day}:[/] {escape(summary.message)}")
    elif not summary.succeeded:
        errors.print(f"[bold red]{day} failed.[/] {escape(summary.message)}")
        show_excesses(summary.excesses)
        if found := said(summary.findings):
            errors.print(f"Found in {day}: {found}.")
    elif summary.left_alone:
        console.print(f"[yellow]{day} left the tables alone: it is {escape(summary.left_alone)}.[/]")
    elif summary.rows_written == 0:
        console.print(f"{day}: nothing has changed, zero rows written.")
    else:
        console.print(f"[green]{day} applied:[/] {counted(summary.rows_written, 'row')} written.")


def show_checks(summary: RunSummary) -> None:
    """Show a line per check, failed ones last, and their number."""
    if not summary.checks:
        errors.print(f"[bold red]No check of {escape(summary.sync_day)} ran.[/] {escape(summary.message)}")
        return
    table = narrow_table(*uncut("check", "result"), Readable("what it found", least=30), "asset")
    for check in sorted(summary.checks, key=lambda check: (not check.passed, check.asset, check.name)):
        result = "[green]passed[/]" if check.passed else "[red]FAILED[/]" if check.is_error else "[yellow]warns[/]"
        table.add_row(check.name, result, escape(check.description), check.asset)
    show_table(table)
    failed = [check.is_error for check in summary.checks if not check.passed]
    warned = len(failed) - sum(failed)
    told = (
        f"{counted(len(summary.checks), 'check')}, {sum(failed)} failed, {warned} {'warns' if warned == 1 else 'warn'}."
    )
    console.print(f"{escape(summary.sync_day)}: {told}")


def show_findings(
    label: str, rows: Sequence[Mapping[str, Any]], counts: Mapping[str, int], refusal: str = "", instead: str = ""
) -> None:
    """Show the findings, first those of files that kept the day from being applied, and the number per code.

    refusal: why the day was not applied. instead: where else to look.
    """
    where, detail = Readable("where", least=24), Readable("detail", least=30)
    table = narrow_table(*uncut("code", "severity"), where, "group or agent", detail)
    for row in rows:
        place = f"{row['file']} #{row['position']}" if row["position"] is not None else row["file"] or ""
        severity = (
            "[bold red]blocks the day[/]" if row["code"] in BLOCKING and not _is_of_record(row) else row["severity"]
        )
        table.add_row(row["code"], severity, escape(place), escape(_about(row)), escape(row["detail"] or ""))
    if rows:
        show_table(table)
    total = sum(counts.values())
    found = f"{counted(total, 'finding')}: {said(counts)}" if total else "no findings"
    console.print(f"{escape(label)} has {found}.")
    if total > len(rows):
        console.print(f"{len(rows)} shown; --limit shows more, and SELECT * FROM findings all of them.")
    if refusal:
        console.print(f"[yellow]{escape(refusal)}[/]")
    if instead:
        console.print(escape(instead))


def _is_of_record(row: Mapping[str, Any]) -> bool:
    return row["position"] is not None or row["file"] is None


def _about(row: Mapping[str, Any]) -> str:
    """The group and the agent of a finding, by name where it is known."""
    named = ((row["group_name"], row["group_id"]), (row["agent_name"], row["agent_id"]))
    return ", ".join(f"{name} ({id_})" if name else str(id_) for name, id_ in named if id_ is not None)


def show_tree(tree: GroupTree) -> None:
    """Show the groups as a tree; inactive ones dim and marked."""
    root = Tree("groups", hide_root=True)
    branches: dict[int | None, Tree] = {None: root}
    for group in tree.groups:
        label = Text(harmless(group.name).replace("\n", " "), style="dim strike" if group.is_inactive else "")
        label.append(f"  {group.group_id}", style="not strike dim cyan")
        if group.is_inactive:
            label.append("  inactive", style="not strike not dim bold yellow")
        label.append(f"  {group.activity}", style="not strike dim")
        if group.note:
            label.append(f"  {group.note}", style="not strike not dim magenta")
        branches[group.group_id] = branches[group.shown_under].add(label)
    if tree.groups:
        show_branches(root)
    else:
        console.print("No groups yet. groups-platform sync --all reads the source.")
    if told := left_out(tree):
        console.print(told)


def left_out(tree: GroupTree) -> str | None:
    """Say how many groups are not shown, if any."""
    return f"… and {counted(tree.left_out, 'more group')}; --limit shows more." if tree.left_out else None


def show_reason(reason: Reason) -> None:
    """Show why a group is active or inactive, and the path down to the group of the active member."""
    state = "[yellow]inactive[/]" if reason.is_inactive else "[green]active[/]"
    console.print(f"{escape(reason.name)} ({reason.group_id}) is {state}. {escape(reason.sentence)}")
    steps = reason.path[::-1] if len(reason.path) > 1 else ()
    for depth, (group_id, name) in enumerate(steps[:MOST_STEPS]):
        console.print(f"{'   ' * depth}{'└─ ' if depth else ''}{escape(name)} ({group_id})")
    if len(steps) > MOST_STEPS:
        group_id, name = steps[-1]
        left_out = len(steps) - MOST_STEPS - 1
        console.print(f"… {counted(left_out, 'more group')} (--json shows all), then {escape(name)} ({group_id})")


def show_agent(agent: Agent) -> None:
    """Show the state of an agent, its groups and those above, and the newest of what happened to it."""
    since = f" since {agent.since}" if agent.since else ""
    state = f"[green]active{since}[/]" if agent.is_active else f"[yellow]inactive{since}[/]"
    show_facts(
        agent.name or agent.email or "(no name)", state, {"id": str(agent.agent_id), "e-mail": agent.email or ""}
    )
    table = narrow_table("group", *uncut("id"), "state", "member since", "by way of")
    for group in agent.groups:
        group_state = "[yellow]inactive[/]" if group.is_inactive else "active"
        way = "" if group.is_direct else f"{escape(group.by_name or '')} ({group.by_group_id})"
        facts = (escape(group.name), str(group.group_id), group_state, escape(group.since or "?"), way)
        table.add_row(*facts, style="" if group.is_direct else "dim")
    show_table(table if agent.groups else "A member of no group.")
    _show_events(agent)


def _show_events(agent: Agent) -> None:
    table = narrow_table(*uncut("day"), "what happened")
    name = None
    shown = []
    for event in agent.events:
        if event.group_id is not None:
            shown.append((event.day, f"{event.event} {escape(event.name)} ({event.group_id})"))
        else:
            named = f" as {escape(event.name)}" if event.name != name else ""
            shown.append((event.day, f"{event.event}{named}"))
            name = event.name
    for day, happened in shown[-MOST_EVENTS:]:
        table.add_row(escape(day), happened)
    console.print(table)
    if (rest := len(shown) - MOST_EVENTS) > 0:
        console.print(f"{counted(rest, 'earlier event')}: groups-platform history --agent {agent.agent_id}")


def said(counts: Mapping[str, int]) -> str:
    """Return the codes of `counts` that are not zero, with their numbers."""
    return ", ".join(f"{code} {number}" for code, number in counts.items() if number)


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _share(totals: Mapping[str, int], part: str, whole: str) -> str:
    return f"{totals[part]:,} of {totals[whole]:,}" if totals else ""
