"""Shows plans, histories and differences of sync days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from groups_platform.directory.change_words import summed_up
from groups_platform.directory.plan import SAMPLE_ROWS
from groups_platform.terminal import Readable, console, errors, escape, narrow_table, show_table, uncut
from groups_platform.terminal.changes import left_out, show_changes
from groups_platform.wording import counted

if TYPE_CHECKING:
    from groups_platform.directory.days import DayStatus
    from groups_platform.directory.difference import Difference, GroupAbove
    from groups_platform.directory.guard import Excess
    from groups_platform.running.runs import RunSummary

Rows = Sequence[Mapping[str, Any]]


COLORS = {"applied": "green", "held": "bold yellow", "failed": "bold red", "ignored": "dim", "running": "cyan"}


def show_days(days: Sequence[DayStatus]) -> None:
    """A line per folder of the source."""
    table = narrow_table(*uncut("day", "state"), Readable("what", least=40))
    for day in days:
        color = COLORS.get(day.state.value, "default")
        table.add_row(escape(day.label), f"[{color}]{day.state.value}[/]", escape(day.sentence))
    show_table(table if days else "The source has no folders sync-<day>.")


def show_plan(
    summary: RunSummary,
    view: Difference,
    above: Mapping[int, GroupAbove],
    *,
    as_table: bool = True,
    as_tree: bool = True,
) -> None:
    """What a day would change, which limits that exceeds, and what to do next."""
    day = escape(summary.sync_day)
    if not summary.succeeded:
        errors.print(f"[bold red]{day} has no plan.[/] {escape(summary.message)}")
        return
    if summary.plan is None:
        console.print(f"[yellow]{day} would leave the tables alone: it is {escape(summary.left_alone)}.[/]")
        return
    if summary.plan.is_empty:
        console.print(f"{day} would change nothing.")
        return
    console.print(f"[bold]Plan {summary.plan.id} of {day}[/]: {summed_up(view.counts)}.")
    show_changes(view.changes, above, as_table=as_table, as_tree=as_tree)
    if told := left_out(view.counts, view.changes):
        console.print(f"{told}, at most {SAMPLE_ROWS} of each kind.")
    show_excesses(summary.excesses)
    console.print(escape(plan_note(summary) or ""))


def plan_note(summary: RunSummary) -> str | None:
    """What to do with the plan of a day; None where it changes nothing."""
    if summary.plan is None or summary.plan.is_empty:
        return None
    day = summary.sync_day
    if not summary.excesses:
        return f"{day} is within all limits: groups-platform sync --day {day} applies it."
    return (
        f"{day} would be held. groups-platform approve {day} --plan {summary.plan.id} --reason TEXT applies it; "
        f"groups-platform reject {day} --reason TEXT lets later days go on without it."
    )


def show_replay(summary: RunSummary) -> None:
    """What a replay folded and changed."""
    done = summary.replay
    if done is None or not summary.succeeded:
        errors.print(f"[bold red]The replay failed.[/] {escape(summary.message)}")
        show_excesses(summary.excesses)
        return
    for day, why in done.left_out.items():
        console.print(f"[yellow]{escape(day)} is left out:[/] {escape(why)}")
    changes = summed_up(done.plan.counts)
    are = "is" if len(done.days) == 1 else "are"
    days = f"{counted(len(done.days), 'day')} {are} folded, {escape(', '.join(done.days[-5:]))} the last of them"
    if not done.days:
        days = "No day is folded"
    written = counted(done.rows_written, "row")
    console.print(f"[green]{days}:[/] {written} written. {changes or 'The tables were right'}.")


def show_excesses(excesses: Sequence[Excess]) -> None:
    """The limits that a day exceeds."""
    if not excesses:
        return
    table = narrow_table("limit exceeded", "measured", "of", "share", "allowed")
    for column in table.columns[1:]:
        column.justify = "right"
    for excess in excesses:
        figures = (excess.measured, excess.stored)
        share = f"{excess.share:.0%}"
        table.add_row(excess.limit.replace("_", " "), *(f"{n:,}" for n in figures), share, f"{excess.allowed:,}")
    show_table(table)


def show_group_history(rows: Rows) -> None:
    """A line per interval of a group."""
    table = narrow_table(*uncut("from", "until before"), "name", *uncut("parent"), "state", "members")
    for row in rows:
        state = "[yellow]inactive[/]" if row["inactive"] else "active"
        parent = "" if row["parent_group_id"] is None else str(row["parent_group_id"])
        table.add_row(row["from_day"], row["to_day"] or "", escape(row["name"]), parent, state, f"{row['members']:,}")
    show_table(table if rows else "No applied day has this group.")


def show_agent_history(rows: Rows) -> None:
    """A line per interval of an agent and of its memberships."""
    table = narrow_table(*uncut("from", "until before", "what"), "name", "e-mail")
    for row in rows:
        is_agent = row["what"] == "agent"
        what = ("active" if row["active"] else "[yellow]inactive[/]") if is_agent else f"member of {row['group_id']}"
        table.add_row(row["from_day"], row["to_day"] or "", what, escape(row["name"] or ""), escape(row["email"] or ""))
    show_table(table if rows else "No applied day has this agent.")


def show_members(rows: Rows) -> None:
    """A line per membership."""
    table = narrow_table("member", *uncut("id"), Readable("e-mail", least=20), "state", "group")
    for row in rows:
        state = "active" if row["active"] else "[yellow]inactive[/]"
        group = f"{row['group_name']} ({row['group_id']})"
        member = (row["agent_name"] or "", str(row["agent_id"]), row["email"] or "")
        table.add_row(*map(escape, member), state, escape(group))
    show_table(table if rows else "No members.")
