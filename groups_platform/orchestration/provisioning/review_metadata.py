"""Access reviews as metadata for the UI: what is found, reviews, and rows with what was decided."""

from __future__ import annotations

from groups_platform.orchestration.group_service.metadata import Facts, fields_table, page_table
from groups_platform.orchestration.metadata import rows_table, svg_picture
from groups_platform.orchestration.provisioning.review_picture import draw_unowned
from groups_platform.provisioning.review.page import held_in_words, person_in_words, since_in_words
from groups_platform.provisioning.review.types import (
    AccessKind,
    AccessPage,
    AccessRow,
    Review,
    ReviewPage,
    ReviewRow,
    ReviewRowsPage,
)

LONGEST = 400  # signs of a cell: commands are copied


def access_facts(page: AccessPage) -> Facts:
    """What is found: who holds what as a picture, how many rows there are of each kind, and the rows of the page."""
    projects = int(page.total["projects"])
    return {
        "held_by_nobody_active": svg_picture("held by nobody active", draw_unowned(page.unowned, projects)),
        **{kind.value: page.counts.get(kind, 0) for kind in AccessKind},
        "unowned_projects": projects,
        "unowned_kernels": int(page.total["kernels"]),
        "unowned_folders": int(page.total["folders"]),
        "rows": rows_table([_access(row) for row in page.rows], LONGEST),
        **({"next_cursor": page.next_cursor} if page.next_cursor else {}),
    }


def review_facts(review: Review) -> Facts:
    """A review as a table of its fields."""
    return {"review": review.id, "open": review.open, "state": review.state, "fields": fields_table(review.to_json())}


def reviews_facts(page: ReviewPage) -> Facts:
    """The reviews of a page as a table; `next_cursor` where another page follows."""
    rows: list[Facts] = [{**review.to_json(), "state": review.state} for review in page.reviews]
    return page_table("reviews", rows, page.next_cursor)


def review_rows_facts(page: ReviewRowsPage) -> Facts:
    """A review, and its rows with what was decided."""
    rows = [{"row": row.row, **_decided(row), **_access(row)} for row in page.rows]
    shown: Facts = {**review_facts(page.review), "rows": rows_table(rows, LONGEST)}
    return shown | ({"next_cursor": page.next_cursor} if page.next_cursor else {})


def decided_facts(row: ReviewRow) -> Facts:
    """A row that was decided."""
    return {"row": row.row, **_decided(row), "about": fields_table(_access(row))}


def _access(row: AccessRow) -> Facts:
    return {
        "kind": row.kind.value,
        "project": row.project,
        "person": person_in_words(row),
        "why": row.detail,
        "holds": held_in_words(row),
        "since": since_in_words(row),
        "to_end_it": row.command,
    }


def _decided(row: ReviewRow) -> Facts:
    return {
        "decision": row.decision.value if row.decision else "open",
        "reason": row.reason or "",
        "effect": row.effect or "",
        "decided_by": row.decided_by or "",
    }
