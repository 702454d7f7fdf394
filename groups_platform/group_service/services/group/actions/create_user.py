"""Create a user (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.user import UserRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.user import UserActionResult, UserCreator, user_state


@dataclass(frozen=True)
class CreateUserAction(BaseAction):
    """Create the user that `input` describes."""

    name: ClassVar[str] = "create_user"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "user"

    input: UserCreator

    def entity(self) -> Entity:
        """The user who is to be."""
        return Entity(None, self.input.email, self.input.domain_name)


@dataclass(frozen=True)
class CreateUserActionResult(UserActionResult):
    """The new user, as stored."""


async def create_user(action: CreateUserAction, context: ActionContext) -> CreateUserActionResult:
    """Create a user of a domain (S25). A domain's admin creates users and admins of that domain only.

    action: CreateUserAction. input: e-mail address (unique in any case), domain, name, role, status.
    Returns CreateUserActionResult; data is the new user as stored.
    error.code: forbidden, email_taken, unknown_domain, invalid_value.
    """
    user = await UserRepository(context.session, context.actor).create(action.input, context.now)
    context.record(Entity(str(user.id), user.email, user.domain_name), None, user_state(user))
    return CreateUserActionResult(success=True, data=user)
