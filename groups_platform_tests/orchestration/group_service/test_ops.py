"""The group service from the Launchpad: every job, what it shows and what it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from dagster import (
    DagsterInvalidConfigError,
    validate_run_config,
)

from groups_platform.definitions import build_defs
from groups_platform.orchestration.group_service.ops import SERVICE_OPS
from groups_platform.settings import Settings
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import (
    ServiceRuns,
    fields,
    refusal,
    retries,
    rows,
    shown,
)


def test_create_shows_the_group_and_audits_it_with_the_run(service_runs: ServiceRuns) -> None:
    result = service_runs.run(
        "create_group",
        name="physics",
        domain_name=DOMAIN,
        type="MODEL_STORE",
        description="Light and heavy things",
        total_resource_slots={"cpu": "4", "mem": "8g"},
        allowed_vfolder_hosts={"local": "local"},
        resource_policy="development-policy",
    )
    group = fields(shown(result)["group"])
    assert (group["name"], group["type"], group["slots"]) == ("physics", "model-store", "cpu 4, mem 8589934592")
    (attempt,) = service_runs.audit("create_group")
    assert (attempt.status, attempt.run_id, attempt.actor) == ("success", result.run_id, "system")
    messages = [entry.user_message for entry in service_runs.instance.all_logs(result.run_id)]
    assert f"audit_log has this as action {attempt.action_id}." in messages


def test_modify_changes_clears_and_sets_members(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group(description="old", integration_id="21000").id)
    ada, ben = map(str, asyncio.run(service_runs.deployment.users(2)))
    members = {"mode": "add", "user_ids": [ada, ben]}
    changed = shown(
        service_runs.run("modify_group", group_id=group_id, name="optics", clear=["description"], members=members)
    )
    assert (fields(changed["group"])["name"], fields(changed["group"])["description"]) == ("optics", "")
    assert {row["user_id"] for row in rows(changed["members"])} == {ada, ben}

    left = shown(service_runs.run("modify_group", group_id=group_id, members={"mode": "replace", "user_ids": [ben]}))
    assert [row["user_id"] for row in rows(left["members"])] == [ben]
    service_runs.run(
        "modify_group", group_id=group_id, domain_name=OTHER_DOMAIN, members={"mode": "replace", "user_ids": []}
    )
    assert service_runs.rows("SELECT name, domain_name, description, integration_id FROM manager.groups") == [
        ("optics", OTHER_DOMAIN, None, "21000")
    ]


def test_delete_and_restore(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group().id)
    deleted = shown(service_runs.run("delete_group", group_id=group_id))
    assert fields(deleted["group"])["active"] == "False"
    restored = shown(service_runs.run("restore_group", group_id=group_id))
    assert fields(restored["group"])["active"] == "True"


def test_search_shows_a_page_and_where_the_next_begins(service_runs: ServiceRuns) -> None:
    for name in ("chemistry", "optics", "physics"):
        service_runs.group(name)
    first = shown(service_runs.run("search_groups", domain_name=DOMAIN, limit=2))
    assert [row["name"] for row in rows(first["groups"])] == ["chemistry", "optics"]
    second = shown(service_runs.run("search_groups", domain_name=DOMAIN, limit=2, cursor=first["next_cursor"]))
    assert [row["name"] for row in rows(second["groups"])] == ["physics"]
    assert "next_cursor" not in second


def test_a_purge_is_dry_unless_told_otherwise(service_runs: ServiceRuns) -> None:
    group = service_runs.group()
    group_id = str(group.id)
    folder = asyncio.run(service_runs.deployment.vfolder(group, "photos"))
    asyncio.run(service_runs.deployment.kernel(group, "RUNNING", mounts=[folder]))
    asyncio.run(service_runs.deployment.endpoint(group))

    plan = shown(service_runs.run("purge_group", group_id=group_id))
    assert plan["dry_run"] is True
    would_go = {row["what"]: (row["number"], row["names"]) for row in rows(plan["would_go"])}
    assert would_go["group"] == (1, f"physics ({DOMAIN})")
    assert would_go["vfolders"] == (1, "photos")
    assert [row["code"] for row in rows(plan["blocks"])] == [
        "vfolders_mounted_to_active_kernels", "active_kernels", "active_endpoints",
    ]  # fmt: skip
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(1,)]

    failure = refusal(service_runs.run("purge_group", group_id=group_id, dry_run=False))
    assert failure.metadata["code"].value == "vfolders_mounted_to_active_kernels"
    assert failure.metadata["count"].value == "1"
    assert rows(failure.metadata["vfolders"])[0]["name"] == "photos"
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(1,)]


def test_a_purge_that_is_meant_removes_the_group(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group().id)
    plan = shown(service_runs.run("purge_group", group_id=group_id, dry_run=False))
    assert plan["dry_run"] is False
    assert rows(plan["gone"])[0] == {"what": "group", "number": 1, "names": f"physics ({DOMAIN})"}
    assert plan["blocks"] == "no rows"
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(0,)]


def test_folders_that_storage_kept_are_tried_again(service_runs: ServiceRuns, service_environment: Settings) -> None:
    group = service_runs.group()
    folder = asyncio.run(service_runs.deployment.vfolder(group))
    purged = service_runs.run("purge_group", group_id=str(group.id), dry_run=False)  # the host's disk is not there
    warnings = [entry.user_message for entry in service_runs.instance.all_logs(purged.run_id) if entry.level == 30]
    assert any(f"Folder {folder.id} stays in storage" in warning for warning in warnings)

    path = Path(service_environment.home, "vfolders", folder.id.hex)
    path.mkdir(parents=True)
    done = shown(service_runs.run("retry_vfolder_deletions"))
    assert rows(done["folders"]) == [{"folder": str(folder.id), "outcome": "removed"}]
    assert not path.exists()


def test_usage_is_shown_as_tables_and_a_picture(service_runs: ServiceRuns) -> None:
    group = service_runs.group()
    figures: dict[str, Any] = {
        "status": "TERMINATED",
        "occupied_slots": {"cpu": "4", "mem": str(8 * 1024**3), "cuda.device": "1"},
        "last_stat": {"cpu_used": {"current": "7200000"}, "mem": {"capacity": str(2 * 1024**3)}},
    }
    asyncio.run(service_runs.deployment.kernel(group, **figures))
    ((month, day),) = service_runs.rows("SELECT to_char(now(), 'YYYYMM'), to_char(now(), 'YYYYMMDD')")

    by_month = shown(service_runs.run("usage_per_month", month=month, detail=True))
    (allocated,), (used,), (kernel,) = (rows(by_month[table]) for table in ("allocated", "used", "kernel_usage"))
    assert (allocated["group"], allocated["kernels"], used["group"]) == (f"{DOMAIN}/physics", 1, f"{DOMAIN}/physics")
    assert (allocated["CPU"], allocated["memory GiB"], allocated["GPU"]) == (4.0, 8.0, 1.0)
    assert (used["CPU hours"], used["memory GiB"]) == (2.0, 2.0)
    assert (kernel["memory GiB"], kernel["memory GiB used"]) == (8.0, 2.0)
    assert by_month["picture"].startswith("![usage](data:image/svg+xml;base64,")
    assert by_month["missing_statistics"] == 0

    by_period = shown(service_runs.run("usage_per_period", start_date=day, end_date=day, detail=True))
    assert [row["group"] for row in rows(by_period["allocated"])] == [f"{DOMAIN}/physics"]
    assert len(rows(by_period["session_usage"])) == len(rows(by_period["kernel_usage"])) == 1
    totals = shown(service_runs.run("usage_per_period", start_date=day, end_date=day, project_id=str(group.id)))
    assert "kernel_usage" not in totals


@pytest.mark.parametrize(
    ("job", "config", "names"),
    [
        ("create_group", {"domain_name": DOMAIN}, '"name"'),
        ("create_group", {"name": "physics", "domain_name": DOMAIN, "colour": "red"}, '"colour"'),
        ("create_group", {"name": "physics", "domain_name": DOMAIN, "type": "SECRET"}, "type"),
        ("purge_group", {"group_id": str(uuid4()), "dry_run": "perhaps"}, "dry_run"),
        ("modify_group", {"group_id": str(uuid4()), "members": {"mode": "swap", "user_ids": []}}, "mode"),
        ("modify_group", {"group_id": str(uuid4()), "clear": ["name"]}, "clear"),
    ],
)
def test_a_wrong_config_is_refused_before_anything_runs(
    service_runs: ServiceRuns, job: str, config: dict[str, Any], names: str
) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=names):
        service_runs.run(job, **config)
    assert service_runs.audit() == []


@pytest.mark.parametrize(
    ("job", "config", "names"),
    [
        ("delete_group", {"group_id": "physics"}, "group_id"),
        ("usage_per_month", {"month": "202410", "group_ids": ["physics"]}, "group_ids"),
        ("create_group", {"name": "physics", "domain_name": DOMAIN, "total_resource_slots": {"mem": "much"}}, "'mem'"),
        (
            "modify_group",
            {"group_id": str(uuid4()), "description": "x", "clear": ["description"]},
            "description is set",
        ),
    ],
)
def test_a_value_of_no_sense_fails_the_run_with_the_field(
    service_runs: ServiceRuns, job: str, config: dict[str, Any], names: str
) -> None:
    result = service_runs.run(job, **config)
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    assert names in event.step_failure_data.error.to_string()
    assert retries(result) == 0
    assert service_runs.audit() == []


def test_a_refused_action_fails_with_its_code_and_no_retry_and_is_audited(service_runs: ServiceRuns) -> None:
    service_runs.group()
    result = service_runs.run("create_group", name="physics", domain_name=DOMAIN)
    failure = refusal(result)
    assert failure.description == f"{DOMAIN} has a group physics already, active or deleted."
    assert failure.metadata["code"].value == "group_name_taken"
    assert failure.metadata["name"].value == "physics"
    taken = service_runs.audit("create_group")[-1]
    assert (taken.status, taken.error_code, taken.run_id) == ("failure", "group_name_taken", result.run_id)
    assert failure.metadata["action_id"].value == str(taken.action_id)


def test_the_actor_decides_what_is_allowed(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group().id)
    result = service_runs.run("delete_group", group_id=group_id, actor=service_runs.deployment.user.name)
    assert refusal(result).metadata["code"].value == "forbidden"
    (denied,) = service_runs.audit("delete_group")
    assert (denied.status, denied.actor, denied.run_id) == ("denied", f"user@{DOMAIN}", result.run_id)

    assert service_runs.run("delete_group", group_id=group_id, actor=f"admin@{DOMAIN}").success
    nobody = service_runs.run("delete_group", group_id=group_id, actor="nobody@example.com")
    assert refusal(nobody).metadata["code"].value == "unknown_actor"


def test_a_month_that_is_none_is_refused_and_audited(service_runs: ServiceRuns) -> None:
    result = service_runs.run("usage_per_month", month="202413")
    assert refusal(result).metadata["code"].value == "invalid_api_parameters"
    (attempt,) = service_runs.audit("usage_per_month")
    assert attempt.run_id == result.run_id


def test_every_action_is_a_job_of_its_op_and_none_waits_in_the_directory_s_pool() -> None:
    defs = build_defs()
    for action in SERVICE_OPS:
        job = defs.resolve_job_def(action.name)
        assert job.all_node_defs == [action]
        assert job.description == action.description
        assert action.pool is None


def test_the_configs_in_the_operations_page_fit_their_jobs() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "operations.md").read_text()
    configs = [yaml.safe_load(block.split("```")[0]) for block in page.split("```yaml")[1:]]
    for config in configs:
        (job,) = config["ops"]
        assert validate_run_config(build_defs().resolve_job_def(job), config)
    assert [list(config["ops"]) for config in configs] == [["modify_group"], ["purge_group"]]
