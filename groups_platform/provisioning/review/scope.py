"""Which domains and reviews an actor, who is an admin, may look at."""

from __future__ import annotations

import re

from groups_platform.group_service.errors import Forbidden, InvalidValue, UnknownDomain
from groups_platform.group_service.services.group.actions.base import ActionContext
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.text import cut, quote
from groups_platform.provisioning.review.errors import UnknownReview
from groups_platform.provisioning.review.repository import ReviewRepository
from groups_platform.provisioning.review.types import Review

LARGEST = 2**63 - 1
ROW = re.compile(r"([1-9][0-9]{0,18})\.([1-9][0-9]{0,18})")


def reviews_of(context: ActionContext) -> ReviewRepository:
    """The reviews, for this attempt."""
    return ReviewRepository(context.session, context.actor, context.now)


async def visible_domain(context: ActionContext, domain_name: str | None) -> str | None:
    """The domain that is asked for; for a domain's admin their own. None is every domain, for a superadmin.

    Raises Forbidden for another domain than the admin's, also one that does not exist; UnknownDomain for a superadmin.
    """
    actor = context.actor
    if actor.administrates(None):
        if domain_name is not None and not await reviews_of(context).has_domain(domain_name):
            raise UnknownDomain(f"There is no domain {cut(domain_name)}.", domain_name=cut(domain_name))
        return domain_name
    if domain_name is not None and not actor.administrates(domain_name):
        raise Forbidden(f"{actor.name} may not review {cut(domain_name)}.")
    return actor.domain_name


async def find_review(context: ActionContext, review_id: int) -> Review:
    """A review of a domain that the actor administrates, as it is now; the attempt is about it.

    Raises Forbidden where the actor may not know whether there is such a review, and UnknownReview.
    """
    found = await reviews_of(context).search(review_id=review_id)
    if found and context.actor.administrates(found[0].domain_name):
        context.entity = review_entity(found[0])
        return found[0]
    if context.actor.administrates(None):
        raise UnknownReview(f"There is no review {review_id}.", review=review_id)
    raise Forbidden(f"{context.actor.name} has no access to a review {review_id}.", review=review_id)


def review_entity(review: Review) -> Entity:
    """What an attempt on a review is about."""
    return Entity(str(review.id), f"access review {review.id}", review.domain_name)


def parse_row(text: str) -> tuple[int, int]:
    """`3.12` as review 3 and row 12. Raises InvalidValue."""
    found = ROW.fullmatch(text)
    numbers = tuple(map(int, found.groups())) if found else ()
    if not numbers or max(numbers) > LARGEST:
        raise InvalidValue(
            f"{quote(text)} is no row of a review; `groups-platform review show` has them, such as 3.12.", field="row"
        )
    return numbers[0], numbers[1]
