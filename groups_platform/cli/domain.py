"""`groups-platform domain`: the domains, which own users and groups."""

from __future__ import annotations

from typing import Any

import click

from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.group_fields import DESCRIPTION, HOST, SLOT, changes_of, values_of
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, page_rows, perform, show_result
from groups_platform.settings import Settings

NULLABLE = {"description": "description"}
NAME = click.argument("name")


@click.group(cls=ListingGroup)
def domain() -> None:
    """Manage domains, which own users and groups; for superadmins. Everybody may list their own.

    \b
    A new group needs a domain and a resource policy:
      groups-platform domain create norrvik
      groups-platform policy create default
      groups-platform group create winter-tyres --domain norrvik
    """


@domain.command()
@NAME
@DESCRIPTION
@SLOT
@HOST
@ACTOR
@JSON
@click.pass_obj
def create(settings: Settings, /, *, name: str, actor: str | None, as_json: bool, **options: Any) -> None:
    """Create a domain. NAME: 1 to 64 letters, digits, '-', '_' or '.'; it cannot be changed later.

    \b
      groups-platform domain create norrvik --slot cpu=256 --slot mem=1t
    """
    from groups_platform.group_service.services.group.actions.create_domain import CreateDomainAction  # noqa: PLC0415
    from groups_platform.group_service.types.domain import DomainCreator  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_domain  # noqa: PLC0415

    action = CreateDomainAction(DomainCreator(name, **values_of(options)))
    show_result(perform(settings, actor, lambda service: service.create_domain(action)), as_json, show_domain)


@domain.command()
@NAME
@DESCRIPTION
@SLOT
@HOST
@click.option(
    "--clear", multiple=True, type=click.Choice(["description", "slots", "hosts"]), help="Empty a field; repeatable."
)
@ACTOR
@JSON
@click.pass_obj
def modify(
    settings: Settings, /, *, name: str, clear: tuple[str, ...], actor: str | None, as_json: bool, **options: Any
) -> None:
    """Change fields of a domain; the other fields stay as they are.

    \b
      groups-platform domain modify norrvik --slot cpu=512 --clear description
    """
    _modify(settings, actor, as_json, name, changes_of(values_of(options), clear, NULLABLE))


@domain.command()
@NAME
@ACTOR
@JSON
@click.pass_obj
def deactivate(settings: Settings, /, *, name: str, actor: str | None, as_json: bool) -> None:
    """Close a domain to new groups; everything in it stays and works, and activate opens it again.

    \b
      groups-platform domain deactivate norrvik-labs
    """
    from groups_platform.group_service.services.group.actions.deactivate_domain import (  # noqa: PLC0415
        DeactivateDomainAction,
    )
    from groups_platform.terminal.accounts import show_domain  # noqa: PLC0415

    result = perform(settings, actor, lambda service: service.deactivate_domain(DeactivateDomainAction(name)))
    show_result(result, as_json, show_domain)


@domain.command()
@NAME
@ACTOR
@JSON
@click.pass_obj
def activate(settings: Settings, /, *, name: str, actor: str | None, as_json: bool) -> None:
    """Open a deactivated domain to new groups again.

    \b
      groups-platform domain activate norrvik-labs
    """
    from groups_platform.group_service.types import OptionalState  # noqa: PLC0415

    _modify(settings, actor, as_json, name, {"is_active": OptionalState.update(True)})


@domain.command(name="list")
@click.option("--active/--inactive", "is_active", default=None, help="Only active domains, or only deactivated ones.")
@click.option("--name", "name_part", metavar="PART", help="Only domains with PART in their name, in any case.")
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def list_(
    settings: Settings, /, *, limit: int, cursor: str | None, actor: str | None, as_json: bool, **wanted: Any
) -> None:
    """List domains, ordered by name.

    \b
      groups-platform domain list --active
    """
    from groups_platform.group_service.services.group.actions.list_domains import ListDomainsAction  # noqa: PLC0415
    from groups_platform.group_service.types.domain import DomainData, DomainFilter  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_domains  # noqa: PLC0415

    action = ListDomainsAction(DomainFilter(**wanted), cursor, limit)
    result = perform(settings, actor, lambda service: service.list_domains(action))
    show_result(
        result,
        as_json,
        show_domains,
        page_rows(DomainData, "domains"),
    )


def _modify(settings: Settings, actor: str | None, as_json: bool, name: str, changes: dict[str, Any]) -> None:
    from groups_platform.group_service.services.group.actions.modify_domain import ModifyDomainAction  # noqa: PLC0415
    from groups_platform.group_service.types.domain import DomainModifier  # noqa: PLC0415
    from groups_platform.terminal.accounts import show_domain  # noqa: PLC0415

    action = ModifyDomainAction(name, DomainModifier(**changes))
    show_result(perform(settings, actor, lambda service: service.modify_domain(action)), as_json, show_domain)
