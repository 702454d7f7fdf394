"""`groups-platform rule`: which groups of the directory have projects; `group link` and `group unlink`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from groups_platform.cli.common import CSV, JSON, ListingGroup
from groups_platform.cli.group import Asked, one_group
from groups_platform.cli.group_fields import SLOT, changes_of, values_of
from groups_platform.cli.service import ACTOR, CURSOR, PAGE, data_of, page_rows, perform, show_result
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.provisioning.types import RuleRef

Command = TypeVar("Command", bound=Callable[..., Any])


def rule_ref(text: str) -> RuleRef:
    """Parse a rule: the id of its directory group, or of the rule. Raises BadParameter."""
    from groups_platform.group_service.errors import InvalidValue  # noqa: PLC0415
    from groups_platform.provisioning.types import parse_rule  # noqa: PLC0415

    try:
        return parse_rule(text)
    except InvalidValue as error:
        raise click.BadParameter(str(error)) from None


RULE = click.argument("rule", type=rule_ref, metavar="RULE")
DIRECTORY_GROUP = click.argument("directory_group", type=int, metavar="DIRECTORY_GROUP_ID")


def projects(command: Command) -> Command:
    """Add the options for what the projects of a rule are."""
    for option in (
        click.option(
            "--exact/--not-exact", "is_exact", default=None, help="Remove members added by hand, or keep them."
        ),
        click.option(
            "--members-of",
            type=click.Choice(["direct", "below"]),
            help="Members: agents of the group, or also of the groups below.",
        ),
        click.option(
            "--name",
            "name_template",
            metavar="TEMPLATE",
            help="Their names, of {name} and {id} of the directory group.",
        ),
        SLOT,
        click.option("--policy", metavar="POLICY", help="Their resource policy."),
        click.option(
            "--below/--not-below", "with_groups_below", default=None, help="A project for each group below it too."
        ),
    ):
        command = option(command)
    return command


@click.group(cls=ListingGroup)
def rule() -> None:
    """Manage rules: which groups of the directory have a project each. For superadmins; admins list their domain's.

    \b
    RULE is the id of the rule, or of its directory group (see tree):
      groups-platform rule create 42 --domain norrvik --below --name "{name}-{id}"
      groups-platform rule show 42
    """


@rule.command()
@DIRECTORY_GROUP
@click.option("--domain", required=True, metavar="DOMAIN", help="The domain of its projects.")
@projects
@ACTOR
@JSON
@click.pass_obj
def create(
    settings: Settings,
    /,
    *,
    directory_group: int,
    domain: str,
    actor: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Create a rule. Its directory group and domain cannot be changed later; the next provisioning makes the projects.

    \b
      groups-platform rule create 42 --domain norrvik --slot cpu=8 --slot mem=32g
    """
    from groups_platform.provisioning.actions.create_rule import CreateRuleAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.provisioning.types import RuleCreator  # noqa: PLC0415
    from groups_platform.terminal.rules import show_rule  # noqa: PLC0415

    action = CreateRuleAction(RuleCreator(directory_group, domain, **values_of(options)))
    result = perform(settings, actor, lambda service: ProvisioningService.of(service).create_rule(action))
    show_result(result, as_json, show_rule)


@rule.command()
@RULE
@projects
@click.option("--clear", multiple=True, type=click.Choice(["slots"]), help="Empty a field.")
@ACTOR
@JSON
@click.pass_obj
def modify(
    settings: Settings, /, *, rule: RuleRef, clear: tuple[str, ...], actor: str | None, as_json: bool, **options: Any
) -> None:
    """Change fields of a rule; the other fields stay. The next provisioning changes its projects.

    \b
      groups-platform rule modify 42 --members-of below --exact
    """
    from groups_platform.provisioning.actions.modify_rule import ModifyRuleAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.provisioning.types import RuleModifier  # noqa: PLC0415
    from groups_platform.terminal.rules import show_rule  # noqa: PLC0415

    action = ModifyRuleAction(rule, RuleModifier(**changes_of(values_of(options), clear, {})))
    result = perform(settings, actor, lambda service: ProvisioningService.of(service).modify_rule(action))
    show_result(result, as_json, show_rule)


