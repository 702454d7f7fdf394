"""Performs an action of the group service inside another one's transaction, with an audit row of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from groups_platform.group_service.repositories.audit import record_attempt
from groups_platform.group_service.services.group.actions.base import ActionContext, BaseAction
from groups_platform.group_service.services.group.attempt import Attempt
from groups_platform.group_service.types.audit import AuditStatus

Action = TypeVar("Action", bound=BaseAction)


@dataclass(frozen=True)
class Performed:
    """An action that was performed, and whose audit row is still to be written. id: of that row's attempt."""

    attempt: Attempt
    context: ActionContext

    @property
    def id(self) -> UUID:
        """The action's id."""
        return self.attempt.id

    async def record(self) -> None:
        """Write the audit row, the last thing before the commit."""
        row = self.attempt.row(AuditStatus.SUCCESS, before=self.context.before, after=self.context.after)
        await record_attempt(self.context.session, row)


async def perform_within(
    context: ActionContext, action: Action, handler: Callable[[Action, ActionContext], Awaitable[Any]]
) -> Performed:
    """Let the handler act in the transaction of `context`, for its actor and run. Raises what the handler raises."""
    attempt = Attempt(type(action), action, context.actor, context.run_id, context.now)
    own = ActionContext(
        context.session,
        context.actor,
        context.now,
        context.config,
        context.storage,
        context.valkey,
        context.run_id,
        attempt.id,
    )
    await handler(action, own)
    attempt.entity = own.entity or attempt.entity
    return Performed(attempt, own)
