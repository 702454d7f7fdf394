"""The group service as ops, assets and checks use it: performs one action, audited with the id of the run."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from dagster import ConfigurableResource, InitResourceContext, OpExecutionContext, RetryRequested
from pydantic import Field

from groups_platform.errors import DatabaseUnavailable, PlatformError
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.errors import DatabaseError, OutcomeUnknown
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import SYSTEM
from groups_platform.masking import mask_text
from groups_platform.orchestration.failures import failure
from groups_platform.orchestration.instance import working_on

Action = TypeVar("Action")
Data = TypeVar("Data")
Method = Callable[[GroupService, Action], Coroutine[Any, Any, BaseActionResult[Data]]]


class GroupServiceResource(ConfigurableResource):  # type: ignore[type-arg]
    """The group service over the database of this process's environment."""

    max_retries: int = Field(default=3, description="How often a step is tried again when the database fails.")
    retry_seconds: float = Field(default=10.0, description="Wait before the first new try; it doubles with each.")

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["GroupServiceResource"]:
        """Say which process works on the run: also on a run of checks alone, and on a re-execution."""
        with working_on(context.instance, context.run):
            yield self

    def perform(self, context: OpExecutionContext, actor: str, method: Method[Action, Data], action: Action) -> Data:
        """The data of a successful action for `actor`, an e-mail address; for the platform itself where it is empty.

        Raises Failure for a refused action, with its code and facts, and RetryRequested where the database failed.
        """
        with self.step(context):
            result = asyncio.run(_perform(context.run_id, actor, method, action))
        context.log.info(f"audit_log has this as action {result.action_id}.")
        for warning in result.warnings:
            context.log.warning(warning)
        if result.error:
            raise failure(result.error.code, result.error.message, _with_id(result.error.facts, result.action_id))
        if result.data is None:
            raise TypeError(f"{type(result).__name__} has neither data nor an error")
        return result.data

    @contextmanager
    def step(self, context: OpExecutionContext) -> Iterator[None]:
        """Errors of the block as failures of the step: the database's are retried, where the outcome is known."""
        try:
            yield
        except PlatformError as error:
            action_id = getattr(error, "action_id", None)
            if action_id:
                context.log.info(f"audit_log has this as action {action_id}.")
            is_transient = isinstance(error, (DatabaseError, DatabaseUnavailable))
            if is_transient and not isinstance(error, OutcomeUnknown):
                self._retry(context, error)
            raise failure(error.code, str(error), _with_id(error.facts, action_id)) from None
        except psycopg.OperationalError as error:  # while the database is opened
            self._retry(context, error)
            raise

    def _retry(self, context: OpExecutionContext, error: Exception) -> None:
        if context.retry_number < self.max_retries:
            context.log.warning(f"The database failed, and the step is tried again: {mask_text(str(error))}")
            raise RetryRequested(self.max_retries, self.retry_seconds * 2**context.retry_number) from error


async def _perform(run_id: str, actor: str, method: Method[Action, Data], action: Action) -> BaseActionResult[Data]:
    async with open_service(actor=actor or SYSTEM, run_id=run_id) as service:
        return await method(service, action)


def _with_id(facts: Mapping[str, Any], action_id: UUID | None) -> dict[str, Any]:
    return {**facts, "action_id": str(action_id)} if action_id else dict(facts)
