"""The Dagster definitions that the webserver, the daemon and the tests load: those of all parts, merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import Definitions

from groups_platform.orchestration.alerts.definitions import build_alert_defs
from groups_platform.orchestration.directory.definitions import build_directory_defs
from groups_platform.orchestration.group_service.definitions import build_service_defs
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.provisioning.definitions import build_provisioning_defs
from groups_platform.running import progress  # the module, since Dagster accepts one Definitions per module


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """Return every asset, check, job, sensor and schedule. Connects to no database and starts no Spark.

    resource_overrides: replaces resources by name (platform, spark, group_service), for tests.
    """
    overrides = dict(resource_overrides or {})
    group_service = overrides.pop("group_service", None) or GroupServiceResource()
    halves = build_directory_defs(overrides), build_service_defs(group_service), build_provisioning_defs(group_service)
    return Definitions.merge(*halves, build_alert_defs(), progress.PROGRESS)


defs = build_defs()
