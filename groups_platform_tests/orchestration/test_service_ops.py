"""The group service from the Launchpad: every job, what it shows, what it refuses, and what it tries again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from dagster import DagsterEventType, DagsterInvalidConfigError, ExecuteInProcessResult, OpExecutionContext

from groups_platform.database.connection import connect
from groups_platform.group_service.errors import OutcomeUnknown
from groups_platform.orchestration.build import build_defs
from groups_platform.orchestration.service_ops import SERVICE_OPS
from groups_platform.orchestration.service_resource import GroupServiceResource
from groups_platform.settings import Settings
from groups_platform_tests.group_service.deployment import DOMAIN
from groups_platform_tests.orchestration.conftest import ServiceRuns


def shown(result: ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the only op's output."""
    assert result.success
    (event,) = [event for event in result.all_node_events if event.is_successful_output]
    return {name: getattr(value, "value", value) for name, value in event.step_output_data.metadata.items()}


def rows(table: Any) -> list[dict[str, Any]]:
    return [record.data for record in getattr(table, "records", ())]


def fields(table: Any) -> dict[str, Any]:
    return {row["field"]: row["value"] for row in rows(table)}


def refusal(result: ExecuteInProcessResult) -> Any:
    """The failure of the only op, as the run shows it."""
    assert not result.success
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    assert retries(result) == 0
    return event.step_failure_data.user_failure_data


def retries(result: ExecuteInProcessResult) -> int:
    return sum(event.event_type is DagsterEventType.STEP_UP_FOR_RETRY for event in result.all_events)


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
    assert service_runs.rows("SELECT name, description, integration_id FROM manager.groups") == [
        ("optics", None, "21000")
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
    (row,) = rows(by_month["usage"])
    assert (row["group"], row["kernels"], row["CPU"], row["CPU hours used"]) == ("physics", 1, 4.0, 2.0)
    assert (row["memory GiB"], row["memory used GiB"], row["GPU"]) == (8.0, 2.0, 1.0)
    assert len(rows(by_month["kernel_usage"])) == 1
    assert by_month["picture"].startswith("![usage](data:image/svg+xml;base64,")
    assert by_month["missing_statistics"] == 0

    by_period = shown(service_runs.run("usage_per_period", start_date=day, end_date=day, detail=True))
    assert [row["project"] for row in rows(by_period["usage"])] == ["physics"]
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


def lock_timeouts(url: str) -> None:
    """Whoever connects from now on waits a moment for a lock, and then fails."""
    with connect(url, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 50', current_database()); END $$"
        )


def test_a_fault_of_the_database_is_tried_again(service_runs: ServiceRuns, service_environment: Settings) -> None:
    url = service_environment.database_url or ""
    group_id = str(service_runs.group().id)
    with connect(url) as holder:
        holder.execute("SELECT FROM manager.groups FOR UPDATE")

        def let_go_after_the_first_failure() -> None:
            deadline = monotonic() + 20
            while not service_runs.audit("delete_group") and monotonic() < deadline:
                sleep(0.05)
            holder.rollback()

        lock_timeouts(url)
        release = Thread(target=let_go_after_the_first_failure)
        release.start()
        result = service_runs.run("delete_group", group_id=group_id)
        release.join()
    assert result.success
    assert 1 <= retries(result) <= 2
    attempts = service_runs.audit("delete_group")
    assert [(a.status, a.error_code) for a in attempts][0::len(attempts) - 1] == [
        ("failure", "database_error"), ("success", None),
    ]  # fmt: skip
    assert {attempt.run_id for attempt in attempts} == {result.run_id}


def test_a_fault_that_stays_fails_the_run_in_the_end(service_runs: ServiceRuns, service_environment: Settings) -> None:
    url = service_environment.database_url or ""
    group_id = str(service_runs.group().id)
    with connect(url) as holder:
        holder.execute("SELECT FROM manager.groups FOR UPDATE")
        lock_timeouts(url)
        result = service_runs.run("delete_group", group_id=group_id)
    assert not result.success
    assert retries(result) == 2
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    assert event.step_failure_data.user_failure_data.metadata["code"].value == "database_error"
    assert len(service_runs.audit("delete_group")) == 3


class LosesItsCommits(GroupServiceResource):
    """As when the connection breaks during a COMMIT and Postgres stays away; the tests of the service do that."""

    def perform(self, context: OpExecutionContext, *_: Any) -> Any:
        with self.step(context):
            raise OutcomeUnknown("The connection broke while delete_group was committed.")


def test_an_unknown_outcome_is_not_tried_again(service_runs: ServiceRuns) -> None:
    runs = replace(service_runs, resources={"group_service": LosesItsCommits()})
    assert refusal(runs.run("delete_group", group_id=str(uuid4()))).metadata["code"].value == "outcome_unknown"


def test_secrets_are_in_no_event_and_no_metadata(
    service_runs: ServiceRuns, service_environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "open-sesame")
    secrets = {
        "dotfiles": [{"path": ".netrc", "data": "login-of-the-group"}],
        "container_registry": {
            "registry": "registry.example.com", "username": "robot", "password": {"env": "REGISTRY_PASSWORD"},
        },
        "integration_id": "directory-21000",
    }  # fmt: skip
    group_id = shown(service_runs.run("create_group", name="physics", domain_name=DOMAIN, **secrets))["group_id"]
    runs = [
        service_runs.run("modify_group", group_id=group_id, **secrets),
        service_runs.run("create_group", name="physics", domain_name=DOMAIN, **secrets),
        service_runs.run("create_group", name="optics", domain_name=DOMAIN, **secrets),
        service_runs.run(
            "create_group", name="optics", domain_name=DOMAIN, total_resource_slots={"cpu": "x"}, **secrets
        ),
        service_runs.run("search_groups"),
        service_runs.run("delete_group", group_id=group_id),
        service_runs.run("purge_group", group_id=group_id, dry_run=False),
    ]
    assert [run.success for run in runs] == [True, False, False, False, True, True, True]
    written = "\n".join(str(row) for row in service_runs.rows("SELECT event::text FROM dagster.event_logs"))
    assert "registry.example.com" in written
    for secret in ("open-sesame", "login-of-the-group", "directory-21000", "robot"):
        assert secret not in written
    ((bodies,),) = service_runs.rows("SELECT string_agg(run_body, '') FROM dagster.runs")
    assert "open-sesame" not in bodies  # taken from the environment, it is not in the run's config either
    files = [path for path in service_environment.home.rglob("*") if path.is_file()]
    assert not any(b"login-of-the-group" in path.read_bytes() for path in files)


def test_every_action_is_a_job_of_its_op_and_none_waits_in_the_directory_s_pool() -> None:
    defs = build_defs()
    for action in SERVICE_OPS:
        job = defs.resolve_job_def(action.name)
        assert job.all_node_defs == [action]
        assert job.description == action.description
        assert action.pool is None
