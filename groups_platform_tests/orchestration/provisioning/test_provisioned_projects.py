"""M6: the asset, its checks and jobs, and when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    DagsterInstance,
    DefaultSensorStatus,
    Definitions,
    ExecuteInProcessResult,
    evaluate_automation_conditions,
)

from groups_platform.definitions import build_defs
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.instance import open_instance
from groups_platform.settings import Settings
from groups_platform_tests.provisioning.world import World

ASSET = "provisioned_projects"


@pytest.fixture
def instance(service_environment: Settings) -> Iterator[DagsterInstance]:
    with open_instance(service_environment) as instance:
        yield instance


@pytest.fixture
def world(service_environment: Settings) -> World:
    """A rule for group 1, with two people."""
    assert service_environment.database_url is not None
    world = World(service_environment.database_url.get_secret_value(), service_environment.home)
    for number in (1, 2):
        world.person(number)
    world.group(1, (1, 2))
    world.rule(1)
    return world


def materialise(instance: DagsterInstance) -> ExecuteInProcessResult:
    job = build_defs().resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, asset_selection=[AssetKey(ASSET)], raise_on_error=False)


def facts(result: ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(ASSET)
    return {name: value.value for name, value in event.metadata.items()}


def checks(result: ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_off_does_nothing_and_says_so(world: World, instance: DagsterInstance) -> None:
    result = materialise(instance)

    assert result.success
    assert facts(result)["mode"] == "off"
    assert "GROUPS_PROVISIONING is off" in facts(result)["what"]
    assert world.projects() == {}
    assert checks(result) == {"linked_projects_equal_their_rules": False, "nobody_inactive_is_a_member": True}


def test_plan_shows_what_would_change_and_changes_nothing(
    world: World, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_PROVISIONING", "plan")

    result = materialise(instance)

    assert result.success
    changes = [record.data for record in facts(result)["changes"].records]
    assert changes == [{"change": "projects_created", "rows": 1}, {"change": "members_added", "rows": 2}]
    assert world.projects() == {}


def test_apply_changes_it_under_the_id_of_the_run(
    world: World, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_PROVISIONING", "apply")

    result = materialise(instance)

    assert result.success
    assert facts(result)["projects"] == 1
    assert list(world.projects()) == ["team-1"]
    assert checks(result) == {"linked_projects_equal_their_rules": True, "nobody_inactive_is_a_member": True}
    assert [row["run_id"] for row in world.audit()] == [result.run_id]


def test_what_is_held_fails_the_run_with_the_command(
    world: World, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_PROVISIONING", "apply")
    materialise(instance)
    monkeypatch.setenv("GROUPS_LIMITS", "members_removed=0/0")
    world.leave(1, 1)

    result = materialise(instance)

    assert not result.success
    (failed,) = (event for event in result.all_events if event.is_step_failure)
    assert "groups-platform approve provisioning --plan" in str(failed.step_failure_data.user_failure_data.description)
    assert checks(result)["linked_projects_equal_their_rules"] is False


def test_what_was_approved_at_the_launchpad_is_applied_by_the_next_run(
    world: World, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_PROVISIONING", "apply")
    materialise(instance)
    monkeypatch.setenv("GROUPS_LIMITS", "members_removed=0/0")
    world.leave(1, 1)
    materialise(instance)
    decision = {"day": "provisioning", "decision": "approve", "decided_by": "ann", "reason": "left"}

    def decide(plan_id: str) -> ExecuteInProcessResult:
        return (
            build_defs()
            .resolve_job_def("decide_day")
            .execute_in_process(
                run_config={"ops": {"decide_day": {"config": {**decision, "plan": plan_id}}}},
                instance=instance,
                raise_on_error=False,
            )
        )

    (failed,) = (event for event in decide("another").all_events if event.is_step_failure)
    assert "Look at it with groups-platform provision --plan" in str(failed.step_failure_data)
    assert decide(world.one("SELECT plan_id FROM directory.sync_plans WHERE outcome = 'held'")).success

    assert materialise(instance).success
    assert world.projects()["team-1"][1] == ["a2@example.com"]


def test_somebody_inactive_who_was_added_by_hand_is_told(
    world: World, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_PROVISIONING", "apply")
    materialise(instance)
    world.agent(3, active=False)
    guest = world.user("a3@example.com")
    world.run("INSERT INTO manager.association_groups_users SELECT id, %s FROM manager.groups", guest)

    result = materialise(instance)

    assert result.success
    assert checks(result) == {"linked_projects_equal_their_rules": True, "nobody_inactive_is_a_member": False}


@pytest.mark.parametrize("job", ["plan_provisioning", "provision"])
def test_people_start_both_from_the_launchpad(world: World, instance: DagsterInstance, job: str) -> None:
    result = build_defs().resolve_job_def(job).execute_in_process(instance=instance)

    assert result.success
    assert (list(world.projects()) == ["team-1"]) is (job == "provision")


def _tick(defs: Definitions, instance: DagsterInstance, cursor: Any = None) -> Any:
    return evaluate_automation_conditions(defs, instance, AssetSelection.assets(ASSET), cursor=cursor)


def _apply(instance: DagsterInstance, label: str) -> None:
    for table in ("agents", "group_inactivity"):
        instance.report_runless_asset_event(AssetMaterialization(table, partition=label))


def test_it_is_asked_for_after_each_day_also_while_another_day_is_held(
    service_environment: Settings, instance: DagsterInstance
) -> None:
    defs = build_defs()
    register_days(instance, ["day1", "day2", "held"])
    before = _tick(defs, instance)
    assert before.total_requested == 0

    for label in ("day1", "day2"):
        _apply(instance, label)
        after = _tick(defs, instance, before.cursor)
        assert after.total_requested == 1
        before = _tick(defs, instance, after.cursor)
        assert before.total_requested == 0


def test_a_day_that_is_applied_while_the_day_before_is_provisioned_is_not_forgotten(
    service_environment: Settings, instance: DagsterInstance
) -> None:
    defs = build_defs()
    register_days(instance, ["day1", "day2", "day3"])
    tick = _tick(defs, instance)
    _apply(instance, "day1")
    tick = _tick(defs, instance, tick.cursor)
    assert tick.total_requested == 1
    _apply(instance, "day2")  # before the run for day1 has ended, which may have read what day1 left
    instance.report_runless_asset_event(AssetMaterialization(ASSET))
    tick = _tick(defs, instance, tick.cursor)
    assert tick.total_requested == 1
    tick = _tick(defs, instance, tick.cursor)
    assert tick.total_requested == 0
    instance.report_runless_asset_event(AssetMaterialization(ASSET))
    _apply(instance, "day3")
    tick = _tick(defs, instance, tick.cursor)
    assert tick.total_requested == 1


@pytest.mark.parametrize(
    ("setting", "status"), [("", "STOPPED"), ("off", "STOPPED"), ("plan", "RUNNING"), ("apply", "RUNNING")]
)
def test_the_automation_runs_by_default_unless_provisioning_is_off(
    monkeypatch: pytest.MonkeyPatch, setting: str, status: str
) -> None:
    monkeypatch.setenv("GROUPS_PROVISIONING", setting)

    sensor = build_defs().resolve_sensor_def("provisioning_after_each_day")

    assert sensor.default_status is DefaultSensorStatus[status]
