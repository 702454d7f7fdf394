"""What a person fills in at the Launchpad for each action of the group service, and the action that it means.

No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from enum import Enum
from typing import Annotated, TypeVar
from uuid import UUID

from dagster import Config
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import RetryVFolderDeletionsAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.group import GroupCreator, GroupFilter, GroupModifier, ProjectType

T = TypeVar("T")

BY_ENVIRONMENT = "Write {env: NAME} to take it from an environment variable: what is written here stays with the run."


def _parse_slots(slots: dict[str, str]) -> ResourceSlot:
    return ResourceSlot.from_user_input(slots, None)


def _check_slots(slots: dict[str, str]) -> dict[str, str]:
    _parse_slots(slots)
    return slots


def _check_id(text: str) -> str:
    try:
        UUID(text)
    except ValueError:
        raise ValueError("an id is a UUID, such as 12345678-1234-1234-1234-123456789012") from None
    return text


Id = Annotated[str, AfterValidator(_check_id)]
Slots = Annotated[dict[str, str], AfterValidator(_check_slots)]


class MemberMode(Enum):
    """How the given users change the members of a group."""

    add = "add"
    remove = "remove"
    replace = "replace"


class Clearable(Enum):
    """The fields of a group that can be empty."""

    description = "description"
    container_registry = "container_registry"
    integration_id = "integration_id"


class ServiceConfig(Config):
    """What every action asks."""

    actor: str = Field(
        default="",
        description="E-mail address of the user for whom this is done and whose rights decide; "
        "empty: the platform itself, which may do everything.",
    )


class Dotfile(Config):
    """A file that every session of the group gets."""

    path: str = Field(description="Where it lies in the home folder, such as .bashrc.")
    data: str = Field(description=f"Its content, which the UI never shows. {BY_ENVIRONMENT}")
    perm: str = Field(default="644", description="Its permissions, octal.")


class ContainerRegistry(Config):
    """Where the images of the group come from."""

    registry: str = Field(description="Its host, such as registry.example.com.")
    project: str | None = Field(default=None, description="The project in it.")
    username: str | None = Field(default=None, description=f"Who signs in. {BY_ENVIRONMENT}")
    password: str | None = Field(default=None, description=f"The UI never shows it. {BY_ENVIRONMENT}")

    def to_json(self) -> dict[str, str]:
        """What is given of it."""
        return {name: value for name, value in dict(self).items() if value is not None}


class GroupConfig(ServiceConfig):
    """Which group it is about."""

    group_id: Id = Field(description="Id (UUID) of the group; search_groups finds it.")

    @property
    def uuid(self) -> UUID:
        """The group's id."""
        return UUID(self.group_id)


class CreateGroupConfig(ServiceConfig):
    """A new group."""

    name: str = Field(description="1 to 64 letters, digits, '-', '_' or '.'; unique in the domain.")
    domain_name: str = Field(description="The domain that it belongs to.")
    type: ProjectType = Field(default=ProjectType.GENERAL, description="What it is for.")
    description: str | None = Field(default=None, description="A sentence for people.")
    is_active: bool = Field(default=True, description="False: as if deleted at once.")
    total_resource_slots: Slots = Field(
        default={}, description='Most that it may use, by slot, such as {cpu: "4", mem: 8g}; left out: nothing is set.'
    )
    allowed_vfolder_hosts: dict[str, str] = Field(
        default={}, description="Storage hosts that it may use, and what for, such as {local: local}."
    )
    dotfiles: list[Dotfile] = Field(default=[], description="Files that its sessions get.")
    resource_policy: str = Field(default="default", description="Name of its resource policy.")
    container_registry: ContainerRegistry | None = Field(default=None, description="Its registry of images.")
    integration_id: str | None = Field(default=None, description="Its id elsewhere, such as the directory's group id.")

    def action(self) -> CreateGroupAction:
        """The action with these values."""
        given = {name: value for name, value in dict(self).items() if name != "actor"}
        converted = {
            "total_resource_slots": _parse_slots(self.total_resource_slots),
            "dotfiles": [dict(dotfile) for dotfile in self.dotfiles],
            "container_registry": self.container_registry and self.container_registry.to_json(),
        }
        return CreateGroupAction(GroupCreator(**{**given, **converted}))


class MemberConfig(Config):
    """A change of a group's members."""

    mode: MemberMode = Field(description="replace: these become all members; an empty list empties the group.")
    user_ids: list[str] = Field(description="Ids (UUIDs) of users of the group's domain.")


