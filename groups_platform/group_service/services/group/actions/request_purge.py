"""Ask for the purge of a group, which another admin has to approve (S34)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.group.purge_requests import PurgeRequestRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.services.group.actions.purge_group import plan_purge
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.purge import PurgeRequest


@dataclass(frozen=True)
class RequestPurgeAction(GroupAction):
    """Ask for the purge of a group, active or deleted. It replaces a request that waits for the same group."""

    name: ClassVar[str] = "request_purge"
    access: ClassVar[Access] = Access.ADMIN


@dataclass(frozen=True)
class RequestPurgeActionResult(BaseActionResult[PurgeRequest]):
    """The request, which waits for 7 days."""

    def entity_id(self) -> str | None:
        """The group's id."""
        return str(self.data.group_id) if self.data else None


async def request_purge(action: RequestPurgeAction, context: ActionContext) -> RequestPurgeActionResult:
    """Ask for the purge of a group; approve_purge of another admin then purges what is there now, and no more (S34).

    action: RequestPurgeAction. group_id: id or GroupName.
    Returns RequestPurgeActionResult; data is the PurgeRequest, with what would go. It expires after 7 days, and a new
    request for the group replaces it.
    error.code: forbidden, group_not_found, ambiguous_group.
    Raises like purge_group while something of the group is in use: such a request could not be approved.
    """
    group = await context.groups.lock(action.group_id)
    plan = await plan_purge(context, group, is_dry_run=False)
    request = await PurgeRequestRepository(context.session, context.actor, context.now).add(plan)
    context.record(group_entity(group), None, {"request_id": str(request.id), "purge_requested": plan.counts})
    return RequestPurgeActionResult(success=True, data=request)
