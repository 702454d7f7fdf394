"""Create a project resource policy (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.resource_policy import ResourcePolicyRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.resource_policy import ResourcePolicyActionResult, ResourcePolicyCreator


@dataclass(frozen=True)
class CreateResourcePolicyAction(BaseAction):
    """Create the policy that `input` describes."""

    name: ClassVar[str] = "create_resource_policy"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "resource_policy"

    input: ResourcePolicyCreator

    def entity(self) -> Entity:
        """The policy that is to be."""
        return Entity(self.input.name, self.input.name)


@dataclass(frozen=True)
class CreateResourcePolicyActionResult(ResourcePolicyActionResult):
    """The new policy, as stored."""


async def create_resource_policy(
    action: CreateResourcePolicyAction, context: ActionContext
) -> CreateResourcePolicyActionResult:
    """Create a resource policy, which projects follow (S25). For superadmins.

    action: CreateResourcePolicyAction. input: name and limits; 0 is no limit.
    Returns CreateResourcePolicyActionResult; data is the new policy as stored.
    error.code: forbidden, resource_policy_taken, invalid_value.
    """
    policy = await ResourcePolicyRepository(context.session).create(action.input, context.now)
    context.record(Entity(policy.name, policy.name), None, policy.to_json())
    return CreateResourcePolicyActionResult(success=True, data=policy)
