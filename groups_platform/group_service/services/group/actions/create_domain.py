"""Create a domain (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from groups_platform.group_service.repositories.domain import DomainRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.domain import DomainActionResult, DomainCreator, entity_of


@dataclass(frozen=True)
class CreateDomainAction(BaseAction):
    """Create the domain that `input` describes."""

    name: ClassVar[str] = "create_domain"
    access: ClassVar[Access] = Access.SUPERADMIN
    entity_type: ClassVar[str] = "domain"

    input: DomainCreator

    def entity(self) -> Entity:
        """The domain that is to be."""
        return entity_of(self.input.name)


@dataclass(frozen=True)
class CreateDomainActionResult(DomainActionResult):
    """The new domain, as stored."""


async def create_domain(action: CreateDomainAction, context: ActionContext) -> CreateDomainActionResult:
    """Create a domain, which owns users and groups (S25). For superadmins.

    action: CreateDomainAction. input: name, description, limits, hosts, and whether it is active.
    Returns CreateDomainActionResult; data is the new domain as stored.
    error.code: forbidden, invalid_domain_name, domain_name_taken, invalid_value.
    """
    domains = DomainRepository(context.session, context.actor, context.storage.hosts)
    domain = await domains.create(action.input, context.now)
    context.record(entity_of(domain.name), None, domain.to_json())
    return CreateDomainActionResult(success=True, data=domain)
