"""Deactivate a domain (S25): it takes no new groups, and everything in it stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.domain import DomainRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.domain import DomainActionResult, DomainModifier, entity_of


@dataclass(frozen=True)
class DeactivateDomainAction(BaseAction):
    """Deactivate a domain; doing it again succeeds. `ModifyDomainAction` with is_active undoes it."""

    name: ClassVar[str] = "deactivate_domain"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "domain"

    domain_name: str

    def entity(self) -> Entity:
        """The domain."""
        return entity_of(self.domain_name)


@dataclass(frozen=True)
class DeactivateDomainActionResult(DomainActionResult):
    """The domain, inactive now."""


async def deactivate_domain(action: DeactivateDomainAction, context: ActionContext) -> DeactivateDomainActionResult:
    """Deactivate a domain: it takes no new groups, and everything in it stays and works (S25). For superadmins.

    action: DeactivateDomainAction. domain_name: which. modify_domain with is_active undoes it.
    Returns DeactivateDomainActionResult; data is the domain, inactive now. Deactivating it again succeeds.
    error.code: forbidden, unknown_domain, invalid_value.
    """
    domains = DomainRepository(context.session, context.actor, context.storage.hosts)
    before = after = await domains.lock(action.domain_name)
    if before.is_active:
        after = await domains.modify(before, DomainModifier(is_active=OptionalState.update(False)), context.now)
    context.record(entity_of(after.name), before.to_json(), after.to_json())
    return DeactivateDomainActionResult(success=True, data=after)
