"""The platform as Dagster sees it: settings by environment, an instance of its own, the session's Spark.

What runs the group service needs no Spark and begins with `service_`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult
from sqlalchemy import NullPool
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from groups_platform.database.connection import open_database
from groups_platform.definitions import build_defs
from groups_platform.orchestration.directory.partitions import register_days
from groups_platform.orchestration.group_service.resource import GroupServiceResource
from groups_platform.orchestration.instance import open_instance
from groups_platform.settings import Settings
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.orchestration.group_service.service_runs import ServiceRuns


@dataclass(frozen=True)
class Dagster:
    """Runs jobs of the definitions in this process."""

    instance: DagsterInstance

    def run(self, job: str, label: str | None = None, **options: Any) -> ExecuteInProcessResult:
        """Run `job`, for the partition `label` if one is given."""
        if label:
            register_days(self.instance, [label])
            options["partition_key"] = label
        definition = build_defs().resolve_job_def(job)
        return definition.execute_in_process(instance=self.instance, raise_on_error=False, **options)


@pytest.fixture
def dagster(environment: Settings) -> Iterator[Dagster]:
    """An instance in memory; `test_instance` has the one in Postgres."""
    with DagsterInstance.ephemeral() as instance:
        yield Dagster(instance)


@pytest.fixture
def service_runs(service_environment: Settings) -> Iterator[ServiceRuns]:
    """Runs over a small deployment, on an instance in the test's own Postgres."""
    url = make_url(open_database(service_environment)).set(drivername="postgresql+psycopg")
    deployment = asyncio.run(Deployment.build(create_async_engine(url, poolclass=NullPool)))
    with open_instance(service_environment) as instance:
        yield ServiceRuns(instance, deployment, {"group_service": GroupServiceResource(max_retries=2, retry_seconds=0)})