@rule.command()
@RULE
@ACTOR
@JSON
@click.pass_obj
def delete(settings: Settings, /, *, rule: RuleRef, actor: str | None, as_json: bool) -> None:
    """Delete a rule permanently. The next provisioning deletes the projects that it made, which restore undoes.

    \b
    To keep a project, unlink it before:
      groups-platform group unlink norrvik/winter-tyres
      groups-platform rule delete 42
    """
    from groups_platform.provisioning.actions.delete_rule import DeleteRuleAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.terminal.rules import rule_name  # noqa: PLC0415

    action = DeleteRuleAction(rule)
    result = perform(settings, actor, lambda service: ProvisioningService.of(service).delete_rule(action))
    show_result(result, as_json, lambda data: click.echo(f"The rule of {rule_name(data)} is deleted."))


@rule.command()
@RULE
@ACTOR
@JSON
@click.pass_obj
def show(settings: Settings, /, *, rule: RuleRef, actor: str | None, as_json: bool) -> None:
    """Show a rule.

    \b
      groups-platform rule show 42
    """
    from groups_platform.cli.answers import show as show_data  # noqa: PLC0415
    from groups_platform.provisioning.actions.list_rules import ListRulesAction  # noqa: PLC0415
    from groups_platform.provisioning.repositories import unknown_rule  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.provisioning.types import RuleFilter  # noqa: PLC0415
    from groups_platform.terminal.rules import show_rule  # noqa: PLC0415

    action = ListRulesAction(RuleFilter(rule=rule))
    result = perform(settings, actor, lambda service: ProvisioningService.of(service).list_rules(action))
    rules = data_of(result).rules
    if not rules:
        raise unknown_rule(rule)
    show_data(rules[0], as_json, show_rule, action_id=result.action_id)


@rule.command(name="list")
@click.option("--domain", "domain_name", metavar="DOMAIN", help="Only rules for this domain.")
@click.option(
    "--claims",
    type=int,
    metavar="DIRECTORY_GROUP_ID",
    help="Only the rule that has this directory group, or one above.",
)
@PAGE
@CURSOR
@ACTOR
@CSV
@JSON
@click.pass_obj
def list_(
    settings: Settings, /, *, limit: int, cursor: str | None, actor: str | None, as_json: bool, **wanted: Any
) -> None:
    """List rules, ordered by domain and directory group.

    \b
      groups-platform rule list --domain norrvik
      groups-platform rule list --claims 4711
    """
    from groups_platform.provisioning.actions.list_rules import ListRulesAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.provisioning.types import RuleData, RuleFilter  # noqa: PLC0415
    from groups_platform.terminal.rules import show_rules  # noqa: PLC0415

    action = ListRulesAction(RuleFilter(**wanted), cursor, limit)
    result = perform(settings, actor, lambda service: ProvisioningService.of(service).list_rules(action))
    show_result(result, as_json, show_rules, page_rows(RuleData, "rules"))


@click.command()
@one_group
@DIRECTORY_GROUP
def link(asked: Asked, directory_group: int) -> None:
    """Give a group to a group of the directory, whose rule then takes it over.

    \b
      groups-platform group link norrvik/winter-tyres 42
    """
    from groups_platform.provisioning.actions.link_group import LinkGroupAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_group  # noqa: PLC0415

    result = asked.perform(
        lambda service, group: ProvisioningService.of(service).link_group(LinkGroupAction(group, directory_group))
    )
    show_result(result, asked.as_json, show_group)


@click.command()
@one_group
def unlink(asked: Asked) -> None:
    """Take a group from its group of the directory; members and all else stay, and provisioning leaves it alone.

    \b
      groups-platform group unlink norrvik/winter-tyres
    """
    from groups_platform.provisioning.actions.unlink_group import UnlinkGroupAction  # noqa: PLC0415
    from groups_platform.provisioning.service import ProvisioningService  # noqa: PLC0415
    from groups_platform.terminal.group_service import show_group  # noqa: PLC0415

    result = asked.perform(
        lambda service, group: ProvisioningService.of(service).unlink_group(UnlinkGroupAction(group))
    )
    show_result(result, asked.as_json, show_group)
