"""The commands of the group service: create, change and delete groups, and manage their members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from groups_platform.cli.answers import Rows
from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.group_fields import EMPTIED, NULLABLE, TYPE, fields_of_a_group, modifier_of, values_of
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, data_of, page_rows, perform, show_result, user
from groups_platform.cli.times import instant
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.group_service.services.group.service import GroupService
    from groups_platform.group_service.types.group import GroupActionResult, GroupRef
    from groups_platform.group_service.types.user import UserData

ORDERS = ("name", "created_at", "modified_at", "domain_name")

Answer = TypeVar("Answer")
Act = Callable[["GroupService", "GroupRef"], Awaitable[Answer]]


@dataclass(frozen=True)
class Asked:
    """The arguments of every command on one group."""

    settings: Settings
    group: str
    domain: str | None
    actor: str | None
    as_json: bool

    def perform(self, act: Act[Answer]) -> Answer:
        """Call `act` with the service and the group, and return its result."""
        from groups_platform.group_service.types.group import parse_group  # noqa: PLC0415

        group = parse_group(self.group, self.domain)
        return perform(self.settings, self.actor, lambda service: act(service, group))


def one_group(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command on one group: adds the shared options, and passes them as Asked."""

    @click.argument("group", metavar="GROUP")
    @click.option("--domain", metavar="DOMAIN", help="The domain, if GROUP is a name.")
    @ACTOR
    @JSON
    @click.pass_obj
    @wraps(command)
    def asked(
        settings: Settings, /, *, group: str, domain: str | None, actor: str | None, as_json: bool, **options: Any
    ) -> None:
        command(Asked(settings, group, domain, actor, as_json), **options)

    return asked


@click.group(cls=ListingGroup, short_help="Manage the groups (projects), their members and dotfiles.")
def group() -> None:
    """Manage the groups (projects) of the service, their members and their limits.

    \b
    GROUP is domain/name, an id, or a name (with --domain if several have it):
      groups-platform group show norrvik/ticket-triage
    """


@group.command(name="list")
@click.option("--domain", "domain_name", metavar="DOMAIN", help="Only groups of this domain.")
@click.option("--active/--deleted", "is_active", default=None, help="Only active groups, or only deleted ones.")
@click.option("--type", "project_type", type=TYPE, help="Only groups of this type.")
@click.option("--name", "name_part", metavar="PART", help="Only groups with PART in their name, in any case.")
@click.option("--starts-with", metavar="TEXT", help="Only groups whose name starts with TEXT, in any case.")
@click.option("--member", type=user, metavar="USER", help="Only groups with this member: an e-mail address or an id.")
@click.option("--integration-id", metavar="ID", help="Only groups with this id in another system.")
@click.option("--created-since", type=instant, metavar="WHEN", help="Only groups created since then: 7d, 2024-10-31.")
@click.option("--created-until", type=instant, metavar="WHEN", help="Only groups created before then.")
@click.option("--modified-since", type=instant, metavar="WHEN", help="Only groups changed since then.")
@click.option("--modified-until", type=instant, metavar="WHEN", help="Only groups not changed since then.")
@click.option("--order", type=click.Choice(ORDERS), default="name", show_default=True, help="What to order them by.")
@click.option("--descending", is_flag=True, help="The last first, such as the newest.")
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def list_(
    settings: Settings,
    /,
    *,
    project_type: str | None,
    starts_with: str | None,
    member: str | UUID | None,
    limit: int,
    cursor: str | None,
    order: str,
    descending: bool,
    actor: str | None,
    as_json: bool,
    **others: Any,
) -> None:
    """List groups.

    \b
      groups-platform group list --domain norrvik --member ravi.menon@example.com
      groups-platform group list --modified-since 7d --order modified_at
    """
    from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import (  # noqa: PLC0415
        GroupData,
        GroupFilter,
        GroupOrder,
        ProjectType,
        TextFilter,
    )
    from groups_platform.terminal.group_service import show_groups  # noqa: PLC0415

    wanted = GroupFilter(
        type=ProjectType(project_type) if project_type else None,
        name=TextFilter(starts_with=starts_with) if starts_with else None,
        member_id=member,
        **others,
    )
    search = SearchGroupsAction(wanted, cursor, limit, True, GroupOrder(order), descending)
    show_result(
        perform(settings, actor, lambda service: service.search_groups(search)),
        as_json,
        show_groups,
        page_rows(GroupData, "groups"),
    )


@group.command()
@one_group
def show(asked: Asked) -> None:
    """Show a group and its members.

    \b
      groups-platform group show norrvik/ticket-triage
    """
    from groups_platform.group_service.services.group.actions.get_group import GetGroupAction  # noqa: PLC0415

    _show(asked, lambda service, group: service.get_group(GetGroupAction(group, with_members=True)))


