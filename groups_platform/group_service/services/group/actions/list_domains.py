"""List domains (S25), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from groups_platform.group_service.repositories.domain import DomainRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import page_of, page_size, place_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.domain import DomainFilter, DomainPage


@dataclass(frozen=True)
class ListDomainsAction(BaseAction):
    """A page of the domains that the actor may see. cursor: `next_cursor` of the page before. limit: 1 to 1000."""

    name: ClassVar[str] = "list_domains"
    access: ClassVar[Access] = Access.READ
    entity_type: ClassVar[str] = "domain"
    is_read: ClassVar[bool] = True

    filter: DomainFilter = field(default_factory=DomainFilter)
    cursor: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ListDomainsActionResult(BaseActionResult[DomainPage]):
    """Domains in the order of their names."""


async def list_domains(action: ListDomainsAction, context: ActionContext) -> ListDomainsActionResult:
    """List domains in the order of their names (S25): superadmins and monitors see all, others their own.

    action: ListDomainsAction. filter: which; cursor: next_cursor of the page before; limit: domains in a page, 1 to
    1000, by default the configured page_size.
    Returns ListDomainsActionResult; data is a DomainPage.
    error.code: invalid_value.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    size, after = page_size(action.limit, context.config), place_of(action.cursor)
    domains = DomainRepository(context.session, context.actor)
    found = await domains.search(action.filter, limit=size + 1, after=after)  # one more: whether a page follows
    page = DomainPage(*page_of(found, size, lambda domain: (domain.name,)))
    return ListDomainsActionResult(success=True, data=page)
