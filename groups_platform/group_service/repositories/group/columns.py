"""How the fields of a group are stored, and which error each constraint on them means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from groups_platform.group_service.errors import (
    AlreadyLinked,
    GroupNameTaken,
    GroupServiceError,
    InactiveDomain,
    IntegrationIdTaken,
    InvalidValue,
    UnknownDomain,
    UnknownResourcePolicy,
)
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.dotfile import check_dotfiles
from groups_platform.group_service.types.group import check_group_name
from groups_platform.group_service.types.resource_slot import InvalidAmount
from groups_platform.group_service.types.text import cut, quote


def stored_columns(values: Mapping[str, Any], hosts: Collection[str] | None) -> dict[str, Any]:
    """The checked values of a creator or modifier as the columns store them. Raises InvalidValue, InvalidGroupName.

    hosts: names of the configured storage hosts; None for any.
    """
    stored: dict[str, Callable[[Any], Any]] = {
        "name": check_group_name,
        "total_resource_slots": check_slots,
        "allowed_vfolder_hosts": lambda allowed: check_hosts(allowed, allowed if hosts is None else hosts),
        "dotfiles": check_dotfiles,
        "container_registry": lambda registry: registry if registry is None else check_registry(registry),
    }
    return {name: stored[name](value) if name in stored else value for name, value in values.items()}


def check_slots(slots: object) -> dict[str, str]:
    """Limits, as a ResourceSlot or as a person writes them, as they are stored. Raises InvalidValue naming the slot."""
    field = "total_resource_slots"
    if not isinstance(slots, Mapping):
        raise _wrong(field, "a mapping of slot and amount", slots)
    try:
        amounts = slots if isinstance(slots, ResourceSlot) else ResourceSlot.from_user_input(slots, None)
        for slot, amount in amounts.items():
            if amount < 0:
                raise InvalidAmount("Slot {slot} cannot be {value}: it is negative", slot, amount)
    except InvalidAmount as error:
        raise InvalidValue(f"{error}.", field=field, slot=error.slot, value=error.value) from None
    return amounts.to_json()


def check_hosts(hosts: object, configured: Collection[str]) -> dict[str, str | list[str]]:
    """The storage hosts that a group or domain may use, and what for, as they are stored.

    configured: the names of the hosts that there are. Raises InvalidValue naming the host.
    """
    field = "allowed_vfolder_hosts"
    if not isinstance(hosts, Mapping):
        raise _wrong(field, "a mapping of host and what is allowed there", hosts)
    allowed: dict[str, str | list[str]] = {}
    for host, uses in hosts.items():
        if not isinstance(host, str) or host not in configured:
            raise InvalidValue(
                f"There is no storage host {quote(host)}. Configured: {', '.join(sorted(configured)) or 'none'}.",
                field=field,
                host=cut(host) if isinstance(host, str) else quote(host),
                configured=sorted(configured),
            )
        is_list = isinstance(uses, (list, tuple)) and all(isinstance(use, str) for use in uses)
        if not is_list and not isinstance(uses, str):
            raise _wrong(f"{field}, {quote(host)},", "a text or a list of texts", uses, field=field, host=host)
        allowed[host] = list(uses) if is_list else uses
    return allowed


def check_registry(registry: object) -> dict[str, str]:
    """A container registry as it is stored: texts under names. Raises InvalidValue, which never shows a value."""
    field = "container_registry"
    if not isinstance(registry, Mapping):
        raise _wrong(field, "a mapping of texts", registry)
    for name, value in registry.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise _wrong(f"{field}, {quote(name)},", "a text under a name", value, field=field)
    return dict(registry)


def _wrong(name: str, wanted: str, value: object, **facts: str) -> InvalidValue:
    return InvalidValue(f"{name} is {wanted}, not of the type {type(value).__name__}.", **{"field": name, **facts})


def refusals(values: Mapping[str, Any]) -> dict[str, GroupServiceError]:
    """The errors by the constraint that refuses these columns."""
    name, domain, policy = (cut(str(values.get(key))) for key in ("name", "domain_name", "resource_policy"))
    link = str(values.get("integration_id"))
    return {
        "groups_name_domain_name_key": GroupNameTaken(
            f"{domain} has a group {name} already, active or deleted.", name=name, domain_name=domain
        ),
        "groups_integration_id_key": IntegrationIdTaken(
            f"Another active group of {domain} has this integration id.", domain_name=domain
        ),
        "groups_directory_link_key": AlreadyLinked(
            f"Another group, perhaps a deleted one or one of another domain, has the link {cut(link)}.",
            integration_id=cut(link),
        ),
        "groups_domain_is_active": InactiveDomain(
            f"The domain {domain} is deactivated and takes no groups.", domain_name=domain
        ),
        "groups_domain_name_fkey": UnknownDomain(f"There is no domain {domain}.", domain_name=domain),
        "groups_resource_policy_fkey": UnknownResourcePolicy(
            f"There is no resource policy {policy}.", resource_policy=policy
        ),
    }
