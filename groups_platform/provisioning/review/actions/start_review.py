"""Start the review of a domain (M9): what is found now is frozen, for its admins to decide about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.errors import Forbidden, UnknownDomain
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.text import cut
from groups_platform.provisioning.review.actions.review_access import NO_DAY
from groups_platform.provisioning.review.errors import ReviewUnderWay
from groups_platform.provisioning.review.scope import review_entity, reviews_of
from groups_platform.provisioning.review.types import Review


@dataclass(frozen=True)
class StartReviewAction(BaseAction):
    """Start the review of a domain."""

    name: ClassVar[str] = "start_review"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "access_review"

    domain_name: str

    def entity(self) -> Entity:
        """The domain."""
        return Entity(domain_name=self.domain_name)


@dataclass(frozen=True)
class StartReviewActionResult(BaseActionResult[Review]):
    """The review, with its rows to decide."""

    def entity_id(self) -> str | None:
        """The review's number."""
        return str(self.data.id) if self.data else None


async def start_review(action: StartReviewAction, context: ActionContext) -> StartReviewActionResult:
    """Start a review of a domain: the rows that review_access finds now are frozen, to be kept or revoked (M9).

    A domain has one review under way. One that finds nothing can be finished at once, as evidence that it was so.

    action: StartReviewAction. domain_name: the domain to review.
    Returns StartReviewActionResult; data is the Review. A warning says that no day was applied.
    error.code: forbidden, unknown_domain; review_under_way while the one before is not finished.
    """
    reviews, domain_name = reviews_of(context), action.domain_name
    if not context.actor.administrates(domain_name):
        raise Forbidden(f"{context.actor.name} may not review {cut(domain_name)}.")
    if not await reviews.has_domain(domain_name):
        raise UnknownDomain(f"There is no domain {cut(domain_name)}.", domain_name=cut(domain_name))
    await reviews.lock_domain(domain_name)
    for before in await reviews.search(domain_name):
        if before.finished_at is None:
            raise ReviewUnderWay(
                f"The review {before.id} of {domain_name} is under way, with {before.open} rows to decide. Finish it "
                f"first: groups-platform review show {before.id} --open",
                review=before.id,
            )
    review = await reviews.start(domain_name)
    context.record(review_entity(review), None, {"rows": review.rows, "sync_day": review.sync_day})
    warnings = () if await reviews.has_applied_day() else (NO_DAY,)
    return StartReviewActionResult(success=True, data=review, warnings=warnings)
