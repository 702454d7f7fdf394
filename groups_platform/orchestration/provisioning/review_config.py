"""What a person fills in at the Launchpad for access reviews, and the action it means.

No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from enum import Enum

from pydantic import Field

from groups_platform.orchestration.group_service.config import ServiceConfig
from groups_platform.provisioning.review.actions.decide_review_row import DecideReviewRowAction
from groups_platform.provisioning.review.actions.finish_review import FinishReviewAction
from groups_platform.provisioning.review.actions.get_review import GetReviewAction
from groups_platform.provisioning.review.actions.list_reviews import ListReviewsAction
from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction
from groups_platform.provisioning.review.actions.start_review import StartReviewAction
from groups_platform.provisioning.review.types import AccessKind

CURSOR = "next_cursor of the page before; left out: the first page."


class KeepOrRevoke(Enum):
    """What a person decides about a row."""

    keep = "keep"
    revoke = "revoke"


class ReviewAccessConfig(ServiceConfig):
    """What to look for."""

    domain_name: str | None = Field(default=None, description="Only this domain.")
    kinds: list[AccessKind] = Field(default=[], description="Only these kinds; left out: all of them.")
    cursor: str | None = Field(default=None, description=CURSOR)
    limit: int = Field(default=100, description="Rows in a page, 1 to 1000.")

    def action(self) -> ReviewAccessAction:
        """The action with these values."""
        return ReviewAccessAction(self.domain_name, self.kinds, self.cursor, self.limit)


class StartReviewConfig(ServiceConfig):
    """Which domain is reviewed."""

    domain_name: str = Field(description="The domain; it has one review under way.")

    def action(self) -> StartReviewAction:
        """The action with these values."""
        return StartReviewAction(self.domain_name)


class DecideReviewRowConfig(ServiceConfig):
    """What is decided about a row."""

    row: str = Field(description="The row, such as 3.12; get_review shows them.")
    decision: KeepOrRevoke = Field(
        description="keep: it stays as it is. revoke: the project is deleted (softly), or the person removed from it."
    )
    reason: str = Field(description="Why, for the record: 1 to 1000 characters.")

    def action(self) -> DecideReviewRowAction:
        """The action with these values."""
        return DecideReviewRowAction(self.row, self.decision.value, self.reason)


class ReviewConfig(ServiceConfig):
    """Which review it is about."""

    review: int = Field(description="Its number; list_reviews shows them.")


class FinishReviewConfig(ReviewConfig):
    """The review to finish; every row has to be decided."""

    def action(self) -> FinishReviewAction:
        """The action with these values."""
        return FinishReviewAction(self.review)


class GetReviewConfig(ReviewConfig):
    """A page of the rows of a review."""

    only_open: bool = Field(default=False, description="Only rows that are to be decided.")
    cursor: str | None = Field(default=None, description=CURSOR)
    limit: int = Field(default=100, description="Rows in a page, 1 to 1000.")

    def action(self) -> GetReviewAction:
        """The action with these values."""
        return GetReviewAction(self.review, self.only_open, self.cursor, self.limit)


class ListReviewsConfig(ServiceConfig):
    """A page of reviews."""

    domain_name: str | None = Field(default=None, description="Only reviews of this domain.")
    cursor: str | None = Field(default=None, description=CURSOR)
    limit: int = Field(default=50, description="Reviews in a page, 1 to 1000.")

    def action(self) -> ListReviewsAction:
        """The action with these values."""
        return ListReviewsAction(self.domain_name, self.cursor, self.limit)
