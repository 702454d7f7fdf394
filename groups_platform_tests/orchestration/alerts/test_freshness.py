"""P20: GROUPS_EXPECT_EVERY is the freshness policy of the asset `groups`, and Dagster's daemon evaluates it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from dagster import AssetKey, AssetMaterialization, DagsterInstance
from dagster._core.definitions import freshness_evaluator
from dagster._core.definitions.freshness import FreshnessState, TimeWindowFreshnessPolicy
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.freshness import FreshnessDaemon

from groups_platform.definitions import build_defs
from groups_platform.errors import InvalidSetting
from groups_platform.orchestration.directory.assets import expected_freshness
from groups_platform.orchestration.instance import open_instance
from groups_platform.settings import Settings

GROUPS = AssetKey("groups")


@pytest.mark.parametrize(("expect_every", "hours"), [("26", 26), ("0.02", 0.02), ("100000", 100_000)])
def test_p20_groups_is_fresh_as_long_as_the_setting_says(
    expect_every: str, hours: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_EXPECT_EVERY", expect_every)
    policy = expected_freshness()
    assert isinstance(policy, TimeWindowFreshnessPolicy)
    assert policy.fail_window.to_timedelta() == timedelta(hours=hours)


def test_p20_without_the_setting_no_asset_has_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(spec.freshness_policy is None for spec in build_defs().resolve_all_asset_specs())
    for wrong in ("daily", "0", "nan", "1e300"):
        monkeypatch.setenv("GROUPS_EXPECT_EVERY", wrong)
        with pytest.raises(InvalidSetting, match=f"GROUPS_EXPECT_EVERY is {wrong}. Write 26"):
            expected_freshness()


@pytest.mark.slow
def test_p20_the_daemon_evaluates_it(service_environment: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_EXPECT_EVERY", "0.02")  # the code server of the daemon reads it
    with open_instance(service_environment) as instance:
        assert FreshnessDaemon.daemon_type() in instance.get_required_daemon_types()
        target = ModuleTarget(
            "groups_platform.definitions", attribute="defs", working_directory=None, location_name="groups"
        )
        with create_test_daemon_workspace_context(target, instance) as workspace:
            instance.report_runless_asset_event(AssetMaterialization(GROUPS, partition="day1"))
            assert evaluated(workspace, instance) is FreshnessState.PASS
            monkeypatch.setattr(freshness_evaluator, "get_current_timestamp", lambda: time.time() + 73)
            assert evaluated(workspace, instance) is FreshnessState.FAIL


def evaluated(workspace: object, instance: DagsterInstance) -> FreshnessState:
    list(FreshnessDaemon().run_iteration(workspace))  # type: ignore[arg-type]
    state = instance.get_freshness_state_records([GROUPS])[GROUPS].freshness_state
    assert isinstance(state, FreshnessState)
    return state
