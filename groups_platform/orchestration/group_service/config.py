"""What a person fills in at the Launchpad for each action of the group service, and the action that it means.

Nothing is checked here: the action refuses what is wrong, with a code and a row in the audit log. Where what is filled
in cannot become an action, `action()` raises a GroupServiceError, which is audited too.
No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timezone
from enum import Enum
from typing import Any, TypeVar

from dagster import Config
from pydantic import Field

from groups_platform.group_service.errors import InvalidValue
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import RetryVFolderDeletionsAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.group import (
    GroupCreator,
    GroupFilter,
    GroupModifier,
    GroupOrder,
    ProjectType,
    TextFilter,
)
from groups_platform.group_service.types.period import parse_instant
from groups_platform.group_service.types.text import quote
from groups_platform.group_service.types.user import parse_user

T = TypeVar("T")
Modifier = TypeVar("Modifier")

BY_ENVIRONMENT = "Write {env: NAME} to take it from an environment variable: what is written here stays with the run."

GROUP = "as domain/name, or its id (UUID)"
USER = "e-mail address, or id (UUID)"
TIME = "such as 2024-10-31 or 2024-10-31T12:00+02:00; UTC where it names no zone"
TIMES = ("created_since", "created_until", "modified_since", "modified_until")
AMOUNTS = 'Most that it may use, by slot, such as {cpu: "4", mem: 8g}'


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

    group: str = Field(description=f"The group, {GROUP}; its name alone where no other that the actor sees has it.")


class CreateGroupConfig(ServiceConfig):
    """A new group."""

    name: str = Field(description="1 to 64 letters, digits, '-', '_' or '.'; unique in the domain.")
    domain_name: str = Field(description="The domain that it belongs to.")
    type: ProjectType = Field(default=ProjectType.GENERAL, description="What it is for.")
    description: str | None = Field(default=None, description="A sentence for people.")
    is_active: bool = Field(default=True, description="False: as if deleted at once.")
    total_resource_slots: dict[str, Any] = Field(default={}, description=f"{AMOUNTS}; left out: nothing is set.")
    allowed_vfolder_hosts: dict[str, str] = Field(
        default={}, description="Storage hosts that it may use, and what for, such as {local: local}."
    )
    dotfiles: list[Dotfile] = Field(default=[], description="Files that its sessions get.")
    resource_policy: str = Field(default="default", description="Name of its resource policy.")
    container_registry: ContainerRegistry | None = Field(default=None, description="Its registry of images.")
    integration_id: str | None = Field(default=None, description="Its id elsewhere, such as the directory's group id.")

    def action(self) -> CreateGroupAction:
        """The action with these values."""
        return CreateGroupAction(GroupCreator(**creator_fields(self)))


class MemberConfig(Config):
    """A change of a group's members."""

    mode: MemberMode = Field(description="replace: these become all members; an empty list empties the group.")
    users: list[str] = Field(description=f"Users of the group's domain, each by {USER}.")


class ModifyGroupConfig(GroupConfig):
    """What changes; what is left out stays."""

    name: str | None = Field(default=None, description="1 to 64 letters, digits, '-', '_' or '.'.")
    domain_name: str | None = Field(default=None, description="Another domain; all its members must be users of that.")
    description: str | None = Field(default=None, description="A sentence for people.")
    is_active: bool | None = Field(default=None, description="As delete_group and restore_group do.")
    type: ProjectType | None = Field(default=None, description="What it is for.")
    total_resource_slots: dict[str, Any] | None = Field(default=None, description=f"{AMOUNTS}; all slots anew.")
    allowed_vfolder_hosts: dict[str, str] | None = Field(default=None, description="Storage hosts, all anew.")
    dotfiles: list[Dotfile] | None = Field(default=None, description="Files that its sessions get, all anew.")
    resource_policy: str | None = Field(default=None, description="Name of its resource policy.")
    container_registry: ContainerRegistry | None = Field(default=None, description="Its registry of images.")
    integration_id: str | None = Field(default=None, description="Its id elsewhere.")
    clear: list[Clearable] = Field(default=[], description="Fields to empty, such as [description].")
    members: MemberConfig | None = Field(default=None, description="Who comes or goes.")

    def action(self) -> ModifyGroupAction:
        """The action with these values. Raises InvalidValue for a field that is set and cleared at once."""
        members = self.members
        return ModifyGroupAction(
            self.group,
            modifier=modifier_of(GroupModifier, self),
            user_update_mode=_given(None if members is None else members.mode.value),
            user_uuids=_given(None if members is None else members.users),
        )


class GetGroupConfig(GroupConfig):
    """The group to show."""

    with_members: bool = Field(default=True, description="Also show the ids of its members.")

    def action(self) -> GetGroupAction:
        """The action with these values."""
        return GetGroupAction(self.group, with_members=self.with_members)


class DeleteGroupConfig(GroupConfig):
    """The group to make inactive."""

    def action(self) -> DeleteGroupAction:
        """The action with these values."""
        return DeleteGroupAction(self.group)


class RestoreGroupConfig(GroupConfig):
    """The group to make active again."""

    def action(self) -> RestoreGroupAction:
        """The action with these values."""
        return RestoreGroupAction(self.group)


class PurgeGroupConfig(GroupConfig):
    """The group to remove for good."""

    dry_run: bool = Field(
        default=True, description="true: only say what would go and what blocks. false: remove it, for good."
    )
    confirm: str = Field(default="", description="Write the group's name to purge it for good; not for a dry run.")

    def action(self) -> PurgeGroupAction:
        """The action with these values."""
        return PurgeGroupAction(self.group, dry_run=self.dry_run, expected_name=None if self.dry_run else self.confirm)


