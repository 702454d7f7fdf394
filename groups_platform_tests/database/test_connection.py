"""Reaching Postgres: sentences instead of tracebacks, never a password, and the schema on first use."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, text

from groups_platform.database import connection as module
from groups_platform.database import embedded
from groups_platform.database.connection import connect, dagster_url, migrate, open_database, with_database
from groups_platform.database.sql_files import sql_folder
from groups_platform.errors import DatabaseUnavailable
from groups_platform.settings import Settings
from groups_platform_tests.conftest import TEMPLATE, NewDatabase


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:se%20cret@127.0.0.1:1/x",
        "postgresql://ann:se%20cret@no-such-host.invalid/x",
        "postgresql://ann:se%20cret@/x?host=/no/such/folder",
        "postgresql://ann:se%20cret@127.0.0.1:1/x?sslmode=nonsense",
        "postgresql://ann:se%20cret@127.0.0.1:1/x?nonsense=1",
    ],
)
def test_a_database_that_does_not_answer_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        connect(url)
    said = str(refused.value)
    assert "GROUPS_DATABASE_URL" in said
    assert "\n" not in said
    assert "se cret" not in said
    assert "se%20cret" not in said
    assert refused.value.code == "database_unavailable"


def test_a_database_or_user_that_does_not_exist_is_one_sentence(server_url: str) -> None:
    for url in (with_database(server_url, "no_such"), server_url.replace("postgres:@", "no_such:secret@")):
        with pytest.raises(DatabaseUnavailable, match="no_such") as refused:
            connect(url)
        assert "secret" not in str(refused.value)


def test_with_database_keeps_everything_else() -> None:
    assert with_database("postgresql://a:b@h:1/x?sslmode=off", "y") == "postgresql://a:b@h:1/y?sslmode=off"


def test_an_old_server_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST_SERVER", 990000)
    with pytest.raises(DatabaseUnavailable, match=r"Postgres is version \d+.*15 or newer"):
        migrate(database_url)


@pytest.fixture
def empty_url(server_url: str) -> str:
    """A database without any of our schemas."""
    with connect(server_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS empty_for_tests WITH (FORCE)")
        connection.execute("CREATE DATABASE empty_for_tests")
    return with_database(server_url, "empty_for_tests")


def test_a_new_database_gets_the_schema_and_people_write_select_from_groups(empty_url: str) -> None:
    migrate(empty_url)
    with connect(empty_url) as connection:
        columns = connection.execute(
            "SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = 'directory' "
            "AND table_name IN ('groups', 'group_membership', 'agents') GROUP BY table_name ORDER BY table_name"
        ).fetchall()
        assert columns == [
            (
                "agents",
                "agent_id bigint, email text, name text, active boolean, created_at timestamp without time zone, "
                "updated_at timestamp without time zone",
            ),
            ("group_membership", "group_id bigint, agent_id bigint"),
            (
                "groups",
                "group_id bigint, name text, parent_group_id bigint, created_at timestamp without time zone, "
                "updated_at timestamp without time zone, inactive boolean",
            ),
        ]
        assert connection.execute("SELECT * FROM groups").fetchall() == []


def test_migrating_again_changes_nothing(database_url: str) -> None:
    def migrations() -> list[tuple[object, ...]]:
        with connect(database_url) as connection:
            return connection.execute("SELECT xmin::text, m::text FROM platform.migrations AS m").fetchall()

    before = migrations()
    migrate(database_url)
    assert migrations() == before


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("0000_migrations", "3fd307a08d48f1c7ee7830899505f5ac1d8e67d20c9bb0ce5b73df50ee7a5f75"),
        ("0001_directory", "d5e5475452756542dc65059dfeecfa4b79129b07e1bd3f80811879707d03172c"),
        ("0002_manager", "529ad42134a9ae7d1ac5de6cfdc0bcc1d8481ee3cc0d87a546ed19bac244f3dc"),
        ("0003_usage", "ec2aa6e9206875ea7a5660620cb23e7787aa11a0db2296c9e339030a65db3364"),
        ("0004_accounts", "3197371e131d6ae4c819a486046f1a33e1fa19029d78e142dce7ee13a25a5d58"),
    ],
)
def test_a_migration_that_was_delivered_never_changes(name: str, digest: str) -> None:
    """A database that has applied it does not apply it again: what it should have said belongs into a new file."""
    text = (sql_folder() / "migrations" / f"{name}.sql").read_bytes()
    assert hashlib.sha256(text).hexdigest() == digest


def test_a_database_of_an_older_delivery_gets_what_is_new(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = module._migrations()
    monkeypatch.setattr(module, "_migrations", lambda: [path for path in everything if path.name < "0003"])
    migrate(empty_url)
    monkeypatch.undo()
    migrate(empty_url)
    with connect(empty_url) as connection:
        connection.execute("INSERT INTO directory.groups (group_id, name, inactive) VALUES (1, 'a', true)")
        assert connection.execute("SELECT * FROM directory.groups_below(1)").fetchall() == [(1,)]
        assert connection.execute("SELECT manager.mounted_vfolders('[]')").fetchall() == [([],)]
        assert connection.execute("SELECT domain_name FROM manager.vfolder_deletions").fetchall() == []


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_a_migration_that_fails_leaves_no_half_schema(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sql" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_first.sql").write_text("CREATE TABLE one (id INTEGER);")
    (folder / "0002_second.sql").write_text("CREATE TABLE two (id INTEGER); SELECT 1 / 0;")
    monkeypatch.setattr(module, "sql_folder", lambda: tmp_path / "sql")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_url)
    with connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('one'), to_regclass('two')").fetchone() == (None, None)


def test_dagster_gets_tables_of_its_own(database_url: str) -> None:
    engine = create_engine(dagster_url(database_url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE runs_for_test (id INTEGER)"))
    engine.dispose()
    with connect(database_url) as own:
        assert own.execute("SELECT to_regclass('dagster.runs_for_test') IS NOT NULL").fetchone() == (True,)


def test_open_database_takes_the_database_that_is_named(settings: Settings, database_url: str) -> None:
    assert open_database(settings) == database_url
    assert not settings.home.exists()


def test_every_test_has_a_database_of_its_own(new_database: NewDatabase, server_url: str) -> None:
    with new_database() as one, new_database() as other:
        with connect(one) as connection:
            connection.execute("INSERT INTO agents (agent_id, active) VALUES (1, true)")
        with connect(other) as connection:
            assert connection.execute("SELECT count(*) FROM agents").fetchone() == (0,)
    with connect(server_url) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    assert TEMPLATE in names
    assert one.rsplit("/", 1)[-1].split("?")[0] not in names


def test_psql_of_the_embedded_server_reaches_the_database(database_url: str) -> None:
    command = embedded.psql_command(database_url)
    assert Path(command[0]).is_file()
    assert command[1] == database_url
    assert sql.Identifier("x").as_string(None) == '"x"'
