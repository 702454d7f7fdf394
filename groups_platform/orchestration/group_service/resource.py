"""The group service as ops, assets and checks use it: performs one action, audited with the id of the run."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, get_type_hints
from uuid import UUID

import psycopg
from dagster import ConfigurableResource, InitResourceContext, OpExecutionContext, RetryRequested
from pydantic import Field

from groups_platform.errors import DatabaseUnavailable, PlatformError
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.errors import DatabaseError, GroupServiceError, OutcomeUnknown
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import SYSTEM
from groups_platform.masking import mask_text
from groups_platform.orchestration.group_service.refusals import refusal
from groups_platform.orchestration.instance import working_on

Action = TypeVar("Action", bound=BaseAction)
Launched_co = TypeVar("Launched_co", bound=BaseAction, covariant=True)
Data = TypeVar("Data")
Method = Callable[[GroupService, Action], Coroutine[Any, Any, BaseActionResult[Data]]]

NO_ACTOR = (
    "No actor is named: the platform itself acts, which may do everything. Write the e-mail address of a user in actor."
)


class ActionConfig(Protocol[Launched_co]):
    """What a person fills in for an action. actor: an e-mail address; empty for the platform itself."""

    actor: str

    def action(self) -> Launched_co:
        """The action that is meant. Raises GroupServiceError where there is none."""


class GroupServiceResource(ConfigurableResource):  # type: ignore[type-arg]
    """The group service over the database of this process's environment."""

    max_retries: int = Field(default=3, description="How often a step is tried again when the database fails.")
    retry_seconds: float = Field(default=10.0, description="Wait before the first new try; it doubles with each.")

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["GroupServiceResource"]:
        """Say which process works on the run: also on a run of checks alone, and on a re-execution."""
        with working_on(context.instance, context.run):
            yield self

    def launch(self, context: OpExecutionContext, config: ActionConfig[Action], method: Method[Action, Data]) -> Data:
        """The data of the action that a person has filled in. Who has named no actor is told what that means.

        Raises as `perform`; also what cannot become an action is audited.
        """
        if not config.actor and not context.retry_number:
            context.log.warning(NO_ACTOR)
        return self._data(context, config.actor, lambda service: _launch(service, config, method))

    def perform(self, context: OpExecutionContext, actor: str, method: Method[Action, Data], action: Action) -> Data:
        """The data of a successful action for `actor`, an e-mail address; for the platform itself where it is empty.

        Raises Failure for a refused action, with its code and facts, and RetryRequested where the database failed, or
        kept it waiting for too long.
        """
        return self._data(context, actor, lambda service: method(service, action))

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
                self._retry(context, str(error))
            raise refusal(error.code, str(error), _with_id(error.facts, action_id)) from None
        except psycopg.OperationalError as error:  # while the database is opened
            self._retry(context, str(error))
            raise

    def _data(
        self,
        context: OpExecutionContext,
        actor: str,
        act: Callable[[GroupService], Awaitable[BaseActionResult[Data]]],
    ) -> Data:
        with self.step(context):
            result = asyncio.run(_act(context.run_id, actor, act))
        context.log.info(f"audit_log has this as action {result.action_id}.")
        for warning in result.warnings:
            context.log.warning(warning)
        if result.error:
            if result.error.facts.get("is_retriable"):
                self._retry(context, result.error.message)
            raise refusal(result.error.code, result.error.message, _with_id(result.error.facts, result.action_id))
        if result.data is None:
            raise TypeError(f"{type(result).__name__} has neither data nor an error")
        return result.data

    def _retry(self, context: OpExecutionContext, why: str) -> None:
        if context.retry_number < self.max_retries:
            context.log.warning(f"The step is tried again: {mask_text(why)}")
            raise RetryRequested(self.max_retries, self.retry_seconds * 2**context.retry_number) from None


async def _act(
    run_id: str, actor: str, act: Callable[[GroupService], Awaitable[BaseActionResult[Data]]]
) -> BaseActionResult[Data]:
    async with open_service(actor=actor or SYSTEM, run_id=run_id) as service:
        return await act(service)


async def _launch(
    service: GroupService, config: ActionConfig[Action], method: Method[Action, Data]
) -> BaseActionResult[Data]:
    try:
        action = config.action()
    except GroupServiceError as error:
        await service.refuse(get_type_hints(type(config).action)["return"], error)
        raise
    return await method(service, action)


def _with_id(facts: Mapping[str, Any], action_id: UUID | None) -> dict[str, Any]:
    return {**facts, "action_id": str(action_id)} if action_id else dict(facts)
