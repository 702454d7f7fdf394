"""The inputs and results of the actions on groups: groups, their names and changes, pages, purge plans."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from groups_platform.group_service.errors import InvalidGroupName
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.action import ActionError, BaseActionResult
from groups_platform.group_service.types.frozen import freeze_fields, thaw
from groups_platform.group_service.types.text import cut, quote

LONGEST_NAME = 64
LONGEST_SPELLING = 4 * LONGEST_NAME  # before it is composed: a letter and its marks may be one character
DIGITS = "0123456789"

NAME = {"longest": 512}  # of a domain or a policy; what is longer cannot be indexed
DESCRIPTION = {"longest": 10_000}
INTEGRATION_ID = {"longest": 512, "is_filled": True}
Slots: TypeAlias = ResourceSlot | Mapping[str, Any]
"""Amounts by slot, or what `ResourceSlot.from_user_input` makes them of, such as `{"cpu": "4", "mem": "8g"}`."""


class ProjectType(str, Enum):
    """What a group is for."""

    GENERAL = "general"
    MODEL_STORE = "model-store"


def check_group_name(name: str) -> str:
    """`name` in Unicode's composed form. Raises InvalidGroupName.

    1 to 64 letters of any script (with the marks written on them), digits from 0 to 9, `-`, `_` and `.`; the first and
    the last are a letter or a digit.
    """
    if not isinstance(name, str):
        raise InvalidGroupName(f"{quote(name)} cannot name a group: a name is a text.", name=quote(name))
    composed = unicodedata.normalize("NFC", name[:LONGEST_SPELLING])
    kinds = [unicodedata.category(character) for character in composed]
    is_word = [kind[0] in "LM" or character in DIGITS for kind, character in zip(kinds, composed, strict=True)]
    if not (
        1 <= len(composed) <= LONGEST_NAME
        and len(name) <= LONGEST_SPELLING
        and all(word or character in "-_." for word, character in zip(is_word, composed, strict=True))
        and is_word[0]
        and is_word[-1]
        and kinds[0][0] != "M"
    ):
        raise InvalidGroupName(
            f"{quote(name)} cannot name a group. Write 1 to {LONGEST_NAME} letters, digits, '-', '_' or '.', "
            "with a letter or digit first and last.",
            name=cut(name),
        )
    return composed


@dataclass(frozen=True)
class GroupName:
    """A group by its name. domain_name: None where one group alone of those that the actor sees has the name."""

    name: str
    domain_name: str | None = None

    def __str__(self) -> str:
        return self.name if self.domain_name is None else f"{self.domain_name}/{self.name}"


GroupRef: TypeAlias = UUID | GroupName | str
"""What an action takes for a group: its id, or its name, which is looked up among the groups that the actor sees.

A text is what `parse_group` takes: an id, `domain/name`, or a name.
"""


def parse_group(text: str, domain_name: str | None = None) -> UUID | GroupName:
    """The group that is written as its id, as `domain/name`, or as its name; only as its name with `domain_name`."""
    if domain_name is not None:
        return GroupName(text, domain_name)
    try:
        return UUID(text)
    except ValueError:
        domain, _, name = text.rpartition("/")
        return GroupName(name, domain or None)


@dataclass(frozen=True)
class GroupCreator:
    """A new group.

    allowed_vfolder_hosts: names of storage hosts, and what is allowed there, a text or a list of texts. dotfiles:
    objects of path, data, perm. container_registry: texts, of which all but registry and project are secret.
    """

    name: str
    domain_name: str = field(metadata=NAME)
    type: ProjectType = ProjectType.GENERAL
    description: str | None = field(default=None, metadata=DESCRIPTION)
    is_active: bool = True
    total_resource_slots: Slots = field(default_factory=ResourceSlot)
    allowed_vfolder_hosts: Mapping[str, Any] = field(default_factory=dict)
    dotfiles: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    resource_policy: str = field(default="default", metadata=NAME)
    container_registry: Mapping[str, str] | None = field(default=None, repr=False)
    integration_id: str | None = field(default=None, metadata=INTEGRATION_ID)


@dataclass(frozen=True)
class GroupModifier:
    """Changes of a group's own fields; what is not given stays. domain_name: who is a member must be a user of it."""

    name: OptionalState[str] = field(default_factory=OptionalState.nop)
    domain_name: OptionalState[str] = field(default_factory=OptionalState.nop, metadata=NAME)
    description: TriState[str] = field(default_factory=TriState.nop, metadata=DESCRIPTION)
    is_active: OptionalState[bool] = field(default_factory=OptionalState.nop)
    type: OptionalState[ProjectType] = field(default_factory=OptionalState.nop)
    total_resource_slots: OptionalState[Slots] = field(default_factory=OptionalState.nop)
    allowed_vfolder_hosts: OptionalState[Mapping[str, Any]] = field(default_factory=OptionalState.nop)
    dotfiles: OptionalState[Sequence[Mapping[str, Any]]] = field(default_factory=OptionalState.nop, repr=False)
    resource_policy: OptionalState[str] = field(default_factory=OptionalState.nop, metadata=NAME)
    container_registry: TriState[Mapping[str, str]] = field(default_factory=TriState.nop, repr=False)
    integration_id: TriState[str] = field(default_factory=TriState.nop, metadata=INTEGRATION_ID)


