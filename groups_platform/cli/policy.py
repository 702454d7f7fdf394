"""`groups-platform policy`: the resource policies, which groups follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.group_fields import changes_of, given
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, page_rows, perform, show_result
from groups_platform.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

NAME = click.argument("name")


def limits(command: Command) -> Command:
    """Add the options for the limits of a policy."""
    for option in (
        click.option("--max-network-count", type=int, metavar="N", help="Networks; 0: no limit."),
        click.option("--max-quota-scope-size", metavar="SIZE", help="Storage: bytes, or as 100g or 2t; 0: no limit."),
        click.option("--max-vfolder-count", type=int, metavar="N", help="Folders; 0: no limit."),
    ):
        command = option(command)
    return command


@click.group(cls=ListingGroup, short_help="Manage resource policies, the limits of groups.")
def policy() -> None:
    """Manage resource policies: limits that groups follow; for superadmins. Everybody may list them.

    Every group follows one; a group that names none follows `default`.
    """


@policy.command()
@NAME
@limits
@ACTOR
@JSON
@click.pass_obj
def create(settings: Settings, /, *, name: str, actor: str | None, as_json: bool, **limits: Any) -> None:
    """Create a policy; without options it limits nothing. NAME cannot be changed later.

    \b
      groups-platform policy create default
      groups-platform policy create large --max-vfolder-count 50
    """
    from groups_platform.group_service.services.group.actions.create_resource_policy import (  # noqa: PLC0415
        CreateResourcePolicyAction,
    )
    from groups_platform.group_service.types.resource_policy import ResourcePolicyCreator  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_policy  # noqa: PLC0415

    action = CreateResourcePolicyAction(ResourcePolicyCreator(name, **given(limits)))
    show_result(perform(settings, actor, lambda service: service.create_resource_policy(action)), as_json, show_policy)


@policy.command()
@NAME
@limits
@ACTOR
@JSON
@click.pass_obj
def modify(settings: Settings, /, *, name: str, actor: str | None, as_json: bool, **limits: Any) -> None:
    """Change limits of a policy, for all groups that follow it; the other limits stay as they are.

    \b
      groups-platform policy modify large --max-quota-scope-size 4t
    """
    from groups_platform.group_service.services.group.actions.modify_resource_policy import (  # noqa: PLC0415
        ModifyResourcePolicyAction,
    )
    from groups_platform.group_service.types.resource_policy import ResourcePolicyModifier  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_policy  # noqa: PLC0415

    action = ModifyResourcePolicyAction(name, ResourcePolicyModifier(**changes_of(given(limits), (), {})))
    show_result(perform(settings, actor, lambda service: service.modify_resource_policy(action)), as_json, show_policy)


@policy.command()
@NAME
@ACTOR
@JSON
@click.pass_obj
def delete(settings: Settings, /, *, name: str, actor: str | None, as_json: bool) -> None:
    """Delete a policy permanently. Fails while a group follows it, also a deleted one.

    \b
      groups-platform policy delete large
    """
    from groups_platform.group_service.services.group.actions.delete_resource_policy import (  # noqa: PLC0415
        DeleteResourcePolicyAction,
    )
    from groups_platform.terminal import escape  # noqa: PLC0415

    action = DeleteResourcePolicyAction(name)
    result = perform(settings, actor, lambda service: service.delete_resource_policy(action))
    show_result(result, as_json, lambda data: click.echo(f"The resource policy {escape(data.name)} is deleted."))


@policy.command(name="list")
@click.option("--name", "name_part", metavar="PART", help="Only policies with PART in their name, in any case.")
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
    name_part: str | None,
    limit: int,
    cursor: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """List resource policies, ordered by name.

    \b
      groups-platform policy list
    """
    from groups_platform.group_service.services.group.actions.list_resource_policies import (  # noqa: PLC0415
        ListResourcePoliciesAction,
    )
    from groups_platform.group_service.types.resource_policy import ResourcePolicyData  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_policies  # noqa: PLC0415

    action = ListResourcePoliciesAction(name_part, cursor, limit)
    result = perform(settings, actor, lambda service: service.list_resource_policies(action))
    show_result(
        result,
        as_json,
        show_policies,
        page_rows(ResourcePolicyData, "policies"),
    )
