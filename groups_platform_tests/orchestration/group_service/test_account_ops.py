"""Domains, resource policies and users from the Launchpad: every job, what it shows and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import (
    ServiceRuns,
    code,
    fields,
    refusal,
    rows,
    shown,
)


def test_s25_a_domain_is_made_changed_and_deactivated(service_runs: ServiceRuns) -> None:
    slots = {"cpu": "256", "mem": "1t"}
    made = shown(service_runs.run("create_domain", name="norrvik", total_resource_slots=slots, description="Tyres"))
    assert (made["domain_name"], made["acted_as"]) == ("norrvik", "system")
    assert fields(made["domain"])["slots"] == f"cpu 256, mem {2**40}"
    changed = shown(service_runs.run("modify_domain", domain_name="norrvik", is_active=False, clear=["description"]))
    assert (fields(changed["domain"])["active"], fields(changed["domain"])["description"]) == ("False", "")
    shown(service_runs.run("modify_domain", domain_name="norrvik", is_active=True))
    shown(service_runs.run("deactivate_domain", domain_name="norrvik"))
    page = shown(service_runs.run("list_domains", is_active=False))
    assert [row["name"] for row in rows(page["domains"])] == ["norrvik"]
    assert shown(service_runs.run("list_domains", limit=1))["next_cursor"]


def test_s25_a_policy_is_made_changed_and_deleted(service_runs: ServiceRuns) -> None:
    shown(service_runs.run("create_resource_policy", name="large", max_quota_scope_size="2t"))
    changed = shown(service_runs.run("modify_resource_policy", policy_name="large", max_vfolder_count=50))
    policy = fields(changed["policy"])
    assert (policy["vfolders"], policy["quota scope size, bytes"]) == ("50", str(2 * 2**40))
    assert policy["networks"] == "no limit"
    listed = shown(service_runs.run("list_resource_policies", name_part="LARGE"))
    assert [row["name"] for row in rows(listed["policies"])] == ["large"]
    assert shown(service_runs.run("delete_resource_policy", policy_name="large"))["policy_name"] == "large"
    service_runs.group()
    used = refusal(service_runs.run("delete_resource_policy", policy_name="default"))
    assert (used.metadata["code"].value, used.metadata["groups"].value) == ("resource_policy_in_use", "1")


def test_s25_a_user_is_made_changed_and_listed(service_runs: ServiceRuns) -> None:
    admin = service_runs.deployment.admin.name
    made = shown(service_runs.run("create_user", email="ann@example.com", domain_name=DOMAIN, actor=admin))
    assert made["acted_as"] == admin
    changed = shown(service_runs.run("modify_user", user="ANN@example.com", role="admin", domain_name=OTHER_DOMAIN))
    assert fields(changed["user"]) == {
        "email": "ann@example.com",
        "name": "",
        "domain": OTHER_DOMAIN,
        "role": "admin",
        "status": "active",
        "id": made["user_id"],
    }
    listed = shown(service_runs.run("list_users", role="admin", domain_name=OTHER_DOMAIN, name_part="ann"))
    assert (listed["found"], [row["email"] for row in rows(listed["users"])]) == (1, ["ann@example.com"])


@pytest.mark.parametrize(
    ("job", "config", "wanted"),
    [
        ("create_domain", {"name": "a/b"}, "invalid_domain_name"),
        ("create_domain", {"name": DOMAIN}, "domain_name_taken"),
        ("create_domain", {"name": "norrvik", "total_resource_slots": {"cpu": "many"}}, "invalid_value"),
        ("create_domain", {"name": "norrvik", "allowed_vfolder_hosts": {"moon": "moon"}}, "invalid_value"),
        ("modify_domain", {"domain_name": DOMAIN, "description": "x", "clear": ["description"]}, "invalid_value"),
        ("deactivate_domain", {"domain_name": "nowhere"}, "unknown_domain"),
        ("create_resource_policy", {"name": "large", "max_quota_scope_size": "much"}, "invalid_value"),
        ("modify_resource_policy", {"policy_name": "none"}, "unknown_resource_policy"),
        ("create_user", {"email": "ann", "domain_name": DOMAIN}, "invalid_value"),
        ("create_user", {"email": "USER@example.com", "domain_name": DOMAIN}, "email_taken"),
        ("modify_user", {"user": "user@example.com", "role": "owner"}, "invalid_value"),
        ("modify_user", {"user": "nobody@example.com", "role": "user"}, "unknown_user"),
        ("modify_user", {"user": "admin@example.com", "role": "user", "actor": "admin@example.com"}, "own_account"),
        ("create_domain", {"name": "norrvik", "actor": "admin@example.com"}, "forbidden"),
        ("list_users", {"status": "gone"}, "invalid_value"),
    ],
)
def test_s25_what_is_refused_is_audited(
    service_runs: ServiceRuns, job: str, config: dict[str, Any], wanted: str
) -> None:
    assert code(service_runs.run(job, **config)) == wanted
    (row,) = service_runs.audit(job)
    assert row.error_code == wanted
