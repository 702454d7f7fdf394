"""List provisioning rules (M1), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from groups_platform.group_service.errors import Forbidden
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import foreign_cursor, page_of, page_size, parts_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import UserRole
from groups_platform.provisioning.repositories import RuleRepository
from groups_platform.provisioning.types import LARGEST_ID, RuleFilter, RulePage


@dataclass(frozen=True)
class ListRulesAction(BaseAction):
    """A page of the rules that the actor may see. cursor: `next_cursor` of the page before. limit: 1 to 1000."""

    name: ClassVar[str] = "list_rules"
    access: ClassVar[Access] = Access.READ
    entity_type: ClassVar[str] = "rule"
    is_read: ClassVar[bool] = True

    filter: RuleFilter = field(default_factory=RuleFilter)
    cursor: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ListRulesActionResult(BaseActionResult[RulePage]):
    """Rules by domain and directory group."""


async def list_rules(action: ListRulesAction, context: ActionContext) -> ListRulesActionResult:
    """List rules by domain and directory group (M1).

    Superadmins and monitors see all rules, an admin those of the domain.

    action: ListRulesAction. filter: which; cursor: next_cursor of the page before; limit: rules in a page, 1 to 1000,
    by default the configured page_size.
    Returns ListRulesActionResult; data is a RulePage.
    error.code: forbidden for who is neither an admin nor a monitor, invalid_value.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    if context.actor.role is UserRole.USER:
        raise Forbidden(f"{context.actor.name} may not list rules: it needs an admin or a monitor.")
    size, after = page_size(action.limit, context.config, "rules"), _place(action.cursor)
    found = await RuleRepository(context.session, context.actor).search(action.filter, limit=size + 1, after=after)
    page = RulePage(*page_of(found, size, lambda rule: (rule.domain_name, str(rule.directory_group_id))))
    return ListRulesActionResult(success=True, data=page)


def _place(cursor: str | None) -> tuple[str, int] | None:
    parts = parts_of(cursor, 2, "a listing of rules")
    try:
        place = None if parts is None else (parts[0], int(parts[1]))
    except ValueError:
        raise foreign_cursor("a listing of rules") from None
    if place is not None and abs(place[1]) > LARGEST_ID:
        raise foreign_cursor("a listing of rules")
    return place