class SearchGroupsConfig(ServiceConfig):
    """Which groups to find; what is left out is any."""

    domain_name: str | None = Field(default=None, description="Of this domain.")
    is_active: bool | None = Field(default=None, description="true: active ones; false: deleted ones.")
    type: ProjectType | None = Field(default=None, description="What they are for.")
    name_part: str | None = Field(default=None, description="With this anywhere in the name, in any case.")
    name_starts_with: str | None = Field(default=None, description="With this at the beginning, in any case.")
    member: str | None = Field(default=None, description=f"With this user as a member: {USER}.")
    integration_id: str | None = Field(default=None, description="With this id elsewhere; for admins.")
    created_since: str | None = Field(default=None, description=f"Created at or after this time, {TIME}.")
    created_until: str | None = Field(default=None, description="Created before this time.")
    modified_since: str | None = Field(default=None, description="Changed at or after this time.")
    modified_until: str | None = Field(default=None, description="Not changed since this time.")
    order: GroupOrder = Field(default=GroupOrder.NAME, description="What they are ordered by.")
    descending: bool = Field(default=False, description="true: the last of the order first.")
    cursor: str | None = Field(default=None, description="next_cursor of the page before, in the same order.")
    limit: int = Field(default=50, description="Groups in a page, 1 to 1000.")

    def action(self) -> SearchGroupsAction:
        """The action with these values.

        Raises InvalidUserId for a member that is neither an address nor an id, and InvalidValue for what is no time.
        """
        starts_with = self.name_starts_with
        wanted = GroupFilter(
            name=None if starts_with is None else TextFilter(starts_with=starts_with),
            domain_name=self.domain_name,
            is_active=self.is_active,
            type=self.type,
            name_part=self.name_part,
            member_id=None if self.member is None else parse_user(self.member),
            integration_id=self.integration_id,
            **{name: _time(name, getattr(self, name)) for name in TIMES},
        )
        return SearchGroupsAction(
            wanted, cursor=self.cursor, limit=self.limit, order=self.order, descending=self.descending
        )


class UsagePerMonthConfig(ServiceConfig):
    """A month, and whose usage."""

    month: str = Field(description='Year and month, such as "202410", in the configured time zone.')
    groups: list[str] | None = Field(default=None, description=f"Groups, each {GROUP}; left out: all groups.")
    detail: bool = Field(default=False, description="Also show kernels; all of them are read for that.")

    def action(self) -> UsagePerMonthAction:
        """The action with these values."""
        return UsagePerMonthAction(self.month, self.groups, detail=self.detail, peaks=True)


class UsageHistoryConfig(ServiceConfig):
    """Stored months, and whose."""

    groups: list[str] | None = Field(default=None, description=f"Groups, each {GROUP}; left out: all groups.")
    first: str | None = Field(
        default=None, description='The first month, such as "202401"; left out: the first stored.'
    )
    last: str | None = Field(default=None, description="The last month; left out: of all that are stored.")
    limit: int = Field(default=5, description="Groups that have curves of their own, the largest ones.")

    def action(self) -> UsageHistoryAction:
        """The action with these values."""
        return UsageHistoryAction(self.groups, self.first, self.last, self.limit)


class UsagePerPeriodConfig(ServiceConfig):
    """Days, and whose usage."""

    start_date: str = Field(description='The first day, such as "20241001", in the configured time zone.')
    end_date: str = Field(description='The last day, included, such as "20241031"; at most 100 days.')
    group: str | None = Field(default=None, description=f"The group (project), {GROUP}; left out: all groups.")
    detail: bool = Field(default=False, description="Also show sessions and kernels; all of them are read for that.")

    def action(self) -> UsagePerPeriodAction:
        """The action with these values."""
        return UsagePerPeriodAction(self.start_date, self.end_date, self.group, detail=self.detail)


class RetryVFolderDeletionsConfig(ServiceConfig):
    """How many folders to try."""

    limit: int = Field(default=1000, description="Folders to try at most.")

    def action(self) -> RetryVFolderDeletionsAction:
        """The action with these values."""
        return RetryVFolderDeletionsAction(limit=self.limit)


def creator_fields(config: ServiceConfig) -> dict[str, Any]:
    """The fields of a creator, which are named as those of its config."""
    return {name: _as_service_takes_it(value) for name, value in dict(config).items() if name != "actor"}


def modifier_of(modifier: Callable[..., Modifier], config: ServiceConfig) -> Modifier:
    """The changes that the fields of a config mean, which are named as those of the modifier.

    Raises InvalidValue for a field that is set and cleared at once.
    """
    cleared = {field.value for field in getattr(config, "clear", ())}
    changes: dict[str, Any] = {name: TriState.nullify() for name in cleared}
    unchanged: Any = modifier()
    for field in fields(unchanged):
        value = _as_service_takes_it(getattr(config, field.name))
        if value is not None and field.name in cleared:
            raise InvalidValue(f"{field.name} is set and cleared at once. Leave out one of both.", field=field.name)
        if value is not None:
            changes[field.name] = type(getattr(unchanged, field.name)).update(value)
    return modifier(**changes)


def _as_service_takes_it(value: Any) -> Any:
    if isinstance(value, ContainerRegistry):
        return value.to_json()
    if isinstance(value, list):
        return [dict(item) if isinstance(item, Dotfile) else item for item in value]
    return value


def _time(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text, timezone.utc)
    except ValueError:
        raise InvalidValue(f"{field} is {quote(text)}, which is no time. Write one {TIME}.", field=field) from None


def _given(value: T | None) -> OptionalState[T]:
    return OptionalState.nop() if value is None else OptionalState.update(value)
