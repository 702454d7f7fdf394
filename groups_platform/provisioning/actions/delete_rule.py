"""Delete a provisioning rule (M1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.provisioning.repositories import RuleRepository
from groups_platform.provisioning.types import RuleActionResult, RuleRef, entity_of


@dataclass(frozen=True)
class DeleteRuleAction(BaseAction):
    """Delete a rule for good, named by its id or by the id of its directory group."""

    name: ClassVar[str] = "delete_rule"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "rule"

    rule: RuleRef

    def entity(self) -> Entity:
        """The rule, as the caller named it."""
        return entity_of(self.rule)


@dataclass(frozen=True)
class DeleteRuleActionResult(RuleActionResult):
    """The rule as it was."""


async def delete_rule(action: DeleteRuleAction, context: ActionContext) -> DeleteRuleActionResult:
    """Delete a rule for good (M1). For superadmins.

    The next provisioning deletes (softly) the projects that it made, where no other rule claims their groups. To keep
    one, take it from its directory group with unlink_group before.

    action: DeleteRuleAction. rule: its id, or the id of its directory group.
    Returns DeleteRuleActionResult; data is the rule as it was, and a warning says how many projects it leaves.
    error.code: forbidden, unknown_rule, invalid_value.
    """
    rules = RuleRepository(context.session, context.actor)
    rule = await rules.lock(action.rule)
    number = await rules.delete(rule)
    context.record(rule.entity, rule.to_json(), None)
    return DeleteRuleActionResult(success=True, data=rule, warnings=(_left(number),) if number else ())


def _left(number: int) -> str:
    projects = "1 project" if number == 1 else f"{number} projects"
    return (
        f"The rule leaves {projects}: the next provisioning deletes (softly) those whose directory groups no other "
        "rule claims. unlink_group keeps a project."
    )
