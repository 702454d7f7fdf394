"""One Postgres and one Spark for the whole session; a migrated database of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from psycopg import sql
from pyspark.sql import SparkSession
from sqlalchemy.engine import make_url

from groups_platform.database import embedded
from groups_platform.database.connection import connect, migrate, open_database, with_database
from groups_platform.directory.day_result import DayResult
from groups_platform.settings import Settings
from groups_platform_tests.pipeline import Pipeline
from groups_platform_tests.sync_process import start_spark

TEMPLATE = "template_for_tests"

NewDatabase = Callable[..., AbstractContextManager[str]]
Sync = Callable[[str, "str | Path"], DayResult]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--spark",
        choices=("embedded", "jvm"),
        default="embedded",
        help="The engine. On a JVM only the tests run whose outcome an engine could change: those marked «engines».",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--spark") == "jvm":
        others = [item for item in items if not item.get_closest_marker("engines")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


@pytest.fixture(scope="session")
def spark_master(pytestconfig: pytest.Config) -> str | None:
    """SPARK_MASTER of the session's Spark; None is the embedded one."""
    return "local[2]" if pytestconfig.getoption("--spark") == "jvm" else None


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """GROUPS_HOME of the session's Postgres and Spark.

    Not below pytest's own folder: another session that starts shuts that for the user whom Postgres runs as.
    """
    with TemporaryDirectory(prefix="groups-platform-tests-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def server_url(home: Path) -> Iterator[str]:
    """The maintenance database of the session's embedded Postgres."""
    url = embedded.start_embedded(home)
    try:
        with connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here outlives the session
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        embedded.stop_embedded(home)


@pytest.fixture(scope="session")
def template_url(server_url: str) -> str:
    """A migrated database that nobody stays connected to, so that it can be cloned."""
    with connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    url = with_database(server_url, TEMPLATE)
    migrate(url)
    return url


@pytest.fixture(scope="session")
def new_database(server_url: str, template_url: str) -> NewDatabase:
    """Clones the template, or the database `template`, and drops the clone at the end of the `with` block."""
    numbers = count(1)

    @contextmanager
    def clone(template: str = template_url) -> Iterator[str]:
        name = f"test_{next(numbers)}"
        database, original = sql.Identifier(name), sql.Identifier(make_url(template).database or "")
        with connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, original))
            # A clone has the template's content and not its settings.
            connection.execute(
                sql.SQL('ALTER DATABASE {} SET search_path = directory, "$user", public').format(database)
            )
        try:
            yield with_database(server_url, name)
        finally:
            with connect(server_url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))

    return clone


@pytest.fixture
def database_url(new_database: NewDatabase) -> Iterator[str]:
    """A migrated, empty database for one test."""
    with new_database() as url:
        yield url


@pytest.fixture
def url_with_password(server_url: str, home: Path, database_url: str) -> Iterator[str]:
    """The test's database for a role whose password, which has signs of URLs in it, the server asks for."""
    rules = home / "postgres" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all ann scram-sha-256\n{before}")
    with connect(server_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE ann SUPERUSER LOGIN PASSWORD 's%40 c/r?e#t'")
        connection.execute("SELECT pg_reload_conf()")
        yield database_url.replace("postgres:@", "ann:s%2540%20c%2Fr%3Fe%23t@")
        rules.write_text(before)
        connection.execute("DROP OWNED BY ann; DROP ROLE ann")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def settings(tmp_path: Path, database_url: str, spark_master: str | None) -> Settings:
    """Everything in the test's own folder and database."""
    return Settings(
        home=tmp_path / "home",
        source=str(tmp_path / "source"),
        lake=str(tmp_path / "lake"),
        database_url=database_url,
        spark_master=spark_master,
    )


@pytest.fixture(scope="session")
def spark(home: Path, spark_master: str | None) -> Iterator[SparkSession]:
    """The session's Spark, in this process."""
    java_home = os.environ.get("JAVA_HOME") or None
    settings = Settings(home=home, source="", lake="", spark_master=spark_master, java_home=java_home)
    session = start_spark(settings)
    yield session
    session.stop()


@pytest.fixture
def service_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The test's settings as environment variables."""
    monkeypatch.setenv("GROUPS_HOME", str(settings.home))
    monkeypatch.setenv("GROUPS_DATABASE_URL", open_database(settings))
    monkeypatch.setenv("GROUPS_SOURCE", settings.source)
    monkeypatch.setenv("GROUPS_LAKE", settings.lake)
    monkeypatch.delenv("SPARK_MASTER", raising=False)
    for name in ("DAGSTER_HOME", "GROUPS_DAGSTER_POSTGRES_URL"):
        monkeypatch.setenv(name, str(tmp_path))  # the code under test sets them; this puts them back
    return settings


@pytest.fixture
def environment(service_environment: Settings, spark: SparkSession) -> Settings:
    """The same; Spark's session exists already and is used."""
    return service_environment


@pytest.fixture
def pipeline(spark: SparkSession, settings: Settings, database_url: str) -> Pipeline:
    """The pipeline over the test's own source, lake and database."""
    return Pipeline(spark, database_url, settings.lake, settings.source)


@pytest.fixture
def sync(pipeline: Pipeline) -> Sync:
    """`sync(day_label, source)` runs the whole pipeline on the test's own lake and database."""
    return pipeline.sync
