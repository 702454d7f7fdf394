"""Dagster's storage in Postgres, over one small pool. Named in `dagster.yaml`, so that every process has it."""

from __future__ import annotations

from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config

POOL_SIZE = 2


class PooledPostgresStorage(DagsterPostgresStorage):
    """dagster-postgres opens a connection for every statement, hundreds for a run: here they are kept and shared.

    A connection is tried before it is used, since the server may have been restarted. The webserver, for which
    dagster-postgres has pools, makes those as ever.
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
        """As Dagster makes it from `dagster.yaml`."""
        return cls(
            pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            inst_data=inst_data,
        )
