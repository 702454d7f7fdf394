"""The schema on first use, and sentences where the database is not ours to change."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from groups_platform.database import migrations as module
from groups_platform.database.connection import connect, migrate, with_database
from groups_platform.database.sql_files import sql_folder
from groups_platform.directory.day_names import natural_key
from groups_platform.errors import DatabaseUnsuitable
from groups_platform_tests.conftest import NewDatabase


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
        ("0005_groups_below", "38eb055b88dfc0accced553ab9f5139d271d6645cc7ee63274b9c7c82cbc7a48"),
        ("0006_mounted_vfolders", "008124e4646bb06be79e7b1bfd0e8e6a22189863d7d1fdc26d34d85545a90819"),
        ("0007_sync_state", "d505310a84860db0ef98ac1e7ee96cde7ea7b14836caac7cfc0610dbf4ec9563"),
        ("0008_statuses", "5d732b3b2b241139ad963bf280dd59610e92a5e745b03be74af4556e93c210f3"),
        ("0010_service_for_teams", "04a3782c79f1c91784d44a66a443c831a65938ee7e71810111d7c5f1c5046b1d"),
        ("0011_usage_peaks", "324c772491cb0eab39643b0432e89f01cb02e075acfc2f725658c12cf3836231"),
        ("0009_protection", "0e8469428adb0095fa0f80b8c03792a8955061952cdc7ed519d59430665b300e"),
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


def test_days_of_an_older_delivery_are_in_the_order_of_today(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until 0009 a capital letter sorted before every small one."""
    everything = module._migrations()
    monkeypatch.setattr(module, "_migrations", lambda: [path for path in everything if path.name < "0009"])
    migrate(empty_url)
    monkeypatch.undo()
    before = {"Day2": "Day0012", "day1": "day0011", "2026-11-04": "0042026-00211-0014", "DAY-x10": "DAY-x00210"}
    with connect(empty_url) as connection:
        for label, key in before.items():
            insert = "INSERT INTO directory.sync_days VALUES (%s, %s, 'f', '{}', now(), NULL)"
            connection.execute(insert, (label, key))
    migrate(empty_url)
    with connect(empty_url) as connection:
        rows = connection.execute("SELECT sync_day, sort_key FROM directory.sync_days").fetchall()
    assert dict(rows) == {label: natural_key(label) for label in before}


