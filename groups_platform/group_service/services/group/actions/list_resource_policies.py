"""List project resource policies (S25), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.resource_policy import ResourcePolicyRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import page_of, page_size, place_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.resource_policy import ResourcePolicyPage


@dataclass(frozen=True)
class ListResourcePoliciesAction(BaseAction):
    """A page of the policies. name_part: anywhere in the name. cursor: `next_cursor` before. limit: 1 to 1000."""

    name: ClassVar[str] = "list_resource_policies"
    access: ClassVar[Access] = Access.READ
    entity_type: ClassVar[str] = "resource_policy"
    is_read: ClassVar[bool] = True

    name_part: str | None = None
    cursor: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ListResourcePoliciesActionResult(BaseActionResult[ResourcePolicyPage]):
    """Policies in the order of their names."""


async def list_resource_policies(
    action: ListResourcePoliciesAction, context: ActionContext
) -> ListResourcePoliciesActionResult:
    """List resource policies in the order of their names (S25). For everybody.

    action: ListResourcePoliciesAction. name_part: anywhere in the name, in any case; cursor: next_cursor of the page
    before; limit: policies in a page, 1 to 1000, by default the configured page_size.
    Returns ListResourcePoliciesActionResult; data is a ResourcePolicyPage.
    error.code: invalid_value.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    size, after = page_size(action.limit, context.config), place_of(action.cursor)
    policies = ResourcePolicyRepository(context.session)
    found = await policies.search(name_part=action.name_part, limit=size + 1, after=after)
    page = ResourcePolicyPage(*page_of(found, size, lambda policy: (policy.name,)))
    return ListResourcePoliciesActionResult(success=True, data=page)
