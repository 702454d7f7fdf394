"""List the reviews that were started (M9), a page at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import foreign_cursor, page_size
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.provisioning.review.scope import LARGEST, reviews_of, visible_domain
from groups_platform.provisioning.review.types import ReviewPage

NUMBER = re.compile("[0-9]{1,19}")


@dataclass(frozen=True)
class ListReviewsAction(BaseAction):
    """A page of reviews. domain_name: only of this domain. cursor: `next_cursor` of the page before."""

    name: ClassVar[str] = "list_reviews"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "access_review"
    is_read: ClassVar[bool] = True

    domain_name: str | None = None
    cursor: str | None = None
    limit: int | None = None

    def entity(self) -> Entity:
        """The domain."""
        return Entity(domain_name=self.domain_name)


@dataclass(frozen=True)
class ListReviewsActionResult(BaseActionResult[ReviewPage]):
    """Reviews, newest first."""


async def list_reviews(action: ListReviewsAction, context: ActionContext) -> ListReviewsActionResult:
    """List the reviews of the domains that the actor administrates, newest first, with how far each is (M9).

    action: ListReviewsAction. domain_name: only this domain; cursor: next_cursor of the page before; limit: reviews in
    a page, 1 to 1000, by default the configured page_size.
    Returns ListReviewsActionResult; data is a ReviewPage.
    error.code: forbidden for who is no admin, or asks for another domain; unknown_domain.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    size, before = page_size(action.limit, context.config, "reviews"), number_of(action.cursor)
    domain_name = await visible_domain(context, action.domain_name)
    found = await reviews_of(context).search(domain_name, before=before, limit=size + 1)
    context.record(Entity(domain_name=domain_name), None, None)
    cursor = str(found[size - 1].id) if len(found) > size else None
    return ListReviewsActionResult(success=True, data=ReviewPage(tuple(found[:size]), cursor))


def number_of(cursor: str | None) -> int | None:
    """The number in a cursor. Raises InvalidAPIParameters for what is none."""
    if cursor is None:
        return None
    if NUMBER.fullmatch(cursor) is None or int(cursor) > LARGEST:
        raise foreign_cursor()
    return int(cursor)