@group.command()
@click.argument("name")
@click.option("--domain", required=True, metavar="DOMAIN", help="The domain of the group.")
@fields_of_a_group
@ACTOR
@JSON
@click.pass_obj
def create(settings: Settings, /, *, name: str, domain: str, actor: str | None, as_json: bool, **options: Any) -> None:
    """Create a group.

    \b
      groups-platform group create winter-tyres --domain norrvik --slot cpu=8
    """
    from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction  # noqa: PLC0415
    from groups_platform.group_service.types.group import GroupCreator  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_group  # noqa: PLC0415

    action = CreateGroupAction(GroupCreator(name, domain, **values_of(options)))
    show_result(perform(settings, actor, lambda service: service.create_group(action)), as_json, show_group)


@group.command()
@one_group
@click.option("--name", metavar="NAME", help="The new name.")
@click.option("--to-domain", metavar="DOMAIN", help="The new domain; all members must be users of it.")
@fields_of_a_group
@click.option(
    "--clear", multiple=True, type=click.Choice([*NULLABLE, *EMPTIED]), help="Empty a field; may be repeated."
)
def modify(asked: Asked, clear: tuple[str, ...], **options: Any) -> None:
    """Change fields of a group; the other fields stay as they are.

    \b
      groups-platform group modify norrvik/ticket-triage --slot mem=256g
    """
    from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction  # noqa: PLC0415

    modifier = modifier_of(values_of(options), clear)
    _show(asked, lambda service, group: service.modify_group(ModifyGroupAction(group, modifier)))


@group.command()
@one_group
@click.option(
    "--add", multiple=True, type=user, metavar="USER", help="Add this user, an e-mail address or id; may be repeated."
)
@click.option("--remove", multiple=True, type=user, metavar="USER", help="Remove this user; may be repeated.")
@click.option(
    "--replace", multiple=True, type=user, metavar="USER", help="Replace all members by this user; may be repeated."
)
@click.option("--remove-all", is_flag=True, help="Remove all members.")
@CSV
def members(asked: Asked, remove_all: bool, **users: tuple[str | UUID, ...]) -> None:
    """Show the members of a group, or change them, in one transaction.

    \b
      groups-platform group members norrvik/ticket-triage --add ann@example.com
    """
    from groups_platform.group_service.services.group.actions.get_group import GetGroupAction  # noqa: PLC0415
    from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction  # noqa: PLC0415
    from groups_platform.group_service.types import OptionalState  # noqa: PLC0415

    changes = [(mode, named) for mode, named in users.items() if named] + [("replace", ())] * remove_all
    if len(changes) > 1:
        raise click.UsageError("Use one of --add, --remove, --replace and --remove-all at a time.")

    async def act(service: GroupService, group: GroupRef) -> GroupActionResult:
        if not changes:
            return await service.get_group(GetGroupAction(group, with_members=True))
        mode, named = changes[0]
        change = ModifyGroupAction(
            group, user_update_mode=OptionalState.update(mode), user_uuids=OptionalState.update(named)
        )
        return await service.modify_group(change)

    _show(asked, act)


@group.command()
@one_group
def delete(asked: Asked) -> None:
    """Make a group inactive; its data stays, and restore makes it active again.

    \b
      groups-platform group delete norrvik/ticket-triage
    """
    from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction  # noqa: PLC0415

    result = asked.perform(lambda service, group: service.delete_group(DeleteGroupAction(group)))
    show_result(result, asked.as_json, lambda data: click.echo(f"{data.domain_name}/{data.name} is deleted."))


@group.command()
@one_group
def restore(asked: Asked) -> None:
    """Make a deleted group active again.

    \b
      groups-platform group restore norrvik/summer-forecast
    """
    from groups_platform.group_service.services.group.actions.restore_group import RestoreGroupAction  # noqa: PLC0415

    result = asked.perform(lambda service, group: service.restore_group(RestoreGroupAction(group)))
    show_result(result, asked.as_json, lambda data: click.echo(f"{data.domain_name}/{data.name} is active."))


@group.command()
@ACTOR
@JSON
@click.pass_obj
def retry_vfolder_deletions(settings: Settings, /, *, actor: str | None, as_json: bool) -> None:
    """Remove the folders of purged groups that storage could not remove before.

    \b
      groups-platform group retry-vfolder-deletions
    """
    from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import (  # noqa: PLC0415
        RetryVFolderDeletionsAction,
    )

    result = perform(settings, actor, lambda service: service.retry_vfolder_deletions(RetryVFolderDeletionsAction()))
    show_result(result, as_json, lambda data: click.echo(f"Folders removed: {len(data.removed)}."))


def _show(asked: Asked, act: Act[GroupActionResult]) -> None:
    """Show the group that `act` returns, with the names of the members that the actor may see."""
    from groups_platform.group_service.services.group.actions.find_users import FindUsersAction  # noqa: PLC0415
    from groups_platform.group_service.types.user import UserData  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_group, strangers  # noqa: PLC0415

    async def act_and_name(service: GroupService, group: GroupRef) -> tuple[GroupActionResult, tuple[UserData, ...]]:
        result = await act(service, group)
        members = result.data.member_ids if result.data and not asked.as_json else None
        return result, data_of(await service.find_users(FindUsersAction(members))) if members else ()

    result, users = asked.perform(act_and_name)
    show_result(
        result,
        asked.as_json,
        lambda group: show_group(group, users),
        Rows(UserData, lambda group: [*users, *({"id": unseen} for unseen in strangers(group, users))]),
    )
