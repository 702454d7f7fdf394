"""What psql and Spark's executors are told: where to connect, and never the password in sight of others."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from pyspark import cloudpickle

from groups_platform.database import passwords
from groups_platform.database.connection import connect
from groups_platform.database.passwords import connect_from_task, hide_password, psql_command, split_password
from groups_platform.directory.staging import partition_loader

PASSWORD = "s%40 c/r?e#t"
AS_URL = "s%2540%20c%2Fr%3Fe%23t"


@pytest.mark.parametrize(
    "url", [f"postgresql://ann:{AS_URL}@db:5433/groups?sslmode=require", f"postgresql://ann@db/x?password={AS_URL}"]
)
def test_the_password_is_what_libpq_reads(url: str) -> None:
    address, password = split_password(url)
    assert password == PASSWORD
    assert "password" not in address
    assert "user=ann" in address


def test_psql_of_the_embedded_server_reaches_a_database_without_a_password(database_url: str) -> None:
    command, secrets = psql_command(database_url)
    assert Path(command[0]).is_file()
    assert secrets == {}
    with psycopg.connect(command[1]) as connection:
        assert connection.info.dbname in database_url


def test_the_command_line_of_psql_has_no_password(url_with_password: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "groups_platform", "db", "psql", "--", "-AtXc", "SELECT 6 * 7, pg_sleep(1)"]
    env = {"GROUPS_DATABASE_URL": url_with_password, "GROUPS_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    process = psutil.Popen(command, env=env, stdout=-1, stderr=-1, text=True)
    seen: dict[str, list[str]] = {}
    while process.poll() is None:
        with suppress(psutil.Error):  # it has just ended
            if line := process.cmdline():
                seen[process.name()] = line
    out, errors = process.communicate(timeout=60)
    assert (out, errors) == ("42|\n", "")
    assert "-AtXc" in seen["psql"]
    assert "user=ann" in seen["psql"][1]
    assert not any(PASSWORD in part or AS_URL in part for part in seen["psql"])


def test_a_task_holds_no_password_and_connects_in_the_process_that_hid_it(url_with_password: str) -> None:
    address = hide_password(url_with_password)
    pickled = cloudpickle.dumps(partition_loader(address, "schema", "table", ["column"]))
    assert b"user=ann" in pickled
    assert PASSWORD.encode() not in pickled
    assert AS_URL.encode() not in pickled
    with connect_from_task(address, "staging x") as connection:
        assert connection.execute("SELECT current_user, current_setting('application_name')").fetchone() == (
            "ann",
            "groups_platform staging x",
        )


def test_elsewhere_a_task_takes_the_password_of_its_environment(
    url_with_password: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = hide_password(url_with_password)
    monkeypatch.setattr(passwords, "_known", {})
    for name in ("GROUPS_DATABASE_URL", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(psycopg.OperationalError, match=r"executors have no password.*set PGPASSWORD where they run"):
        connect_from_task(address, "")
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_url)  # another one
    with pytest.raises(psycopg.OperationalError, match="executors have no password"):
        connect_from_task(address, "")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    connect_from_task(address, "").close()
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("GROUPS_DATABASE_URL", url_with_password)
    connect_from_task(address, "").close()
    with connect(url_with_password) as connection:
        assert connection.info.user == "ann"
