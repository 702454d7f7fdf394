"""The commands of the directory: sync, checks, findings, tree, why."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from groups_platform.cli.answers import Rows, show
from groups_platform.cli.common import CSV, JSON, LIMIT, cut_at, database, importing, refuse_option, start_database
from groups_platform.errors import UnknownSyncDay
from groups_platform.masking import mask_text
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.running.runs import RunSummary

# The columns of the query, as its rows name them in the JSON.
FINDINGS = (
    *("sync_day", "code", "severity", "file", "position", "group_id", "group_name", "agent_id", "agent_name"),
    *("detail", "raw"),
)


@click.command(short_help="Read days, apply them, and flag inactive groups.")
@click.option("--day", "days", multiple=True, metavar="DAY", help="A sync day such as day1; may be repeated.")
@click.option("--all", "all_days", is_flag=True, help="Every sync day of the source, in natural order.")
@click.option("--source", metavar="DIR_OR_URL", help="Where the sync-<day> folders are (GROUPS_SOURCE).")
@JSON
@click.pass_obj
def sync(settings: Settings, days: tuple[str, ...], all_days: bool, source: str | None, as_json: bool) -> None:
    """Read sync days, apply them to the live tables and flag inactive groups.

    Runs the Dagster job sync_day in this process, so the run shows in the UI. Days run in natural order, up to the
    first that fails; --all leaves out what somebody has rejected or skipped. Exits 0 if every day succeeded, else 1.
    """
    from groups_platform.directory.source import list_day, list_days  # noqa: PLC0415 - what --help does not need loads late

    if bool(days) == all_days:
        raise click.UsageError("Name the days with --day, or write --all.")
    if source:
        settings = settings.model_copy(update={"source": Settings.from_env({"GROUPS_SOURCE": source}).source})
    for day in days:
        list_day(settings.source, day)  # one that is not there is refused before another one runs
    if all_days and not list_days(settings.source):
        raise UnknownSyncDay(f"{settings.source} has no sync-<day> folders.", source=settings.source)
    sys.exit(0 if sync_days(settings, None if all_days else list(days), as_json) else 1)


def sync_days(settings: Settings, labels: list[str] | None, as_json: bool = False) -> bool:
    """Sync these days in natural order and show the results; return whether all succeeded.

    None: every day of the source, but for what somebody has rejected or skipped.
    """
    start_database(settings)
    with importing():
        from groups_platform.running.runs import (  # noqa: PLC0415
            find_days_to_sync,
            natural_days,
            open_for_terminal,
            sync_day,
        )
        from groups_platform.terminal import directory as terminal  # noqa: PLC0415
        from groups_platform.terminal import errors  # noqa: PLC0415

        opened = open_for_terminal(settings)
    summaries = []
    with opened as instance:
        for label in find_days_to_sync(settings, instance) if labels is None else natural_days(tuple(labels)):
            errors.print(f"[bold]{label}[/] from {mask_text(settings.source)}")
            summaries.append(sync_day(settings, instance, label))
            if not summaries[-1].succeeded:
                break
    error = failure_of(summaries[-1]) if summaries else None
    show(list(map(_as_answer, summaries)), as_json, lambda _: terminal.show_summaries(summaries), error=error)
    return all(summary.succeeded for summary in summaries)


def _as_answer(summary: RunSummary) -> dict[str, Any]:
    plan = summary.plan and {"id": summary.plan.id, "counts": summary.plan.counts}
    return asdict(replace(summary, replay=None)) | {"rows_written": summary.rows_written, "plan": plan}


def failure_of(summary: RunSummary) -> dict[str, Any] | None:
    """Return the error of a failed run for the JSON output; None if it succeeded."""
    if summary.succeeded:
        return None
    facts = {"sync_day": summary.sync_day, "run_id": summary.run_id, "is_applied": summary.is_applied}
    return {"code": "run_failed", "message": summary.message, "facts": facts}


@click.command(short_help="Run every check on a day, without changing anything.")
@click.option("--day", metavar="DAY", help="The sync day (default: the newest applied one).")
@CSV
@JSON
@click.pass_obj
def checks(settings: Settings, day: str | None, as_json: bool) -> None:
    """Run every asset check without changing anything, for example in CI.

    Exits 1 if a check of severity error fails, whether it is blocking or not.
    """
    start_database(settings)
    with importing():
        from groups_platform.directory.days import KnownDay, read_known_days  # noqa: PLC0415
        from groups_platform.running.runs import CheckOutcome, check_day, open_for_terminal  # noqa: PLC0415
        from groups_platform.terminal import directory as terminal  # noqa: PLC0415

        label, opened = day or _newest_day(settings), open_for_terminal(settings)
    with opened as instance:
        summary = check_day(settings, instance, label)
    about = read_known_days(database(settings)).get(label, KnownDay(label))
    is_refused = bool(about.refusal) and not about.is_applied
    failed = [check.name for check in summary.checks if check.is_error and not check.passed]
    error = failure_of(summary)
    if failed:
        error = {"code": "check_failed", "message": f"Failed: {', '.join(failed)}.", "facts": {"sync_day": label}}
    show(
        {**asdict(summary), "failed": failed},
        as_json,
        lambda _: terminal.show_checks(summary),
        Rows(CheckOutcome, lambda _: summary.checks, lambda _: error["message"] if error else None),
        error=error,
        warnings=[f"{label} is not in the tables, so no check compares them with it. {about.refusal}"] * is_refused,
    )
    if failed or not summary.succeeded:
        sys.exit(1)


@click.command(short_help="List rejected records, orphans, cycles: what is wrong in a day.")
@click.option("--day", metavar="DAY", help="The sync day (default: the newest that was read, applied or not).")
@click.option("--code", metavar="CODE", help="Only this code, such as orphan_membership.")
@LIMIT
@CSV
@JSON
@click.pass_obj
def findings(settings: Settings, day: str | None, code: str | None, limit: int, as_json: bool) -> None:
    """List the findings of a day: rejected records, orphan memberships, missing parents, cycles.

    Of a day that was held or failed also why. Without --day it is about the newest day that was read, unless somebody
    has rejected or skipped it.
    """
    from groups_platform.directory.days import KnownDay, newest_applied, newest_read, read_known_days  # noqa: PLC0415
    from groups_platform.directory.findings import FindingCode  # noqa: PLC0415
    from groups_platform.directory.reports import count_findings, read_findings  # noqa: PLC0415
    from groups_platform.terminal import directory as terminal  # noqa: PLC0415

    if code is not None and code not in list(FindingCode):
        raise click.UsageError(f"There is no code {code}. Codes: {', '.join(FindingCode)}.")
    url = database(settings)
    known = read_known_days(url)
    label = day or newest_read(known) or _newest_day(settings)
    about = known.get(label, KnownDay(label))
    rows, counts = read_findings(url, label, code, limit), count_findings(url, label)
    if not (any(counts.values()) or about.was_read):
        raise UnknownSyncDay(f"{label} was not read yet. groups-platform days lists the days, and what became of each.")
    told = {code: counts[code]} if code in counts else counts
    found = {"sync_day": label, "refusal": about.refusal or None, "counts": counts, "findings": rows}
    applied = None if day or about.is_applied else newest_applied(known)
    instead = f"The newest applied day is {applied}: groups-platform findings --day {applied}." if applied else ""

    def note(_: object) -> str | None:
        return " ".join(filter(None, [cut_at(limit, rows), about.refusal, instead])) or None

    listing: Rows[object] = Rows(FINDINGS, lambda _: rows, note)
    show(found, as_json, lambda _: terminal.show_findings(label, rows, told, about.refusal, instead), listing)


@click.command()
@LIMIT
@CSV
@JSON
@click.pass_obj
def tree(settings: Settings, limit: int, as_json: bool) -> None:
    """Draw the groups as a tree, inactive ones marked."""
    from groups_platform.directory.hierarchy import TreeGroup, read_tree  # noqa: PLC0415
    from groups_platform.terminal import directory as terminal  # noqa: PLC0415

    rows = Rows(TreeGroup, lambda tree: tree.groups, terminal.left_out)
    show(read_tree(database(settings), limit), as_json, terminal.show_tree, rows)


@click.command(
    short_help="Explain why a group is inactive, or who keeps it active.",
    context_settings={"ignore_unknown_options": True},
)  # -5 is an id
@click.argument("group", metavar="GROUP", callback=refuse_option)
@JSON
@click.pass_obj
def why(settings: Settings, group: str, as_json: bool) -> None:
    """Explain why a group is inactive, or which active member keeps it active, and by which path.

    GROUP is an id, or a name in any case.

    \b
      groups-platform why 21000402000
      groups-platform why "motor and battery"
    """
    from groups_platform.directory.hierarchy import explain  # noqa: PLC0415
    from groups_platform.directory.lookup import find_group  # noqa: PLC0415
    from groups_platform.terminal import directory as terminal  # noqa: PLC0415

    url = database(settings)
    show(explain(url, find_group(url, group)), as_json, terminal.show_reason)


@click.command(
    short_help="Show an agent: active or not, its groups, since when.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("agent", metavar="AGENT", callback=refuse_option)
@CSV
@JSON
@click.pass_obj
def who(settings: Settings, agent: str, as_json: bool) -> None:
    """Show an agent: active or not, the groups it is in and those above them, since when, and its history in short.

    AGENT is an e-mail address, a name or an id.

    \b
      groups-platform who ingrid.dahl@example.com
      groups-platform who "Ingrid Dahl"
    """
    from groups_platform.directory.agents import GroupOfAgent, read_agent  # noqa: PLC0415
    from groups_platform.directory.lookup import find_agent  # noqa: PLC0415
    from groups_platform.terminal import directory as terminal  # noqa: PLC0415

    url = database(settings)
    found = read_agent(url, find_agent(url, agent))
    show(found, as_json, terminal.show_agent, Rows(GroupOfAgent, lambda found: found.groups))


def _newest_day(settings: Settings) -> str:
    from groups_platform.directory.reports import newest_applied_day  # noqa: PLC0415

    label = newest_applied_day(database(settings))
    if label is None:
        raise UnknownSyncDay("No sync day has been applied yet. Run groups-platform sync --all first.")
    return label
