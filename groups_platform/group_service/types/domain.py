"""The inputs and results of the actions on domains, which own users and groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from groups_platform.group_service.errors import InvalidDomainName, InvalidGroupName
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.frozen import freeze_fields, thaw
from groups_platform.group_service.types.group import DESCRIPTION, Slots, check_group_name


def check_domain_name(name: str) -> str:
    """`name` in Unicode's composed form. Raises InvalidDomainName. The rules are those of groups: `example.com`."""
    try:
        return check_group_name(name)
    except InvalidGroupName as refusal:
        raise InvalidDomainName(str(refusal).replace("name a group", "name a domain"), **refusal.facts) from None


def entity_of(domain_name: str) -> Entity:
    """A domain in the audit log: its name is its id."""
    return Entity(domain_name, domain_name, domain_name)


@dataclass(frozen=True)
class DomainCreator:
    """A new domain. Its slots and hosts are as those of a group."""

    name: str
    description: str | None = field(default=None, metadata=DESCRIPTION)
    is_active: bool = True
    total_resource_slots: Slots = field(default_factory=ResourceSlot)
    allowed_vfolder_hosts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DomainModifier:
    """Changes of a domain; what is not given stays. A domain keeps its name, by which others refer to it."""

    description: TriState[str] = field(default_factory=TriState.nop, metadata=DESCRIPTION)
    is_active: OptionalState[bool] = field(default_factory=OptionalState.nop)
    total_resource_slots: OptionalState[Slots] = field(default_factory=OptionalState.nop)
    allowed_vfolder_hosts: OptionalState[Mapping[str, Any]] = field(default_factory=OptionalState.nop)


@dataclass(frozen=True)
class DomainData:
    """A domain. One that is not active takes no new groups; everything in it stays and works."""

    name: str
    description: str | None
    is_active: bool
    total_resource_slots: ResourceSlot
    allowed_vfolder_hosts: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime

    def __post_init__(self) -> None:
        freeze_fields(self, "allowed_vfolder_hosts")

    def to_json(self) -> dict[str, Any]:
        """The domain in types of JSON."""
        return {field.name: thaw(getattr(self, field.name)) for field in fields(self)} | {
            "total_resource_slots": self.total_resource_slots.to_json(),
            "created_at": self.created_at.isoformat(),
            "modified_at": self.modified_at.isoformat(),
        }


@dataclass(frozen=True)
class DomainActionResult(BaseActionResult[DomainData]):
    """A domain as it is after the action."""

    def entity_id(self) -> str | None:
        """The domain's name."""
        return self.data.name if self.data else None


@dataclass(frozen=True)
class DomainFilter:
    """The filter of a listing; None is any. name_part: anywhere in the name, in any case."""

    is_active: bool | None = None
    name_part: str | None = None


@dataclass(frozen=True)
class DomainPage:
    """Domains in the order of their names. next_cursor asks for the page that follows; None on the last."""

    domains: tuple[DomainData, ...]
    next_cursor: str | None = None
