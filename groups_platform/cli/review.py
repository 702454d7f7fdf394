"""`groups-platform review`: who holds what that nobody active owns, and what admins decide about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from groups_platform.cli.answers import Rows
from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, data_of, page_rows, perform, show_result
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.group_service.types.action import BaseActionResult
    from groups_platform.provisioning.review.types import ReviewRow
    from groups_platform.provisioning.service import ProvisioningService

Data = TypeVar("Data")

COMMANDLINE = click.core.ParameterSource.COMMANDLINE
KINDS = (
    "inactive_group_owns_project", "no_active_member", "inactive_agent", "not_in_directory", "ambiguous_person",
    "running_kernels", "unused_project",
)  # fmt: skip  # of AccessKind, which --help does not load
FILE = click.Path(dir_okay=False, path_type=Path)
HTML = click.option(
    "--html", "html", type=FILE, metavar="FILE", help="Also write a page to this file, which needs nothing else."
)
REVIEW = click.argument("review_id", metavar="REVIEW", type=click.IntRange(1))
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why, for the record: 1 to 1000 characters.")
ROWS = click.argument("rows", metavar="ROW...", nargs=-1, required=True)


@click.group(cls=ListingGroup, invoke_without_command=True)
@click.option("--domain", "domain_name", metavar="DOMAIN", help="Only this domain.")
@click.option(
    "--kind",
    "kinds",
    metavar="KIND",
    type=click.Choice(KINDS),
    multiple=True,
    help=f"Only this kind; may be repeated. One of {', '.join(KINDS)}.",
)
@PAGE
@CURSOR
@HTML
@ACTOR
@CSV
@JSON
@click.pass_context
def review(
    context: click.Context,
    /,
    *,
    domain_name: str | None,
    kinds: tuple[str, ...],
    limit: int,
    cursor: str | None,
    html: Path | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Show who holds what that nobody active owns, since when, and the command that ends it; for admins.

    Live projects of inactive directory groups or without an active member, members who have left, what still runs for
    them, and projects that nobody uses. Without a subcommand nothing is changed or stored.

    \b
      groups-platform review --domain norrvik
      groups-platform review --kind inactive_agent --kind running_kernels
      groups-platform review --html review.html

    \b
    To certify a domain, start a review, decide about each row, and finish it:
      groups-platform review start norrvik
      groups-platform review show 1 --open
      groups-platform review revoke 1.3 --reason "left in May"
      groups-platform review finish 1
      groups-platform review export 1 --json
    """
    if context.invoked_subcommand is not None:
        for option in context.command.params:
            if context.get_parameter_source(option.name or "") is COMMANDLINE:
                raise click.UsageError(f"Write {option.opts[0]} after {context.invoked_subcommand}.")
        return
    from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction  # noqa: PLC0415
    from groups_platform.provisioning.review.page import page_of_findings  # noqa: PLC0415
    from groups_platform.provisioning.review.types import AccessRow  # noqa: PLC0415
    from groups_platform.terminal.review import show_access  # noqa: PLC0415

    action = ReviewAccessAction(domain_name, kinds, cursor, limit)
    result = _perform(context.obj, actor, lambda service: service.review_access(action))
    if html is not None:
        _write(html, page_of_findings(data_of(result), domain_name, datetime.now(timezone.utc)))
    show_result(result, as_json, show_access, page_rows(AccessRow, "rows"))


@review.command()
@click.argument("domain_name", metavar="DOMAIN")
@ACTOR
@JSON
@click.pass_obj
def start(settings: Settings, /, *, domain_name: str, actor: str | None, as_json: bool) -> None:
    """Start the review of a domain: what is found now is frozen, row by row, to be kept or revoked.

    A domain has one review under way.

    \b
      groups-platform review start norrvik --as mateus.carvalho@example.com
    """
    from groups_platform.provisioning.review.actions.start_review import StartReviewAction  # noqa: PLC0415
    from groups_platform.terminal.review import show_review  # noqa: PLC0415

    action = StartReviewAction(domain_name)
    show_result(_perform(settings, actor, lambda service: service.start_review(action)), as_json, show_review)


