"""Read a review and its rows (M9), a page at a time; also as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import page_size
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.provisioning.review.actions.list_reviews import number_of
from groups_platform.provisioning.review.scope import find_review, review_entity, reviews_of
from groups_platform.provisioning.review.types import ReviewRowsPage


@dataclass(frozen=True)
class GetReviewAction(BaseAction):
    """A review with a page of its rows. only_open: only rows to decide. cursor: `next_cursor` of the page before."""

    name: ClassVar[str] = "get_review"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "access_review"
    is_read: ClassVar[bool] = True

    review_id: int
    only_open: bool = False
    cursor: str | None = None
    limit: int | None = None

    def entity(self) -> Entity:
        """The review."""
        return Entity(id=str(self.review_id))


@dataclass(frozen=True)
class GetReviewActionResult(BaseActionResult[ReviewRowsPage]):
    """The review, and rows of it."""

    def entity_id(self) -> str | None:
        """The review's number."""
        return str(self.data.review.id) if self.data else None


async def get_review(action: GetReviewAction, context: ActionContext) -> GetReviewActionResult:
    """Read a review: what was found when it was started, and what was decided about each row (M9).

    action: GetReviewAction. review_id: its number; only_open: only the rows to decide; cursor: next_cursor of the page
    before; limit: rows in a page, 1 to 1000, by default the configured page_size.
    Returns GetReviewActionResult; data is a ReviewRowsPage.
    error.code: forbidden, unknown_review.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    size, after = page_size(action.limit, context.config), number_of(action.cursor) or 0
    review = await find_review(context, action.review_id)
    found = await reviews_of(context).rows(review.id, after=after, only_open=action.only_open, limit=size + 1)
    context.record(review_entity(review), None, None)
    cursor = found[size - 1].row.partition(".")[2] if len(found) > size else None
    return GetReviewActionResult(success=True, data=ReviewRowsPage(review, tuple(found[:size]), cursor))
