"""The actions of provisioning, performed and audited by the processor of the group service."""

from __future__ import annotations

from dataclasses import dataclass

from groups_platform.group_service.services.group.processor import ActionProcessor
from groups_platform.group_service.services.group.service import GroupService, performs
from groups_platform.provisioning.review.actions import (
    decide_review_row,
    finish_review,
    get_review,
    list_reviews,
    review_access,
    start_review,
)


@dataclass(frozen=True)
class ProvisioningService:
    """Acts on rules, links and reviews for the processor's actor; make one from an open group service."""

    processor: ActionProcessor

    review_access = performs(review_access.review_access)
    start_review = performs(start_review.start_review)
    decide_review_row = performs(decide_review_row.decide_review_row)
    finish_review = performs(finish_review.finish_review)
    list_reviews = performs(list_reviews.list_reviews)
    get_review = performs(get_review.get_review)

    @classmethod
    def of(cls, service: GroupService) -> ProvisioningService:
        """The same actor, connections and run as the service's."""
        return cls(service.processor)
