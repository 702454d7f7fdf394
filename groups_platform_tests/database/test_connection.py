"""Reaching Postgres: sentences instead of tracebacks, never a password, and the schema on first use."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from groups_platform.database.connection import connect, dagster_url, open_database, with_database
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
        "postgresql://ann:p@se%20cret@127.0.0.1:1/x",
        "postgresql://ann:p@se%20cret@no-such-host.invalid/x",
        "postgresql://ann:p/se%20cret@127.0.0.1:1/x",
        "postgresql://ann:100%se cret@127.0.0.1:1/x",
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


def test_dagster_gets_tables_of_its_own(database_url: str) -> None:
    engine = create_engine(dagster_url(database_url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE runs_for_test (id INTEGER)"))
    engine.dispose()
    with connect(database_url) as own:
        assert own.execute("SELECT to_regclass('dagster.runs_for_test') IS NOT NULL").fetchone() == (True,)


def test_dagsters_sessions_keep_the_options_of_the_url(database_url: str) -> None:
    engine = create_engine(dagster_url(f"{database_url}&options=-c%20statement_timeout%3D4711"))
    with engine.connect() as connection:
        shown = connection.execute(text("SELECT current_setting('statement_timeout'), current_setting('search_path')"))
        assert shown.one() == ("4711ms", "dagster")
        assert connection.execute(text("SHOW application_name")).scalar_one() == "groups_platform dagster"
    engine.dispose()


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
