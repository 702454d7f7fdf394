"""The group service: every action is a method, performed by the processor of `processor.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from inspect import Parameter, Signature, getdoc
from typing import Any, Protocol, TypeVar, get_type_hints

from sqlalchemy.exc import SQLAlchemyError

from groups_platform.group_service.errors import GroupServiceError, UnknownActor
from groups_platform.group_service.repositories.database_errors import typed_error
from groups_platform.group_service.repositories.user import read_actor
from groups_platform.group_service.services.group.actions import (
    approve_purge,
    archive_audit,
    check_monthly_usage,
    create_domain,
    create_dotfile,
    create_group,
    create_resource_policy,
    create_user,
    deactivate_domain,
    delete_dotfile,
    delete_group,
    delete_resource_policy,
    find_users,
    get_group,
    get_groups,
    list_domains,
    list_purge_requests,
    list_resource_policies,
    list_stray_members,
    list_users,
    modify_domain,
    modify_group,
    modify_resource_policy,
    modify_user,
    purge_group,
    request_purge,
    restore_group,
    retry_vfolder_deletions,
    search_audit,
    search_groups,
    store_monthly_usage,
    summarise_audit,
    update_dotfile,
    usage_history,
    usage_per_month,
    usage_per_period,
)
from groups_platform.group_service.services.group.actions.base import ActionContext, BaseAction
from groups_platform.group_service.services.group.processor import ActionProcessor
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.user import Actor

Action = TypeVar("Action", bound=BaseAction)
Result = TypeVar("Result", bound=BaseActionResult[Any])


EVERY_ACTION = """
Every action: a refusal is a result whose success is False and whose error has code, message and facts.
Every call leaves one row in the audit log; the result's action_id finds it.
error.code of any action also: unknown_actor, forbidden, invalid_value for an input of wrong types, and busy where
something was waited for too long; it may be tried again.
Raises DatabaseError where Postgres fails also when asked again, and OutcomeUnknown where it does not answer whether it
has committed.
"""


class HasProcessor(Protocol):
    """A service: what performs the actions of its methods."""

    @property
    def processor(self) -> ActionProcessor:
        """Performs the actions."""


def performs(
    handler: Callable[[Action, ActionContext], Awaitable[Result]], *, service: str = "GroupService"
) -> Callable[[HasProcessor, Action], Coroutine[Any, Any, Result]]:
    """The method that performs the handler's action; name, signature and documentation are made from the handler.

    service: the name of the class whose method it is.
    """
    hints = get_type_hints(handler)
    action_type: type[Action] = hints["action"]
    result_type: type[Result] = hints["return"]

    async def perform(self: HasProcessor, action: Action) -> Result:
        return await self.processor.perform(action_type, action, handler, result_type)

    perform.__name__ = handler.__name__
    perform.__qualname__ = f"{service}.{handler.__name__}"
    perform.__doc__ = f"{getdoc(handler)}\n{EVERY_ACTION}"
    parameters = [
        Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("action", Parameter.POSITIONAL_OR_KEYWORD, annotation=hints["action"]),
    ]
    perform.__signature__ = Signature(parameters, return_annotation=result_type)  # type: ignore[attr-defined]
    return perform


@dataclass(frozen=True)
class GroupService:
    """Acts on groups for the processor's actor; open one with `group_service()`."""

    processor: ActionProcessor

    create_group = performs(create_group.create_group)
    modify_group = performs(modify_group.modify_group)
    delete_group = performs(delete_group.delete_group)
    restore_group = performs(restore_group.restore_group)
    purge_group = performs(purge_group.purge_group)
    request_purge = performs(request_purge.request_purge)
    approve_purge = performs(approve_purge.approve_purge)
    list_purge_requests = performs(list_purge_requests.list_purge_requests)
    create_dotfile = performs(create_dotfile.create_dotfile)
    update_dotfile = performs(update_dotfile.update_dotfile)
    delete_dotfile = performs(delete_dotfile.delete_dotfile)
    get_group = performs(get_group.get_group)
    get_groups = performs(get_groups.get_groups)
    search_groups = performs(search_groups.search_groups)
    list_stray_members = performs(list_stray_members.list_stray_members)
    usage_per_month = performs(usage_per_month.usage_per_month)
    usage_per_period = performs(usage_per_period.usage_per_period)
    usage_history = performs(usage_history.usage_history)
    store_monthly_usage = performs(store_monthly_usage.store_monthly_usage)
    check_monthly_usage = performs(check_monthly_usage.check_monthly_usage)
    retry_vfolder_deletions = performs(retry_vfolder_deletions.retry_vfolder_deletions)
    find_users = performs(find_users.find_users)
    search_audit = performs(search_audit.search_audit)
    summarise_audit = performs(summarise_audit.summarise_audit)
    archive_audit = performs(archive_audit.archive_audit)
    create_domain = performs(create_domain.create_domain)
    modify_domain = performs(modify_domain.modify_domain)
    deactivate_domain = performs(deactivate_domain.deactivate_domain)
    list_domains = performs(list_domains.list_domains)
    create_resource_policy = performs(create_resource_policy.create_resource_policy)
    modify_resource_policy = performs(modify_resource_policy.modify_resource_policy)
    delete_resource_policy = performs(delete_resource_policy.delete_resource_policy)
    list_resource_policies = performs(list_resource_policies.list_resource_policies)
    create_user = performs(create_user.create_user)
    modify_user = performs(modify_user.modify_user)
    list_users = performs(list_users.list_users)

    @property
    def actor(self) -> Actor | str:
        """For whom the service acts: an Actor, which may be the system's, or the e-mail address of a user."""
        return self.processor.actor

    def acting_as(self, actor: Actor | str) -> GroupService:
        """The same service for another actor: an Actor, or the e-mail address of a user.

        Role, status and domain are read with each action; nobody of this address is the error `unknown_actor`.
        """
        return GroupService(replace(self.processor, actor=actor))

    async def get_actor(self, email: str) -> Actor:
        """The active user with this e-mail address, in any case. Raises UnknownActor, DatabaseError, Busy."""
        try:
            async with self.processor.sessions() as session:
                return await read_actor(session, email)
        except SQLAlchemyError as error:
            raise typed_error(error, self.processor.config) from None
        except UnicodeEncodeError:
            raise UnknownActor(f"No active user has the e-mail address {email!r}.") from None

    async def refuse(self, action_type: type[BaseAction], error: GroupServiceError) -> None:
        """Write the row of an attempt that could not even become an action of this type."""
        await self.processor.refuse_input(action_type, error)
