"""The platform as Dagster sees it: settings by environment, an instance of its own, the session's Spark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult
from pyspark.sql import SparkSession

from groups_platform.orchestration.build import build_defs
from groups_platform.orchestration.partitions import register_days
from groups_platform.settings import Settings


@pytest.fixture
def environment(
    settings: Settings, spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Settings]:
    """The test's settings as environment variables; Spark's session exists already and is used."""
    assert settings.database_url and settings.spark_master
    monkeypatch.setenv("GROUPS_HOME", str(settings.home))
    monkeypatch.setenv("GROUPS_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("GROUPS_SOURCE", settings.source)
    monkeypatch.setenv("GROUPS_LAKE", settings.lake)
    monkeypatch.setenv("SPARK_MASTER", settings.spark_master)
    monkeypatch.setenv("GROUPS_SPARK_ARCHIVE", "off")  # its JVM would write into the test's folder after the test
    for name in ("DAGSTER_HOME", "GROUPS_DAGSTER_POSTGRES_URL"):
        monkeypatch.setenv(name, str(tmp_path))  # the code under test sets them; this puts them back
    yield settings


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
