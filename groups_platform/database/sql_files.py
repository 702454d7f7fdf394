"""Reads the files under `sql/`, where the platform's SQL is kept instead of in Python strings."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from psycopg import sql

from groups_platform.settings import find_resource

if TYPE_CHECKING:
    from sqlalchemy import TextClause


def sql_folder() -> Path:
    """Return the folder `sql/` of the repository, or its copy inside an installed wheel."""
    return find_resource("sql")


def _read(name: str) -> str:
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")


@cache
def read_sql(name: str) -> sql.SQL:
    """Return the file `sql/<name>.sql`; `.format()` fills its `{names}`, the query's parameters its `%(names)s`."""
    return sql.SQL(cast(Any, _read(name)))  # sql.SQL is typed for literals; these files are trusted too


@cache
def read_statement(name: str) -> TextClause:
    """Return the file `sql/<name>.sql` for SQLAlchemy; the query's parameters fill its `:names`."""
    from sqlalchemy import text  # noqa: PLC0415 - not needed by callers that use psycopg

    return text(_read(name))
