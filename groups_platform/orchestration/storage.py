"""Dagster's storage in Postgres with one small connection pool; `dagster.yaml` names it for every process."""

from __future__ import annotations

import time
from typing import Any

from dagster import DagsterInstance
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresRunStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config
from sqlalchemy import event

from groups_platform.database.connection import unavailable
from groups_platform.database.embedded import is_embedded

POOL_SIZE = 2
PATIENCE_SECONDS = 2.0


class PooledPostgresStorage(DagsterPostgresStorage):
    """Pools the connections of dagster-postgres, which otherwise opens one for every statement, hundreds for a run.

    A connection is tested before use, since the server may have been restarted. The webserver uses the pools that
    dagster-postgres makes for it.
    """

    def __init__(self, postgres_url: str, **options: Any) -> None:
        super().__init__(postgres_url, **options)
        engine = create_pg_engine(
            postgres_url, isolation_level="AUTOCOMMIT", pool_size=POOL_SIZE, max_overflow=-1, pool_pre_ping=True
        )
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> PooledPostgresStorage:
        """Create the storage from its configuration in `dagster.yaml`; called by Dagster."""
        return cls(
            pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            inst_data=inst_data,
        )


def give_up_early(instance: DagsterInstance) -> None:
    """Limit how long this instance retries to connect, for commands at a terminal.

    dagster-postgres tries each connection six times in about six seconds, and a run that fails opens many.
    """
    storage = instance.run_storage
    if isinstance(storage, PostgresRunStorage):  # not one in memory
        event.listen(storage._engine, "do_connect", _Patience(is_embedded(storage.postgres_url)).connect)


class _Patience:
    """Connects. Raises the driver's error, which dagster-postgres retries; after PATIENCE_SECONDS a final error."""

    def __init__(self, is_embedded: bool) -> None:
        self._is_embedded = is_embedded
        self._failing_since: float | None = None

    def connect(self, dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        try:
            connection = dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.OperationalError as error:
            now = time.monotonic()
            self._failing_since = self._failing_since or now
            if now - self._failing_since < PATIENCE_SECONDS:
                raise
            raise unavailable(error, self._is_embedded) from error
        self._failing_since = None
        return connection
