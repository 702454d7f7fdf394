"""The inputs and results of the actions on provisioning rules (M1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias
from unicodedata import normalize
from uuid import UUID

from groups_platform.group_service.errors import InvalidGroupName, InvalidValue
from groups_platform.group_service.types import OptionalState, ResourceSlot
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.group import LONGEST_NAME, NAME, Slots, check_group_name
from groups_platform.group_service.types.text import cut, quote
from groups_platform.provisioning.errors import InvalidNameTemplate

PLACEHOLDER = re.compile(r"\{(name|id)\}")
LARGEST_ID = 2**63 - 1
LONGEST_ID = len(str(-LARGEST_ID))
LINK = re.compile(r"directory:(0|-?[1-9][0-9]{0,18})", re.ASCII)

RuleRef: TypeAlias = UUID | int
"""What an action takes for a rule: its id, or the id of its directory group, which no other rule has."""


class MembersOf(str, Enum):
    """Whose agents are members of a rule's projects: of the directory group, or also of the groups below it."""

    DIRECT = "direct"
    BELOW = "below"


def link_to(directory_group_id: int) -> str:
    """The integration id of the project that belongs to this directory group (M2)."""
    return f"directory:{directory_group_id}"


def directory_group_of(integration_id: str | None) -> int | None:
    """The directory group of an integration id; None where it names none, as `directory:007` or one of another system.

    As the function of this name in the database.
    """
    found = LINK.fullmatch(integration_id or "")
    group_id = int(found[1]) if found else None
    return group_id if group_id is not None and -LARGEST_ID - 1 <= group_id <= LARGEST_ID else None


def parse_rule(text: str) -> RuleRef:
    """The rule that is written as its id or as the id of its directory group. Raises InvalidValue."""
    try:
        return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII) else UUID(text)
    except ValueError:
        raise InvalidValue(
            f"{quote(text)} is not a rule: write its id (a UUID) or the id of its directory group (a number).",
            field="rule",
        ) from None


def entity_of(rule: RuleRef, domain_name: str | None = None) -> Entity:
    """A rule in the audit log as far as it is named: its name is the link of its directory group."""
    if isinstance(rule, UUID):
        return Entity(str(rule), domain_name=domain_name)
    return Entity(name=link_to(rule), domain_name=domain_name)


def check_name_template(template: str, *, with_groups_below: bool) -> str:
    """The template as it is stored. Raises InvalidNameTemplate.

    It is a name by S5 with `{name}` and `{id}` of the directory group in it; a rule with groups below needs one of
    them, so that names differ. What is fixed leaves room for the ids.
    """
    fixed = PLACEHOLDER.sub("", template)
    try:
        check_group_name(PLACEHOLDER.sub("x", template))
    except InvalidGroupName:
        raise _invalid(
            template, "Write letters, digits, '-', '_' or '.', and {name} and {id} of the directory group."
        ) from None
    if len(fixed) + LONGEST_ID * template.count("{id}") > LONGEST_NAME:
        raise _invalid(template, f"A name has {LONGEST_NAME} characters, of which an id can take {LONGEST_ID}.")
    if with_groups_below and fixed == template:
        raise _invalid(template, "A rule with the groups below needs {name} or {id} in it, so that names differ.")
    return normalize("NFC", template)


def _invalid(template: str, why: str) -> InvalidNameTemplate:
    return InvalidNameTemplate(f"{quote(template)} cannot name projects. {why}", name_template=cut(template))


@dataclass(frozen=True)
class RuleCreator:
    """A new rule: the directory group, and with_groups_below each group below it, has a project in the domain.

    resource_policy, total_resource_slots: of the projects. name_template: their names, made of `{name}` and `{id}` of
    the directory group. members_of: `direct` or `below`, also as text. is_exact: members added by hand are removed.
    """

    directory_group_id: int
    domain_name: str = field(metadata=NAME)
    with_groups_below: bool = False
    resource_policy: str = field(default="default", metadata=NAME)
    total_resource_slots: Slots = field(default_factory=ResourceSlot)
    name_template: str = "{name}"
    members_of: MembersOf | str = MembersOf.DIRECT
    is_exact: bool = False


@dataclass(frozen=True)
class RuleModifier:
    """Changes of a rule; what is not given stays. A rule keeps its directory group and its domain."""

    with_groups_below: OptionalState[bool] = field(default_factory=OptionalState.nop)
    resource_policy: OptionalState[str] = field(default_factory=OptionalState.nop, metadata=NAME)
    total_resource_slots: OptionalState[Slots] = field(default_factory=OptionalState.nop)
    name_template: OptionalState[str] = field(default_factory=OptionalState.nop)
    members_of: OptionalState[MembersOf | str] = field(default_factory=OptionalState.nop)
    is_exact: OptionalState[bool] = field(default_factory=OptionalState.nop)


@dataclass(frozen=True)
class RuleData:
    """A rule. directory_group_name: as the directory has it today; None where the group is gone."""

    id: UUID
    directory_group_id: int
    directory_group_name: str | None
    with_groups_below: bool
    domain_name: str
    resource_policy: str
    total_resource_slots: ResourceSlot
    name_template: str
    members_of: MembersOf
    is_exact: bool
    created_at: datetime
    modified_at: datetime

    @property
    def entity(self) -> Entity:
        """The rule in the audit log."""
        return Entity(str(self.id), link_to(self.directory_group_id), self.domain_name)

    def to_json(self) -> dict[str, Any]:
        """The rule in types of JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "id": str(self.id),
            "total_resource_slots": self.total_resource_slots.to_json(),
            "members_of": self.members_of.value,
            "created_at": self.created_at.isoformat(),
            "modified_at": self.modified_at.isoformat(),
        }


@dataclass(frozen=True)
class RuleActionResult(BaseActionResult[RuleData]):
    """A rule as it is after the action, or was before it was deleted."""

    def entity_id(self) -> str | None:
        """The rule's id."""
        return str(self.data.id) if self.data else None


@dataclass(frozen=True)
class RuleFilter:
    """The filter of a listing; None is any. claims: the rule that has this directory group, perhaps by one above it."""

    domain_name: str | None = None
    rule: RuleRef | None = None
    claims: int | None = None


@dataclass(frozen=True)
class RulePage:
    """Rules by domain and directory group. next_cursor asks for the page that follows; None on the last."""

    rules: tuple[RuleData, ...]
    next_cursor: str | None = None
