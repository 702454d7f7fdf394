"""Purge a group (S10, S11): remove it and everything of it for good, unless something of it is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from unicodedata import normalize
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import Forbidden, GroupServiceError
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository, Blocking
from groups_platform.group_service.repositories.group.purge_requests import PurgeRequestRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, GroupAction
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import remove_folders, warnings_of
from groups_platform.group_service.types.action import ActionError, BaseActionResult
from groups_platform.group_service.types.audit import group_entity
from groups_platform.group_service.types.group import GroupData, MemberChange, PurgePlan


class PurgeGroupActionError(GroupServiceError):
    """Something of the group is in use. facts: `count`, and up to a hundred of what blocks under `listed_as`."""

    is_raised = True
    listed_as: ClassVar[str]
    sentence: ClassVar[str]

    def __init__(self, blocking: Blocking) -> None:
        names = ", ".join(str(blocker.get("name", blocker["id"])) for blocker in blocking.listed[:5])
        more = ", …" if blocking.count > 5 else ""
        super().__init__(
            f"{self.sentence} ({blocking.count}): {names}{more}. Nothing was purged.",
            count=blocking.count,
            **{self.listed_as: list(blocking.listed)},
        )


class PurgeGroupActionVFoldersMountedToActiveKernelsError(PurgeGroupActionError):
    """A folder of the group is mounted by an active kernel of any group."""

    code = "vfolders_mounted_to_active_kernels"
    listed_as = "vfolders"
    sentence = "Folders of the group are mounted by active kernels"


class PurgeGroupActionActiveKernelsError(PurgeGroupActionError):
    """A kernel of the group is active."""

    code = "active_kernels"
    listed_as = "kernels"
    sentence = "Kernels of the group are active"


class PurgeGroupActionActiveEndpointsError(PurgeGroupActionError):
    """An endpoint of the group is created or being destroyed."""

    code = "active_endpoints"
    listed_as = "endpoints"
    sentence = "Endpoints of the group are active"


class NotConfirmed(GroupServiceError):
    """The group has another name than the caller expects."""

    code = "not_confirmed"


class ApprovalRequired(Forbidden):
    """Groups of this domain are purged by two admins."""

    code = "approval_required"


@dataclass(frozen=True)
class PurgeGroupAction(GroupAction):
    """Purge a group, active or deleted. dry_run: change nothing, and say what would be removed and what blocks.

    expected_name: the group's name, for callers that let a person confirm it; another name is refused.
    """

    name: ClassVar[str] = "purge_group"
    access: ClassVar[Access] = Access.ADMIN

    dry_run: bool = False
    expected_name: str | None = None


@dataclass(frozen=True)
class PurgeGroupActionResult(BaseActionResult[PurgePlan]):
    """What was removed, or would be; the warnings name folders that are still in storage."""

    def entity_id(self) -> str | None:
        """The group's id."""
        return str(self.data.group.id) if self.data else None


async def purge_group(action: PurgeGroupAction, context: ActionContext) -> PurgeGroupActionResult:
    """Remove a group for good, with its sessions, kernels, endpoints, folders and memberships (S10, S11).

    action: PurgeGroupAction. group_id: id or GroupName; dry_run: change nothing, and only return the plan;
    expected_name: refuse if the group has another name.
    Returns PurgeGroupActionResult; data is the PurgePlan: what was removed, or would be, and what blocks. Folders that
    storage has refused to remove are warnings; retry_vfolder_deletions tries them again.
    error.code: forbidden, group_not_found, ambiguous_group, not_confirmed; approval_required, without dry_run, where
    GROUPS_PURGE_APPROVAL asks for request_purge and approve_purge.
    Raises, in this order and without dry_run: PurgeGroupActionVFoldersMountedToActiveKernelsError,
    PurgeGroupActionActiveKernelsError, PurgeGroupActionActiveEndpointsError. Nothing is removed then.
    """
    groups = context.groups
    group = await (groups.get if action.dry_run else groups.lock)(action.group_id)
    check_name(action.expected_name, group)
    if not action.dry_run and context.config.needs_purge_approval(group.domain_name):
        raise ApprovalRequired(
            f"Groups of {group.domain_name} are purged by two admins. Use request_purge; another admin's approve_purge "
            "then purges.",
            domain_name=group.domain_name,
        )
    if not action.dry_run:
        await AdminGroupRepository(context.session).lock_dependents(group.id)
    plan = await plan_purge(context, group, is_dry_run=action.dry_run)
    if action.dry_run:
        context.record(group_entity(group), None, {"dry_run": True})
    else:
        await PurgeRequestRepository(context.session, context.actor, context.now).replace_waiting(group.id)
        await carry_out(plan, context)
    return PurgeGroupActionResult(success=True, data=plan)


def check_name(expected_name: str | None, group: GroupData) -> None:
    """Raises NotConfirmed where another name than the group's is expected."""
    if expected_name is not None and normalize("NFC", expected_name) != group.name:  # as names are stored
        raise NotConfirmed("The name does not match. Nothing was purged.")


async def plan_purge(context: ActionContext, group: GroupData, *, is_dry_run: bool) -> PurgePlan:
    """What a purge of the group removes.

    Raises the first PurgeGroupActionError where something blocks; with a dry run, the plan lists what does.
    """
    admin = AdminGroupRepository(context.session)
    blockers = await _find_blockers(admin, group.id)
    if blockers and not is_dry_run:
        raise blockers[0]
    found = await admin.find_dependents(group.id)
    return PurgePlan(
        group=group,
        is_dry_run=is_dry_run,
        counts=found.counts,
        vfolders=found.vfolders,
        endpoints=found.endpoints,
        blockers=tuple(ActionError(error.code, str(error), error.facts) for error in blockers),
        digest=found.digest,
    )


async def carry_out(plan: PurgePlan, context: ActionContext, **facts: str) -> None:
    """Remove the group of a plan, which is locked with what depends on it. facts: what the audit log says besides."""
    group_id, storage, now = plan.group.id, context.storage, context.now
    members = MemberChange(removed=tuple(await context.groups.member_ids(group_id)))
    changes = {"purged": plan.counts, **members.to_json(), **facts}
    context.record(group_entity(plan.group), plan.group.to_json(), None, **changes)
    await AdminGroupRepository(context.session).purge(group_id, now)

    async def remove_its_folders(session: AsyncSession) -> tuple[str, ...]:
        return warnings_of(await remove_folders(session, storage, now, group_id=group_id))

    context.after_commit = remove_its_folders


async def _find_blockers(admin: AdminGroupRepository, group_id: UUID) -> list[PurgeGroupActionError]:
    """In the order of the contract."""
    checks = (
        (admin.mounted_vfolders, PurgeGroupActionVFoldersMountedToActiveKernelsError),
        (admin.active_kernels, PurgeGroupActionActiveKernelsError),
        (admin.active_endpoints, PurgeGroupActionActiveEndpointsError),
    )
    found = [(await check(group_id), error) for check, error in checks]
    return [error(blocking) for blocking, error in found if blocking.count]
