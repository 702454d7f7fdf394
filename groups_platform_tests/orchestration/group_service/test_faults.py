"""What becomes of a run when the database fails, and of secrets, whatever becomes of it."""

from __future__ import annotations

from dataclasses import replace
from os import getpid
from socket import gethostname
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from dagster import OpExecutionContext

from groups_platform.database.connection import connect, open_database
from groups_platform.group_service.errors import OutcomeUnknown
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.instance import PROCESS_TAG, end_dead_runs
from groups_platform.settings import Settings
from groups_platform_tests.group_service.deployment import DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import ServiceRuns, refusal, retries, shown


def lock_timeouts(url: str) -> None:
    """Whoever connects from now on waits a moment for a lock, and then fails."""
    with connect(url, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 50', current_database()); END $$"
        )


def test_a_fault_of_the_database_is_tried_again(service_runs: ServiceRuns, service_environment: Settings) -> None:
    url = open_database(service_environment)
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
    url = open_database(service_environment)
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


@pytest.mark.parametrize("job", ["check_usage", "delete_group"])
def test_a_run_is_claimed_before_it_works(service_runs: ServiceRuns, job: str) -> None:
    """Also a run of checks alone, and a re-execution, which inherits the claim of a process that is dead."""
    claims = []

    class LooksAtTheClaim(GroupServiceResource):
        def perform(self, context: OpExecutionContext, *arguments: Any) -> Any:
            run = service_runs.instance.get_run_by_id(context.run_id)
            assert run
            claims.append(run.tags[PROCESS_TAG])
            assert end_dead_runs(service_runs.instance) == []
            return super().perform(context, *arguments)

    runs = replace(service_runs, resources={"group_service": LooksAtTheClaim()})
    config = {} if job == "check_usage" else {"ops": {job: {"config": {"group_id": str(uuid4())}}}}
    runs.execute(job, run_config=config, tags={PROCESS_TAG: f"{gethostname()}:{2**22 + 1}:0"})
    (claim,) = claims
    assert claim.startswith(f"{gethostname()}:{getpid()}:")


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
