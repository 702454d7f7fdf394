"""The whole pipeline without Dagster, and the tables that it leaves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from groups_platform.database.connection import connect
from groups_platform.directory.attempts import read_applied_fingerprint
from groups_platform.directory.contents import keep_applied
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.lake import lock_day
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.directory.snapshot import (
    AGENTS,
    GROUPS,
    explode_into_lake,
    read_into_lake,
)
from groups_platform.directory.source import list_day
from groups_platform.directory.staging import staged_day

TABLES = (
    "agents",
    "groups",
    "group_membership",
    "pending_membership",
    "findings",
    "sync_days",
    "group_history",
    "agent_history",
    "membership_history",
    "missing_groups",
    "pending_history",
    "rows_before",
)


@dataclass(frozen=True)
class Pipeline:
    """One database, one lake and one source; `sync` is a day from its files to the tables."""

    spark: SparkSession
    url: str
    lake: str
    source: str

    def fill_lake(self, label: str, source: str | Path | None = None) -> None:
        """The Spark half: the three datasets of the day."""
        day = list_day(str(source or self.source), label)
        applied = read_applied_fingerprint(self.url, label)
        keep_applied(self.spark, self.lake, label, applied, day.fingerprint)
        for kind in (GROUPS, AGENTS):
            read_into_lake(self.spark, day, kind, self.lake)
        explode_into_lake(self.spark, label, self.lake)

    def load(self, label: str, run_id: str | None = None, protection: Protection = OFF) -> DayResult:
        """The Postgres half: from the lake to the tables. Raises what refused the day."""
        with staged_day(self.spark, self.lake, label, self.url) as staged:
            return apply_delivery(staged, run_id, protection).or_raise()

    def sync(self, label: str, source: str | Path | None = None) -> DayResult:
        """Both halves, as a run does them: under the day's lock."""
        with lock_day(self.url, label):
            self.fill_lake(label, source)
            return self.load(label)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of one query."""
        with connect(self.url) as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()

    def set_of(self, query: str) -> set[Any]:
        """The rows of one query as a set; rows of one column as values."""
        return {row[0] if len(row) == 1 else row for row in self.rows(query)}

    def inactive(self) -> set[int]:
        """Ids of the inactive groups."""
        return self.set_of("SELECT group_id FROM directory.groups WHERE inactive")

    def members(self, group_id: int) -> set[int]:
        """Ids of the stored members of one group."""
        return self.set_of(f"SELECT agent_id FROM directory.group_membership WHERE group_id = {group_id}")

    def findings(self, label: str) -> Counter[tuple[Any, ...]]:
        """code, severity, file, position, group_id, agent_id of the day's findings, as a bag."""
        columns = "code, severity, file, position, group_id, agent_id"
        return Counter(self.rows(f"SELECT {columns} FROM directory.findings WHERE sync_day = %s", label))

    def codes(self, label: str) -> Counter[str]:
        """How often each code was found."""
        return Counter(code for code, *_ in self.findings(label).elements())

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return {table: sorted(self.rows(f"SELECT * FROM directory.{table}"), key=repr) for table in TABLES}

    def live_tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the tables that a sync changes together: all but the findings and the list of days."""
        return {table: rows for table, rows in self.tables().items() if table not in ("findings", "sync_days")}

    def row_versions(self) -> dict[str, list[tuple[Any, ...]]]:
        """ctid, xmin and xmax of every row of every table: they change whenever a row is written or locked.

        xmax changes also when the writing transaction was rolled back.
        """
        query = "SELECT ctid::text, xmin::text, xmax::text, t::text FROM directory.{} AS t"
        return {table: sorted(self.rows(query.format(table))) for table in TABLES}
