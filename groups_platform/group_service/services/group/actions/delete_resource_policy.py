"""Delete a project resource policy that no group follows (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.resource_policy import ResourcePolicyRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.resource_policy import ResourcePolicyActionResult


@dataclass(frozen=True)
class DeleteResourcePolicyAction(BaseAction):
    """Delete a policy for good; it must have no groups, not even deleted ones."""

    name: ClassVar[str] = "delete_resource_policy"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "resource_policy"

    policy_name: str

    def entity(self) -> Entity:
        """The policy."""
        return Entity(self.policy_name, self.policy_name)


@dataclass(frozen=True)
class DeleteResourcePolicyActionResult(ResourcePolicyActionResult):
    """The policy as it was."""


async def delete_resource_policy(
    action: DeleteResourcePolicyAction, context: ActionContext
) -> DeleteResourcePolicyActionResult:
    """Delete a resource policy that no group follows, for good (S25). For superadmins.

    action: DeleteResourcePolicyAction. policy_name: which.
    Returns DeleteResourcePolicyActionResult; data is the policy as it was.
    error.code: forbidden, unknown_resource_policy, resource_policy_in_use (facts: groups, how many), invalid_value.
    """
    policies = ResourcePolicyRepository(context.session)
    policy = await policies.lock(action.policy_name)
    await policies.delete(policy)
    context.record(Entity(policy.name, policy.name), policy.to_json(), None)
    return DeleteResourcePolicyActionResult(success=True, data=policy)
