"""What a person finds in the UI before anything ran."""

from __future__ import annotations

import pytest
from dagster import AssetKey, Definitions, DynamicPartitionsDefinition, TimeWindowPartitionsDefinition
from dagster._core.workspace.autodiscovery import loadable_targets_from_loaded_module

import groups_platform.definitions
from groups_platform.definitions import build_defs
from groups_platform.directory.checks import all_checks
from groups_platform.orchestration.group_service.ops import SERVICE_OPS
from groups_platform.orchestration.group_service.schedules import SERVICE_ASSET_JOBS
from groups_platform.orchestration.provisioning.review_definitions import REFRESH, REVIEW_OPS
from groups_platform.orchestration.provisioning.rule_ops import RULE_OPS

ASSETS = {
    "raw_groups", "raw_agents", "exploded_memberships", "agents", "groups", "group_membership", "group_inactivity",
    "day_report", "findings",
}  # fmt: skip


@pytest.fixture(scope="module")
def defs() -> Definitions:
    return build_defs()


def test_definitions_load(defs: Definitions) -> None:
    Definitions.validate_loadable(defs)


def test_the_module_is_loaded_as_the_webserver_loads_it() -> None:
    (target,) = loadable_targets_from_loaded_module(groups_platform.definitions)
    assert target.attribute == "defs"


def test_every_asset_tells_a_newcomer_what_it_is(defs: Definitions) -> None:
    specs = {
        s.key.to_user_string(): s
        for s in defs.resolve_all_asset_specs()
        if s.group_name not in ("group_service", "provisioning")
    }
    days = specs.pop("sync_days")
    assert len(days.description or "") > 60
    assert days.owners
    assert specs.keys() == ASSETS
    for name, spec in specs.items():
        assert len(spec.description or "") > 60, name
        assert spec.group_name == "directory"
        assert spec.owners
        assert spec.kinds
        assert spec.code_version
        assert isinstance(spec.partitions_def, DynamicPartitionsDefinition)
        assert name in {"group_inactivity", "day_report"} or "dagster/column_schema" in spec.metadata


def test_the_assets_of_the_group_service_tell_it_too(defs: Definitions) -> None:
    specs = {s.key.to_user_string(): s for s in defs.resolve_all_asset_specs() if s.group_name == "group_service"}
    assert specs.keys() == {"monthly_usage", "audit_summary", "service_groups"}
    for name, spec in specs.items():
        assert len(spec.description or "") > 60, name
        assert spec.owners
        assert spec.kinds
    assert not defs.resolve_asset_graph().get(specs.pop("service_groups").key).is_materializable
    for spec in specs.values():
        assert spec.code_version
        assert isinstance(spec.partitions_def, TimeWindowPartitionsDefinition)
    assert "dagster/column_schema" in specs["monthly_usage"].metadata


def test_provisioned_projects_come_after_the_tables_of_the_directory(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    node = graph.get(AssetKey("provisioned_projects"))
    assert {key.to_user_string() for key in node.parent_keys} == {"group_inactivity", "agents"}
    assert node.automation_condition is not None
    spec = next(s for s in defs.resolve_all_asset_specs() if s.key == node.key)
    assert len(spec.description or "") > 60
    assert spec.owners
    assert spec.kinds


def test_the_access_review_tells_what_it_is(defs: Definitions) -> None:
    node = defs.resolve_asset_graph().get(AssetKey("access_review"))
    assert {key.to_user_string() for key in node.parent_keys} == {
        "group_inactivity",
        "agents",
        "provisioned_projects",
        "service_groups",
    }
    spec = next(s for s in defs.resolve_all_asset_specs() if s.key.to_user_string() == "access_review")
    assert len(spec.description or "") > 60
    assert spec.owners
    assert spec.kinds
    assert spec.code_version


def test_the_checks_of_the_directory_are_a_job_without_those_of_the_service(defs: Definitions) -> None:
    steps = {node.name for node in defs.resolve_job_def("check_directory").nodes}
    assert steps == {"directory_tables", "check_raw_groups", "check_raw_agents"}


def test_the_graph_reads_from_raw_records_to_flags(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): {p.to_user_string() for p in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
        if graph.get(key).group_name == "directory"
    }
    assert parents == {
        "raw_groups": set(),
        "raw_agents": set(),
        "exploded_memberships": {"raw_groups"},
        "agents": {"raw_agents"},
        "groups": {"raw_groups"},
        "group_membership": {"groups", "agents", "exploded_memberships"},
        "group_inactivity": {"groups", "group_membership", "agents"},
        "findings": {"raw_groups", "raw_agents", "exploded_memberships"},
        "sync_days": set(),
        "day_report": {"agents", "groups", "group_membership", "group_inactivity"},
    }


def test_every_sql_check_is_an_asset_check_and_those_that_protect_block(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    found = {(key.asset_key, key.name): graph.get_check_spec(key) for key in graph.asset_check_keys}
    for check in all_checks():
        spec = found[(AssetKey(check.asset), check.name)]
        assert spec.blocking == check.is_blocking
        assert spec.description == check.promise
    for raw in ("raw_groups", "raw_agents"):
        assert found[(AssetKey(raw), "every_record_accounted_for")].blocking
        assert found[(AssetKey(raw), "accepted_records_keep_the_contract")].blocking
        assert not found[(AssetKey(raw), "few_records_rejected")].blocking
        assert not found[(AssetKey(raw), "volume_like_the_day_before")].blocking
    assert found[(AssetKey("groups"), "complete_snapshot")].blocking


def test_jobs_of_the_service_need_nothing_of_the_directory(defs: Definitions) -> None:
    jobs = [*SERVICE_OPS, *RULE_OPS, *REVIEW_OPS, *SERVICE_ASSET_JOBS, REFRESH]
    assert len(jobs) > 10
    for job in jobs:
        assert set(defs.resolve_job_def(job.name).resource_defs) <= {"group_service", "io_manager"}, job.name
