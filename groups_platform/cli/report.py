"""The page of a day, for people without access to Dagster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from groups_platform.cli.answers import show
from groups_platform.cli.common import JSON, database, importing
from groups_platform.errors import SourceUnavailable
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.directory.days import DayStatus

STANDARD_OUTPUT = "-"


@click.command()
@click.option("--day", metavar="DAY", help="The sync day (default: the newest of which anything is known).")
@click.option("--out", metavar="FILE.html", help="Where to write it; - is standard output (report-<day>.html).")
@click.option(
    "--publish", "target", metavar="DIR_OR_URL", help="Write it to this folder instead, with a list of all days."
)
@JSON
@click.pass_obj
def report(settings: Settings, day: str | None, out: str | None, target: str | None, as_json: bool) -> None:
    """Write what became of a day to one HTML page that opens without a server and without a network.

    It has the day in figures, what changed, the findings, the tree of groups, curves over 90 days and the decisions.
    --publish writes DAY.html, latest.html and index.html; GROUPS_REPORT_URL does so after each day.

    \b
      groups-platform report
      groups-platform report --day day3 --out day3.html
      groups-platform report --publish s3://bucket/reports
    """
    if as_json and out == STANDARD_OUTPUT:
        raise click.UsageError("Write --out FILE.html with --json: standard output is for one of them.")
    if out == "" or target == "":
        raise click.UsageError("Name the file with --out, or the folder with --publish.")
    if target:
        target = Settings.from_env({"GROUPS_REPORT_URL": target}).report_url
    from groups_platform.report.figures import newest_day, read_statuses  # noqa: PLC0415
    from groups_platform.report.publish import make_page, publish, write_file  # noqa: PLC0415

    url = database(settings)
    statuses = read_statuses(url)
    label = day or newest_day(statuses)
    page = make_page(url, label, _status_of(settings, label, statuses))
    file = None if target and not out else Path(out or f"report-{label}.html").absolute()
    if out == STANDARD_OUTPUT:
        sys.stdout.buffer.write(page.content)
        file = None
    elif file:
        write_file(file, page.content)
    published = publish(url, target, page) if target else ()
    answer = {**page.report.to_json(), "file": file, "bytes": len(page.content), "published": published}
    show(answer, as_json, lambda _: _tell(label, file, published))


def _status_of(settings: Settings, label: str, statuses: list[DayStatus]) -> DayStatus | None:
    """What Dagster and the source know of a day of which the tables say too little; None where they say all."""
    from groups_platform.directory.days import DayState  # noqa: PLC0415

    told = next((status for status in statuses if status.label == label), None)
    if told and told.state is not DayState.WAITING:
        return None
    with importing():
        from groups_platform.running.runs import describe_source, open_for_terminal  # noqa: PLC0415

        opened = open_for_terminal(settings)
    try:
        with opened as instance:
            found = describe_source(settings, instance)
    except SourceUnavailable:
        return None
    return next((s for s in found if s.label == label and s.state is not DayState.IGNORED), None)


def _tell(label: str, file: Path | None, published: tuple[str, ...]) -> None:
    """Where it is, on standard error where the page itself went to standard output."""
    if file:
        click.echo(f"The report of {label} is in {file}. Open it in a browser: {file.as_uri()}")
    elif not published:
        click.echo(f"The report of {label} is on standard output. Open it in a browser.", err=True)
    for name in published:
        click.echo(f"Published: {name}")
