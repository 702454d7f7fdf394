"""Change a domain (S25), or activate it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.domain import DomainRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.domain import DomainActionResult, DomainModifier, entity_of


@dataclass(frozen=True)
class ModifyDomainAction(BaseAction):
    """Change what is given of a domain; its name stays."""

    name: ClassVar[str] = "modify_domain"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "domain"

    domain_name: str
    modifier: DomainModifier

    def entity(self) -> Entity:
        """The domain."""
        return entity_of(self.domain_name)


@dataclass(frozen=True)
class ModifyDomainActionResult(DomainActionResult):
    """The domain as it is now."""


async def modify_domain(action: ModifyDomainAction, context: ActionContext) -> ModifyDomainActionResult:
    """Change a domain's description, limits and hosts, or activate it again (S25). For superadmins.

    action: ModifyDomainAction. domain_name: which; modifier: the fields to change.
    Returns ModifyDomainActionResult; data is the domain as it is now.
    error.code: forbidden, unknown_domain, invalid_value.
    """
    domains = DomainRepository(context.session, context.actor, context.storage.hosts)
    before = await domains.lock(action.domain_name)
    after = await domains.modify(before, action.modifier, context.now)
    context.record(entity_of(after.name), before.to_json(), after.to_json())
    return ModifyDomainActionResult(success=True, data=after)
