"""Terminal output of domains, resource policies and users."""

from __future__ import annotations

from rich.table import Column

from groups_platform.group_service.types.domain import DomainData, DomainPage
from groups_platform.group_service.types.resource_policy import ResourcePolicyData, ResourcePolicyPage
from groups_platform.group_service.types.user import UserData, UserPage, UserStatus
from groups_platform.terminal import escape, narrow_table, show_facts, show_page, uncut
from groups_platform.terminal.figures import in_bytes
from groups_platform.terminal.group_service import in_utc, slots_text


def show_domains(page: DomainPage) -> None:
    """Show a line per domain."""
    table = narrow_table(*uncut("domain"), "state", "limits", "storage hosts", "description")
    for domain in page.domains:
        facts = (slots_text(domain.total_resource_slots), ", ".join(domain.allowed_vfolder_hosts))
        table.add_row(escape(domain.name), _state(domain), *map(escape, facts), escape(domain.description or ""))
    nothing = "No domains. groups-platform domain create NAME makes one."
    show_page(table if page.domains else nothing, page.domains, page.next_cursor)


def show_domain(domain: DomainData) -> None:
    """Show a domain."""
    show_facts(
        domain.name,
        _state(domain),
        {
            "description": domain.description or "",
            "limits": slots_text(domain.total_resource_slots),
            "storage hosts": ", ".join(domain.allowed_vfolder_hosts),
            "created, UTC": in_utc(domain.created_at),
            "modified, UTC": in_utc(domain.modified_at),
        },
    )


def show_policies(page: ResourcePolicyPage) -> None:
    """Show a line per resource policy."""
    numbers = (Column(name, justify="right") for name in ("folders", "storage", "networks"))
    table = narrow_table(*uncut("policy"), *numbers)
    for policy in page.policies:
        table.add_row(escape(policy.name), *_limits(policy).values())
    nothing = "No resource policies. groups-platform policy create NAME makes one."
    show_page(table if page.policies else nothing, page.policies, page.next_cursor)


def show_policy(policy: ResourcePolicyData) -> None:
    """Show a resource policy."""
    times = {"created, UTC": in_utc(policy.created_at), "modified, UTC": in_utc(policy.modified_at)}
    show_facts(policy.name, "", {**_limits(policy), **times})


def show_users(page: UserPage) -> None:
    """Show a line per user."""
    table = narrow_table(*uncut("e-mail address"), "name", "domain", "role", "status", *uncut("id"))
    for user in page.users:
        facts = (user.email, user.full_name or "", user.domain_name, user.role.value)
        table.add_row(*map(escape, facts), _status(user), str(user.id))
    nothing = "No users. groups-platform user create E-MAIL --domain DOMAIN makes one."
    show_page(table if page.users else nothing, page.users, page.next_cursor)


def show_user(user: UserData) -> None:
    """Show a user."""
    facts = {"id": str(user.id), "name": user.full_name or "", "domain": user.domain_name, "role": user.role.value}
    show_facts(user.email, _status(user), facts)


def _limits(policy: ResourcePolicyData) -> dict[str, str]:
    amounts = {
        "folders": str(policy.max_vfolder_count),
        "storage": in_bytes(policy.max_quota_scope_size),
        "networks": str(policy.max_network_count),
    }
    return {name: "no limit" if amount == "0" else amount for name, amount in amounts.items()}


def _state(domain: DomainData) -> str:
    return "active" if domain.is_active else "[yellow]inactive[/]"


def _status(user: UserData) -> str:
    return user.status if user.status == UserStatus.ACTIVE.value else f"[yellow]{escape(user.status)}[/]"
