"""Reads the files under `sql/`. A line of SQL lives there, not in a Python string."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

from psycopg import sql

from groups_platform.settings import find_resource


def sql_folder() -> Path:
    """The folder `sql/` of the repository, or its copy inside an installed wheel."""
    return find_resource("sql")


@cache
def read_sql(name: str) -> sql.SQL:
    """The file `sql/<name>.sql`; `{names}` in it are filled by `.format()`, `%(names)s` by the query's parameters."""
    text = (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(cast(Any, text))  # a file of ours is as good as a literal
