"""Change a provisioning rule (M1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.provisioning.repositories import RuleRepository
from groups_platform.provisioning.types import RuleActionResult, RuleModifier, RuleRef, entity_of


@dataclass(frozen=True)
class ModifyRuleAction(BaseAction):
    """Change what is given of a rule, named by its id or by the id of its directory group; the group itself stays."""

    name: ClassVar[str] = "modify_rule"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "rule"

    rule: RuleRef
    modifier: RuleModifier

    def entity(self) -> Entity:
        """The rule, as the caller named it."""
        return entity_of(self.rule)


@dataclass(frozen=True)
class ModifyRuleActionResult(RuleActionResult):
    """The rule as it is now."""


async def modify_rule(action: ModifyRuleAction, context: ActionContext) -> ModifyRuleActionResult:
    """Change what the projects of a rule are, and whether the groups below its group count too (M1). For superadmins.

    The projects change with the next provisioning. The directory group and the domain of a rule stay: for others,
    delete the rule and create a new one.

    action: ModifyRuleAction. rule: its id, or the id of its directory group; modifier: the fields to change.
    Returns ModifyRuleActionResult; data is the rule as it is now.
    error.code: forbidden, unknown_rule, directory_group_claimed (facts: the other rule), unknown_resource_policy,
    invalid_name_template, invalid_value.
    """
    rules = RuleRepository(context.session, context.actor)
    before = await rules.lock(action.rule)
    context.entity = before.entity
    after = await rules.modify(before, action.modifier, context.now)
    context.record(after.entity, before.to_json(), after.to_json())
    return ModifyRuleActionResult(success=True, data=after)