class ModifyGroupConfig(GroupConfig):
    """What changes; what is left out stays."""

    name: str | None = Field(default=None, description="1 to 64 letters, digits, '-', '_' or '.'.")
    domain_name: str | None = Field(default=None, description="Another domain; all its members must be users of that.")
    description: str | None = Field(default=None, description="A sentence for people.")
    is_active: bool | None = Field(default=None, description="As delete_group and restore_group do.")
    type: ProjectType | None = Field(default=None, description="What it is for.")
    total_resource_slots: Slots | None = Field(
        default=None, description='Most that it may use, all slots anew, such as {cpu: "4", mem: 8g}.'
    )
    allowed_vfolder_hosts: dict[str, str] | None = Field(default=None, description="Storage hosts, all anew.")
    dotfiles: list[Dotfile] | None = Field(default=None, description="Files that its sessions get, all anew.")
    resource_policy: str | None = Field(default=None, description="Name of its resource policy.")
    container_registry: ContainerRegistry | None = Field(default=None, description="Its registry of images.")
    integration_id: str | None = Field(default=None, description="Its id elsewhere.")
    clear: list[Clearable] = Field(default=[], description="Fields to empty, such as [description].")
    members: MemberConfig | None = Field(default=None, description="Who comes or goes.")

    @field_validator("clear")
    @classmethod
    def _is_not_set_too(cls, clear: list[Clearable], others: ValidationInfo) -> list[Clearable]:
        for field in clear:
            if others.data.get(field.value) is not None:
                raise ValueError(f"{field.value} is set and cleared at once")
        return clear

    def action(self) -> ModifyGroupAction:
        """The action with these values."""
        slots, registry, members = self.total_resource_slots, self.container_registry, self.members
        return ModifyGroupAction(
            self.uuid,
            modifier=GroupModifier(
                name=_given(self.name),
                domain_name=_given(self.domain_name),
                description=self._set_or_cleared(Clearable.description, self.description),
                is_active=_given(self.is_active),
                type=_given(self.type),
                total_resource_slots=_given(None if slots is None else _parse_slots(slots)),
                allowed_vfolder_hosts=_given(self.allowed_vfolder_hosts),
                dotfiles=_given(None if self.dotfiles is None else [dict(dotfile) for dotfile in self.dotfiles]),
                resource_policy=_given(self.resource_policy),
                container_registry=self._set_or_cleared(
                    Clearable.container_registry, None if registry is None else registry.to_json()
                ),
                integration_id=self._set_or_cleared(Clearable.integration_id, self.integration_id),
            ),
            user_update_mode=_given(None if members is None else members.mode.value),
            user_uuids=_given(None if members is None else members.user_ids),
        )

    def _set_or_cleared(self, field: Clearable, value: T | None) -> TriState[T]:
        if field in self.clear:
            return TriState.nullify()
        return TriState.nop() if value is None else TriState.update(value)


class DeleteGroupConfig(GroupConfig):
    """The group to make inactive."""

    def action(self) -> DeleteGroupAction:
        """The action with these values."""
        return DeleteGroupAction(self.uuid)


class RestoreGroupConfig(GroupConfig):
    """The group to make active again."""

    def action(self) -> RestoreGroupAction:
        """The action with these values."""
        return RestoreGroupAction(self.uuid)


class PurgeGroupConfig(GroupConfig):
    """The group to remove for good."""

    dry_run: bool = Field(
        default=True, description="true: only say what would go and what blocks. false: remove it, for good."
    )

    def action(self) -> PurgeGroupAction:
        """The action with these values."""
        return PurgeGroupAction(self.uuid, dry_run=self.dry_run)


class SearchGroupsConfig(ServiceConfig):
    """Which groups to find; what is left out is any."""

    domain_name: str | None = Field(default=None, description="Of this domain.")
    is_active: bool | None = Field(default=None, description="true: active ones; false: deleted ones.")
    type: ProjectType | None = Field(default=None, description="What they are for.")
    name_part: str | None = Field(default=None, description="With this anywhere in the name, in any case.")
    member_id: Id | None = Field(default=None, description="With this user (UUID) as a member.")
    integration_id: str | None = Field(default=None, description="With this id elsewhere; for admins.")
    cursor: str | None = Field(default=None, description="next_cursor of the page before; left out: the first page.")
    limit: int = Field(default=50, description="Groups in a page, 1 to 1000.")

    def action(self) -> SearchGroupsAction:
        """The action with these values."""
        wanted = GroupFilter(
            domain_name=self.domain_name,
            is_active=self.is_active,
            type=self.type,
            name_part=self.name_part,
            member_id=None if self.member_id is None else UUID(self.member_id),
            integration_id=self.integration_id,
        )
        return SearchGroupsAction(wanted, cursor=self.cursor, limit=self.limit)


class UsagePerMonthConfig(ServiceConfig):
    """A month, and whose usage."""

    month: str = Field(description='Year and month, such as "202410", in the configured time zone.')
    group_ids: list[Id] | None = Field(default=None, description="Ids (UUIDs) of groups; left out: all groups.")
    detail: bool = Field(default=False, description="Also show kernels; all of them are read for that.")

    def action(self) -> UsagePerMonthAction:
        """The action with these values."""
        group_ids = None if self.group_ids is None else [UUID(group_id) for group_id in self.group_ids]
        return UsagePerMonthAction(self.month, group_ids, detail=self.detail)


class UsagePerPeriodConfig(ServiceConfig):
    """Days, and whose usage."""

    start_date: str = Field(description='The first day, such as "20241001", in the configured time zone.')
    end_date: str = Field(description='The last day, included, such as "20241031"; at most 100 days.')
    project_id: Id | None = Field(default=None, description="Id (UUID) of a group; left out: all groups.")
    detail: bool = Field(default=False, description="Also show sessions and kernels; all of them are read for that.")

    def action(self) -> UsagePerPeriodAction:
        """The action with these values."""
        project_id = None if self.project_id is None else UUID(self.project_id)
        return UsagePerPeriodAction(self.start_date, self.end_date, project_id, detail=self.detail)


class RetryVFolderDeletionsConfig(ServiceConfig):
    """How many folders to try."""

    limit: int = Field(default=1000, description="Folders to try at most.")

    def action(self) -> RetryVFolderDeletionsAction:
        """The action with these values."""
        return RetryVFolderDeletionsAction(limit=self.limit)


def _given(value: T | None) -> OptionalState[T]:
    return OptionalState.nop() if value is None else OptionalState.update(value)
