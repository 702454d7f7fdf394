"""The accounts: totals of past months by group and domain, which outlive purged groups, and the audit log in numbers.

What a month comes to is `usage_per_month`'s. The SQL is in `sql/manager/monthly_usage_*.sql` and `audit_summary.sql`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.group_service.types.period import Period
from groups_platform.group_service.types.usage import FIGURES, GroupUsage, MonthlyUsage


@dataclass(frozen=True)
class StoredMonth:
    """A month whose totals are stored. is_over: it had ended when they were computed."""

    month: date
    time_zone: str
    is_over: bool
    missing_statistics: int
    unreadable_figures: int


@dataclass(frozen=True)
class RowChanges:
    """Rows of groups and domains that were written, and that were removed; a group's row that changes is both."""

    written: int
    removed: int


def store_month(url: str, usage: MonthlyUsage, *, is_over: bool) -> RowChanges:
    """Replace the stored totals of the month, in one transaction; what is the same is not written."""
    rows = [_row(usage.first, group) for group in usage.groups]
    parameters = {
        "month": usage.first,
        "time_zone": usage.time_zone,
        "is_over": is_over,
        "missing_statistics": usage.missing_statistics_count,
        "unreadable_figures": usage.unreadable_figures_count,
        "rows": Jsonb(rows, dumps=partial(json.dumps, default=str)),
    }
    with connect(url) as connection:
        _execute(connection, "store_month", parameters)
        removed = _execute(connection, "remove_groups", parameters)
        written = _execute(connection, "store_groups", parameters)
        removed += _execute(connection, "remove_domains", parameters)
        written += _execute(connection, "store_domains", parameters)
    return RowChanges(written, removed)


def stored_months(url: str) -> list[StoredMonth]:
    """The months that are stored, in their order."""
    return [StoredMonth(**row) for row in _query(url, "monthly_usage_months")]


def find_incomplete(url: str, month: date, period: Period) -> list[dict[str, Any]]:
    """Groups whose stored number of kernels is not that of the period, with both numbers."""
    return _query(url, "monthly_usage_find_incomplete", month=month, start=period.start, end=period.end)


def find_unequal(url: str, month: date) -> list[dict[str, Any]]:
    """Figures of domains that are not the sums of their groups', with both amounts."""
    return _query(url, "monthly_usage_find_unequal", month=month)


def summarise_audit(url: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """How often each action was attempted from `start` until before `end`, by status and error code."""
    return _query(url, "audit_summary", start=start, end=end)


def _row(month: date, group: GroupUsage) -> dict[str, Any]:
    figures = {name: getattr(group, f"g_{name}") for name in FIGURES}
    return {
        "month": month,
        "domain_name": group.domain_name,
        "group_id": group.g_id,
        "group_name": group.g_name,
        "kernels": group.g_kernels,
        **figures,
        "device_type": sorted(group.g_device_type),
    }


def _execute(connection: Connection, name: str, parameters: Mapping[str, Any]) -> int:
    return connection.execute(read_sql(f"manager/monthly_usage_{name}"), parameters).rowcount


def _query(url: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
    with connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"manager/{name}"), parameters).fetchall()
