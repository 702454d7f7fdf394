"""Terminal output of access reviews."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from groups_platform.provisioning.review.export import ReviewRecord
from groups_platform.provisioning.review.page import held_in_words, person_in_words, since_in_words
from groups_platform.provisioning.review.types import (
    AccessKind,
    AccessPage,
    AccessRow,
    Decision,
    Review,
    ReviewPage,
    ReviewRow,
    ReviewRowsPage,
)
from groups_platform.terminal import console, escape, narrow_table, next_page, show_page, uncut
from groups_platform.terminal.group_service import in_utc

COLORS = {Decision.KEEP: "green", Decision.REVOKE: "red", Decision.GONE: "dim"}
NO_COMMAND = "the platform stops no kernels: end them where sessions are managed"


def show_access(page: AccessPage) -> None:
    """Show the rows below their kinds, each with what it holds, since when, and the command that ends it."""
    if not page.counts:
        console.print("Nothing is held by anybody who is not active.")
    for kind, rows in groupby(page.rows, key=lambda row: row.kind):
        console.print(f"[bold]{kind.heading}[/] ({page.counts[kind]:,})")
        for row in rows:
            _show_row(row)
            console.print(f"    [dim]{escape(row.command or NO_COMMAND)}[/]", soft_wrap=True)
    shown = {row.kind for row in page.rows}
    for kind in AccessKind:
        if kind in page.counts and kind not in shown:
            told = f"{kind.heading}: {page.counts[kind]:,}, shown by --kind {kind.value}"
            console.print(told, soft_wrap=True)
    _show_next(page.rows, page.next_cursor)


def show_review(review: Review) -> None:
    """Show a review that was started or finished, and what comes next."""
    _show_head(review)
    if review.finished_at:
        console.print(f"  groups-platform review export {review.id} --html review-{review.id}.html", soft_wrap=True)
    elif review.open:
        console.print(f"  groups-platform review show {review.id} --open", soft_wrap=True)
    else:
        console.print(f"  groups-platform review finish {review.id}", soft_wrap=True)


def show_reviews(page: ReviewPage) -> None:
    """Show a line per review."""
    table = narrow_table(*uncut("review"), "domain", "rows", "kept", "revoked", "gone", "state", *uncut("started, UTC"))
    for column in table.columns[2:6]:
        column.justify = "right"
    for review in page.reviews:
        counts = (review.rows, review.kept, review.revoked, review.gone)
        started = in_utc(review.started_at)[:16]
        table.add_row(
            str(review.id), escape(review.domain_name), *(f"{count:,}" for count in counts), review.state, started
        )
    show_page(table if page.reviews else "No reviews were started.", page.reviews, page.next_cursor)


def show_review_rows(page: ReviewRowsPage) -> None:
    """Show a review and rows of it, each with what was decided."""
    _show_head(page.review)
    _show_decided(page.rows)
    if any(row.decision is None for row in page.rows):
        console.print('Decide: groups-platform review keep|revoke ROW --reason "…"', soft_wrap=True)
    _show_next(page.rows, page.next_cursor)


def show_decided(rows: Sequence[ReviewRow]) -> None:
    """Show rows that were decided just now."""
    _show_decided(rows)


def show_record(record: ReviewRecord) -> None:
    """Show the record of a finished review."""
    _show_head(record.review)
    _show_decided(record.rows)


def _show_head(review: Review) -> None:
    color = "green" if review.finished_at else "yellow"
    console.print(
        f"[bold]Review {review.id} of {escape(review.domain_name)}[/]  [{color}]{review.state}[/]: "
        f"{review.rows:,} rows, {review.kept:,} kept, {review.revoked:,} revoked, {review.gone:,} gone"
    )
    day = f", after {escape(review.sync_day)}" if review.sync_day else ""
    console.print(f"  started {in_utc(review.started_at)} UTC by {escape(review.started_by)}{day}")
    if review.finished_at:
        console.print(f"  finished {in_utc(review.finished_at)} UTC by {escape(review.finished_by or '')}")
        console.print(f"  sha256 {review.digest}", soft_wrap=True)


def _show_decided(rows: Sequence[ReviewRow]) -> None:
    for kind, own in groupby(rows, key=lambda row: row.kind):
        console.print(f"[bold]{kind.heading}[/]")
        for row in own:
            _show_row(row, f"{row.row}  ")
            if row.decision is not None:
                effect = f"; {row.effect}" if row.effect else ""
                told = f"{escape(row.reason or '')} ({escape(row.decided_by or '')}){escape(effect)}"
                console.print(f"    [{COLORS[row.decision]}]{row.decision.value}[/]: {told}")


def _show_row(row: AccessRow, number: str = "") -> None:
    about = f"{row.project}  {person_in_words(row)}".rstrip()
    console.print(f"  {number}{escape(about)}")
    why = row.detail
    if row.kind is AccessKind.INACTIVE_GROUP and row.directory_group_name:
        why += f": {row.directory_group_name}"
    held, since = held_in_words(row), since_in_words(row)
    parts = [why, f"since {since}" if since else "", f"holds {held}" if held else ""]
    if told := "; ".join(filter(None, parts)):
        console.print(f"    {escape(told)}")


def _show_next(rows: Sequence[AccessRow], cursor: str | None) -> None:
    if told := next_page(rows, cursor):
        console.print(told, soft_wrap=True)
