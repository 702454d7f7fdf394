"""List members who are no active users of their group's domain (S35), a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.repositories.group.stray_members import find_stray_members
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.paging import foreign_cursor, page_of, page_size, parts_of
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.stray_member import StrayMember, StrayMemberPage


@dataclass(frozen=True)
class ListStrayMembersAction(BaseAction):
    """A page of stray members. cursor: `next_cursor` of the page before. limit: 1 to 1000."""

    name: ClassVar[str] = "list_stray_members"
    access: ClassVar[Access] = Access.ADMIN
    is_read: ClassVar[bool] = True

    cursor: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ListStrayMembersActionResult(BaseActionResult[StrayMemberPage]):
    """Stray members in the order of domain and name of their groups."""


async def list_stray_members(action: ListStrayMembersAction, context: ActionContext) -> ListStrayMembersActionResult:
    """List members who are not active users of their group's domain (S35).

    They have left the domain or are not active any more; the membership is stored and gives them nothing. A superadmin
    sees those of all groups, a domain's admin those of the domain's groups; deleted groups are included.

    action: ListStrayMembersAction. cursor: next_cursor of the page before; limit: members in a page, 1 to 1000, by
    default the configured page_size.
    Returns ListStrayMembersActionResult; data is a StrayMemberPage.
    error.code: forbidden for who is no admin.
    Raises InvalidAPIParameters for an invalid limit or cursor.
    """
    size = page_size(action.limit, context.config)
    found = await find_stray_members(context.session, context.actor, limit=size + 1, after=_place(action.cursor))
    return ListStrayMembersActionResult(success=True, data=StrayMemberPage(*page_of(found, size, _parts)))


def _parts(member: StrayMember) -> tuple[str, str, str]:
    return member.domain_name, member.group_name, str(member.user_id)


def _place(cursor: str | None) -> tuple[str, str, UUID] | None:
    parts = parts_of(cursor, 3)
    if parts is None:
        return None
    try:
        return parts[0], parts[1], UUID(parts[2])
    except ValueError:
        raise foreign_cursor() from None
