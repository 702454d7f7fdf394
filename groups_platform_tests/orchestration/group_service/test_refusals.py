"""What the jobs of the group service refuse: with a code, a sentence and what to do, audited, and without a stack."""

from __future__ import annotations

from enum import Enum
from logging import WARNING
from typing import Any, get_origin
from uuid import uuid4

import pytest
from dagster import DagsterInvalidConfigError

from groups_platform.orchestration.group_service.ops import ACTIONS
from groups_platform.orchestration.group_service.resource import NO_ACTOR
from groups_platform_tests.group_service.deployment import DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import ServiceRuns, code, refusal, shown


@pytest.mark.parametrize(
    ("job", "config", "names"),
    [
        ("create_group", {"domain_name": DOMAIN}, '"name"'),
        ("create_group", {"name": "physics", "domain_name": DOMAIN, "colour": "red"}, '"colour"'),
        ("create_group", {"name": "physics", "domain_name": DOMAIN, "type": "SECRET"}, "type"),
        ("purge_group", {"group": str(uuid4()), "dry_run": "perhaps"}, "dry_run"),
        ("modify_group", {"group": str(uuid4()), "members": {"mode": "swap", "users": []}}, "mode"),
        ("modify_group", {"group": str(uuid4()), "clear": ["name"]}, "clear"),
    ],
)
def test_a_wrong_config_is_refused_before_anything_runs(
    service_runs: ServiceRuns, job: str, config: dict[str, Any], names: str
) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=names):
        service_runs.run(job, **config)
    assert service_runs.audit() == []


def test_a_refused_action_fails_with_its_code_and_no_retry_and_is_audited(service_runs: ServiceRuns) -> None:
    service_runs.group()
    result = service_runs.run("create_group", name="physics", domain_name=DOMAIN)
    failure = refusal(result)
    assert failure.description == f"{DOMAIN} has a group physics already, active or deleted."
    assert failure.metadata["what_to_do"].value.startswith("Nothing was changed. Correct the config")
    assert failure.metadata["code"].value == "group_name_taken"
    assert failure.metadata["name"].value == "physics"
    taken = service_runs.audit("create_group")[-1]
    assert (taken.status, taken.error_code, taken.run_id) == ("failure", "group_name_taken", result.run_id)
    assert failure.metadata["action_id"].value == str(taken.action_id)


def test_the_actor_decides_what_is_allowed(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group().id)
    result = service_runs.run("delete_group", group=group_id, actor=service_runs.deployment.user.name)
    assert code(result) == "forbidden"
    (denied,) = service_runs.audit("delete_group")
    assert (denied.status, denied.actor, denied.run_id) == ("denied", f"user@{DOMAIN}", result.run_id)

    assert service_runs.run("delete_group", group=group_id, actor=f"admin@{DOMAIN}").success


def test_a_month_that_is_none_is_refused_and_audited(service_runs: ServiceRuns) -> None:
    result = service_runs.run("usage_per_month", month="202413")
    assert code(result) == "invalid_api_parameters"
    (attempt,) = service_runs.audit("usage_per_month")
    assert attempt.run_id == result.run_id


GOOD = {
    "group": f"{DOMAIN}/physics", "name": "optics", "domain_name": DOMAIN,
    "month": "202410", "start_date": "20241001", "end_date": "20241001",
}  # fmt: skip


def filled_in(config: Any) -> dict[str, Any]:
    """Every field that has to be filled in, with something of its type."""
    fields = config.model_fields
    required = {name: field.annotation for name, field in fields.items() if field.is_required()}
    filled = {name: GOOD.get(name) or _something(kind) for name, kind in required.items()}
    return filled | ({"perm": "600"} if "perm" in fields else {})  # a dotfile changes in something


def _something(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).name
    return {int: 1, bool: True, list: []}.get(get_origin(kind) or kind, "x")


# Which field, what is wrong in it, and the code of the refusal; each is tried in every job that asks for the field.
WRONG: list[tuple[str, Any, str]] = [
    ("actor", "nobody@example.com", "unknown_actor"),
    ("group", "12345678-1234", "group_not_found"),
    ("groups", ["nowhere/nothing"], "group_not_found"),
    ("total_resource_slots", {"mem": "much"}, "invalid_value"),
    ("total_resource_slots", {"cpu": -1}, "invalid_value"),
    ("total_resource_slots", {"cpu": [4]}, "invalid_value"),
    ("members", {"mode": "add", "users": ["nobody"]}, "invalid_user_id"),
    ("members", {"mode": "add", "users": ["nobody@example.com"]}, "unknown_users"),
    ("member", "nobody", "invalid_user_id"),
]


@pytest.mark.parametrize(("field", "value", "expected"), WRONG)
def test_s38_what_is_wrong_is_refused_with_a_code_and_audited_and_has_no_stack(
    service_runs: ServiceRuns, field: str, value: Any, expected: str
) -> None:
    service_runs.group()
    asking = [row for row in ACTIONS if field in row.config.model_fields]
    assert asking
    for row in asking:
        result = service_runs.run(row.name, **filled_in(row.config) | {field: value})
        assert code(result) == expected, row.name
        attempt = service_runs.audit(row.name)[-1]
        assert (attempt.run_id, attempt.error_code) == (result.run_id, expected), row.name
        assert attempt.status != "success", row.name


def test_s38_what_cannot_become_an_action_is_refused_and_audited_too(service_runs: ServiceRuns) -> None:
    service_runs.group()
    result = service_runs.run("modify_group", group=f"{DOMAIN}/physics", description="x", clear=["description"])
    failure = refusal(result)
    assert failure.description == "description is set and cleared at once. Leave out one of both."
    assert (failure.metadata["code"].value, failure.metadata["field"].value) == ("invalid_value", "description")
    (attempt,) = service_runs.audit("modify_group")
    assert (attempt.run_id, attempt.status, attempt.error_code) == (result.run_id, "failure", "invalid_value")
    assert failure.metadata["action_id"].value == str(attempt.action_id)


def test_s38_who_names_no_actor_is_told_who_acts(service_runs: ServiceRuns) -> None:
    service_runs.group()
    nobody, admin = (
        service_runs.run("delete_group", group=f"{DOMAIN}/physics", actor=actor) for actor in ("", f"admin@{DOMAIN}")
    )
    assert service_runs.messages(nobody, WARNING) == [NO_ACTOR]
    assert service_runs.messages(admin, WARNING) == []
    assert [shown(run)["acted_as"] for run in (nobody, admin)] == ["system", f"admin@{DOMAIN}"]


@pytest.mark.parametrize("confirm", [{}, {"confirm": "Physics"}, {"confirm": "optics"}])
def test_s38_a_purge_needs_the_name_of_the_group(service_runs: ServiceRuns, confirm: dict[str, str]) -> None:
    service_runs.group("optics")
    group_id = str(service_runs.group().id)
    result = service_runs.run("purge_group", group=group_id, dry_run=False, **confirm)
    assert code(result) == "not_confirmed"
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(2,)]
    (attempt,) = service_runs.audit("purge_group")
    assert (attempt.error_code, attempt.run_id) == ("not_confirmed", result.run_id)
