"""The record of a finished review as evidence: read as a whole, and compared with its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.services.group.paging import LARGEST_PAGE
from groups_platform.group_service.types.action import ActionError, BaseActionResult
from groups_platform.provisioning.review.actions.get_review import GetReviewAction
from groups_platform.provisioning.review.errors import ReviewNotFinished, ReviewRecordChanged
from groups_platform.provisioning.review.record import Digest
from groups_platform.provisioning.review.types import Review, ReviewRow
from groups_platform.provisioning.service import ProvisioningService


@dataclass(frozen=True)
class ReviewRecord:
    """A finished review and all of its rows, whose digest is the review's."""

    review: Review
    rows: tuple[ReviewRow, ...]

    def to_json(self) -> Mapping[str, Any]:
        """The record, whose digest `record.digest_of` computes."""
        return {"review": self.review.to_json(), "rows": [row.to_json() for row in self.rows]}


async def export_review(service: ProvisioningService, review_id: int) -> BaseActionResult[ReviewRecord]:
    """The record of a finished review. Each page is read by get_review, whose errors are returned.

    error.code also: review_not_finished, review_record_changed.
    """
    rows: list[ReviewRow] = []
    cursor: str | None = None
    while True:
        read = await service.get_review(GetReviewAction(review_id, cursor=cursor, limit=LARGEST_PAGE))
        if read.data is None:
            return BaseActionResult(success=False, error=read.error, action_id=read.action_id)
        rows += read.data.rows
        review, cursor = read.data.review, read.data.next_cursor
        if review.finished_at is not None and cursor is not None:
            continue
        record = ReviewRecord(review, tuple(rows))
        refusal = _refusal(record)
        if refusal is not None:
            error = ActionError(refusal.code, str(refusal), refusal.facts)
            return BaseActionResult(success=False, error=error, action_id=read.action_id)
        return BaseActionResult(success=True, data=record, action_id=read.action_id)


def _refusal(record: ReviewRecord) -> GroupServiceError | None:
    return _changed(record) if record.review.finished_at is not None else _not_finished(record.review)


def _not_finished(review: Review) -> ReviewNotFinished:
    return ReviewNotFinished(
        f"The review {review.id} is not finished: {review.open} rows are open. groups-platform review finish "
        f"{review.id} ends it when all are decided.",
        review=review.id,
        open=review.open,
    )


def _changed(record: ReviewRecord) -> ReviewRecordChanged | None:
    digest = Digest(record.review.to_json())
    for row in record.rows:
        digest.add(row.to_json())
    found = digest.hexdigest()
    if found == record.review.digest:
        return None
    return ReviewRecordChanged(
        f"The stored rows of the review {record.review.id} are not those that were certified: their digest is {found}, "
        f"not {record.review.digest}. Somebody has changed the tables.",
        review=record.review.id,
        digest=record.review.digest,
        found=found,
    )
