"""The group service from the Launchpad: every job, what it shows and what it refuses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from inspect import isfunction, signature
from logging import INFO, WARNING
from pathlib import Path
from typing import Any

import yaml
from dagster import (
    validate_run_config,
)

from groups_platform.definitions import build_defs
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.orchestration.group_service.ops import SERVICE_OPS
from groups_platform.settings import Settings
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import (
    ServiceRuns,
    fields,
    refusal,
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
    assert f"audit_log has this as action {attempt.action_id}." in service_runs.messages(result, INFO)


def test_modify_changes_clears_and_sets_members(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group(description="old", integration_id="21000").id)
    ada, ben = map(str, asyncio.run(service_runs.deployment.users(2)))
    members = {"mode": "add", "users": [ada, ben]}
    changed = shown(
        service_runs.run("modify_group", group=group_id, name="optics", clear=["description"], members=members)
    )
    assert (fields(changed["group"])["name"], fields(changed["group"])["description"]) == ("optics", "")
    assert {row["user_id"] for row in rows(changed["members"])} == {ada, ben}

    left = shown(service_runs.run("modify_group", group=group_id, members={"mode": "replace", "users": [ben]}))
    assert [row["user_id"] for row in rows(left["members"])] == [ben]
    service_runs.run("modify_group", group=group_id, domain_name=OTHER_DOMAIN, members={"mode": "replace", "users": []})
    assert service_runs.rows("SELECT name, domain_name, description, integration_id FROM manager.groups") == [
        ("optics", OTHER_DOMAIN, None, "21000")
    ]


def test_delete_and_restore(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group().id)
    deleted = shown(service_runs.run("delete_group", group=group_id))
    assert fields(deleted["group"])["active"] == "False"
    restored = shown(service_runs.run("restore_group", group=group_id))
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

    plan = shown(service_runs.run("purge_group", group=group_id))
    assert plan["dry_run"] is True
    would_go = {row["what"]: (row["number"], row["names"]) for row in rows(plan["would_go"])}
    assert would_go["group"] == (1, f"physics ({DOMAIN})")
    assert would_go["vfolders"] == (1, "photos")
    assert [row["code"] for row in rows(plan["blocks"])] == [
        "vfolders_mounted_to_active_kernels", "active_kernels", "active_endpoints",
    ]  # fmt: skip
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(1,)]

    failure = refusal(service_runs.run("purge_group", group=group_id, dry_run=False, confirm="physics"))
    assert failure.metadata["code"].value == "vfolders_mounted_to_active_kernels"
    assert failure.metadata["count"].value == "1"
    assert rows(failure.metadata["vfolders"])[0]["name"] == "photos"
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(1,)]


def test_a_purge_that_is_meant_removes_the_group(service_runs: ServiceRuns) -> None:
    group_id = str(service_runs.group().id)
    plan = shown(service_runs.run("purge_group", group=group_id, dry_run=False, confirm="physics"))
    assert plan["dry_run"] is False
    assert rows(plan["gone"])[0] == {"what": "group", "number": 1, "names": f"physics ({DOMAIN})"}
    assert plan["blocks"] == "no rows"
    assert service_runs.rows("SELECT count(*) FROM manager.groups") == [(0,)]


def test_folders_that_storage_kept_are_tried_again(service_runs: ServiceRuns, service_environment: Settings) -> None:
    group = service_runs.group()
    folder = asyncio.run(service_runs.deployment.vfolder(group))
    # The host's disk is not there.
    purged = service_runs.run("purge_group", group=str(group.id), dry_run=False, confirm="physics")
    warnings = service_runs.messages(purged, WARNING)
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
    assert [row["CPU limit"] for row in rows(by_month["at_once"])] == ["no limit"]

    assert shown(service_runs.run("usage_history"))["all_groups_by_month"] == "no rows"
    assert service_runs.execute("store_monthly_usage", partition_key=f"{month[:4]}-{month[4:]}-01").success
    history = shown(service_runs.run("usage_history", groups=[f"{DOMAIN}/physics"]))
    assert [row["CPU hours used"] for row in rows(history["all_groups_by_month"])] == [2.0]
    assert history["curves"].startswith("![usage by month](data:image/svg+xml;base64,")
    assert history["limits_by_month"].startswith("![use beside limits by month](data:image/svg+xml;base64,")

    by_period = shown(service_runs.run("usage_per_period", start_date=day, end_date=day, detail=True))
    assert [row["group"] for row in rows(by_period["allocated"])] == [f"{DOMAIN}/physics"]
    assert len(rows(by_period["session_usage"])) == len(rows(by_period["kernel_usage"])) == 1
    totals = shown(service_runs.run("usage_per_period", start_date=day, end_date=day, group=str(group.id)))
    assert "kernel_usage" not in totals


def test_s38_groups_are_named_by_domain_and_users_by_address(service_runs: ServiceRuns) -> None:
    group = service_runs.group()
    user = service_runs.deployment.user
    named, address, day = f"{DOMAIN}/physics", f"user@{DOMAIN}", {"start_date": "20241001", "end_date": "20241001"}
    members = {"mode": "add", "users": [address]}
    changed = shown(service_runs.run("modify_group", group=named, members=members))
    assert (changed["group_id"], [row["user_id"] for row in rows(changed["members"])]) == (
        str(group.id),
        [str(user.id)],
    )
    assert shown(service_runs.run("get_group", group=named))["member_count"] == 1
    for member in (address, str(user.id)):
        assert [row["name"] for row in rows(shown(service_runs.run("search_groups", member=member))["groups"])] == [
            "physics"
        ]
    assert shown(service_runs.run("usage_per_month", month="202410", groups=[named]))["groups"] == 0
    assert shown(service_runs.run("usage_per_period", group=named, **day))["projects"] == 0
    for job in ("delete_group", "restore_group", "purge_group"):
        assert shown(service_runs.run(job, group=named))["group_id"] == str(group.id)


# Why no op is there to start these.
NOT_STARTED = {
    "store_monthly_usage": "the asset monthly_usage does it",
    "check_monthly_usage": "the checks of monthly_usage do it",
    "list_stray_members": "the check members_belong of service_groups does it",
    "summarise_audit": "the asset audit_summary does it",
    "search_audit": "an answer for the terminal: groups-platform audit",
    "find_users": "an answer for programs and the terminal",
    "get_groups": "an answer for programs; search_groups shows people more than one",
    "archive_audit": "to a folder of the machine where it is started: groups-platform audit archive",
}


def test_s38_every_action_that_people_start_has_an_op() -> None:
    actions = {name for name, method in vars(GroupService).items() if "action" in _parameters(method)}
    ops = {op.name for op in SERVICE_OPS}
    assert ops | NOT_STARTED.keys() == actions
    assert not ops & NOT_STARTED.keys()


def _parameters(method: Any) -> Collection[str]:
    return signature(method).parameters if isfunction(method) else ()


def test_s38_an_op_says_what_its_action_says_without_what_only_programs_need() -> None:
    descriptions = {op.name: op.description or "" for op in SERVICE_OPS}
    assert descriptions["delete_group"] == (
        "Make a group inactive; everything of it stays, and restore_group undoes it."
    )
    assert "`confirm`" in descriptions["purge_group"]
    for name, description in descriptions.items():
        assert description.endswith("."), name
        assert not re.search(r"Action\b|error\.code|Returns|Raises|\(S\d", description), name


def test_every_action_is_a_job_of_its_op_and_none_waits_in_the_directory_s_pool() -> None:
    defs = build_defs()
    for action in SERVICE_OPS:
        job = defs.resolve_job_def(action.name)
        assert job.all_node_defs == [action]
        assert job.description == action.description
        assert action.description
        assert action.pool is None


def test_the_configs_in_the_operations_page_fit_their_jobs() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "operations.md").read_text()
    configs = [yaml.safe_load(block.split("```")[0]) for block in page.split("```yaml")[1:]]
    for config in configs:
        (job,) = config["ops"]
        assert validate_run_config(build_defs().resolve_job_def(job), config)
    assert [list(config["ops"]) for config in configs] == [["modify_group"], ["purge_group"]]
