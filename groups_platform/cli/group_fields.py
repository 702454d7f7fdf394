"""The fields of a group, as options of commands and as arguments of the service."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from groups_platform.group_service.types.group import GroupModifier

Command = TypeVar("Command", bound=Callable[..., Any])

TYPE = click.Choice(["general", "model-store"])
# Values of --clear and their fields: the first become null, the others empty.
NULLABLE = {"description": "description", "registry": "container_registry", "integration-id": "integration_id"}
EMPTIED = {"slots": "total_resource_slots", "hosts": "allowed_vfolder_hosts", "dotfiles": "dotfiles"}


def slot(text: str) -> tuple[str, str]:
    """Parse a slot and its amount, such as `cpu=4`. Raises BadParameter."""
    from groups_platform.group_service.types import ResourceSlot  # noqa: PLC0415

    name, is_pair, amount = text.partition("=")
    if not is_pair:
        raise click.BadParameter(f"{text!r} is not a limit. Write it as in cpu=4 or mem=16g.")
    try:
        ResourceSlot.from_user_input({name: amount}, None)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error
    return name, amount


def registry(path: str) -> dict[str, Any]:
    """Read a container registry from a JSON file. Raises BadParameter."""
    content = _read_json(path)
    if not isinstance(content, dict):
        raise click.BadParameter(f"{path} does not hold an object, {{registry, project, …}}.")
    return content


def dotfiles(path: str) -> list[dict[str, Any]]:
    """Read dotfiles from a JSON file. Raises BadParameter."""
    content = _read_json(path)
    if not isinstance(content, list) or not all(isinstance(dotfile, dict) for dotfile in content):
        raise click.BadParameter(f"{path} does not hold a list of objects, [{{path, data, perm}}, …].")
    return content


def _read_json(path: str) -> Any:
    try:
        with click.open_file(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise click.BadParameter(f"{path} cannot be read as JSON: {error}.") from error


HOST = click.option(
    "--host", "hosts", multiple=True, metavar="HOST", help="A storage host it may use; may be repeated."
)
SLOT = click.option(
    "--slot", "slots", multiple=True, type=slot, metavar="SLOT=AMOUNT", help="A limit: cpu=8, mem=32g; may be repeated."
)
DESCRIPTION = click.option("--description", metavar="TEXT", help="Its description.")


def fields_of_a_group(command: Command) -> Command:
    """Add the options for the fields of a group; `values_of` takes what the command receives."""
    for option in (
        click.option("--integration-id", metavar="ID", help="Its id in another system, such as the directory."),
        click.option("--dotfiles", type=dotfiles, metavar="FILE", help="JSON, [{path, data, perm}]; - is stdin."),
        click.option("--registry", type=registry, metavar="FILE", help="JSON, {registry, project, …}; - is stdin."),
        HOST,
        SLOT,
        click.option("--policy", metavar="POLICY", help="Its resource policy."),
        click.option("--type", "project_type", type=TYPE, help="Its type."),
        DESCRIPTION,
    ):
        command = option(command)
    return command


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are set."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def values_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the options set, as the service takes them."""
    from groups_platform.group_service.types import ResourceSlot  # noqa: PLC0415
    from groups_platform.group_service.types.group import ProjectType  # noqa: PLC0415

    fields: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "to_domain": ("domain_name", str),
        "project_type": ("type", ProjectType),
        "policy": ("resource_policy", str),
        "slots": ("total_resource_slots", lambda slots: ResourceSlot.from_user_input(dict(slots), None)),
        "hosts": ("allowed_vfolder_hosts", lambda hosts: {host: host for host in hosts}),
        "registry": ("container_registry", lambda registry: registry),
    }
    values = {}
    for option, value in given(options).items():
        name, convert = fields.get(option, (option, lambda value: value))
        values[name] = convert(value)
    return values


def modifier_of(values: Mapping[str, Any], clear: Sequence[str]) -> GroupModifier:
    """Return the change of these fields. Raises UsageError like `changes_of`."""
    from groups_platform.group_service.types.group import GroupModifier  # noqa: PLC0415

    return GroupModifier(**changes_of(values, clear, NULLABLE))


def changes_of(values: Mapping[str, Any], clear: Sequence[str], nullable: Mapping[str, str]) -> dict[str, Any]:
    """Return the change of each field that is set or cleared, as modifiers take it.

    clear: names of `nullable` or EMPTIED. Raises UsageError if there is none, or if a field is both set and cleared.
    """
    from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState  # noqa: PLC0415

    empty: dict[str, Any] = {"total_resource_slots": ResourceSlot(), "allowed_vfolder_hosts": {}, "dotfiles": ()}
    cleared = {field: empty.get(field) for field in ({**nullable, **EMPTIED}[name] for name in clear)}
    if both := cleared.keys() & values.keys():
        raise click.UsageError(f"Set it or clear it, not both: {', '.join(sorted(both))}.")
    if not cleared and not values:
        raise click.UsageError("Name a field to change; --help lists them.")
    return {
        field: TriState(value) if field in nullable.values() else OptionalState.update(value)
        for field, value in {**values, **cleared}.items()
    }
