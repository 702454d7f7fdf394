"""Look at who holds what that nobody active owns (M8), a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import foreign_cursor, page_of, page_size, parts_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.text import quote
from groups_platform.provisioning.review.repository import KINDS, Place
from groups_platform.provisioning.review.scope import reviews_of, visible_domain
from groups_platform.provisioning.review.types import AccessKind, AccessPage, AccessRow

NO_DAY = (
    "No day of the directory was applied, so nobody knows who is in it: only projects without members or use are found."
)


@dataclass(frozen=True)
class ReviewAccessAction(BaseAction):
    """A page of what is found now. domain_name, kinds: only of these. cursor: `next_cursor` of the page before."""

    name: ClassVar[str] = "review_access"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "access_review"
    is_read: ClassVar[bool] = True
    is_snapshot: ClassVar[bool] = True

    domain_name: str | None = None
    kinds: Sequence[AccessKind | str] = ()
    cursor: str | None = None
    limit: int | None = None

    def entity(self) -> Entity:
        """The domain."""
        return Entity(domain_name=self.domain_name)


@dataclass(frozen=True)
class ReviewAccessActionResult(BaseActionResult[AccessPage]):
    """What was found."""


async def review_access(action: ReviewAccessAction, context: ActionContext) -> ReviewAccessActionResult:
    """Find who holds what that nobody active owns, each with the command that ends it (M8).

    Live projects of inactive or ended directory groups, or without an active member; members who are inactive agents,
    in no directory, or of whom nobody can tell which agent they are; running kernels of people who have left; projects
    without a kernel for 90 days. A superadmin sees all of it, a domain's admin that of the domain.

    action: ReviewAccessAction. domain_name: only this domain; kinds: only these kinds; cursor: next_cursor of the page
    before; limit: rows in a page, 1 to 1000, by default the configured page_size.
    Returns ReviewAccessActionResult; data is an AccessPage. A warning says that no day was applied.
    error.code: forbidden for who is no admin, or asks for another domain; unknown_domain.
    Raises InvalidAPIParameters for an unknown kind, an invalid limit or cursor.
    """
    reviews, kinds = reviews_of(context), parse_kinds(action.kinds)
    size, after = page_size(action.limit, context.config), _place(action.cursor)
    domain_name = await visible_domain(context, action.domain_name)
    page, has_more = await reviews.find(domain_name, kinds, limit=size, after=after)
    if has_more:
        (_, cursor) = page_of([*page.rows, page.rows[-1]], size, _parts)
        page = replace(page, next_cursor=cursor)
    context.record(Entity(domain_name=domain_name), None, None)
    warnings = () if await reviews.has_applied_day() else (NO_DAY,)
    return ReviewAccessActionResult(success=True, data=page, warnings=warnings)


def parse_kinds(kinds: Sequence[AccessKind | str]) -> tuple[AccessKind, ...]:
    """The kinds that are named, all where none is. Raises InvalidAPIParameters."""
    known = [kind.value for kind in KINDS]
    for kind in kinds:
        if kind not in known:
            raise InvalidAPIParameters(f"{quote(kind)} is no kind of finding. Write {', '.join(known)}.")
    return tuple(map(AccessKind, kinds)) or KINDS


def _parts(row: AccessRow) -> tuple[str, ...]:
    return str(KINDS.index(row.kind) + 1), row.domain_name, row.project_name, row.email or ""


def _place(cursor: str | None) -> Place | None:
    parts = parts_of(cursor, 4)
    if parts is None:
        return None
    if parts[0] not in {str(place) for place in range(1, len(KINDS) + 1)}:
        raise foreign_cursor()
    return int(parts[0]), parts[1], parts[2], parts[3]
