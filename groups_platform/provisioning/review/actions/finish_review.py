"""Finish a review (M9), when every row is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.provisioning.review.errors import ReviewFinished, ReviewOpenRows
from groups_platform.provisioning.review.scope import find_review, review_entity, reviews_of
from groups_platform.provisioning.review.types import Review

MOST_NAMED = 10
GONE = "it was not so any more when the review was finished"


@dataclass(frozen=True)
class FinishReviewAction(BaseAction):
    """Finish a review."""

    name: ClassVar[str] = "finish_review"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "access_review"

    review_id: int

    def entity(self) -> Entity:
        """The review."""
        return Entity(id=str(self.review_id))


@dataclass(frozen=True)
class FinishReviewActionResult(BaseActionResult[Review]):
    """The finished review, with the digest of its record."""

    def entity_id(self) -> str | None:
        """The review's number."""
        return str(self.data.id) if self.data else None


async def finish_review(action: FinishReviewAction, context: ActionContext) -> FinishReviewActionResult:
    """Finish a review when every row is decided; its record then never changes, and can be exported (M9).

    Open rows that are not so any more are closed as `gone` first.

    action: FinishReviewAction. review_id: its number.
    Returns FinishReviewActionResult; data is the Review, with the digest of the record.
    error.code: forbidden, unknown_review, review_finished; review_open_rows while rows are to decide.
    """
    reviews = reviews_of(context)
    review = await find_review(context, action.review_id)
    await reviews.lock(review.id, to_finish=True)
    review = await find_review(context, action.review_id)  # another one may have been waited for
    if review.finished_at is not None:
        raise ReviewFinished(
            f"The review {review.id} was finished by {review.finished_by}.", review=review.id, digest=review.digest
        )
    if review.open:
        await reviews.close_gone(review, GONE, context.action_id)
        review = await find_review(context, action.review_id)
    if review.open:
        rows = [row.row for row in await reviews.rows(review.id, only_open=True, limit=MOST_NAMED)]
        raise ReviewOpenRows(
            f"{review.open} rows of the review {review.id} are to be decided: {', '.join(rows)}"
            f"{', …' if review.open > MOST_NAMED else ''}. groups-platform review show {review.id} --open",
            review=review.id,
            open=review.open,
            rows=rows,
        )
    review = replace(review, finished_by=context.actor.name, finished_at=context.now)
    review = replace(review, digest=await reviews.digest(review))
    assert review.digest is not None
    await reviews.finish(review, review.digest)
    told = {"kept": review.kept, "revoked": review.revoked, "gone": review.gone, "digest": review.digest}
    context.record(review_entity(review), None, told)
    return FinishReviewActionResult(success=True, data=review)
