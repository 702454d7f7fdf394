"""Performs actions: checks the role, runs one transaction, retries it, and writes the audit row and the log line.

What an action does is in `actions/`; which groups an actor may see or change is decided by `GroupRepository`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.clients.valkey import ValkeyStatClient
from groups_platform.group_service.errors import Forbidden, GroupServiceError, OutcomeUnknown
from groups_platform.group_service.repositories.audit import record_attempt
from groups_platform.group_service.repositories.database_errors import is_connection_lost, is_transient, typed_error
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository
from groups_platform.group_service.services.group.actions.base import ActionContext, BaseAction
from groups_platform.group_service.types.action import ActionError, BaseActionResult
from groups_platform.group_service.types.audit import AuditStatus
from groups_platform.group_service.types.group import GroupName
from groups_platform.group_service.types.user import SYSTEM, Actor
from groups_platform.masking import mask_secrets, mask_text

Action = TypeVar("Action", bound=BaseAction)
Result = TypeVar("Result", bound=BaseActionResult[Any])
Answer = TypeVar("Answer")

log = logging.getLogger("groups_platform.group_service")

MOST_TRIES = 8  # over some 8 seconds: Postgres is back from a crash by then
LONGEST_ENTITY = 200
LONGEST_WAIT = "30s"  # for a transaction that may be committing the same attempt


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class _CommitInDoubt(Exception):
    """The connection broke while the commit was under way."""

    def __init__(self, performed: tuple[Any, ActionContext], cause: DBAPIError) -> None:
        super().__init__()
        self.performed = performed
        self.cause = cause


@dataclass(frozen=True)
class Attempt:
    """One call of an action. Its row in the audit log is made by `ended`."""

    action: BaseAction
    actor: Actor
    run_id: str | None
    now: datetime
    id: UUID = field(default_factory=uuid4)
    began: float = field(default_factory=perf_counter)

    def ended(
        self,
        status: AuditStatus,
        entity_id: str | None,
        *,
        error: GroupServiceError | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The row of the audit log, without secrets."""
        return {
            "action_id": self.id,
            "action": self.action.name,
            "entity_type": self.action.entity_type,
            "entity_id": _storable(entity_id),
            "actor_id": self.actor.id,
            "actor": self.actor.name,
            "status": status,
            "error_code": error and error.code,
            "description": error and mask_text(str(error)),
            "before": mask_secrets(before),
            "after": mask_secrets(after),
            "run_id": self.run_id,
            "started_at": self.now,
            "duration": timedelta(seconds=perf_counter() - self.began),
        }


