"""Change a user's role, status, domain or name (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.repositories.user import UserRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.user import UserActionResult, UserModifier, UserRef, user_state


@dataclass(frozen=True)
class ModifyUserAction(BaseAction):
    """Change what is given of a user, named by the id or the e-mail address, which stays."""

    name: ClassVar[str] = "modify_user"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "user"

    user: UserRef
    modifier: UserModifier

    def entity(self) -> Entity:
        """The user, as the caller named them."""
        return Entity(str(self.user)) if isinstance(self.user, UUID) else Entity(None, self.user)


@dataclass(frozen=True)
class ModifyUserActionResult(UserActionResult):
    """The user as they are now."""


async def modify_user(action: ModifyUserAction, context: ActionContext) -> ModifyUserActionResult:
    """Change a user's role, status, domain or name (S25).

    A domain's admin changes users and admins of that domain, and neither moves them nor gives further roles. Who is
    moved stays listed in groups of the old domain, without rights; a warning says in how many.

    action: ModifyUserAction. user: id, or e-mail address in any case; modifier: the fields to change.
    Returns ModifyUserActionResult; data is the user as they are now.
    error.code: forbidden, unknown_user, unknown_domain, own_account (own role or status), invalid_value.
    """
    users = UserRepository(context.session, context.actor)
    before = await users.lock(action.user)
    after = await users.modify(before, action.modifier, context.now)
    warnings: tuple[str, ...] = ()
    former = None
    if after.domain_name != before.domain_name:
        former = before.domain_name
        if number := await users.count_memberships(before):
            groups = "1 group" if number == 1 else f"{number} groups"
            warnings = (f"{groups} of {former} still list {after.email}, who has no rights in them any more.",)
    entity = Entity(str(after.id), after.email, after.domain_name, former)
    context.record(entity, user_state(before), user_state(after))
    return ModifyUserActionResult(success=True, data=after, warnings=warnings)
