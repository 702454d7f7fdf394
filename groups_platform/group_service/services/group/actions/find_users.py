"""Find users by their ids and e-mail addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.repositories.user import find_users_by
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import UserData


@dataclass(frozen=True)
class FindUsersAction(BaseAction):
    """The users with any of these ids or addresses; those whom the actor may not see are left out.

    Superadmins and monitors see everybody, an admin the users of the domain, a user only themselves.
    """

    name: ClassVar[str] = "find_users"
    access: ClassVar[Access] = Access.READ
    is_read: ClassVar[bool] = True
    entity_type: ClassVar[str] = "user"

    ids: Sequence[UUID] = ()
    emails: Sequence[str] = ()


@dataclass(frozen=True)
class FindUsersActionResult(BaseActionResult[tuple[UserData, ...]]):
    """Users in the order of their addresses."""


async def find_users(action: FindUsersAction, context: ActionContext) -> FindUsersActionResult:
    """Find users by their ids and e-mail addresses.

    action: FindUsersAction. ids, emails: whom to find.
    Returns FindUsersActionResult; data holds those of them whom the actor may see, in the order of their addresses.
    error.code: invalid_value.
    """
    users = await find_users_by(context.session, context.actor, action.ids, action.emails)
    return FindUsersActionResult(success=True, data=users)
