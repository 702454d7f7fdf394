"""The resources of assets and checks: settings, database, and a Spark session that is created on first use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import ConfigurableResource, DagsterRun, InitResourceContext
from dagster_pyspark import LazyPySparkResource
from pydantic import Field, PrivateAttr

from groups_platform.database.connection import Connection, open_database
from groups_platform.directory.engine_errors import engine_errors
from groups_platform.directory.guard import Protection
from groups_platform.directory.lake import lock_day
from groups_platform.directory.reports import newest_applied_day
from groups_platform.directory.spark import prepare_spark
from groups_platform.errors import UnknownSyncDay
from groups_platform.orchestration.instance import PARTITION_TAG, working_on
from groups_platform.provisioning.impact import read_impact
from groups_platform.settings import Settings

DAY_TAG = "groups_platform/day"  # of a run of checks alone, which has no partition


class Platform(ConfigurableResource):  # type: ignore[type-arg]
    """The settings and the database of this process's environment."""

    source: str = Field(
        default="",
        description="Folder or fsspec URL with sync-<day> folders; empty: GROUPS_SOURCE, else the sample data.",
    )
    _url: str | None = PrivateAttr(default=None)
    _lock: Connection | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """Settings from the environment, with this resource's source."""
        settings = Settings.from_env()
        return settings.model_copy(update={"source": self.source}) if self.source else settings

    @property
    def database_url(self) -> str:
        """The URL of the database, started and migrated on first use. Raises as `open_database`."""
        if self._url is None:
            self._url = open_database(self.settings)
        return self._url

    @property
    def protection(self) -> Protection:
        """What protects the tables, and the projects that belong to groups of the directory."""
        return Protection.of(self.settings, read_impact)

    def day_of(self, run: DagsterRun) -> str:
        """Return the sync day of a run: its partition, else its tag, else the newest applied day.

        Runs of checks alone have no partition. Raises UnknownSyncDay if no day was applied yet.
        """
        label = run.tags.get(PARTITION_TAG) or run.tags.get(DAY_TAG) or newest_applied_day(self.database_url)
        if label is None:
            raise UnknownSyncDay("No sync day has been applied yet. Run groups-platform sync --all first.")
        return label

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[Platform]:
        """Say which process works on the run, and give up the day's lock when it ends."""
        try:
            with working_on(context.instance, context.run):
                yield self
        finally:
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def hold_day(self, label: str) -> None:
        """Lock this day's folders in the lake until the run ends. Raises LockTimeout."""
        if self._lock is not None:
            return
        self._lock = lock_day(self.database_url, label)


class Spark(LazyPySparkResource):
    """A LazyPySparkResource for the Spark of the environment, by default the embedded one."""

    def _init_session(self) -> None:
        if self._spark_session is None:
            with engine_errors("Spark does not start"):
                self.spark_config.update(prepare_spark(Settings.from_env()))
                super()._init_session()

    @classmethod
    def from_environment(cls) -> Spark:
        """Create the resource, which takes its settings from the environment."""
        config: dict[str, Any] = {}
        return cls(spark_config=config)
