"""S32: --csv beside --json in every listing, with the rows and the names of the JSON."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from groups_platform.cli.answers import Rows, show
from groups_platform.cli.common import CSV, JSON, PlatformGroup
from groups_platform.cli.service import perform
from groups_platform.group_service.sample import load_sample_deployment
from groups_platform.group_service.services.group.actions.store_monthly_usage import StoreMonthlyUsageAction
from groups_platform.settings import Settings
from groups_platform_tests.command_tree import COMMANDS, failure, has, run
from groups_platform_tests.days import agent, group, write_day

# A command line for each listing, and where the rows are in the data of the JSON; `a.b`: those of all a.
LISTINGS = {
    "days": "",
    "checks": "checks",
    "findings": "findings",
    "tree": "groups",
    "history 1": "",
    "history --agent 5": "",
    "plan --day day2": "changes",
    "who 5": "groups",
    "members 1 --below": "",
    "members 2 --as-of day1": "",
    "diff": "changes",
    "diff day1 day1": "changes",
    "alerts": "",
    "group list": "groups",
    "group list --name nothing": "groups",
    "group members norrvik/ticket-triage": "member_ids",
    "group purge-requests": "requests",
    "group dotfile list norrvik/ticket-triage": "",
    "group dotfile list norrvik/speech-models": "",
    "group stray-members": "members",
    "domain list": "domains",
    "policy list": "policies",
    "provision --people": "people",
    "rule list": "rules",
    "rule list --claims 2": "rules",
    "user list": "users",
    "user list --role monitor": "users",
    "usage month 202410": "groups",
    "usage month 202410 --limit 1": "groups",
    "usage month 202410 --detail": "groups.c_infos",
    "usage month 202301": "groups",
    "usage history": "groups.months",
    "usage period 20241001 20241031": "projects",
    "usage period 20241001 20241031 --detail": "projects.sessions.kernels",
    "review": "rows",
    "review --kind not_in_directory": "rows",
    "review list": "reviews",
    "review show 1": "rows",
    "review show 1 --open": "rows",
    "review export 2": "rows",
    "audit --action modify_group": "entries",
    "audit --action modify_group --oldest-first --limit 1": "entries",
}
# What the rows of sums have for kernels, and the sums that have columns of their own.
OF_THE_GROUP = {"domain_name", "group_id", "group_name"}
NO_COLUMNS = {"c_infos", "sessions", "total_usage"}


@pytest.fixture
def deployment(service_environment: Settings) -> Settings:
    """The sample deployment of the service."""
    asyncio.run(load_sample_deployment(service_environment))
    return service_environment


@pytest.fixture
def platform(environment: Settings, deployment: Settings) -> None:
    """The same, and two days of the directory."""
    source = Path(environment.source)
    write_day(source / "sync-day1", [group(1, name="=1+1"), group(2, [5, 6], parent=1)], [agent(5), agent(6)])
    write_day(source / "sync-day2", [group(1, name="Support"), group(2, [5], parent=1), {"id": 9}], [agent(5)])
    assert run("sync", "--all").exit_code == 0
    assert perform(deployment, None, lambda service: service.store_monthly_usage(StoreMonthlyUsageAction("202410")))
    assert run("group", "dotfile", "create", "norrvik/ticket-triage", ".vimrc", "--file", __file__).exit_code == 0
    assert run("group", "request-purge", "norrvik/summer-forecast").exit_code == 0
    for domain in ("norrvik", "norrvik-labs"):
        assert run("review", "start", domain).exit_code == 0
    rows = json.loads(run("review", "show", "2", "--json").stdout)["data"]["rows"]
    assert run("review", "keep", *(row["row"] for row in rows), "--reason", "Trial").exit_code == 0
    assert run("review", "finish", "2").exit_code == 0
    assert run("rule", "create", "1", "--domain", "norrvik", "--below").exit_code == 0


def table(*words: str) -> tuple[list[str], list[dict[str, str]]]:
    """The header and the rows of a listing, which standard output holds alone."""
    result = run(*words, "--csv")
    assert result.exit_code == 0, result.output
    printed = result.stdout_bytes.decode()
    assert printed.count("\r\n") == printed.count("\n"), "RFC 4180, and no line break in these cells"
    reader = csv.DictReader(io.StringIO(printed, newline=""), strict=True)
    return list(reader.fieldnames or ()), list(reader)


def rows_at(data: Any, path: str) -> list[Any]:
    for name in filter(None, path.split(".")):
        data = [row for part in (data if isinstance(data, list) else [data]) for row in part[name]]
    return list(data)


def written(value: Any) -> str:
    if value is None or isinstance(value, str):
        return ("'" if (value or "").startswith(("=", "+", "-", "@")) else "") + (value or "")
    return json.dumps(value, ensure_ascii=False)


def test_s32_every_listing_has_csv() -> None:
    with_csv = {path for path, command in COMMANDS.items() if has(command, "--csv")}
    listed = {path for path in COMMANDS for words in LISTINGS if tuple(words.split()[: len(path)]) == path}
    assert with_csv == listed
    assert {path for path in COMMANDS if path[-1] in ("list", "history", "requests")} <= with_csv
    assert all(has(COMMANDS[path], "--json") for path in with_csv)


@pytest.mark.usefixtures("platform")
def test_s32_csv_has_the_rows_names_and_values_of_the_json() -> None:
    for name in ("a", "=b"):
        assert run("group", "modify", "norrvik/ticket-triage", "--description", name).exit_code == 0
    numbers = {}
    for listing, path in LISTINGS.items():
        expected = rows_at(json.loads(run(*listing.split(), "--json").stdout)["data"], path)
        header, rows = table(*listing.split())
        assert header, listing
        numbers[listing] = len(rows)
        assert len(rows) == len(expected), listing
        for row, told in zip(rows, expected, strict=True):
            if isinstance(told, str):  # the id of a member
                assert told in {other["id"] for other in rows}
                continue
            flat = {**told, **told.get("total_usage", {})}
            names = [name for name in header if listing != "usage history" or name not in OF_THE_GROUP]
            assert set(names) == flat.keys() - NO_COLUMNS, listing
            assert {name: row[name] for name in names} == {name: written(flat[name]) for name in names}, listing
    empty = {"alerts", "plan --day day2", "diff day1 day1", "group list --name nothing", "usage month 202301"}
    empty.add("group dotfile list norrvik/speech-models")
    assert {listing for listing, number in numbers.items() if number == 0} == empty
    assert (numbers["group list"], numbers["group stray-members"]) == (6, 1)


@pytest.mark.usefixtures("platform")
def test_s32_csv_says_elsewhere_what_it_leaves_out() -> None:
    page = run("group", "list", "--limit", "4", "--csv")
    assert len(page.stdout.splitlines()) == 5
    assert page.stderr.startswith("4 shown; --cursor ")
    assert "; --limit shows more" in run("tree", "--limit", "1", "--csv").stderr
    assert "--limit shows more" in run("diff", "day1", "day2", "--limit", "1", "--csv").stderr
    assert "Figures of 1 kernel are missing and count as zero" in run("usage", "month", "202410", "--csv").stderr
    assert run("audit", "--reads", "--limit", "1", "--csv").stderr.startswith("1 shown; --cursor ")
    assert run("group", "list", "--csv").stderr == ""


def test_s32_csv_masks_as_the_json_does(deployment: Settings, tmp_path: Path) -> None:
    registry = tmp_path / "registry.json"
    registry.write_text('{"registry": "docker.io", "project": "p", "password": "hunter2"}')
    assert run("group", "modify", "norrvik/ticket-triage", "--registry", str(registry)).exit_code == 0
    for listing in ("group list", "audit"):
        shown = run(*listing.split(), "--csv").stdout
        assert "docker.io" in shown
        assert "hunter2" not in shown


def test_s32_errors_with_csv_are_for_people(deployment: Settings) -> None:
    refused = run("group", "list", "--cursor", "x", "--csv")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: This cursor")
    wrong = run("group", "list", "--limit", "x", "--csv")
    assert (wrong.exit_code, wrong.stdout) == (2, "")


@pytest.mark.parametrize("both", [("--csv", "--json"), ("--json", "--csv")])
def test_s32_csv_and_json_together_are_wrong_usage(service_environment: Settings, both: Sequence[str]) -> None:
    assert failure("tree", *both)["message"] == "Write --json or --csv, not both."


def test_s32_cells_keep_what_they_hold_and_start_no_formula() -> None:
    texts = ['=HYPERLINK("x")', "+1", "-1", "@x", "\t=1", "\r=1", "two\nlines", 'a "b", c', "", "ĳs🧊", "1", "'"]
    values = [
        -5,
        Decimal("-0.5"),
        True,
        None,
        {"a": ["=1", 2]},
        timedelta(hours=1),
        datetime(2024, 1, 1, tzinfo=timezone.utc),
    ]

    @click.group(cls=PlatformGroup)
    def tool() -> None:
        pass

    @tool.command()
    @CSV
    @JSON
    def rows(as_json: bool) -> None:
        data = [{"cell": value, "no column": 1} for value in [*texts, *values]]
        show(data, as_json, print, Rows(("cell", "lacking")))

    printed = CliRunner().invoke(tool, ["rows", "--csv"]).stdout_bytes.decode()
    header, *found = csv.reader(io.StringIO(printed, newline=""), strict=True)
    assert header == ["cell", "lacking"]
    assert [lacking for _, lacking in found] == [""] * len(found)
    cells = [cell for cell, _ in found]
    assert cells[: len(texts)] == [f"'{text}" for text in texts[:6]] + texts[6:]
    assert cells[len(texts) :] == ["-5", "-0.5", "true", "", '{"a": ["=1", 2]}', "3600.0", "2024-01-01T00:00:00+00:00"]
