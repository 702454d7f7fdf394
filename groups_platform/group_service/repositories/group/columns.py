"""How the fields of a group are stored, and which error each constraint on them means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from groups_platform.group_service.errors import (
    GroupNameTaken,
    GroupServiceError,
    InactiveDomain,
    IntegrationIdTaken,
    InvalidValue,
    UnknownDomain,
    UnknownResourcePolicy,
)
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import ProjectType, check_group_name


def stored_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a creator or modifier as the columns store them. Raises InvalidValue, InvalidGroupName."""
    stored: dict[str, Callable[[Any], Any]] = {
        "name": check_group_name,
        "type": ProjectType,
        "total_resource_slots": ResourceSlot.to_json,
        "allowed_vfolder_hosts": dict,
        "dotfiles": lambda dotfiles: [dict(dotfile) for dotfile in dotfiles],
        "container_registry": lambda registry: registry and dict(registry),
    }
    columns = {}
    for name, value in values.items():
        try:
            columns[name] = stored[name](value) if name in stored else value
        except (TypeError, ValueError, AttributeError):  # the message leaves the values out: they may be secret
            raise InvalidValue(
                f"{name} cannot be of the type {type(value).__name__}, or not with that value."
            ) from None
    return columns


def refusals(values: Mapping[str, Any]) -> dict[str, GroupServiceError]:
    """The errors by the constraint that refuses these columns."""
    name, domain, policy = values["name"], values["domain_name"], values.get("resource_policy")
    return {
        "groups_name_domain_name_key": GroupNameTaken(
            f"{domain} has a group {name} already, active or deleted.", name=name, domain_name=domain
        ),
        "groups_integration_id_key": IntegrationIdTaken(
            f"Another active group of {domain} has this integration id.", domain_name=domain
        ),
        "groups_domain_is_active": InactiveDomain(
            f"The domain {domain} is deactivated and takes no groups.", domain_name=domain
        ),
        "groups_domain_name_fkey": UnknownDomain(f"There is no domain {domain}.", domain_name=domain),
        "groups_resource_policy_fkey": UnknownResourcePolicy(
            f"There is no resource policy {policy}.", resource_policy=policy
        ),
    }
