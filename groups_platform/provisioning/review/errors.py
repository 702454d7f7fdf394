"""The errors of access reviews."""

from __future__ import annotations

from groups_platform.group_service.errors import Forbidden, GroupServiceError, ObjectNotFound


class UnknownReview(ObjectNotFound):
    """No review has this number, or it has no such row.

    What to do: `groups-platform review list` shows the reviews that you may see.
    """

    code = "unknown_review"


class ReviewUnderWay(GroupServiceError):
    """A review of the domain is not finished yet. facts: `review`.

    What to do: go on with that one, or finish it.
    """

    code = "review_under_way"


class ReviewFinished(GroupServiceError):
    """The review is finished; its record does not change any more. facts: `review`, `digest`.

    What to do: start a new review of the domain.
    """

    code = "review_finished"


class ReviewNotFinished(GroupServiceError):
    """Only the record of a finished review is exported. facts: `review`, `open`.

    What to do: decide the rows that are open and finish the review.
    """

    code = "review_not_finished"


class ReviewOpenRows(GroupServiceError):
    """Rows of the review are not decided yet. facts: `open`, and the first of them as `rows`.

    What to do: keep or revoke each of the rows.
    """

    code = "review_open_rows"


class AlreadyDecided(GroupServiceError):
    """Somebody has decided the row. facts: `row`, `decision`, `decided_by`.

    What to do: read the decision with `groups-platform review show`; the next review may decide anew.
    """

    code = "already_decided"


class OwnReviewRow(Forbidden):
    """Nobody decides about their own access.

    What to do: have another admin of the domain decide the row.
    """

    code = "own_review_row"


class ReviewRecordChanged(GroupServiceError):
    """The stored rows are not those of which the digest was made: somebody has changed the tables.

    facts: `review`, `digest`, and that of what is stored as `found`.

    What to do: find out who has changed the tables; the export that was made before tells what stood there.
    """

    code = "review_record_changed"
