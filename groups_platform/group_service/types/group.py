"""The inputs and results of the actions on groups: groups, their names and changes, pages, purge plans."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from groups_platform.group_service.errors import InvalidGroupName
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.action import ActionError, BaseActionResult

LONGEST_NAME = 64


class ProjectType(str, Enum):
    """What a group is for."""

    GENERAL = "general"
    MODEL_STORE = "model-store"


def check_group_name(name: str) -> str:
    """`name` in Unicode's composed form. Raises InvalidGroupName.

    1 to 64 letters of any script (with the marks written on them), digits, `-`, `_` and `.`; the first and the last
    are a letter or a digit.
    """
    if not isinstance(name, str):
        raise InvalidGroupName(f"{name!r} cannot name a group: a name is a text.", name=str(name))
    name = unicodedata.normalize("NFC", name)
    kinds = [unicodedata.category(character) for character in name]
    is_word = [kind == "Nd" or kind[0] in "LM" for kind in kinds]
    if not (
        1 <= len(name) <= LONGEST_NAME
        and all(word or character in "-_." for word, character in zip(is_word, name, strict=True))
        and is_word[0]
        and is_word[-1]
        and kinds[0][0] != "M"
    ):
        raise InvalidGroupName(
            f"{name!r} cannot name a group. Write 1 to {LONGEST_NAME} letters, digits, '-', '_' or '.', "
            "with a letter or digit first and last.",
            name=name,
        )
    return name


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
    """A new group. dotfiles: objects of path, data, perm. container_registry: registry, project and credentials."""

    name: str
    domain_name: str
    type: ProjectType = ProjectType.GENERAL
    description: str | None = None
    is_active: bool = True
    total_resource_slots: ResourceSlot = field(default_factory=ResourceSlot)
    allowed_vfolder_hosts: Mapping[str, Any] = field(default_factory=dict)
    dotfiles: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    resource_policy: str = "default"
    container_registry: Mapping[str, Any] | None = field(default=None, repr=False)
    integration_id: str | None = None


@dataclass(frozen=True)
class GroupModifier:
    """Changes of a group's own fields; what is not given stays. domain_name: who is a member must be a user of it."""

    name: OptionalState[str] = field(default_factory=OptionalState.nop)
    domain_name: OptionalState[str] = field(default_factory=OptionalState.nop)
    description: TriState[str] = field(default_factory=TriState.nop)
    is_active: OptionalState[bool] = field(default_factory=OptionalState.nop)
    type: OptionalState[ProjectType] = field(default_factory=OptionalState.nop)
    total_resource_slots: OptionalState[ResourceSlot] = field(default_factory=OptionalState.nop)
    allowed_vfolder_hosts: OptionalState[Mapping[str, Any]] = field(default_factory=OptionalState.nop)
    dotfiles: OptionalState[Sequence[Mapping[str, Any]]] = field(default_factory=OptionalState.nop, repr=False)
    resource_policy: OptionalState[str] = field(default_factory=OptionalState.nop)
    container_registry: TriState[Mapping[str, Any]] = field(default_factory=TriState.nop, repr=False)
    integration_id: TriState[str] = field(default_factory=TriState.nop)


@dataclass(frozen=True)
class GroupData:
    """A group as the actor may see it.

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
    allowed_vfolder_hosts: dict[str, Any]
    resource_policy: str
    created_at: datetime
    modified_at: datetime
    dotfiles: tuple[dict[str, Any], ...] | None = field(default=None, repr=False)
    container_registry: dict[str, Any] | None = field(default=None, repr=False)
    integration_id: str | None = None
    member_ids: tuple[UUID, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """The group in types of JSON, secrets included."""
        return asdict(self) | {
            "id": str(self.id),
            "type": self.type.value,
            "total_resource_slots": self.total_resource_slots.to_json(),
            "created_at": self.created_at.isoformat(),
            "modified_at": self.modified_at.isoformat(),
            "dotfiles": None if self.dotfiles is None else list(self.dotfiles),
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
    member_id: the id or the e-mail address of a user. created and modified: `since` is included, `until` is not.
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
    """

    group: GroupData
    is_dry_run: bool
    counts: dict[str, int]
    vfolders: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    blockers: tuple[ActionError, ...] = ()


@dataclass(frozen=True)
class RemovedFolders:
    """Folders that were removed from storage, and those that storage refused, with its reason."""

    removed: tuple[UUID, ...] = ()
    failed: dict[UUID, str] = field(default_factory=dict)
