"""`groups-platform user`: the users, who are in domains and groups."""

from __future__ import annotations

from typing import Any

import click

from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.group_fields import changes_of, given
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, page_rows, perform, show_result
from groups_platform.settings import Settings

NULLABLE = {"name": "full_name"}
ROLE = click.Choice(["user", "admin", "monitor", "superadmin"])
STATUS = click.Choice(["active", "inactive", "deleted", "before-verification"])


@click.group(cls=ListingGroup, short_help="Manage users.")
def user() -> None:
    """Manage users; for superadmins, and for the admins of a domain its users.

    \b
    USER is an e-mail address, in any case, or an id:
      groups-platform user modify ann@example.com --role admin
    """


@user.command()
@click.argument("email")
@click.option("--domain", "domain_name", required=True, metavar="DOMAIN", help="The domain of the user.")
@click.option("--name", "full_name", metavar="NAME", help="The full name.")
@click.option("--role", type=ROLE, default="user", show_default=True, help="What the user may do.")
@click.option("--status", type=STATUS, default="active", show_default=True, help="Only active users may act.")
@ACTOR
@JSON
@click.pass_obj
def create(
    settings: Settings, /, *, email: str, domain_name: str, actor: str | None, as_json: bool, **fields: Any
) -> None:
    """Create a user. EMAIL must be new in any case, and cannot be changed later.

    \b
      groups-platform user create ann@example.com --domain norrvik
    """
    from groups_platform.group_service.services.group.actions.create_user import CreateUserAction  # noqa: PLC0415
    from groups_platform.group_service.types.user import UserCreator  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_user  # noqa: PLC0415

    action = CreateUserAction(UserCreator(email, domain_name, **fields))
    show_result(perform(settings, actor, lambda service: service.create_user(action)), as_json, show_user)


@user.command()
@click.argument("named", metavar="USER")
@click.option("--name", "full_name", metavar="NAME", help="The new full name.")
@click.option("--role", type=ROLE, help="The new role.")
@click.option("--status", type=STATUS, help="The new status; only active users may act.")
@click.option("--to-domain", "domain_name", metavar="DOMAIN", help="The new domain; for superadmins.")
@click.option("--clear", multiple=True, type=click.Choice([*NULLABLE]), help="Empty a field.")
@ACTOR
@JSON
@click.pass_obj
def modify(
    settings: Settings, /, *, named: str, clear: tuple[str, ...], actor: str | None, as_json: bool, **fields: Any
) -> None:
    """Change fields of a user; the other fields stay as they are.

    Who is moved to another domain stays listed in groups of the old one, without rights; a warning says in how many.

    \b
      groups-platform user modify ann@example.com --role admin
      groups-platform user modify ann@example.com --status inactive
    """
    from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction  # noqa: PLC0415
    from groups_platform.group_service.types.user import UserModifier  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_user  # noqa: PLC0415

    action = ModifyUserAction(named, UserModifier(**changes_of(given(fields), clear, NULLABLE)))
    show_result(perform(settings, actor, lambda service: service.modify_user(action)), as_json, show_user)


@user.command(name="list")
@click.option("--domain", "domain_name", metavar="DOMAIN", help="Only users of this domain.")
@click.option("--role", type=ROLE, help="Only users with this role.")
@click.option("--status", type=STATUS, help="Only users with this status.")
@click.option("--name", "name_part", metavar="PART", help="Only users with PART in their address or name.")
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def list_(
    settings: Settings, /, *, limit: int, cursor: str | None, actor: str | None, as_json: bool, **wanted: Any
) -> None:
    """List the users whom you may see, ordered by e-mail address.

    \b
      groups-platform user list --domain norrvik --role admin
    """
    from groups_platform.group_service.services.group.actions.list_users import ListUsersAction  # noqa: PLC0415
    from groups_platform.group_service.types.user import UserData, UserFilter  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_users  # noqa: PLC0415

    action = ListUsersAction(UserFilter(**wanted), cursor, limit)
    result = perform(settings, actor, lambda service: service.list_users(action))
    show_result(
        result,
        as_json,
        show_users,
        page_rows(UserData, "users"),
    )
