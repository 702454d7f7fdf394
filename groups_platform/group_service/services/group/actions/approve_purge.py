"""Approve the purge that another admin has asked for, and purge (S34)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import Forbidden, GroupServiceError, InvalidValue
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository
from groups_platform.group_service.repositories.group.purge_requests import PurgeRequestRepository
from groups_platform.group_service.repositories.user import was_user_at
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.actions.purge_group import (
    carry_out,
    check_name,
    plan_purge,
)
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity, group_entity
from groups_platform.group_service.types.group import PurgePlan
from groups_platform.group_service.types.purge import PurgeRequest, PurgeRequestState


class OwnPurgeRequest(Forbidden):
    """Who asked for a purge does not approve it."""

    code = "own_purge_request"


class PurgeRequestNotWaiting(GroupServiceError):
    """The request was approved or replaced before. facts: `state`."""

    code = "purge_request_not_waiting"


class PurgeRequestExpired(GroupServiceError):
    """The request is older than 7 days."""

    code = "purge_request_expired"


class PurgePlanChanged(GroupServiceError):
    """The purge would remove something else than was asked for. facts: `requested` and `now`, rows by table."""

    code = "purge_plan_changed"

    def __init__(self, request: PurgeRequest, plan: PurgePlan) -> None:
        named = f"{request.domain_name}/{request.group_name}", f"{plan.group.domain_name}/{plan.group.name}"
        differences = [f"the group was {named[0]} and is {named[1]}"] * (named[0] != named[1])
        differences += [
            f"{what} were {request.counts.get(what, 0)} and are {number}"
            for what, number in plan.counts.items()
            if number != request.counts.get(what, 0)
        ]
        super().__init__(
            f"What the purge would remove has changed since {request.requested_by} asked for it: "
            f"{', '.join(differences) or 'as many rows, but not the same'}. Nothing was purged; request it again.",
            requested=dict(request.counts),
            now=dict(plan.counts),
        )


@dataclass(frozen=True)
class ApprovePurgeAction(BaseAction):
    """Approve a request and purge. dry_run: check everything, change nothing, and show what would go.

    expected_name: the group's name, for callers that let a person confirm it; another name is refused.
    """

    name: ClassVar[str] = "approve_purge"
    access: ClassVar[Access] = Access.ADMIN

    request_id: UUID | str
    dry_run: bool = False
    expected_name: str | None = None

    def entity(self) -> Entity:
        """The request, where the group is not known."""
        return Entity(id=str(self.request_id))


@dataclass(frozen=True)
class ApprovePurgeActionResult(BaseActionResult[PurgePlan]):
    """What was removed, or would be; the warnings name folders that are still in storage."""

    def entity_id(self) -> str | None:
        """The group's id."""
        return str(self.data.group.id) if self.data else None


async def approve_purge(action: ApprovePurgeAction, context: ActionContext) -> ApprovePurgeActionResult:
    """Approve the purge that another admin asked for, and purge, if it would remove the same as then (S34).

    action: ApprovePurgeAction. request_id: of request_purge; dry_run: check everything, and only return the plan;
    expected_name: refuse if the group has another name.
    Returns ApprovePurgeActionResult; data is the PurgePlan, as of purge_group.
    error.code: purge_request_not_found, purge_request_not_waiting, purge_request_expired, own_purge_request,
    purge_plan_changed, not_confirmed, forbidden, group_not_found; invalid_value for an id that is no UUID.
    Raises like purge_group, without dry_run, while something of the group is in use. Nothing is removed then.
    """
    requests = PurgeRequestRepository(context.session, context.actor, context.now)
    admin = AdminGroupRepository(context.session)
    request = await requests.get(_id_of(action))
    # a refusal too is about the group
    context.entity = Entity(str(request.group_id), request.group_name, request.domain_name)
    await admin.lock_group(request.group_id)
    request = await requests.get(request.id)  # another approval may have been waited for
    _check(request, context)
    if not await was_user_at(context.session, context.actor, request.requested_at):
        # else one admin could make the second one
        raise OwnPurgeRequest(f"{context.actor.name} became a user after this purge was asked for. Ask somebody else.")
    group = await context.groups.lock(request.group_id)
    check_name(action.expected_name, group)
    if not action.dry_run:
        await admin.lock_dependents(group.id)
    plan = await plan_purge(context, group, is_dry_run=action.dry_run)
    if plan.digest != request.plan_digest:
        raise PurgePlanChanged(request, plan)
    if action.dry_run:
        context.record(group_entity(group), None, {"dry_run": True, "request_id": str(request.id)})
    else:
        await requests.approve(request)
        await carry_out(plan, context, request_id=str(request.id), requested_by=request.requested_by)
    return ApprovePurgeActionResult(success=True, data=plan)


def _id_of(action: ApprovePurgeAction) -> UUID:
    try:
        return action.request_id if isinstance(action.request_id, UUID) else UUID(action.request_id)
    except ValueError:
        raise InvalidValue("request_id is the id of a purge request, a UUID.", field="request_id") from None


def _check(request: PurgeRequest, context: ActionContext) -> None:
    """Whether the actor may approve this request, at this time."""
    facts = {"request_id": str(request.id), "group": f"{request.domain_name}/{request.group_name}"}
    if request.state is PurgeRequestState.EXPIRED:
        raise PurgeRequestExpired(
            f"The purge request {request.id} expired at {request.expires_at:%Y-%m-%d %H:%M} UTC. Request it again.",
            **facts,
        )
    if request.state is not PurgeRequestState.WAITING:
        raise PurgeRequestNotWaiting(
            f"The purge request {request.id} is {request.state.value} already.", state=request.state.value, **facts
        )
    if request.requested_by_id == context.actor.id:  # the system has none
        raise OwnPurgeRequest(f"{context.actor.name} asked for this purge; another admin has to approve it.", **facts)