@review.command(name="list")
@click.option("--domain", "domain_name", metavar="DOMAIN", help="Only reviews of this domain.")
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def list_(
    settings: Settings,
    /,
    *,
    domain_name: str | None,
    limit: int,
    cursor: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """List the reviews that were started, newest first, and how far each is.

    \b
      groups-platform review list --domain norrvik
    """
    from groups_platform.provisioning.review.actions.list_reviews import ListReviewsAction  # noqa: PLC0415
    from groups_platform.provisioning.review.types import Review  # noqa: PLC0415
    from groups_platform.terminal.review import show_reviews  # noqa: PLC0415

    action = ListReviewsAction(domain_name, cursor, limit)
    result = _perform(settings, actor, lambda service: service.list_reviews(action))
    show_result(result, as_json, show_reviews, page_rows(Review, "reviews"))


@review.command()
@REVIEW
@click.option("--open", "only_open", is_flag=True, help="Only rows that are to be decided.")
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def show(
    settings: Settings,
    /,
    *,
    review_id: int,
    only_open: bool,
    limit: int,
    cursor: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Show the rows of a review: what was found when it was started, and what was decided.

    \b
      groups-platform review show 1 --open
    """
    from groups_platform.provisioning.review.actions.get_review import GetReviewAction  # noqa: PLC0415
    from groups_platform.provisioning.review.types import ReviewRow  # noqa: PLC0415
    from groups_platform.terminal.review import show_review_rows  # noqa: PLC0415

    action = GetReviewAction(review_id, only_open, cursor, limit)
    result = _perform(settings, actor, lambda service: service.get_review(action))
    show_result(result, as_json, show_review_rows, page_rows(ReviewRow, "rows"))


@review.command()
@ROWS
@REASON
@ACTOR
@JSON
@click.pass_obj
def keep(settings: Settings, /, *, rows: tuple[str, ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Keep rows of a review as they are. ROW is the number that `review show` has, such as 1.3.

    The rows are decided one by one; at an error the ones before stay decided, and the command can be repeated.

    \b
      groups-platform review keep 1.3 1.4 --reason "contractors until December"
    """
    _decide(settings, "keep", rows=rows, reason=reason, actor=actor, as_json=as_json)


@review.command()
@ROWS
@REASON
@ACTOR
@JSON
@click.pass_obj
def revoke(settings: Settings, /, *, rows: tuple[str, ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Revoke rows of a review: the project is deleted (softly), or the person is removed from it.

    ROW is the number that `review show` has, such as 1.3. What is not so any more is closed as `gone`. Kernels are not
    stopped. The rows are decided one by one; at an error the ones before stay decided, and the command can be repeated.

    \b
      groups-platform review revoke 1.3 --reason "left in May"
    """
    _decide(settings, "revoke", rows=rows, reason=reason, actor=actor, as_json=as_json)


@review.command()
@REVIEW
@ACTOR
@JSON
@click.pass_obj
def finish(settings: Settings, /, *, review_id: int, actor: str | None, as_json: bool) -> None:
    """Finish a review when every row is decided. Its record then never changes.

    Open rows that are not so any more are closed as `gone` first.

    \b
      groups-platform review finish 1
    """
    from groups_platform.provisioning.review.actions.finish_review import FinishReviewAction  # noqa: PLC0415
    from groups_platform.terminal.review import show_review  # noqa: PLC0415

    action = FinishReviewAction(review_id)
    show_result(_perform(settings, actor, lambda service: service.finish_review(action)), as_json, show_review)


@review.command()
@REVIEW
@HTML
@ACTOR
@CSV
@JSON
@click.pass_obj
def export(settings: Settings, /, *, review_id: int, html: Path | None, actor: str | None, as_json: bool) -> None:
    """Export the record of a finished review as evidence: every row with its decision, and the digest.

    The digest is the SHA-256 of the record; docs/access-review.md says how a reader of the JSON computes it. Fails if
    the stored rows are not those of the digest.

    \b
      groups-platform review export 1 --json > review-1.json
      groups-platform review export 1 --html review-1.html
    """
    from groups_platform.provisioning.review.export import ReviewRecord, export_review  # noqa: PLC0415
    from groups_platform.provisioning.review.page import page_of_record  # noqa: PLC0415
    from groups_platform.provisioning.review.types import ReviewRow  # noqa: PLC0415
    from groups_platform.terminal.review import show_record  # noqa: PLC0415

    def note(record: ReviewRecord) -> str:
        return f"The SHA-256 of the record of review {record.review.id} is {record.review.digest}."

    result = _perform(settings, actor, lambda service: export_review(service, review_id))
    if html is not None:
        _write(html, page_of_record(data_of(result)))
    show_result(result, as_json, show_record, Rows(ReviewRow, lambda record: record.rows, note))


def _decide(
    settings: Settings, decision: str, *, rows: tuple[str, ...], reason: str, actor: str | None, as_json: bool
) -> None:
    from groups_platform.group_service.types.action import BaseActionResult  # noqa: PLC0415
    from groups_platform.provisioning.review.actions.decide_review_row import DecideReviewRowAction  # noqa: PLC0415
    from groups_platform.terminal.review import show_decided  # noqa: PLC0415

    async def act(service: ProvisioningService) -> BaseActionResult[list[ReviewRow]]:
        decided: list[ReviewRow] = []
        for row in rows:
            result = await service.decide_review_row(DecideReviewRowAction(row, decision, reason))
            decided.append(data_of(result))
        return BaseActionResult(success=True, data=decided, action_id=result.action_id)

    show_result(_perform(settings, actor, act), as_json, show_decided)


def _perform(
    settings: Settings, actor: str | None, act: Callable[[ProvisioningService], Awaitable[BaseActionResult[Data]]]
) -> BaseActionResult[Data]:
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415 - not needed for --help

    return perform(settings, actor, lambda service: act(ProvisioningService.of(service)))


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise click.FileError(str(file), getattr(error, "strerror", None) or str(error)) from error
    click.echo(f"The page is in {file}.", err=True)
