"""What becomes of sync days, for a terminal: their plans, decisions about them, and what was on each."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from groups_platform.cli.answers import Rows, show
from groups_platform.cli.common import CSV, JSON, LIMIT, database, importing, refuse_option, start_database
from groups_platform.cli.directory import failure_of, sync_days
from groups_platform.cli.provision import provision_now
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.directory.decisions import Verdict

REPLAY, PROVISIONING = "replay", "provisioning"  # what is approved like a day
UNDO = "If it is applied, groups-platform replay takes it out."

# The columns of the queries, as their rows name them in the JSON.
GROUP_HISTORY = ("from_day", "to_day", "name", "parent_group_id", "inactive", "members")
AGENT_HISTORY = ("from_day", "to_day", "what", "group_id", "active", "name", "email")
MEMBERS = ("group_id", "group_name", "agent_id", "agent_name", "email", "active")

DAY = click.argument("day", metavar="DAY")
GROUP = click.argument("group", metavar="GROUP", callback=refuse_option)
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept for ever.")
FORM = click.option("--tree/--table", "as_tree", default=None, help="Only the tree, or only the table (default: both).")
BY = click.option("--by", "decided_by", default=getpass.getuser, metavar="NAME", help="Who decides (your login).")


@click.command(short_help="List the days of the source and what became of each.", name="days")
@CSV
@JSON
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """List every folder of the source: applied, held, rejected, failed, running, late, ignored and so on.

    \b
      groups-platform days
    """
    start_database(settings)
    with importing():
        from groups_platform.directory.days import DayStatus  # noqa: PLC0415
        from groups_platform.running.runs import describe_source, open_for_terminal  # noqa: PLC0415
        from groups_platform.terminal import days as terminal  # noqa: PLC0415

        opened = open_for_terminal(settings)
    with opened as instance:
        described = describe_source(settings, instance)
    show(described, as_json, terminal.show_days, Rows(DayStatus))


@click.command(short_help="Show what a day would change, and the limits it exceeds.")
@click.option("--day", required=True, metavar="DAY", help="The sync day, as the source has it now.")
@FORM
@CSV
@JSON
@click.pass_obj
def plan(settings: Settings, day: str, as_tree: bool | None, as_json: bool) -> None:
    """Show what a day would change and which limits it exceeds; nothing of it is applied.

    At most 100 changes of each kind are shown, and all are counted.

    \b
      groups-platform plan --day day3
    """
    start_database(settings)
    with importing():
        from groups_platform.directory.change_words import Change  # noqa: PLC0415
        from groups_platform.directory.difference import difference_of_plan, read_groups_above  # noqa: PLC0415
        from groups_platform.running.runs import open_for_terminal, plan_day  # noqa: PLC0415
        from groups_platform.terminal import days as terminal  # noqa: PLC0415

        opened = open_for_terminal(settings)
    with opened as instance:
        summary = plan_day(settings, instance, day)
    found = summary.plan
    view = difference_of_plan(day, found.counts if found else {}, found.samples if found else {})

    def draw(_: object) -> None:
        above = read_groups_above(database(settings), view.changes)
        terminal.show_plan(summary, view, above, as_table=as_tree is not True, as_tree=as_tree is not False)

    excesses = [excess.to_json() for excess in summary.excesses]
    planned: dict[str, Any] = {"sync_day": day, "plan": summary.plan and asdict(summary.plan)}
    planned |= {"excesses": excesses, "changes": view.changes}
    rows: Rows[object] = Rows(Change, lambda _: view.changes, lambda _: terminal.plan_note(summary))
    show(planned, as_json, draw, rows, error=failure_of(summary))
    sys.exit(0 if summary.succeeded else 1)


@click.command(short_help="Approve the plan of a held day.")
@DAY
@click.option("--plan", "plan_id", required=True, metavar="ID", help="The held plan; sync and plan name it.")
@REASON
@BY
@click.option("--run/--no-run", "is_run", default=True, help="Apply the day now (default), or leave it to the sensor.")
@JSON
@click.pass_obj
def approve(
    settings: Settings, /, *, day: str, plan_id: str, reason: str, decided_by: str, is_run: bool, as_json: bool
) -> None:
    """Approve the plan of a held day; it is applied if its plan still is that one.

    \b
      groups-platform approve day3 --plan 1f0c96aa52d1 --reason "a merger"
    """
    from groups_platform.directory.decisions import Verdict  # noqa: PLC0415

    decision = _decide(settings, day, Verdict.APPROVE, reason=reason, decided_by=decided_by, plan_id=plan_id)
    if not is_run:
        show(decision, as_json, lambda _: click.echo(f"The plan {plan_id} of {day} is approved."))
        return
    if day == REPLAY:
        is_done = replay_now(settings, as_json)
    elif day == PROVISIONING:
        is_done = provision_now(settings, as_json)
    else:
        is_done = sync_days(settings, [day], as_json)
    sys.exit(0 if is_done else 1)


@click.command(short_help="Fold all days anew, with late and corrected ones.")
@click.option("--from", "from_day", metavar="DAY", help="Fold this day and the later ones only: quicker.")
@JSON
@click.pass_obj
def replay(settings: Settings, from_day: str | None, as_json: bool) -> None:
    """Fold every applied and every late day anew, and make the tables and histories equal to that.

    A day that came late, or was corrected, comes in where it belongs; a day that was rejected since goes out. Held over
    a limit, as a day is: then groups-platform approve replay --plan ID --reason TEXT.

    \b
      groups-platform replay
      groups-platform replay --from 2026-11-04
    """
    sys.exit(0 if replay_now(settings, as_json, from_day) else 1)


def replay_now(settings: Settings, as_json: bool, from_day: str | None = None) -> bool:
    """Replay in this process, show what came of it, and say whether it succeeded."""
    start_database(settings)
    with importing():
        from groups_platform.running.runs import open_for_terminal, replay_days  # noqa: PLC0415
        from groups_platform.terminal import days as terminal  # noqa: PLC0415

        opened = open_for_terminal(settings)
    with opened as instance:
        summary = replay_days(settings, instance, from_day)
    done = summary.replay
    data = done and {
        "days": done.days,
        "left_out": done.left_out,
        "rows_written": done.rows_written,
        "plan": {"id": done.plan.id, "counts": done.plan.counts},
        "excesses": [excess.to_json() for excess in done.excesses],
    }
    show(data, as_json, lambda _: terminal.show_replay(summary), error=failure_of(summary))
    return summary.succeeded


@click.command(short_help="Reject what was delivered for a day; later days go on.")
@DAY
@REASON
@BY
@JSON
@click.pass_obj
def reject(settings: Settings, /, *, day: str, reason: str, decided_by: str, as_json: bool) -> None:
    """Reject what was delivered for a day: nothing of it is applied, and later days go on.

    A day that is delivered again with other content starts afresh.
    """
    from groups_platform.directory.decisions import Verdict  # noqa: PLC0415

    _leave_out(settings, day, Verdict.REJECT, reason=reason, decided_by=decided_by, as_json=as_json)


@click.command()
@DAY
@REASON
@BY
@JSON
@click.pass_obj
def skip(settings: Settings, /, *, day: str, reason: str, decided_by: str, as_json: bool) -> None:
    """Skip a day that failed: later days go on without it."""
    from groups_platform.directory.decisions import Verdict  # noqa: PLC0415

    _leave_out(settings, day, Verdict.SKIP, reason=reason, decided_by=decided_by, as_json=as_json)


def _leave_out(settings: Settings, day: str, verdict: Verdict, *, reason: str, decided_by: str, as_json: bool) -> None:
    decision = _decide(settings, day, verdict, reason=reason, decided_by=decided_by)
    done = decision["verdict"].past
    show(decision, as_json, lambda _: click.echo(f"{day} is {done}; later days go on without it. {UNDO}"))


def _decide(
    settings: Settings, day: str, verdict: Verdict, *, reason: str, decided_by: str, plan_id: str | None = None
) -> dict[str, Any]:
    from groups_platform.directory.decisions import decide, find_content  # noqa: PLC0415

    if not (reason.strip() and decided_by.strip()):
        raise click.UsageError("A decision needs a reason and somebody who decides.")
    url = database(settings)
    decision = decide(
        url,
        day,
        verdict,
        fingerprint="" if day in (REPLAY, PROVISIONING) else find_content(url, settings.source, day),
        decided_by=decided_by,
        reason=reason,
        plan_id=plan_id,
        look="groups-platform provision --plan" if day == PROVISIONING else None,
    )
    return asdict(decision)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("group", metavar="[GROUP]", required=False, callback=refuse_option)
@click.option("--agent", metavar="AGENT", help="The history of an agent instead.")
@CSV
@JSON
@click.pass_obj
def history(settings: Settings, group: str | None, agent: str | None, as_json: bool) -> None:
    """Show what a group, or an agent, was on which applied days.

    GROUP is an id or a name, AGENT an id, a name or an e-mail address.

    \b
      groups-platform history "Phone and Chat"
      groups-platform history --agent ingrid.dahl@example.com
    """
    from groups_platform.directory.history import read_agent_history, read_group_history  # noqa: PLC0415
    from groups_platform.directory.lookup import find_agent, find_group  # noqa: PLC0415
    from groups_platform.terminal import days as terminal  # noqa: PLC0415

    if (group is None) == (agent is None):
        raise click.UsageError("Name a group, or an agent with --agent.")
    url = database(settings)
    if agent is not None:
        rows = read_agent_history(url, find_agent(url, agent))
        show(rows, as_json, terminal.show_agent_history, Rows(AGENT_HISTORY))
    elif group is not None:
        rows = read_group_history(url, find_group(url, group))
        show(rows, as_json, terminal.show_group_history, Rows(GROUP_HISTORY))


@click.command(context_settings={"ignore_unknown_options": True})
@GROUP
@click.option("--as-of", metavar="DAY", help="After this applied day; today when left out.")
@click.option("--below", "is_below", is_flag=True, help="Also the members of the groups below it, at any depth.")
@CSV
@JSON
@click.pass_obj
def members(settings: Settings, group: str, as_of: str | None, is_below: bool, as_json: bool) -> None:
    """List who is, or was, a member of a group of the directory. GROUP is an id or a name.

    \b
      groups-platform members "Phone and Chat" --as-of day1
      groups-platform members 21000402000 --below
    """
    from groups_platform.directory.history import read_members, refuse_unapplied  # noqa: PLC0415
    from groups_platform.directory.lookup import find_group  # noqa: PLC0415
    from groups_platform.terminal import days as terminal  # noqa: PLC0415

    url = database(settings)
    if as_of is not None:
        refuse_unapplied(url, as_of)
    rows = read_members(url, find_group(url, group), as_of=as_of, is_below=is_below)
    show(rows, as_json, terminal.show_members, Rows(MEMBERS))


@click.command(short_help="Show what changed between two days.")
@click.argument("first", metavar="[DAY1]", required=False)
@click.argument("second", metavar="[DAY2]", required=False)
@LIMIT
@FORM
@CSV
@JSON
@click.pass_obj
def diff(
    settings: Settings, /, *, first: str | None, second: str | None, limit: int, as_tree: bool | None, as_json: bool
) -> None:
    """Show what changed from one applied day to another: who joined and left, what moved, what turned inactive.

    With one day: what that day changed. Without a day: what the newest applied day changed.

    \b
      groups-platform diff
      groups-platform diff day2
      groups-platform diff day1 day4 --tree
    """
    from groups_platform.directory.change_words import Change  # noqa: PLC0415
    from groups_platform.directory.difference import choose_days, read_difference, read_groups_above  # noqa: PLC0415
    from groups_platform.terminal import changes as terminal  # noqa: PLC0415

    url = database(settings)
    difference = read_difference(url, *choose_days(url, first, second), limit)

    def draw(_: object) -> None:
        above = read_groups_above(url, difference.changes, difference.second)
        terminal.show_difference(difference, above, as_table=as_tree is not True, as_tree=as_tree is not False)

    note = terminal.left_out(difference.counts, difference.changes)
    rows: Rows[object] = Rows(Change, lambda _: difference.changes, lambda _: note and f"{note}; --limit shows more.")
    show(difference, as_json, draw, rows)