def test_m2_projects_of_an_older_delivery_keep_a_link_that_two_have(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = module._migrations()
    monkeypatch.setattr(module, "_migrations", lambda: [path for path in everything if path.name < "0012"])
    migrate(empty_url)
    monkeypatch.undo()
    add = (
        "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id) "
        "VALUES ('p', %s, 'default', 'directory:42')"
    )
    with connect(empty_url, autocommit=True) as connection:
        connection.execute("INSERT INTO manager.project_resource_policies (name) VALUES ('default')")
        connection.execute("INSERT INTO manager.domains (name) VALUES ('a'), ('b'), ('c')")
        connection.execute(add, ["a"])
        connection.execute(add, ["b"])
        migrate(empty_url)
        connection.execute("UPDATE manager.groups SET integration_id = integration_id, is_active = FALSE")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(add, ["c"])


OLD_ATTEMPTS = """
INSERT INTO manager.domains (name) VALUES ('example.com'), ('example.org');
INSERT INTO manager.users (email, domain_name, created_at) VALUES
    ('Ada@example.com', 'example.com', '2026-01-02'), ('ada@example.com', 'example.com', '2026-01-01');
INSERT INTO manager.audit_log
    (action_id, action, entity_type, entity_id, actor, status, before, after, started_at, duration)
SELECT gen_random_uuid(), action, 'group', 'g-1', 'system', status, before::JSONB, after::JSONB, at::TIMESTAMPTZ, '1 s'
FROM (VALUES
    ('get_group', 'success', NULL, NULL, '2026-03-01 00:00:01+00'),
    ('modify_group', 'success', '{"name": "old", "domain_name": "example.com"}',
        '{"name": "new", "domain_name": "example.org"}', '2026-02-28 23:59:59+00'),
    ('create_group', 'success', NULL, '{"name": "old", "domain_name": "example.com"}', '2026-01-31 12:00+00')
) AS attempt (action, status, before, after, at);
"""


def test_the_audit_log_of_an_older_delivery_is_kept_numbered_and_found(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = module._migrations()
    monkeypatch.setattr(module, "_migrations", lambda: [path for path in everything if path.name < "0010"])
    migrate(empty_url)
    monkeypatch.undo()
    with connect(empty_url) as connection:
        connection.execute(OLD_ATTEMPTS)
    migrate(empty_url)
    with connect(empty_url) as connection:
        rows = connection.execute(
            "SELECT number, action, is_read, entity_name, domain_name, former_domain_name, tableoid::REGCLASS::TEXT "
            "FROM manager.audit_log ORDER BY number"
        ).fetchall()
        assert rows == [
            (1, "create_group", False, "old", "example.com", None, "manager.audit_log_2026_01"),
            (2, "modify_group", False, "new", "example.org", "example.com", "manager.audit_log_2026_02"),
            (3, "get_group", True, None, None, None, "manager.audit_log_2026_03"),
        ]
        names = connection.execute("SELECT * FROM manager.entity_names ORDER BY entity_name").fetchall()
        assert names == [("new", "example.org", "g-1"), ("old", "example.com", "g-1")]
        shared = connection.execute("SELECT email FROM manager.users WHERE is_email_shared").fetchall()
        assert shared == [("Ada@example.com",)]
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                "INSERT INTO manager.users (email, domain_name) VALUES ('ADA@example.com', 'example.com')"
            )


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


def test_an_old_server_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST_SERVER", 990000)
    with pytest.raises(DatabaseUnsuitable, match=r"Postgres is version \d+.*15 or newer"):
        migrate(database_url)


def refusal(url: str) -> str:
    """The sentence with which the database is refused; nothing of ours is in it then."""
    with pytest.raises(DatabaseUnsuitable) as refused:
        migrate(url)
    assert refused.value.code == "database_unsuitable"
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("schema", ["dagster", "directory", "manager", "platform"])
def test_a_schema_of_somebody_else_is_left_alone(empty_url: str, schema: str) -> None:
    with connect(empty_url) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    said = refusal(empty_url)
    assert re.search(rf"schema .?{schema}\b.*not the platform's.*\. Name a database of the platform's own", said)
    with connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('platform.migrations')").fetchone() == (None,)


@pytest.mark.parametrize("relation", ["TABLE platform.migrations (id INTEGER)", "VIEW platform.migrations AS SELECT 1"])
def test_migrations_of_somebody_else_are_left_alone(empty_url: str, relation: str) -> None:
    with connect(empty_url) as connection:
        connection.execute(f"CREATE SCHEMA platform; CREATE {relation}".encode())
    assert "has a schema platform that is not the platform's" in refusal(empty_url)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_name_is_refused(server_url: str, encoding: str) -> None:
    made = f"CREATE DATABASE other_encoding ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with connect(server_url, autocommit=True) as connection:
        connection.execute(made.encode())
        try:
            said = refusal(with_database(server_url, "other_encoding"))
        finally:
            connection.execute("DROP DATABASE other_encoding")
    assert f"other_encoding has the encoding {encoding}" in said
    assert "ENCODING 'UTF8' TEMPLATE template0" in said


def test_a_database_that_cannot_be_written_is_told_so(empty_url: str) -> None:
    said = refusal(f"{empty_url}&options=-c%20default_transaction_read_only%3Don")
    assert 'The database "empty_for_tests" cannot be set up: cannot execute CREATE SCHEMA in a read-only' in said


@pytest.fixture
def as_bob(server_url: str) -> Iterator[Callable[[str], str]]:
    """The URL of a database for a role that has no rights in it."""
    with connect(server_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE bob LOGIN")
        yield lambda url: url.replace("postgres:@", "bob:secret@")
        connection.execute("DROP ROLE bob")


def test_a_role_that_may_not_create_schemas_is_told_so(empty_url: str, as_bob: Callable[[str], str]) -> None:
    said = refusal(as_bob(empty_url))
    assert 'role "bob" may not set up the database "empty_for_tests": permission denied for database' in said
    assert 'GRANT CREATE ON DATABASE "empty_for_tests" TO "bob"' in said


def test_a_role_that_may_not_look_is_told_so(database_url: str, as_bob: Callable[[str], str]) -> None:
    assert 'role "bob" may not' in refusal(as_bob(database_url))


def test_a_database_that_is_newer_than_the_code_is_refused(new_database: NewDatabase) -> None:
    with new_database() as url:
        with connect(url) as connection:
            connection.execute("INSERT INTO platform.migrations VALUES ('9999_more.sql', 'abc')")
        assert "has 9999_more.sql applied, which this groups-platform does not know. Install a newer one" in refusal(
            url
        )


def test_a_file_that_is_not_what_was_applied_is_named(new_database: NewDatabase) -> None:
    with new_database() as url:
        with connect(url) as connection:
            connection.execute("UPDATE platform.migrations SET sha256 = 'abc' WHERE name = '0003_usage.sql'")
        assert "The file 0003_usage.sql is not what was applied to this database" in refusal(url)
