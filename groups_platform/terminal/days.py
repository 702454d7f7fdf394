"""Shows plans, histories and differences of sync days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from groups_platform.terminal import console, errors, escape, uncut

if TYPE_CHECKING:
    from groups_platform.directory.days import DayStatus
    from groups_platform.directory.guard import Excess
    from groups_platform.running.runs import RunSummary

SAMPLE_ROWS = 5

Rows = Sequence[Mapping[str, Any]]


COLORS = {"applied": "green", "held": "bold yellow", "failed": "bold red", "ignored": "dim", "running": "cyan"}


def show_days(days: Sequence[DayStatus]) -> None:
    """A line per folder of the source."""
    table = Table(*uncut("day", "state"), "what")
    for day in days:
        color = COLORS.get(day.state.value, "default")
        table.add_row(escape(day.label), f"[{color}]{day.state.value}[/]", escape(day.sentence))
    console.print(table if days else "The source has no folders sync-<day>.")


def show_plan(summary: RunSummary) -> None:
    """What a day would change, which limits that exceeds, and what to do next."""
    day = escape(summary.sync_day)
    if not summary.succeeded:
        errors.print(f"[bold red]{day} has no plan.[/] {escape(summary.message)}")
        return
    if summary.plan is None:
        console.print(f"[yellow]{day} would leave the tables alone: it is {escape(summary.left_alone)}.[/]")
        return
    changes = {kind: number for kind, number in summary.plan.counts.items() if number}
    if not changes:
        console.print(f"{day} would change nothing.")
        return
    table = Table(*uncut("change"), "rows", "such as", title=f"Plan {summary.plan.id} of {day}", title_justify="left")
    table.columns[1].justify = "right"
    for kind, number in changes.items():
        some = summary.plan.samples.get(kind, [])[:SAMPLE_ROWS]
        table.add_row(kind.replace("_", " "), f"{number:,}", escape(", ".join(map(_sample, some))))
    console.print(table)
    show_excesses(summary.excesses)
    if summary.excesses:
        console.print(
            f"{day} would be held. groups-platform approve {day} --plan {summary.plan.id} --reason TEXT applies it; "
            f"groups-platform reject {day} --reason TEXT lets later days go on without it."
        )
    else:
        console.print(f"{day} is within all limits: groups-platform sync --day {day} applies it.")


def show_replay(summary: RunSummary) -> None:
    """What a replay folded and changed."""
    done = summary.replay
    if done is None or not summary.succeeded:
        errors.print(f"[bold red]The replay failed.[/] {escape(summary.message)}")
        show_excesses(summary.excesses)
        return
    for day, why in done.left_out.items():
        console.print(f"[yellow]{escape(day)} is left out:[/] {escape(why)}")
    changes = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in done.plan.counts.items() if number)
    days = f"{len(done.days)} days are folded, {escape(', '.join(done.days[-5:]))} the last of them"
    console.print(f"[green]{days}:[/] {done.rows_written:,} rows written. {changes or 'The tables were right'}.")


def show_excesses(excesses: Sequence[Excess]) -> None:
    """The limits that a day exceeds."""
    if not excesses:
        return
    table = Table("limit exceeded", "measured", "of", "share", "allowed")
    for column in table.columns[1:]:
        column.justify = "right"
    for excess in excesses:
        figures = (excess.measured, excess.stored)
        share = f"{excess.share:.0%}"
        table.add_row(excess.limit.replace("_", " "), *(f"{n:,}" for n in figures), share, f"{excess.allowed:,}")
    console.print(table)


def show_group_history(group_id: int, rows: Rows) -> None:
    """A line per interval of a group."""
    table = Table(*uncut("from", "until before"), "name", "parent", "state", "members")
    for row in rows:
        state = "[yellow]inactive[/]" if row["inactive"] else "active"
        parent = "" if row["parent_group_id"] is None else str(row["parent_group_id"])
        table.add_row(row["from_day"], row["to_day"] or "", escape(row["name"]), parent, state, f"{row['members']:,}")
    console.print(table if rows else f"No applied day has a group {group_id}.")


def show_agent_history(agent_id: int, rows: Rows) -> None:
    """A line per interval of an agent and of its memberships."""
    table = Table(*uncut("from", "until before", "what"), "name", "e-mail")
    for row in rows:
        is_agent = row["what"] == "agent"
        what = ("active" if row["active"] else "[yellow]inactive[/]") if is_agent else f"member of {row['group_id']}"
        table.add_row(row["from_day"], row["to_day"] or "", what, escape(row["name"] or ""), escape(row["email"] or ""))
    console.print(table if rows else f"No applied day has an agent {agent_id}.")


def show_members(rows: Rows) -> None:
    """A line per membership."""
    table = Table(*uncut("group"), "name", *uncut("agent"), "name", "e-mail", "state")
    for row in rows:
        state = "active" if row["active"] else "[yellow]inactive[/]"
        names = (escape(row["group_name"]), str(row["agent_id"]), escape(row["agent_name"] or ""))
        table.add_row(str(row["group_id"]), *names, escape(row["email"] or ""), state)
    console.print(table if rows else "No members.")


def show_difference(rows: Rows) -> None:
    """A line per change."""
    table = Table(*uncut("change", "group", "agent"), "before", "after")
    for row in rows:
        ids = ("" if row[name] is None else str(row[name]) for name in ("group_id", "agent_id"))
        table.add_row(row["change"], *ids, escape(row["before"] or ""), escape(row["after"] or ""))
    console.print(table if rows else "Nothing changed.")


def _sample(row: Mapping[str, Any]) -> str:
    parts = [str(row[key]) for key in ("group_name", "agent_name") if row[key] is not None]
    ids = [str(row[key]) for key in ("group_id", "agent_id") if row[key] is not None]
    change = f" {row['before']} → {row['after']}" if row["before"] is not None and row["after"] is not None else ""
    return f"{' / '.join(parts) or ' / '.join(ids)}{change}"