@dataclass(frozen=True)
class GroupData:
    """A group as the actor may see it; immutable all the way down.

    Who does not administrate its domain sees None for dotfiles and integration_id, and a container_registry without
    credentials. member_ids: None where they were not asked for.
    """

    id: UUID
    name: str
    domain_name: str
    description: str | None
    is_active: bool
    type: ProjectType
    total_resource_slots: ResourceSlot
    allowed_vfolder_hosts: Mapping[str, Any]
    resource_policy: str
    created_at: datetime
    modified_at: datetime
    dotfiles: tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False)
    container_registry: Mapping[str, Any] | None = field(default=None, repr=False)
    integration_id: str | None = None
    member_ids: tuple[UUID, ...] | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "allowed_vfolder_hosts", "dotfiles", "container_registry")

    def to_json(self) -> dict[str, Any]:
        """The group in types of JSON, secrets included."""
        return {field.name: thaw(getattr(self, field.name)) for field in fields(self)} | {
            "id": str(self.id),
            "type": self.type.value,
            "total_resource_slots": self.total_resource_slots.to_json(),
            "created_at": self.created_at.isoformat(),
            "modified_at": self.modified_at.isoformat(),
            "member_ids": None if self.member_ids is None else [str(user_id) for user_id in self.member_ids],
        }


@dataclass(frozen=True)
class GroupActionResult(BaseActionResult[GroupData]):
    """A group as it is after the action."""

    def entity_id(self) -> str | None:
        """The group's id."""
        return str(self.data.id) if self.data else None


@dataclass(frozen=True)
class MemberChange:
    """Who came into a group and who left it, in the order of their ids."""

    added: tuple[UUID, ...] = ()
    removed: tuple[UUID, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The change for the audit log."""
        return {"members_added": [str(i) for i in self.added], "members_removed": [str(i) for i in self.removed]}


@dataclass(frozen=True)
class TextFilter:
    """Texts that fulfil all that is given. ignore_case: capitals and small letters are the same."""

    equals: str | None = None
    contains: str | None = None
    starts_with: str | None = None
    ignore_case: bool = True


@dataclass(frozen=True)
class GroupFilter:
    """The filter of a search; None is any.

    name: the whole name as it is written, or a TextFilter; name_part: anywhere in the name, in any case.
    member_id: the id or the e-mail address of a user. created and modified: `since` is included, `until` is not;
    UTC for a time without a zone.
    """

    domain_name: str | None = None
    name: str | TextFilter | None = None
    is_active: bool | None = None
    type: ProjectType | None = None
    name_part: str | None = None
    member_id: UUID | str | None = None
    integration_id: str | None = None
    created_since: datetime | None = None
    created_until: datetime | None = None
    modified_since: datetime | None = None
    modified_until: datetime | None = None


class GroupOrder(str, Enum):
    """What groups are ordered by; those that are equal in it, by their ids."""

    NAME = "name"
    CREATED_AT = "created_at"
    MODIFIED_AT = "modified_at"
    DOMAIN_NAME = "domain_name"


@dataclass(frozen=True)
class GroupPage:
    """Groups in the order of the search. next_cursor asks for the page that follows; None on the last."""

    groups: tuple[GroupData, ...]
    next_cursor: str | None = None


@dataclass(frozen=True)
class PurgePlan:
    """What a purge removes, or has removed.

    counts: rows by table, members included. vfolders and endpoints: names, at most 100 of each.
    blockers: why a purge is refused, in the order in which it checks; a purge that was done has none.
    digest: of the group and of every row; plans with one digest are of the same things.
    """

    group: GroupData
    is_dry_run: bool
    counts: Mapping[str, int]
    vfolders: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    blockers: tuple[ActionError, ...] = ()
    digest: str = ""

    def __post_init__(self) -> None:
        freeze_fields(self, "counts")


@dataclass(frozen=True)
class RemovedFolders:
    """Folders that were removed from storage, and those that storage refused, with its reason."""

    removed: tuple[UUID, ...] = ()
    failed: Mapping[UUID, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze_fields(self, "failed")
