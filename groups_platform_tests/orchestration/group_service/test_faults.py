"""What becomes of a run when the database fails, and of secrets, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions wait a moment for a lock, and then fail."""
    monkeypatch.setenv("GROUPS_SERVICE_LOCK_TIMEOUT", "0.1")


@pytest.mark.usefixtures("impatience")
def test_s26_what_is_busy_is_tried_again(service_runs: ServiceRuns, service_environment: Settings) -> None:
    url = open_database(service_environment)
    group_id = str(service_runs.group().id)
    with connect(url) as holder:
        holder.execute("SELECT FROM manager.groups FOR UPDATE")

        def let_go_after_the_first_failure() -> None:
            deadline = monotonic() + 20
            while not service_runs.audit("delete_group") and monotonic() < deadline:
                sleep(0.05)
            holder.rollback()

        release = Thread(target=let_go_after_the_first_failure)
        release.start()
        result = service_runs.run("delete_group", group=group_id)
        release.join()
    assert result.success
    assert 1 <= retries(result) <= 2
    attempts = service_runs.audit("delete_group")
    assert [(a.status, a.error_code) for a in attempts][0::len(attempts) - 1] == [
        ("failure", "busy"), ("success", None),
    ]  # fmt: skip
    assert {attempt.run_id for attempt in attempts} == {result.run_id}


@pytest.mark.usefixtures("impatience")
def test_s26_what_stays_busy_fails_the_run_in_the_end(service_runs: ServiceRuns, service_environment: Settings) -> None:
    url = open_database(service_environment)
    group_id = str(service_runs.group().id)
    with connect(url) as holder:
        holder.execute("SELECT FROM manager.groups FOR UPDATE")
        result = service_runs.run("delete_group", group=group_id)
    assert not result.success
    assert retries(result) == 2
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    assert event.step_failure_data.user_failure_data.metadata["code"].value == "busy"
    assert len(service_runs.audit("delete_group")) == 3


class LosesItsCommits(GroupServiceResource):
    """As when the connection breaks during a COMMIT and Postgres stays away; the tests of the service do that."""

    def launch(self, context: OpExecutionContext, *_: Any) -> Any:
        with self.step(context):
            raise OutcomeUnknown("The connection broke while delete_group was committed.")


def test_an_unknown_outcome_is_not_tried_again(service_runs: ServiceRuns) -> None:
    runs = replace(service_runs, resources={"group_service": LosesItsCommits()})
    assert refusal(runs.run("delete_group", group=str(uuid4()))).metadata["code"].value == "outcome_unknown"


@pytest.mark.parametrize("job", ["check_usage", "delete_group"])
def test_a_run_is_claimed_before_it_works(service_runs: ServiceRuns, job: str) -> None:
    """Also a run of checks alone, and a re-execution, which inherits the claim of a process that is dead."""
    claims = []

    class LooksAtTheClaim(GroupServiceResource):
        @contextmanager
        def step(self, context: OpExecutionContext) -> Iterator[None]:
            run = service_runs.instance.get_run_by_id(context.run_id)
            assert run
            claims.append(run.tags[PROCESS_TAG])
            assert end_dead_runs(service_runs.instance) == []
            with super().step(context):
                yield

    runs = replace(service_runs, resources={"group_service": LooksAtTheClaim()})
    config = {} if job == "check_usage" else {"ops": {job: {"config": {"group": str(uuid4())}}}}
    runs.execute(job, run_config=config, tags={PROCESS_TAG: f"{gethostname()}:{2**22 + 1}:0"})
    (claim,) = claims
    assert claim.startswith(f"{gethostname()}:{getpid()}:")


def test_s38_secrets_are_in_no_event_no_metadata_and_no_audit_row(
    service_runs: ServiceRuns,
    service_environment: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    by_environment = {"REGISTRY_PASSWORD": "open-sesame", "REGISTRY_USER": "robot", "NETRC": "login-of-the-group"}
    for name, value in by_environment.items():
        monkeypatch.setenv(name, value)
    secrets = {
        "dotfiles": [{"path": ".netrc", "data": {"env": "NETRC"}}],
        "container_registry": {
            "registry": "registry.example.com", "username": {"env": "REGISTRY_USER"},
            "password": {"env": "REGISTRY_PASSWORD"},
        },
        "integration_id": "directory-21000",
    }  # fmt: skip
    group_id = shown(service_runs.run("create_group", name="physics", domain_name=DOMAIN, **secrets))["group_id"]
    runs = [
        service_runs.run("modify_group", group=group_id, **secrets),
        service_runs.run("create_group", name="physics", domain_name=DOMAIN, **secrets),
        service_runs.run("create_group", name="optics", domain_name=DOMAIN, **secrets),
        service_runs.run(
            "create_group", name="optics", domain_name=DOMAIN, total_resource_slots={"cpu": "x"}, **secrets
        ),
        service_runs.run("modify_group", group=group_id, clear=["container_registry"], **secrets),
        service_runs.run("modify_group", group=group_id, actor="nobody@example.com", **secrets),
        service_runs.run("get_group", group=group_id),
        service_runs.run("search_groups"),
        service_runs.run("delete_group", group=group_id),
        service_runs.run("purge_group", group=group_id, dry_run=False, confirm="physics"),
    ]
    assert [run.success for run in runs] == [True, *[False] * 5, *[True] * 4]
    written = "\n".join(str(row) for row in service_runs.rows("SELECT event::text FROM dagster.event_logs"))
    assert "registry.example.com" in written
    written += "".join(capfd.readouterr())
    for secret in (*by_environment.values(), "directory-21000"):
        assert secret not in written
    # Taken from the environment, they are not in the run's config either. Whoever reads the audit log may know the id.
    ((bodies,),) = service_runs.rows("SELECT string_agg(run_body, '') FROM dagster.runs")
    ((attempts,),) = service_runs.rows("SELECT string_agg(a::text, '') FROM manager.audit_log AS a")
    for secret in by_environment.values():
        assert secret not in bodies + attempts
    files = [path for path in service_environment.home.rglob("*") if path.is_file()]
    assert not any(b"login-of-the-group" in path.read_bytes() for path in files)
