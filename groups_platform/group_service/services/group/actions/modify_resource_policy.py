"""Change a project resource policy (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.resource_policy import ResourcePolicyRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.resource_policy import ResourcePolicyActionResult, ResourcePolicyModifier


@dataclass(frozen=True)
class ModifyResourcePolicyAction(BaseAction):
    """Change the limits that are given of a policy; its name stays."""

    name: ClassVar[str] = "modify_resource_policy"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "resource_policy"

    policy_name: str
    modifier: ResourcePolicyModifier

    def entity(self) -> Entity:
        """The policy."""
        return Entity(self.policy_name, self.policy_name)


@dataclass(frozen=True)
class ModifyResourcePolicyActionResult(ResourcePolicyActionResult):
    """The policy as it is now."""


async def modify_resource_policy(
    action: ModifyResourcePolicyAction, context: ActionContext
) -> ModifyResourcePolicyActionResult:
    """Change limits of a resource policy, for all groups that follow it (S25). For superadmins.

    action: ModifyResourcePolicyAction. policy_name: which; modifier: the limits to change; 0 is no limit.
    Returns ModifyResourcePolicyActionResult; data is the policy as it is now.
    error.code: forbidden, unknown_resource_policy, invalid_value.
    """
    policies = ResourcePolicyRepository(context.session)
    before = await policies.lock(action.policy_name)
    after = await policies.modify(before, action.modifier, context.now)
    context.record(Entity(after.name, after.name), before.to_json(), after.to_json())
    return ModifyResourcePolicyActionResult(success=True, data=after)