@dataclass(frozen=True)
class ActionProcessor:
    """Performs actions for one actor."""

    sessions: async_sessionmaker[AsyncSession]
    config: ManagerConfigProvider
    storage: StorageSessionManager
    valkey: ValkeyStatClient | None = None
    actor: Actor = SYSTEM
    run_id: str | None = None
    clock: Callable[[], datetime] = _utc_now

    async def perform(
        self, action: Action, handler: Callable[[Action, ActionContext], Awaitable[Result]], result_type: type[Result]
    ) -> Result:
        """The handler's result, or a result with an error. An error that `is_raised` is raised after the audit."""
        attempt = Attempt(action, self.actor, self.run_id, self.clock())
        try:
            self._admit(action)
            result, context = await _retried(lambda: self._try(attempt, handler))
        except GroupServiceError as error:
            refusal = error
        except (SQLAlchemyError, UnicodeEncodeError) as error:
            refusal = typed_error(error)
        except (Exception, asyncio.CancelledError) as error:  # a fault of a handler, or a cancellation
            with suppress(GroupServiceError):  # a failed audit is logged
                await asyncio.shield(self._refuse(attempt, _interrupted(error)))
            raise
        else:
            _log(attempt, AuditStatus.SUCCESS, result.entity_id())
            return replace(result, warnings=(*result.warnings, *await self._follow_up(context)))
        await self._refuse(attempt, refusal)
        if refusal.is_raised:
            raise refusal from None  # the cause may show values
        error_shown = ActionError(refusal.code, str(refusal), refusal.facts)
        return result_type(success=False, error=error_shown, action_id=attempt.id)

    def _admit(self, action: BaseAction) -> None:
        if self.actor.role not in action.access.value:
            roles = ", ".join(sorted(role.value for role in action.access.value))
            raise Forbidden(f"{self.actor.name} may not {action.name}: it needs the role {roles}.")

    async def _try(
        self, attempt: Attempt, handler: Callable[[Any, ActionContext], Awaitable[Result]]
    ) -> tuple[Result, ActionContext]:
        try:
            return await self._transact(attempt, handler)
        except _CommitInDoubt as doubt:
            if await self._was_committed(attempt):
                result: Result = doubt.performed[0]
                return result, doubt.performed[1]
            raise doubt.cause from None  # a lost connection, and nothing done: tried anew

    async def _transact(
        self, attempt: Attempt, handler: Callable[[Any, ActionContext], Awaitable[Result]]
    ) -> tuple[Result, ActionContext]:
        async with self.sessions() as session:
            context = ActionContext(
                session, attempt.actor, attempt.now, self.config, self.storage, self.valkey, attempt.run_id, attempt.id
            )
            result = replace(await handler(attempt.action, context), action_id=attempt.id)
            entity_id = result.entity_id() or await _entity_id(session, attempt.action)
            row = attempt.ended(AuditStatus.SUCCESS, entity_id, before=context.before, after=context.after)
            await record_attempt(session, row)
            try:
                await session.commit()
            except DBAPIError as error:
                if is_connection_lost(error):
                    raise _CommitInDoubt((result, context), error) from error
                raise
            return result, context

    async def _was_committed(self, attempt: Attempt) -> bool:
        try:
            return not await _retried(lambda: self._record(attempt, AuditStatus.FAILURE, keep=False))
        except SQLAlchemyError:
            raise OutcomeUnknown(
                f"The connection broke while {attempt.action.name} was committed, and the database has not answered "
                f"since. It is done if audit_log has the action {attempt.id} with status success.",
                action_id=str(attempt.id),
            ) from None

    async def _refuse(self, attempt: Attempt, refusal: GroupServiceError) -> None:
        refusal.action_id = attempt.id
        status = AuditStatus.DENIED if isinstance(refusal, Forbidden) else AuditStatus.FAILURE
        _log(attempt, status, attempt.action.entity_id(), refusal)
        try:
            await _retried(lambda: self._record(attempt, status, refusal))
        except SQLAlchemyError as error:
            log.exception("the audit row of action %s could not be written", attempt.id)
            raise (refusal if refusal.is_raised else typed_error(error)) from None

    async def _record(
        self, attempt: Attempt, status: AuditStatus, refusal: GroupServiceError | None = None, *, keep: bool = True
    ) -> bool:
        async with self.sessions() as session:
            await session.execute(select(func.set_config("lock_timeout", LONGEST_WAIT, True)))
            entity_id = await _entity_id(session, attempt.action)
            is_new = await record_attempt(session, attempt.ended(status, entity_id, error=refusal))
            if keep:
                await session.commit()
            return is_new

    async def _follow_up(self, context: ActionContext) -> tuple[str, ...]:
        if context.after_commit is None:
            return ()
        try:
            async with self.sessions.begin() as session:
                return await context.after_commit(session)
        except Exception:  # the action is committed: the caller gets a warning
            log.exception("what follows action %s failed", context.action_id)
            return ("What follows the action failed; the log says why.",)


async def _retried(attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Try again after transient faults. The waits are random and grow, so that a deadlock does not repeat."""
    retrying = AsyncRetrying(
        retry=retry_if_exception(is_transient),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_after_attempt(MOST_TRIES),
        reraise=True,
    )

    async def run() -> Answer:
        return await attempt()  # a coroutine function, as tenacity wants it

    answer: Answer = await retrying(run)
    return answer


async def _entity_id(session: AsyncSession, action: BaseAction) -> str | None:
    """The id of the group that the action names, also of one that the actor may not see; else what was written."""
    subject = action.subject()
    found = await AdminGroupRepository(session).find_id(subject) if isinstance(subject, GroupName) else None
    return str(found) if found else action.entity_id()


def _storable(entity_id: str | None) -> str | None:
    """`entity_id` as text that Postgres can store and index: without NUL and surrogates, and cut."""
    if entity_id is None:
        return None
    return entity_id[:LONGEST_ENTITY].encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def _interrupted(error: BaseException) -> GroupServiceError:
    refusal = GroupServiceError(f"The action ended by {type(error).__name__}.")
    refusal.code = "cancelled" if isinstance(error, asyncio.CancelledError) else "internal_error"
    return refusal


def _log(
    attempt: Attempt, status: AuditStatus, entity_id: str | None, refusal: GroupServiceError | None = None
) -> None:
    facts = {
        "action": attempt.action.name,
        "entity": _storable(entity_id),
        "actor": attempt.actor.name,
        "status": status.value,
        "error_code": refusal and refusal.code,
        "action_id": str(attempt.id),
        "run_id": attempt.run_id,
        "duration_ms": round((perf_counter() - attempt.began) * 1000, 1),
    }
    level = logging.INFO if refusal is None else logging.WARNING
    outcome = status.value if refusal is None else f"{status.value}, {refusal.code}"
    log.log(level, "%s of %s by %s: %s", facts["action"], facts["entity"] or "-", facts["actor"], outcome, extra=facts)
