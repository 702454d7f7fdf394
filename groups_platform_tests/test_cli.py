"""The terminal: exit codes, sentences, and JSON that a program can read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from groups_platform.cli import cli
from groups_platform.database.connection import connect, with_database
from groups_platform.database.locks import session_lock
from groups_platform.settings import Settings
from groups_platform_tests.command_tree import ENVELOPE
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.pipeline import Pipeline


class Terminal:
    """Runs a command line in this process."""

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    def json(self, *arguments: str) -> Any:
        """The data of an answer without an error."""
        answer = json.loads(self.run(*arguments, "--json").stdout)
        assert answer.keys() == ENVELOPE
        assert (answer["success"], answer["error"]) == (True, None)
        return answer["data"]


@pytest.fixture
def terminal(environment: Settings) -> Iterator[Terminal]:
    yield Terminal()


@pytest.fixture
def source(environment: Settings) -> Path:
    source = Path(environment.source)
    groups = [group(1, name="Support"), group(2, [5], parent=1, name="Phone"), group(3, [6], name="Night")]
    write_day(source / "sync-day1", groups, [agent(5), agent(6, active=False)])
    write_day(source / "sync-day2", [group(2, [5], name="Phone"), {"id": 9}], [agent(5)])
    return source


def test_sync_checks_findings_tree_and_why(terminal: Terminal, source: Path, pipeline: Pipeline) -> None:
    synced = terminal.run("sync", "--day", "day2", "--day", "day1")
    assert synced.exit_code == 0, synced.output
    for said in ("groups read", "missing_name", "day2 applied", "flags changed"):
        assert said in synced.output
    assert synced.output.index("day1 from") < synced.output.index("day2 from")

    (again,) = terminal.json("sync", "--day", "day2")
    assert again["succeeded"]
    assert again["rows_written"] == 0
    assert again["records"]["groups"] == {"read": 2, "accepted": 1, "rejected": 1}
    assert again["findings"]["missing_name"] == 1

    found = terminal.json("findings", "--code", "missing_name")
    assert [row["group_id"] for row in found["findings"]] == [9]
    assert "missing_name" in terminal.run("findings").output

    late, newest = terminal.json("sync", "--all")
    assert (late["succeeded"], late["left_alone"]) == (True, "older than day2, the newest applied day")
    assert (set(late["findings"].values()), newest["succeeded"], newest["rows_written"]) == ({0}, True, 0)
    assert "day1 left the tables alone" in terminal.run("sync", "--day", "day1").output

    unknown = terminal.run("findings", "--day", "day7")
    assert (unknown.exit_code, "day7 was not read yet" in unknown.output) == (1, True)
    assert terminal.run("findings", "--code", "nope").exit_code == 2
    assert "0 checks" not in terminal.run("checks", "--day", "day7").output

    tree = terminal.run("tree").output
    assert "Night" in tree
    assert "inactive" in tree
    active = terminal.json("why", "2")
    assert (active["is_inactive"], active["agent_id"], active["path"]) == (False, 5, [[2, "Phone"]])
    inactive = terminal.json("why", "3")
    assert inactive["is_inactive"]
    assert "none of them active" in inactive["sentence"]

    assert terminal.run("checks").exit_code == 0
    pipeline.rows("INSERT INTO directory.group_membership VALUES (2, 404) RETURNING 1")
    failing = terminal.run("checks", "--json")
    assert failing.exit_code == 1
    answer = json.loads(failing.stdout)
    assert answer["error"]["code"] == "check_failed"
    assert set(answer["data"]["failed"]) == {
        "membership_without_group_or_agent",
        "memberships_equal_snapshot",
        "history_equals_tables",
    }


def test_the_path_to_the_active_member_below(terminal: Terminal, source: Path) -> None:
    assert terminal.run("sync", "--day", "day1").exit_code == 0
    reason = terminal.json("why", "1")
    assert reason["path"] == [[2, "Phone"], [1, "Support"]]
    assert "└─ Phone (2)" in terminal.run("why", "1").output


def test_p12_a_rejected_day_is_left_out_of_all_and_refused_by_its_name(terminal: Terminal, source: Path) -> None:
    assert terminal.run("sync", "--day", "day1").exit_code == 0
    assert terminal.run("reject", "day2", "--reason", " ").exit_code == 2
    assert terminal.run("reject", "day2", "--reason", "mistaken").exit_code == 0
    (only,) = terminal.json("sync", "--all")
    assert (only["sync_day"], only["rows_written"]) == ("day1", 0)
    refused = terminal.run("sync", "--day", "day2")
    assert refused.exit_code == 1
    assert "has rejected day2 with this content: mistaken." in " ".join(refused.output.split())


def test_the_first_day_that_fails_ends_it_with_exit_1(terminal: Terminal, source: Path) -> None:
    write_file(source / "sync-day1" / "admin_groups" / "cut.json", "[")
    result = terminal.run("sync", "--all")
    assert result.exit_code == 1
    assert "day1 is not a full snapshot" in result.output
    assert "Traceback" not in result.output
    assert "day2 from" not in result.output
    assert "groups read" not in result.output, "no table of what was not done"
    assert "Found in day1: invalid_json 1." in result.output

    found = terminal.json("findings")
    assert (found["sync_day"], found["counts"]["invalid_json"]) == ("day1", 1)
    assert found["refusal"].startswith("day1 is not a full snapshot"), (
        "the newest day that was read, though not applied"
    )
    assert "day1 is not a full snapshot" in terminal.run("findings").output

    answer = json.loads(terminal.run("sync", "--all", "--json").stdout)
    assert answer.keys() == ENVELOPE
    assert (answer["success"], answer["error"]["code"], len(answer["data"])) == (False, "run_failed", 1)
    assert answer["error"]["message"].startswith("day1 is not a full snapshot")

    checks = json.loads(terminal.run("checks", "--day", "day1", "--json").stdout)
    assert checks["warnings"][0].startswith("day1 is not in the tables, so no check compares them with it. day1 is not")
    assert terminal.run("reject", "day1", "--reason", "cut").exit_code == 0
    assert "No sync day has been applied yet." in terminal.run("findings").output
    assert terminal.json("findings", "--day", "day1")["refusal"].endswith("has rejected day1: cut")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sync"], "Name the days with --day, or write --all."),
        (["sync", "--day", "day9"], "has no folder sync-day9. Days there: day1, day2."),
        (["sync", "--all", "--source", "/nowhere"], "The source /nowhere cannot be listed: it is not there."),
        (["why", "77"], "No group has the id 77."),
        (["checks"], "No sync day has been applied yet."),
        (["findings"], "No sync day has been applied yet."),
        (["checks", "--day", "day9"], "has no folder sync-day9. Days there: day1, day2."),
        (["checks", "--day", "day1"], "day1 was never read. Run groups-platform sync --day day1 first."),
        (["sync", "--day", "day1", "--day", "day9"], "has no folder sync-day9. Days there: day1, day2."),
        (["why", "-5"], "No group has the id -5."),
        (["why", "Supprt"], "No group is called Supprt."),
        (["findings", "--code", "nope"], "There is no code nope."),
        (["nope"], "No such command 'nope'."),
        (["group", "purge", "a"], "Write --yes"),
    ],
)
def test_mistakes_are_sentences(terminal: Terminal, source: Path, arguments: list[str], sentence: str) -> None:
    result = terminal.run(*arguments, "--json")
    assert result.exit_code != 0
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert "raw_groups" not in result.stderr, "nothing was run before it"
    answer = json.loads(result.stdout)
    assert answer.keys() == ENVELOPE
    assert (answer["success"], answer["data"]) == (False, None)
    assert sentence in answer["error"]["message"]
    assert (answer["error"]["code"] == "usage_error") == (result.exit_code == 2)


def test_a_wrong_setting_is_a_sentence(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "moon")
    result = terminal.run("tree")
    assert result.exit_code == 1
    assert result.output.startswith("Error: SPARK_MASTER is moon.")


def test_a_database_that_goes_away_is_a_sentence(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def go_away(*_: Any) -> None:
        try:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        except psycopg.OperationalError as error:
            raise RuntimeError("too many retries") from error

    monkeypatch.setattr("groups_platform.directory.hierarchy.read_tree", go_away)
    result = terminal.run("tree")
    assert result.exit_code == 1
    assert result.output.startswith("Error: Postgres went away: server closed the connection unexpectedly.")


def test_the_database_answers_in_json_too(terminal: Terminal, environment: Settings, database_url: str) -> None:
    assert terminal.json("db", "url") == terminal.run("db", "url").stdout.strip() == database_url
    assert terminal.json("db", "stop") is False
    assert terminal.run("db", "stop").stdout == "it was not running\n"


def test_who_waits_for_a_lock_is_told_who_holds_it(server_url: str, new_database: NewDatabase, tmp_path: Path) -> None:
    with new_database(with_database(server_url, "template1")) as url:
        holder = connect(url, autocommit=True, purpose="elsewhere")
        session_lock(holder, "groups_platform.migrations")
        freed = threading.Timer(5, holder.close)
        freed.start()
        env = {**os.environ, "GROUPS_DATABASE_URL": url, "GROUPS_HOME": str(tmp_path)}
        command = [sys.executable, "-m", "groups_platform", "tree"]
        waited = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
        freed.join()
    assert "waiting for groups_platform.migrations, which is locked by groups_platform elsewhere" in waited.stderr
    assert "No groups yet" in waited.stdout


def test_the_demo_never_touches_a_database_of_yours(terminal: Terminal) -> None:
    result = terminal.run("demo")
    assert result.exit_code == 1
    assert "Unset GROUPS_DATABASE_URL" in result.output


def test_help_teaches() -> None:
    assert "First steps" in CliRunner().invoke(cli, ["--help"]).output
    for command in cli.commands:
        shown = CliRunner().invoke(cli, [command, "--help"])
        assert shown.exit_code == 0


def test_p13_days_of_the_source_and_what_became_of_each(terminal: Terminal, source: Path) -> None:
    (source / "sync_2026-11-04").mkdir()
    assert terminal.run("sync", "--day", "day1").exit_code == 0
    write_file(source / "sync-day2" / "admin_groups" / "cut.json", "[")
    assert terminal.run("sync", "--day", "day2").exit_code == 1
    states = {day["label"]: day["state"] for day in terminal.json("days")}
    assert states == {"day1": "applied", "day2": "failed", "sync_2026-11-04": "ignored"}
    shown = terminal.run("days").output
    assert "applied" in shown

    assert terminal.run("skip", "day2", "--reason", "no export that day").exit_code == 0
    assert {day["label"]: day["state"] for day in terminal.json("days")}["day2"] == "skipped"


def test_p10_to_p12_plan_reject_and_history_in_the_terminal(terminal: Terminal, source: Path) -> None:
    assert terminal.run("sync", "--day", "day1").exit_code == 0
    planned = terminal.json("plan", "--day", "day2")
    assert planned["plan"]["counts"]["groups_missing"] == 2
    assert planned["excesses"] == []
    assert "is within all limits" in terminal.run("plan", "--day", "day2").output
    unknown = terminal.run("approve", "day2", "--plan", "nope", "--reason", "why not")
    assert (unknown.exit_code, "unknown_plan" in unknown.output) == (1, True)

    assert terminal.run("sync", "--day", "day2").exit_code == 0
    changed = {row["change"] for row in terminal.json("diff", "day1", "day2")["changes"]}
    assert "groups_moved" in changed
    assert [row["from_day"] for row in terminal.json("history", "2")] == ["day1", "day2"]
    assert "member of 2" in terminal.run("history", "--agent", "5").output
    assert [row["agent_id"] for row in terminal.json("members", "1", "--below", "--as-of", "day1")] == [5]
    assert terminal.json("replay")["rows_written"] == 0
