"""P21 at the command line: the report of a day in a file, on standard output, published, and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from groups_platform.report.publish import make_page
from groups_platform.settings import Settings
from groups_platform_tests.command_tree import failure, run
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.staged_by_hand import sync_by_hand
from groups_platform_tests.test_imports import LOOK_UP, imported

HEAVY = {"dagster", "pandas", "pandera", "pysail", "pyspark"}


@pytest.fixture
def url(service_environment: Settings, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """day1 and day2 are applied."""
    monkeypatch.chdir(tmp_path)
    source = Path(service_environment.source)
    for label, members in (("day1", [5]), ("day2", [])):
        sync_by_hand(database_url, label, write_day(source / f"sync-{label}", [group(1, members)], [agent(5)]))
    return database_url


def test_p21_the_newest_day_is_written_here_and_how_to_open_it_is_said(url: str, tmp_path: Path) -> None:
    result = run("report")
    path = tmp_path / "report-day2.html"
    assert result.exit_code == 0
    assert path.as_uri() in result.output
    assert path.read_bytes() == make_page(url, "day2").content


def test_p21_a_day_and_a_file_can_be_named(url: str, tmp_path: Path) -> None:
    assert run("report", "--day", "day1", "--out", "a/b.html").exit_code == 0
    assert (tmp_path / "a" / "b.html").read_bytes() == make_page(url, "day1").content


def test_p21_the_page_goes_to_standard_output(url: str, tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "groups_platform", "report", "--out", "-"]
    result = subprocess.run(asked, capture_output=True, check=True, env={**os.environ})
    assert result.stdout == make_page(url, "day2").content
    assert list(tmp_path.glob("*.html")) == []


def test_p21_what_is_published_is_told_and_no_other_file_is_written(url: str, tmp_path: Path) -> None:
    result = run("report", "--publish", "reports")
    assert result.exit_code == 0
    assert f"Published: {tmp_path}/reports/day2.html" in result.output
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {"day2.html", "latest.html", "index.html"}
    assert list(tmp_path.glob("*.html")) == []


def test_p21_the_answer_has_the_figures(url: str, tmp_path: Path) -> None:
    result = run("report", "--out", "x.html", "--json")
    data = json.loads(result.stdout)["data"]
    assert (data["day"], data["state"], data["day_before"]) == ("day2", "applied", "day1")
    assert data["changes"] == {"memberships_removed": 1, "groups_turned_inactive": 1}
    assert data["totals"]["inactive_groups"] == 1
    assert data["file"] == str(tmp_path / "x.html")
    assert data["bytes"] == (tmp_path / "x.html").stat().st_size


def test_p21_a_day_that_only_the_source_knows_has_a_page(
    url: str, service_environment: Settings, tmp_path: Path
) -> None:
    write_day(Path(service_environment.source) / "sync-day3", [group(1)], [agent(5)])
    assert run("report", "--day", "day3").exit_code == 0
    assert "sync-day3 may still be arriving" in (tmp_path / "report-day3.html").read_text()


def test_p21_mistakes_are_answered_with_what_to_do(url: str) -> None:
    assert "The newest days: day1, day2" in failure("report", "--day", "day9", "--json")["message"]
    assert failure("report", "--out", "-", "--json")["code"] == "usage_error"
    assert failure("report", "--out", "", "--json")["code"] == "usage_error"
    assert failure("report", "--publish", "nosuch://x", "--json")["code"] == "invalid_setting"
    assert failure("report", "--out", "/proc/none/x.html", "--json")["code"] == "report_not_written"
    refused = failure("report", "--publish", "ftp://ada:secret@127.0.0.1:1/x", "--json")
    assert refused["code"] == "report_not_written"
    assert "secret" not in str(refused)


def test_p21_a_database_without_any_day_is_an_error(service_environment: Settings) -> None:
    assert "Run groups-platform sync --all" in failure("report", "--json")["message"]


def test_p21_a_report_loads_neither_dagster_nor_spark(url: str, tmp_path: Path) -> None:
    env = {"GROUPS_DATABASE_URL": url, "GROUPS_HOME": str(tmp_path)}
    loaded = imported("-c", LOOK_UP, "report", "--out", str(tmp_path / "x.html"), env=env)
    assert "matplotlib" in loaded
    assert loaded.isdisjoint(HEAVY)
