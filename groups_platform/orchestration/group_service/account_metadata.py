"""Domains, resource policies and users as metadata for the UI."""

from __future__ import annotations

from groups_platform.group_service.types.domain import DomainData, DomainPage
from groups_platform.group_service.types.resource_policy import ResourcePolicyData, ResourcePolicyPage
from groups_platform.group_service.types.user import UserData, UserPage
from groups_platform.orchestration.group_service.metadata import Facts, fields_table, page_table, slots_text


def domain_facts(domain: DomainData) -> Facts:
    """A domain as a table of its fields."""
    times = {"created": domain.created_at, "modified": domain.modified_at}
    return {"domain_name": domain.name, "domain": fields_table({**_domain(domain), **times})}


def domains_facts(page: DomainPage) -> Facts:
    """The domains of a page as a table; `next_cursor` where another page follows."""
    return page_table("domains", [_domain(domain) for domain in page.domains], page.next_cursor)


def policy_facts(policy: ResourcePolicyData) -> Facts:
    """A resource policy as a table of its limits."""
    times = {"created": policy.created_at, "modified": policy.modified_at}
    return {"policy_name": policy.name, "policy": fields_table({**_policy(policy), **times})}


def policies_facts(page: ResourcePolicyPage) -> Facts:
    """The policies of a page as a table; `next_cursor` where another page follows."""
    return page_table("policies", [_policy(policy) for policy in page.policies], page.next_cursor)


def user_facts(user: UserData) -> Facts:
    """A user as a table of their fields."""
    return {"user_id": str(user.id), "user": fields_table(_user(user))}


def users_facts(page: UserPage) -> Facts:
    """The users of a page as a table; `next_cursor` where another page follows."""
    return page_table("users", [_user(user) for user in page.users], page.next_cursor)


def _domain(domain: DomainData) -> Facts:
    return {
        "name": domain.name,
        "description": domain.description,
        "active": domain.is_active,
        "slots": slots_text(domain.total_resource_slots),
        "storage hosts": ", ".join(domain.allowed_vfolder_hosts),
    }


def _policy(policy: ResourcePolicyData) -> Facts:
    return {
        "name": policy.name,
        "vfolders": policy.max_vfolder_count or "no limit",
        "quota scope size, bytes": policy.max_quota_scope_size or "no limit",
        "networks": policy.max_network_count or "no limit",
    }


def _user(user: UserData) -> Facts:
    return {
        "email": user.email,
        "name": user.full_name,
        "domain": user.domain_name,
        "role": user.role.value,
        "status": user.status,
        "id": str(user.id),
    }
