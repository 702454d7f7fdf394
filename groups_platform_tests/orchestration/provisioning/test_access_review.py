"""M8 and M9 in the UI: the asset `access_review`, and the jobs of the Launchpad."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from dagster import AssetKey

from groups_platform.definitions import build_defs
from groups_platform.orchestration.provisioning.review_picture import draw_unowned
from groups_platform.provisioning.review.types import UnownedProject
from groups_platform_tests.group_service.deployment import DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import ServiceRuns, code, fields, rows, shown

ROLES = {"admin": "admin@example.com", "user": "user@example.com"}


def materialised(service_runs: ServiceRuns) -> dict[str, Any]:
    job = build_defs(service_runs.resources).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=service_runs.instance, asset_selection=[AssetKey("access_review")])
    (event,) = result.asset_materializations_for_node("access_review")
    return {name: getattr(value, "value", value) for name, value in event.metadata.items()}


def picture(markdown: str) -> str:
    return base64.b64decode(markdown.partition("base64,")[2][:-1]).decode()


def test_m8_the_asset_shows_what_is_held_by_nobody_active(service_runs: ServiceRuns) -> None:
    empty, held = service_runs.group("empty"), service_runs.group("held")
    asyncio.run(service_runs.deployment.kernel(held, occupied_slots={"cpu": "4", "mem": "1073741824"}))
    asyncio.run(service_runs.deployment.vfolder(held))
    facts = materialised(service_runs)
    assert (facts["no_active_member"], facts["inactive_agent"], facts["unowned_kernels"]) == (2, 0, 1)
    assert facts["are_all_shown"]
    assert rows(facts["rows"])[1] == {
        "kind": "no_active_member", "project": f"{DOMAIN}/held", "person": "", "why": "no members",
        "holds": "1 kernel, 4 CPU, 1 GiB, 1 folder", "since": "",
        "to_end_it": f"groups-platform group delete {DOMAIN}/held",
    }  # fmt: skip
    drawn = picture(facts["held_by_nobody_active"])
    assert f"{DOMAIN}/held" in drawn
    assert empty.name not in drawn
    assert "prefers-color-scheme: dark" in drawn
    (entry,) = service_runs.audit("review_access")
    assert (entry.is_read, entry.actor, entry.run_id is not None) == (True, "system", True)


def test_m8_the_job_of_the_asset_runs_by_itself(service_runs: ServiceRuns) -> None:
    assert service_runs.execute("refresh_access_review").success


def test_m8_a_picture_of_nothing_and_of_much() -> None:
    assert "nothing is held" in draw_unowned([], 0)
    many = [UnownedProject("example.com", "x" * 64, number, 0.5, 2**30, 0, 1) for number in range(20)]
    assert "… and 5 more projects" in draw_unowned(many, 25)


def test_m9_a_domain_is_certified_from_the_launchpad(service_runs: ServiceRuns) -> None:
    service_runs.group("empty")
    service_runs.group("older")
    admin = {"actor": ROLES["admin"]}
    started = shown(service_runs.run("start_review", domain_name=DOMAIN, **admin))
    assert (started["review"], started["open"]) == (1, 2)
    assert code(service_runs.run("start_review", domain_name=DOMAIN, **admin)) == "review_under_way"
    assert code(service_runs.run("finish_review", review=1, **admin)) == "review_open_rows"
    decided = shown(service_runs.run("decide_review_row", row="1.1", decision="revoke", reason="Nobody's.", **admin))
    assert (decided["decision"], decided["effect"]) == ("revoke", "the project was deleted")
    assert fields(decided["about"])["project"] == f"{DOMAIN}/empty"
    again = service_runs.run("decide_review_row", row="1.1", decision="keep", reason="Mine.", **admin)
    assert code(again) == "already_decided"
    (row,) = rows(shown(service_runs.run("get_review", review=1, only_open=True, **admin))["rows"])
    assert (row["row"], row["decision"]) == ("1.2", "open")
    assert service_runs.run("decide_review_row", row="1.2", decision="keep", reason="Soon used.", **admin).success
    finished = shown(service_runs.run("finish_review", review=1, **admin))
    assert finished["state"] == "finished"
    assert len(fields(finished["fields"])["digest"]) == 64
    (listed,) = rows(shown(service_runs.run("list_reviews", **admin))["reviews"])
    assert (listed["kept"], listed["revoked"], listed["state"]) == (1, 1, "finished")
    assert code(service_runs.run("get_review", review=1, actor=ROLES["user"])) == "forbidden"
    found = shown(service_runs.run("review_access", kinds=["NO_ACTIVE_MEMBER"], **admin))
    assert [row["project"] for row in rows(found["rows"])] == [f"{DOMAIN}/older"]
