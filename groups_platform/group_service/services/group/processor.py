"""Performs actions: reads who acts, checks input and role, runs one transaction, retries it, and writes the audit row.

What an action does is in `actions/`; which groups an actor may see or change is decided by `GroupRepository`; what an
attempt leaves in the audit log is in `attempt.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.clients.valkey import ValkeyStatClient
from groups_platform.group_service.errors import (
    DatabaseError,
    Forbidden,
    GroupServiceError,
    InvalidValue,
    OutcomeUnknown,
    UnknownActor,
)
from groups_platform.group_service.repositories.audit import complete_group, record_attempt
from groups_platform.group_service.repositories.database_errors import is_connection_lost, is_transient, typed_error
from groups_platform.group_service.repositories.user import read_actor
from groups_platform.group_service.services.group.actions.base import ActionContext, BaseAction
from groups_platform.group_service.services.group.attempt import Attempt
from groups_platform.group_service.services.group.gate import Gate
from groups_platform.group_service.types.action import ActionError, BaseActionResult
from groups_platform.group_service.types.audit import AuditStatus
from groups_platform.group_service.types.checking import check_input
from groups_platform.group_service.types.user import SYSTEM, Actor

Action = TypeVar("Action", bound=BaseAction)
Result = TypeVar("Result", bound=BaseActionResult[Any])
Answer = TypeVar("Answer")

log = logging.getLogger("groups_platform.group_service")

SHORT_WAIT = "500ms"
MOST_TRIES = 8  # over some 8 seconds: Postgres is back from a crash by then


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class _CommitInDoubt(Exception):
    """The connection broke while the commit was under way."""

    def __init__(self, performed: tuple[Any, ActionContext], cause: DBAPIError) -> None:
        super().__init__()
        self.performed = performed
        self.cause = cause


@dataclass(frozen=True)
class ActionProcessor:
    """Performs actions for one actor, an Actor or the e-mail address of a user.

    audit: sessions over connections of their own, for the rows of refusals. recording: rows that are being written.
    """

    sessions: async_sessionmaker[AsyncSession]
    audit: async_sessionmaker[AsyncSession]
    config: ManagerConfigProvider
    storage: StorageSessionManager
    valkey: ValkeyStatClient | None = None
    actor: Actor | str = SYSTEM
    run_id: str | None = None
    clock: Callable[[], datetime] = _utc_now
    gate: Gate = field(default_factory=Gate)
    recording: set[asyncio.Task[None]] = field(default_factory=set)

    async def perform(
        self,
        kind: type[Action],
        action: Action,
        handler: Callable[[Action, ActionContext], Awaitable[Result]],
        result_type: type[Result],
    ) -> Result:
        """The handler's result, or a result with an error. An error that `is_raised` is raised after the audit."""
        attempt = Attempt(kind, action, self.actor, self.run_id, self.clock())
        try:
            async with self._turn(attempt):
                result, context = await _retried(lambda: self._try(attempt, handler))
        except GroupServiceError as error:
            refusal = error
        except (SQLAlchemyError, UnicodeEncodeError) as error:
            refusal = typed_error(error, self.config, is_snapshot=kind.is_snapshot)
        except (Exception, asyncio.CancelledError) as error:  # a fault of a handler, or a cancellation
            with suppress(GroupServiceError):  # a failed audit is logged
                await self._refuse(attempt, _interrupted(error))
            raise
        else:
            attempt.log(AuditStatus.SUCCESS)
            return replace(result, warnings=(*result.warnings, *await self._follow_up(context)))
        await self._refuse(attempt, refusal)
        if refusal.is_raised:
            raise refusal from None  # the cause may show values
        error_shown = ActionError(refusal.code, str(refusal), refusal.facts)
        return result_type(success=False, error=error_shown, action_id=attempt.id)

    async def refuse_input(self, action_type: type[BaseAction], refusal: GroupServiceError) -> None:
        """Write the row of an attempt whose input could not become an action of this type."""
        await self._refuse(Attempt(action_type, None, self.actor, self.run_id, self.clock()), refusal)

    async def close(self) -> None:
        """Wait for the rows of attempts that callers have given up."""
        while self.recording:
            await asyncio.wait(self.recording)

    def _turn(self, attempt: Attempt) -> AbstractAsyncContextManager[None]:
        if attempt.kind.is_read or attempt.about is None:
            return nullcontext()
        return self.gate.turn(attempt.about, self.config.lock_timeout)

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
            context = await self._admitted(session, attempt)
            try:
                result = replace(await handler(attempt.action, context), action_id=attempt.id)
            finally:
                attempt.entity = context.entity or attempt.entity
            if context.entity is None and attempt.kind.entity_type == "group":
                attempt.entity = await complete_group(session, attempt.entity)
            await record_attempt(session, attempt.row(AuditStatus.SUCCESS, before=context.before, after=context.after))
            try:
                await session.commit()
            except DBAPIError as error:
                if is_connection_lost(error):
                    raise _CommitInDoubt((result, context), error) from error
                raise
            return result, context

    async def _admitted(self, session: AsyncSession, attempt: Attempt) -> ActionContext:
        """The context of an actor who may attempt the action, and whose input is of the right types."""
        kind = attempt.kind
        if kind.is_snapshot:  # before the first query
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            seconds = f"{self.config.usage_timeout * 1000:.0f}"
            await session.execute(select(func.set_config("statement_timeout", seconds, True)))
        attempt.actor = actor = await read_actor(session, self.actor)
        if actor.role not in kind.access.value:
            roles = ", ".join(sorted(role.value for role in kind.access.value))
            raise Forbidden(f"{actor.name} may not {kind.name}: it needs the role {roles}.")
        if not isinstance(attempt.action, kind):
            given = type(attempt.action).__name__
            raise InvalidValue(f"{kind.name} takes a {kind.__name__}, not a {given}.", field="action", type=given)
        check_input(attempt.action)
        return ActionContext(
            session, actor, attempt.now, self.config, self.storage, self.valkey, attempt.run_id, attempt.id
        )

    async def _was_committed(self, attempt: Attempt) -> bool:
        try:
            return not await _retried(lambda: self._record(attempt, AuditStatus.FAILURE, keep=False))
        except SQLAlchemyError:
            raise OutcomeUnknown(
                f"The connection broke while {attempt.kind.name} was committed, and the database has not answered "
                f"since. It is done if audit_log has the action {attempt.id} with status success.",
                action_id=str(attempt.id),
            ) from None

    async def _refuse(self, attempt: Attempt, refusal: GroupServiceError) -> None:
        """Write the row of a refused attempt, also if the caller gives up meanwhile: `close` waits for it."""
        refusal.action_id = attempt.id
        recording = asyncio.ensure_future(self._record_refusal(attempt, refusal))
        self.recording.add(recording)
        recording.add_done_callback(self.recording.discard)
        await asyncio.shield(recording)

    async def _record_refusal(self, attempt: Attempt, refusal: GroupServiceError) -> None:
        is_denied = isinstance(refusal, (Forbidden, UnknownActor))
        status = AuditStatus.DENIED if is_denied else AuditStatus.FAILURE
        if attempt.kind.entity_type == "group":
            await self._complete(attempt)
        try:
            is_refused = await _retried(lambda: self._record(attempt, status, refusal))
        except SQLAlchemyError as error:
            attempt.log(status, refusal)
            log.exception("the audit row of action %s could not be written", attempt.id)
            why = typed_error(error, self.config)
            unwritten = DatabaseError(f"{refusal} This could not be written to the audit log: {why}")
            raise (refusal if refusal.is_raised else unwritten) from None
        if is_refused:
            attempt.log(status, refusal)
        else:
            attempt.log(AuditStatus.SUCCESS)  # it was committed when the caller gave up

    async def _complete(self, attempt: Attempt) -> None:
        """Add what is known of the group, if that is told at once."""
        with suppress(SQLAlchemyError):
            async with self.audit() as session:
                await session.execute(select(func.set_config("lock_timeout", SHORT_WAIT, True)))
                attempt.entity = await complete_group(session, attempt.entity)

    async def _record(
        self, attempt: Attempt, status: AuditStatus, refusal: GroupServiceError | None = None, *, keep: bool = True
    ) -> bool:
        async with self.audit() as session:
            is_new = await record_attempt(session, attempt.row(status, error=refusal))
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


def _interrupted(error: BaseException) -> GroupServiceError:
    refusal = GroupServiceError(f"The action ended by {type(error).__name__}.")
    refusal.code = "cancelled" if isinstance(error, asyncio.CancelledError) else "internal_error"
    return refusal
