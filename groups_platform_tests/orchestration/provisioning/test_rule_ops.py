"""Rules and links from the Launchpad (M1, M2): every job, what it shows and what it refuses."""

from __future__ import annotations

import asyncio
import re
from inspect import isfunction, signature
from logging import WARNING

import pytest

from groups_platform.definitions import build_defs
from groups_platform.orchestration.provisioning.rule_ops import RULE_OPS
from groups_platform.provisioning.service import ProvisioningService
from groups_platform_tests.group_service.deployment import DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import (
    ServiceRuns,
    code,
    fields,
    refusal,
    rows,
    shown,
)


@pytest.fixture
def directory(service_runs: ServiceRuns) -> None:
    """42 above 43, and 7."""
    asyncio.run(
        service_runs.deployment.run(
            "INSERT INTO directory.groups (group_id, name, parent_group_id, inactive) "
            "VALUES (42, 'Winter tyres', NULL, FALSE), (43, 'Studs', 42, FALSE), (7, 'Sales', NULL, FALSE)"
        )
    )


@pytest.mark.usefixtures("directory")
def test_m1_a_rule_is_made_changed_listed_and_deleted(service_runs: ServiceRuns) -> None:
    slots = {"cpu": "4", "mem": "8g"}
    made = shown(service_runs.run("create_rule", directory_group_id=42, domain_name=DOMAIN, total_resource_slots=slots))
    rule = fields(made["rule"])
    assert (rule["name"], rule["names"], rule["slots"]) == ("Winter tyres", "{name}", f"cpu 4, mem {8 * 2**30}")
    assert (made["acted_as"], made["rule_id"]) == ("system", rule["id"])
    (row,) = service_runs.audit("create_rule")
    assert (row.entity_name, row.status) == ("directory:42", "success")
    by_id = {"rule": made["rule_id"], "with_groups_below": True, "members_of": "below", "total_resource_slots": {}}
    changed = fields(shown(service_runs.run("modify_rule", **by_id))["rule"])
    assert (changed["groups below"], changed["members"], changed["slots"]) == ("True", "below", "")
    shown(service_runs.run("create_rule", directory_group_id=7, domain_name=DOMAIN, is_exact=True))
    listed = shown(service_runs.run("list_rules", claims=43))
    assert [row["directory group"] for row in rows(listed["rules"])] == [42]
    assert shown(service_runs.run("list_rules", limit=1))["next_cursor"]
    assert [row["exact"] for row in rows(shown(service_runs.run("list_rules", rule="7"))["rules"])] == [True]
    assert shown(service_runs.run("delete_rule", rule="42"))["rule_id"] == made["rule_id"]
    assert service_runs.rows("SELECT directory_group_id FROM manager.provisioning_rules") == [(7,)]


@pytest.mark.usefixtures("directory")
def test_m2_a_group_is_linked_and_unlinked(service_runs: ServiceRuns) -> None:
    group = service_runs.group("physics")
    named = f"{DOMAIN}/physics"
    linked = shown(service_runs.run("link_group", group=named, directory_group_id=42, actor=f"admin@{DOMAIN}"))
    assert (linked["group_id"], fields(linked["group"])["integration id"]) == (str(group.id), "set")
    failure = refusal(service_runs.run("link_group", group=str(service_runs.group("optics").id), directory_group_id=42))
    assert (failure.metadata["code"].value, failure.metadata["integration_id"].value) == (
        "already_linked", "directory:42"
    )  # fmt: skip
    assert fields(shown(service_runs.run("unlink_group", group=named))["group"])["integration id"] == ""


@pytest.mark.usefixtures("directory")
def test_m1_m2_what_is_wrong_is_refused_with_a_code_and_audited(service_runs: ServiceRuns) -> None:
    service_runs.run("create_rule", directory_group_id=7, domain_name=DOMAIN)
    for job, config, expected in (
        ("create_rule", {"directory_group_id": 9, "domain_name": DOMAIN}, "unknown_directory_group"),
        ("create_rule", {"directory_group_id": 7, "domain_name": DOMAIN}, "directory_group_claimed"),
        ("create_rule", {"directory_group_id": 42, "domain_name": DOMAIN, "members_of": "all"}, "invalid_value"),
        ("create_rule", {"directory_group_id": 42, "domain_name": DOMAIN, "actor": f"admin@{DOMAIN}"}, "forbidden"),
        ("modify_rule", {"rule": "42", "is_exact": True}, "unknown_rule"),
        ("modify_rule", {"rule": "tyres", "is_exact": True}, "invalid_value"),
        ("list_rules", {"cursor": "x"}, "invalid_api_parameters"),
        ("link_group", {"group": "nowhere/x", "directory_group_id": 42}, "group_not_found"),
    ):
        result = service_runs.run(job, **config)
        assert code(result) == expected, (job, config)
        row = service_runs.audit(job)[-1]
        assert (row.error_code, row.run_id) == (expected, result.run_id)


@pytest.mark.usefixtures("directory")
def test_m1_what_a_deleted_rule_leaves_is_in_the_log_of_the_run(service_runs: ServiceRuns) -> None:
    rule_id = shown(service_runs.run("create_rule", directory_group_id=42, domain_name=DOMAIN))["rule_id"]
    group = service_runs.group(integration_id="directory:42")
    statement = "INSERT INTO manager.provisioned_projects VALUES (:project, :rule)"
    asyncio.run(service_runs.deployment.run(statement, project=group.id, rule=rule_id))
    result = service_runs.run("delete_rule", rule="42", actor=f"superadmin@{DOMAIN}")
    assert any("1 project" in warning for warning in service_runs.messages(result, WARNING))


def test_m1_m2_every_action_on_rules_and_links_is_a_job_that_says_what_it_does() -> None:
    actions = {
        name
        for name, method in vars(ProvisioningService).items()
        if isfunction(method) and "action" in signature(method).parameters
    }
    assert {"create_rule", "modify_rule", "delete_rule", "list_rules", "link_group", "unlink_group"} <= actions
    assert {op.name for op in RULE_OPS} <= actions
    defs = build_defs()
    for op in RULE_OPS:
        assert defs.resolve_job_def(op.name).description == op.description
        assert (op.description or "").endswith("."), op.name
        assert not re.search(r"Action\b|error\.code|Returns|Raises|\([MS]\d", op.description or ""), op.name
