"""The front door: what `dagster dev`, the webserver, the daemon and the tests load; the two halves merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import Definitions

from groups_platform.orchestration.directory.definitions import build_directory_defs
from groups_platform.orchestration.group_service.definitions import build_service_defs
from groups_platform.running import progress  # not PROGRESS itself: Dagster loads a module with one Definitions


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """Every asset, check, job, sensor and schedule of the platform. Loading touches no database and starts no Spark.

    resource_overrides: resources of a test, by name: platform, spark, group_service.
    """
    overrides = dict(resource_overrides or {})
    service = build_service_defs(overrides.pop("group_service", None))
    return Definitions.merge(build_directory_defs(overrides), service, progress.PROGRESS)


defs = build_defs()
