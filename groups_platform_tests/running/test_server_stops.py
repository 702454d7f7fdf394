"""The embedded server is stopped in the middle of a sync: it ends soon, as JSON, and says what became of the day."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from click.testing import CliRunner

from groups_platform.cli import cli
from groups_platform.database.connection import connect, open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.settings import Settings
from groups_platform_tests.days import agent, group, write_day

ENDS_WITHIN = 20  # seconds after the server has gone; on a machine that does nothing else it is two
IS_STAGED = "SELECT FROM pg_namespace WHERE nspname LIKE 'directory_staging_%'"
IS_COMMITTED = "SELECT FROM sync_days WHERE sync_day = 'day1'"


@pytest.fixture
def own_server(environment: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home with a server of its own, which only the platform starts, and one sync day."""
    with TemporaryDirectory(prefix="groups-platform-tests-") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("GROUPS_HOME", folder)
        monkeypatch.delenv("GROUPS_DATABASE_URL")
        write_day(Path(environment.source) / "sync-day1", [group(1), group(2, [5], parent=1)], [agent(5)])
        settings = Settings.from_env()
        open_database(settings)
        yield settings
        stop_embedded(settings.home)


def stop_when(settings: Settings, query: str) -> float:
    """Stop the server as soon as `query` has a row; when that was."""
    with connect(open_database(settings), autocommit=True) as connection:
        while connection.execute(query.encode()).fetchone() is None:
            time.sleep(0.01)
    stop_embedded(settings.home)
    return time.monotonic()


def applied_by(settings: Settings) -> list[str]:
    with connect(open_database(settings)) as connection:
        return [run_id for (run_id,) in connection.execute("SELECT run_id FROM sync_days").fetchall()]


@pytest.mark.slow
@pytest.mark.parametrize("moment", [IS_STAGED, IS_COMMITTED], ids=["before the commit", "after it"])
def test_a_sync_whose_server_stops_ends_soon_and_never_calls_an_applied_day_failed(
    own_server: Settings, moment: str
) -> None:
    with ThreadPoolExecutor() as pool:
        stopped = pool.submit(stop_when, own_server, moment)
        result = CliRunner().invoke(cli, ["sync", "--day", "day1", "--json"])
        ended = time.monotonic()
    assert ended - stopped.result() < ENDS_WITHIN
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    (told,) = json.loads(result.stdout)["data"]
    assert not told["succeeded"]
    known = applied_by(own_server)  # starts the server again
    if moment is IS_COMMITTED:
        assert told["is_applied"] is True
    if told["is_applied"] is not None:
        assert (known == [told["run_id"]]) is told["is_applied"]
    if known:
        assert "directory_tables failed" not in told["message"]
        assert "Nothing was" not in told["message"]
        assert "day1 failed" not in result.stderr

    again = CliRunner().invoke(cli, ["sync", "--day", "day1", "--json"])
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["data"][0]["is_applied"] is True


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Reading the tree loses its connection."""

    def go_away(*_: object) -> None:
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    return lambda: monkeypatch.setattr("groups_platform.directory.hierarchy.read_tree", go_away)


def test_a_look_up_that_loses_the_embedded_server_is_json_and_says_what_starts_it(
    environment: Settings, monkeypatch: pytest.MonkeyPatch, home: Path, server_url: str, lost: Callable[[], None]
) -> None:
    monkeypatch.delenv("GROUPS_DATABASE_URL")
    monkeypatch.setenv("GROUPS_HOME", str(home))
    lost()
    result = CliRunner().invoke(cli, ["tree", "--json"])
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "database_unavailable"
    assert "run the command again, which starts it" in error["message"]
