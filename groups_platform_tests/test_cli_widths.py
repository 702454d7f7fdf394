"""On 80 columns help fits and listings cut nothing that a person needs; numbers and months have one form."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from groups_platform.cli import SUBJECTS, cli
from groups_platform.cli.demo import NEXT_STEPS
from groups_platform.group_service.sample import load_sample_deployment
from groups_platform.settings import Settings
from groups_platform.terminal import console
from groups_platform.wording import counted
from groups_platform_tests.command_tree import COMMANDS, failure, run
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.pipeline import Pipeline

COLUMNS = 80
LONG = "a-name-of-sixty-characters-that-no-column-of-a-table-has-room"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", COLUMNS)


def groups_of_commands(group: click.Group = cli, *path: str) -> list[tuple[str, ...]]:
    below = [(name, command) for name, command in group.commands.items() if isinstance(command, click.Group)]
    return [path, *(found for name, command in below for found in groups_of_commands(command, *path, name))]


def test_every_help_and_the_demos_next_steps_fit_80_columns() -> None:
    assert [line for line in NEXT_STEPS.splitlines() if len(line) > COLUMNS] == []
    for path in (*groups_of_commands(), *COMMANDS):
        shown = CliRunner().invoke(cli, [*path, "--help"], terminal_width=COLUMNS)
        assert shown.exit_code == 0
        assert [line for line in shown.output.splitlines() if len(line) > COLUMNS] == [], path
        assert re.findall(r"[a-z]\.\.\.$", shown.output, re.MULTILINE) == [], f"a sentence of {path} is cut"


def test_the_help_shows_every_command_under_its_subject_and_first_steps() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=COLUMNS).output
    for subject in SUBJECTS:
        assert f"\n{subject}:\n" in shown
    for name in cli.commands:
        assert len(re.findall(rf"^  {name}  ", shown, re.MULTILINE)) == 1, name
    assert shown.index("First steps") < shown.index("The days of the directory")
    assert "GROUPS_HOME" in shown


def test_months_are_written_with_a_dash_everywhere() -> None:
    assert [line for line in NEXT_STEPS.splitlines() if len(line) > COLUMNS] == []
    for path in (*groups_of_commands(), *COMMANDS):
        shown = run(*path, "--help").output
        assert re.findall(r"YYYYMM|\b20\d{4}\b|\b20\d{6}\b", shown) == [], path


def test_months_and_days_are_read_with_and_without_dashes(service_environment: Settings) -> None:
    asyncio.run(load_sample_deployment(service_environment))

    def data(*words: str) -> object:
        return json.loads(run(*words, "--json").stdout)["data"]

    assert data("usage", "month", "2024-10") == data("usage", "month", "202410")
    days = data("usage", "period", "2024-10-01", "2024-10-31")
    assert days == data("usage", "period", "20241001", "20241031")
    for wrong in ("2024-13", "2024-1", "24-10", "2024/10", "2024-10-01"):
        assert failure("usage", "month", wrong, "--json")["message"] == (
            f"'{wrong}' is no month. Write it as in 2024-10."
        )
    assert "Write it as in 2024-10-31." in failure("usage", "period", "2024-10", "2024-10-31", "--json")["message"]


def test_numbers_and_nouns_agree() -> None:
    assert [counted(number, "finding") for number in (0, 1, 2, 1200)] == [
        "0 findings",
        "1 finding",
        "2 findings",
        "1,200 findings",
    ]
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(3, "entry", "entries") == "3 entries"


@pytest.mark.usefixtures("narrow")
def test_findings_and_members_lose_nothing_and_what_blocked_the_day_comes_first(
    environment: Settings, pipeline: Pipeline
) -> None:
    source = Path(environment.source)
    day = write_day(
        source / "sync-day1",
        [group(21000402100, [21001000012], name=LONG), {"id": 9}],
        [agent(21001000012, contact={"name": LONG, "email": f"{LONG}@example.com"})],
    )
    pipeline.sync("day1")
    found = "".join(run("findings").stdout.split())
    assert "1finding:missing_name1." in found
    members = run("members", "21000402100").stdout
    assert "21001000012" in members
    assert "(21000402100)" in members
    assert "…" not in members
    assert members.count("room") >= 1
    tree = run("tree").stdout
    assert LONG in tree
    assert "1 of 1 member active" in " ".join(tree.split())
    assert all(len(line) <= COLUMNS for line in (members + tree).splitlines())

    write_file(day / "admin_groups" / "page-2-of-the-groups-of-this-day.json", '[{"id": 10, "name": "cut')
    assert run("sync", "--day", "day1").exit_code == 1
    shown = run("findings").stdout
    assert "…" not in shown
    assert shown.splitlines()[1] == "invalid_json  blocks the day"
    assert "admin_groups/page-2-of-the-groups-of-this-day.json" in "".join(shown.split())
    assert "blocks the day" not in shown.split("missing_name")[1]
    first, *_ = json.loads(run("findings", "--json").stdout)["data"]["findings"]
    assert (first["code"], first["position"]) == ("invalid_json", None)


@pytest.mark.usefixtures("narrow")
def test_listings_of_the_service_cut_no_id_no_code_and_no_reason(service_environment: Settings) -> None:
    asyncio.run(load_sample_deployment(service_environment))
    assert run("group", "purge", "norrvik/speech-models", "--yes").exit_code == 1
    entries = json.loads(run("audit", "--status", "failure", "--json").stdout)["data"]["entries"]
    shown = run("audit", "--status", "failure").stdout
    together = "".join(shown.split())
    for entry in entries:
        assert entry["error_code"] in shown
        assert "".join(entry["description"].split()) in together
    for listing, field in (("user list", "id"), ("group stray-members", "user_id")):
        told = json.loads(run(*listing.split(), "--json").stdout)["data"]
        rows = next(value for value in told.values() if isinstance(value, list))
        assert rows
        assert all(row[field] in run(*listing.split()).stdout for row in rows)
    for listing in ("audit", "user list", "group list", "group stray-members", "usage month 2024-10"):
        shown = run(*listing.split()).stdout
        assert "…" not in shown, listing
        assert all(len(line) <= COLUMNS for line in shown.splitlines() if "--cursor" not in line), listing
