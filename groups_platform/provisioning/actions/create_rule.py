"""Create a provisioning rule (M1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.provisioning.repositories import RuleRepository
from groups_platform.provisioning.types import RuleActionResult, RuleCreator, entity_of


@dataclass(frozen=True)
class CreateRuleAction(BaseAction):
    """Create the rule that `input` describes."""

    name: ClassVar[str] = "create_rule"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "rule"

    input: RuleCreator

    def entity(self) -> Entity:
        """The rule that is to be."""
        return entity_of(self.input.directory_group_id, self.input.domain_name)


@dataclass(frozen=True)
class CreateRuleActionResult(RuleActionResult):
    """The new rule, as stored."""


async def create_rule(action: CreateRuleAction, context: ActionContext) -> CreateRuleActionResult:
    """Create a rule, by which directory groups have projects (M1). For superadmins.

    The projects come with the next provisioning.

    action: CreateRuleAction. input: the directory group, whether those below it count too, and what its projects are.
    Returns CreateRuleActionResult; data is the new rule as stored.
    error.code: forbidden, unknown_directory_group, directory_group_claimed (facts: the other rule), unknown_domain,
    inactive_domain, unknown_resource_policy, invalid_name_template, invalid_value.
    """
    rule = await RuleRepository(context.session, context.actor).create(action.input, context.now)
    context.record(rule.entity, None, rule.to_json())
    return CreateRuleActionResult(success=True, data=rule)
