"""P10: the plan of a day, which is the difference that its transaction makes: counted, identified and sampled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory import change_words
from groups_platform.directory.guard import Excess
from groups_platform.directory.impact import ImpactReader
from groups_platform.directory.statements import LIVE, read_directory_sql

KINDS: Final = tuple(kind for kind in change_words.KINDS if kind not in change_words.GONE)
SAMPLE_ROWS: Final = 100
ID_DIGITS: Final = 12


@dataclass(frozen=True)
class Plan:
    """What a day changes.

    id: a digest of every changed row, whatever their order. counts: rows by kind of KINDS, zeros included.
    samples: at most SAMPLE_ROWS of each kind that has any, with the names of groups and agents; before_name and
    after_name are those of the parents of a group that moved. stored: what limits on what else the day would bring
    about are shares of.
    """

    id: str
    counts: dict[str, int]
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stored: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the day changes nothing."""
        return not any(self.counts.values())


def read_plan(connection: Connection, *, is_first: bool, impact: ImpactReader | None = None) -> Plan:
    """The plan of the transaction of this connection, while its tables of changes are there.

    is_first: nothing was stored before. impact: finds out what else this would bring about.
    """
    rows = read_directory_sql("directory/plan_rows", is_first=sql.Literal(is_first))
    return plan_with_impact(connection, rows, impact)


def plan_with_impact(
    connection: Connection, rows: sql.Composable, impact: ImpactReader | None, tables: Sequence[str] = ()
) -> Plan:
    """The plan of these rows and of what they would bring about.

    tables: the schema that is as they leave it, if it is not the live one.
    """
    found = impact and impact(connection, rows, *(tables or [LIVE]))
    if not found:
        return plan_of(connection, rows, tables=tables)
    plan = plan_of(connection, sql.SQL("{} UNION ALL {}").format(rows, found.rows), tables=tables)
    return replace(plan, stored=found.stored)


def plan_of(
    connection: Connection, rows: sql.Composable, kinds: Sequence[str] = KINDS, tables: Sequence[str] = ()
) -> Plan:
    """The plan of these rows: kind, group_id, agent_id, before, after and digest of each change.

    kinds: all that there may be. tables: the schema whose groups and agents have the names; by default that of the
    connection's search_path.
    """
    names = {table: sql.Identifier(*tables, table) for table in ("groups", "agents")}
    with connection.cursor(row_factory=dict_row) as cursor:
        counted = cursor.execute(read_sql("directory/count_plan").format(rows=rows)).fetchall()
        samples = {
            row["kind"]: cursor.execute(
                read_sql("directory/sample_plan").format(rows=rows, kind=row["kind"], limit=SAMPLE_ROWS, **names)
            ).fetchall()
            for row in counted
        }
    found = {row["kind"]: row["rows"] for row in counted}
    digest = hashlib.sha256(repr([(row["kind"], row["rows"], row["digest"]) for row in counted]).encode())
    return Plan(digest.hexdigest()[:ID_DIGITS], {kind: found.get(kind, 0) for kind in kinds}, samples)


def store_plan(
    connection: Connection,
    plan: Plan,
    *,
    sync_day: str,
    fingerprint: str,
    outcome: str,
    excesses: Sequence[Excess],
    run_id: str | None,
) -> None:
    """Keep the plan of a day. outcome: planned, held or applied. Writes nothing where it is kept already."""
    parameters = {
        "sync_day": sync_day,
        "plan_id": plan.id,
        "fingerprint": fingerprint,
        "outcome": outcome,
        "counts": json.dumps(plan.counts),
        "excesses": json.dumps([excess.to_json() for excess in excesses]),
        "samples": json.dumps(plan.samples),
        "run_id": run_id,
    }
    connection.execute(read_sql("directory/store_plan"), parameters)


def find_plan(url: str, label: str, plan_id: str | None = None, outcome: str | None = None) -> Mapping[str, Any] | None:
    """The row of `sync_plans` of this day and id; of the newest plan of the day where the id is None.

    outcome: only a plan that is planned, held or applied.
    """
    parameters = {"sync_day": label, "plan_id": plan_id, "outcome": outcome}
    with connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("directory/read_plan"), parameters).fetchone()
