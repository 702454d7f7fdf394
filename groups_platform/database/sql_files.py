"""Reads the files under `sql/`. A line of SQL lives there, not in a Python string."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from psycopg import sql

from groups_platform.settings import find_resource

if TYPE_CHECKING:
    from sqlalchemy import TextClause


def sql_folder() -> Path:
    """The folder `sql/` of the repository, or its copy inside an installed wheel."""
    return find_resource("sql")


def _read(name: str) -> str:
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")


@cache
def read_sql(name: str) -> sql.SQL:
    """The file `sql/<name>.sql`; `{names}` in it are filled by `.format()`, `%(names)s` by the query's parameters."""
    return sql.SQL(cast(Any, _read(name)))  # a file of ours is as good as a literal


@cache
def read_statement(name: str) -> TextClause:
    """The file `sql/<name>.sql` for SQLAlchemy; `:names` in it are filled by the query's parameters."""
    from sqlalchemy import text  # noqa: PLC0415 - who asks has it; what looks things up by psycopg does without

    return text(_read(name))
