"""M8 and M9 on the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from groups_platform.database.connection import connect
from groups_platform.group_service.sample import load_sample_deployment
from groups_platform.provisioning.review.record import digest_of
from groups_platform.settings import Settings
from groups_platform_tests.command_tree import failure, run

DAY = "INSERT INTO sync_days VALUES ('day1', 'day 1', '', '{}', now(), NULL)"
AGENT = "INSERT INTO agents (agent_id, email, name, active) VALUES (%s, %s, %s, %s)"
HISTORY = "INSERT INTO agent_history (agent_id, from_day, active, email) VALUES (%s, 'day1', %s, %s)"
INACTIVE, ACTIVE = "mei-ling.tsai@example.com", "ravi.menon@example.com"


@pytest.fixture
def deployment(service_environment: Settings) -> Settings:
    """The sample deployment, and a directory in which one person is inactive, one active and all others missing."""
    asyncio.run(load_sample_deployment(service_environment))
    assert service_environment.database_url is not None
    with connect(service_environment.database_url.get_secret_value()) as connection:
        connection.execute(DAY)
        for agent_id, email, active in ((7, INACTIVE, False), (8, ACTIVE, True)):
            connection.execute(AGENT, (agent_id, email, "<b>Mei-Ling</b>", active))
            connection.execute(HISTORY, (agent_id, active, email))
    return service_environment


def answer(*words: str) -> Any:
    result = run("review", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["data"]


def test_m8_the_review_is_grouped_by_kind_with_the_command_that_ends_each_row(deployment: Settings) -> None:
    shown = run("review", "--domain", "norrvik")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    heading = next(number for number, line in enumerate(lines) if line == "Members who are inactive agents (2)")
    assert lines[heading + 1].strip() == f"norrvik/speech-models  {INACTIVE} (agent 7)"
    assert lines[heading + 2].strip().startswith("since day1")
    assert re.fullmatch(
        r" +groups-platform group members norrvik/speech-models --remove [-0-9a-f]{36}", lines[heading + 3]
    )
    commands = [line for line in lines if "groups-platform group" in line]
    assert all(len(line) <= 80 for line in lines if line not in commands)
    assert "norrvik-labs" not in shown.stdout


def test_m8_kinds_that_are_not_shown_are_counted(deployment: Settings) -> None:
    shown = run("review", "--kind", "inactive_agent").stdout
    assert re.search(r"^Members who are in no directory: \d+, shown by --kind not_in_directory$", shown, re.MULTILINE)
    data = answer("--kind", "inactive_agent", "--limit", "1")
    assert (len(data["rows"]), data["counts"]["inactive_agent"]) == (1, 2)
    assert {row["kind"] for row in data["rows"]} == {"inactive_agent"}
    assert data["next_cursor"]


def test_m8_nothing_is_found_in_an_empty_platform(service_environment: Settings) -> None:
    shown = run("review")
    assert shown.stdout == "Nothing is held by anybody who is not active.\n"
    assert "No day of the directory was applied" in shown.stderr


def test_m8_the_page_needs_nothing_else_and_escapes_what_others_wrote(deployment: Settings, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    assert run("review", "--html", str(file)).exit_code == 0
    page = file.read_text(encoding="utf-8")
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page
    assert "Members who are inactive agents (2)" in page
    assert "groups-platform group members norrvik/speech-models --remove" in page
    assert str(answer()["rows"][-1]["project_name"]) in page


def test_m9_a_domain_is_certified(deployment: Settings, tmp_path: Path) -> None:
    started = answer("start", "norrvik")
    assert (started["id"], started["domain_name"], started["kept"]) == (1, "norrvik", 0)
    rows = answer("show", "1")["rows"]
    assert len(rows) == started["rows"] == started["open"]
    assert failure("review", "export", "1", "--json")["code"] == "review_not_finished"
    assert failure("review", "finish", "1", "--json")["code"] == "review_open_rows"
    first, *others = [row["row"] for row in rows]
    (revoked,) = answer("revoke", first, "--reason", "left in May, see https://ada:hunter2@example.com")
    assert (revoked["row"], revoked["decision"]) == ("1.1", "revoke")
    decided = answer("keep", *others, "--reason", "contractors <i>until</i> \u202eDecember")
    assert [row["row"] for row in decided] == others
    assert "No rows" not in run("review", "show", "1").stdout
    finished = answer("finish", "1")
    assert (finished["open"], finished["revoked"]) == (0, 1)
    shown = run("review", "list").stdout
    assert re.search(r"1 +norrvik .* finished", shown)

    record = answer("export", "1")
    assert record["review"] == finished
    assert digest_of(record) == finished["digest"], "of what a reader has in the file"
    assert "hunter2" not in json.dumps(record)
    exported = run("review", "export", "1", "--csv")
    assert len(list(csv.DictReader(io.StringIO(exported.stdout, newline="")))) == len(rows)
    assert finished["digest"] in exported.stderr
    file = tmp_path / "record.html"
    assert finished["digest"] in run("review", "export", "1", "--html", str(file)).stdout
    page = file.read_text(encoding="utf-8")
    assert finished["digest"] in page
    assert r"contractors &lt;i&gt;until&lt;/i&gt; \u202eDecember" in page, "it turns nothing round"
    assert "hunter2" not in page
    assert failure("review", "keep", "1.1", "--reason", "x", "--json")["code"] == "review_finished"


def test_m9_a_record_that_somebody_changed_is_not_exported(deployment: Settings) -> None:
    answer("start", "norrvik")
    rows = [row["row"] for row in answer("show", "1")["rows"]]
    answer("keep", *rows, "--reason", "Trial")
    answer("finish", "1")
    assert deployment.database_url is not None
    with connect(deployment.database_url.get_secret_value()) as connection:
        connection.execute("ALTER TABLE manager.access_review_decisions DISABLE TRIGGER is_append_only")
        connection.execute("UPDATE manager.access_review_decisions SET reason = 'Never' WHERE number = 1")
    error = failure("review", "export", "1", "--json")
    assert error["code"] == "review_record_changed"
    assert error["facts"]["found"] != error["facts"]["digest"]


def test_m9_what_was_decided_before_an_error_stays(deployment: Settings) -> None:
    answer("start", "norrvik")
    assert failure("review", "keep", "1.1", "1.999", "--reason", "x", "--json")["code"] == "unknown_review"
    assert [row["row"] for row in answer("show", "1", "--limit", "1")["rows"] if row["decision"] == "keep"] == ["1.1"]
    assert [row["row"] for row in answer("keep", "1.1", "1.2", "--reason", "x")] == ["1.1", "1.2"]


def test_m9_an_option_before_a_subcommand_is_wrong_usage(service_environment: Settings) -> None:
    error = failure("review", "--domain", "norrvik", "start", "norrvik", "--json")
    assert error["message"] == "Write --domain after start."


def test_m8_a_page_that_cannot_be_written_is_told(deployment: Settings, tmp_path: Path) -> None:
    error = failure("review", "--html", str(tmp_path / "nowhere" / "page.html"), "--json")
    assert "page.html" in error["message"]
