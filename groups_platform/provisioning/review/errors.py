"""The errors of access reviews."""

from __future__ import annotations

from groups_platform.group_service.errors import Forbidden, GroupServiceError, ObjectNotFound


class UnknownReview(ObjectNotFound):
    """No review has this number, or it has no such row."""

    code = "unknown_review"


class ReviewUnderWay(GroupServiceError):
    """A review of the domain is not finished yet. facts: `review`."""

    code = "review_under_way"


class ReviewFinished(GroupServiceError):
    """The review is finished; its record does not change any more. facts: `review`, `digest`."""

    code = "review_finished"


class ReviewNotFinished(GroupServiceError):
    """Only the record of a finished review is exported. facts: `review`, `open`."""

    code = "review_not_finished"


class ReviewOpenRows(GroupServiceError):
    """Rows of the review are not decided yet. facts: `open`, and the first of them as `rows`."""

    code = "review_open_rows"


class AlreadyDecided(GroupServiceError):
    """Somebody has decided the row. facts: `row`, `decision`, `decided_by`."""

    code = "already_decided"


class OwnReviewRow(Forbidden):
    """Nobody decides about their own access."""

    code = "own_review_row"


class ReviewRecordChanged(GroupServiceError):
    """The stored rows are not those of which the digest was made: somebody has changed the tables.

    facts: `review`, `digest`, and that of what is stored as `found`.
    """

    code = "review_record_changed"
