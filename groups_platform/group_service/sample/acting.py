"""What the service's own actions make of the sample: domains, resource policies, users, groups and their members.

The system makes what has no admin yet; users and groups are made by the admins of their domains.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.sample.records import Record, records, reference, slots_of
from groups_platform.group_service.sample.state import State
from groups_platform.group_service.services.group.actions.create_domain import CreateDomainAction
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.create_resource_policy import CreateResourcePolicyAction
from groups_platform.group_service.services.group.actions.create_user import CreateUserAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.domain import DomainCreator
from groups_platform.group_service.types.group import GroupCreator, ProjectType
from groups_platform.group_service.types.resource_policy import ResourcePolicyCreator
from groups_platform.group_service.types.user import (
    SYSTEM,
    Actor,
    UserCreator,
    UserData,
    UserModifier,
    UserRole,
    UserUpdateMode,
)

Data = TypeVar("Data")

ACTIVE = "active"
TAKEN = ("group_name_taken", "already_linked", "inactive_domain")  # what others have done leaves no place

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Making:
    """Makes what is missing. read: what there is now. Raises GroupServiceError where an action is refused."""

    service: GroupService
    read: Callable[[], Awaitable[State]]

    async def make(self) -> dict[str, int]:
        """Perform what is missing, in an order in which a second run completes the first; the new rows by table."""
        named = {host for kind in ("domains", "groups") for record in records(kind) for host in record.get("hosts", ())}
        for host in sorted(named - set(self._hosts)):
            log.warning("the sample does without the storage host %s, which is not configured", host)
        made = {**await self._make_domains(), **await self._make_policies(), "users": await self._make_users()}
        made |= {"groups": await self._make_groups(), "association_groups_users": await self._add_members()}
        await self._end()
        return made

    async def _make_domains(self) -> dict[str, int]:
        there = (await self.read()).domains
        missing = [domain for domain in records("domains") if domain["name"] not in there]
        for domain in missing:
            creator = DomainCreator(domain["name"], domain["description"], **self._limits(domain))
            _data(await self.service.create_domain(CreateDomainAction(creator)))
        return {"domains": len(missing)}

    async def _make_policies(self) -> dict[str, int]:
        there = (await self.read()).policies
        missing = [policy for policy in records("resource_policies") if policy["name"] not in there]
        for policy in missing:
            _data(
                await self.service.create_resource_policy(CreateResourcePolicyAction(ResourcePolicyCreator(**policy)))
            )
        return {"project_resource_policies": len(missing)}

    async def _make_users(self) -> int:
        users = dict((await self.read()).users)
        missing = [user for user in records("users") if user["email"] not in users]
        for user in missing:  # admins come before their users
            role = UserRole(user["role"])
            admin = _admin_of(user["domain"] if role is UserRole.USER else None, users)
            # active, so that they can join a group; some are not afterwards
            creator = UserCreator(user["email"], user["domain"], user["full_name"], role)
            users[user["email"]] = _data(await self.service.acting_as(admin).create_user(CreateUserAction(creator)))
        return len(missing)

    async def _make_groups(self) -> int:
        state, made = await self.read(), 0
        for group in records("groups"):
            name = reference(group)
            if name in state.groups:
                continue
            refusal = "another group has the name"
            if name not in state.taken:
                result = await self._of(group["domain"], state).create_group(CreateGroupAction(self._creator(group)))
                if result.error is None or result.error.code not in TAKEN:
                    made += bool(_data(result))
                    continue
                refusal = result.error.message
            log.warning("the group %s of the sample is left out, with everything of it: %s", name, refusal)
        return made

    async def _add_members(self) -> int:
        state, number = await self.read(), 0
        for record in records("groups"):
            group = state.groups.get(reference(record))
            if group is None:
                continue
            users = [state.users[email] for email in record["members"]]
            missing = [user for user in users if user.id not in group.member_ids]
            joining = [user for user in missing if (user.status, user.domain_name) == (ACTIVE, group.domain_name)]
            for user in missing:
                if user not in joining:
                    log.warning("%s is left out, as no active user of %s any more", user.email, group.domain_name)
            if joining:
                change = ModifyGroupAction(
                    group.id,
                    user_update_mode=OptionalState.update(UserUpdateMode.ADD),
                    user_uuids=OptionalState.update([user.id for user in joining]),
                )
                _data(await self._of(group.domain_name, state).modify_group(change))
            number += len(joining)
        return number

    async def _end(self) -> None:
        """Delete groups softly and deactivate users, once: what people have changed since stays."""
        state = await self.read()
        for record in records("groups"):
            group = state.groups.get(reference(record))
            if group and not record.get("is_active", True) and _is_due("delete_group", str(group.id), state):
                _data(await self._of(group.domain_name, state).delete_group(DeleteGroupAction(group.id)))
        for record in records("users"):
            user = state.users[record["email"]]
            if "status" in record and _is_due("modify_user", str(user.id), state):
                status = UserModifier(status=OptionalState.update(record["status"]))
                _data(await self._of(user.domain_name, state).modify_user(ModifyUserAction(user.id, status)))

    def _of(self, domain_name: str, state: State) -> GroupService:
        return self.service.acting_as(_admin_of(domain_name, state.users))

    def _creator(self, group: Record) -> GroupCreator:
        return GroupCreator(
            group["name"],
            group["domain"],
            ProjectType(group.get("type", "general")),
            group["description"],
            resource_policy=group["policy"],
            integration_id=group.get("integration_id"),
            **self._limits(group),
        )

    def _limits(self, record: Record) -> dict[str, Any]:
        return {
            "total_resource_slots": slots_of(record),
            "allowed_vfolder_hosts": {host: host for host in record.get("hosts", ()) if host in self._hosts},
        }

    @property
    def _hosts(self) -> Collection[str]:
        return self.service.processor.storage.hosts


def _admin_of(domain_name: str | None, users: Mapping[str, UserData]) -> Actor | str:
    """The sample's admin of the domain, of None its superadmin; the system where nobody of the sample is that now."""
    wanted = UserRole.SUPERADMIN if domain_name is None else UserRole.ADMIN
    admins = (user for user in users.values() if (user.role, user.status) == (wanted, ACTIVE))
    return next((user.email for user in admins if domain_name in (None, user.domain_name)), SYSTEM)


def _is_due(action: str, entity_id: str, state: State) -> bool:
    """Whether the sample made this, and was interrupted before it came to the action."""
    creation = f"create_{action.rpartition('_')[2]}"
    return (creation, entity_id) in state.performed and (action, entity_id) not in state.performed


def _data(result: BaseActionResult[Data]) -> Data:
    if result.error is not None:
        refusal = GroupServiceError(result.error.message, **result.error.facts)
        refusal.code = result.error.code
        raise refusal
    assert result.data is not None
    return result.data
