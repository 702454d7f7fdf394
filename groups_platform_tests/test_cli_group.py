"""The group service in a terminal: what a person reads, what a program reads, and how mistakes end."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from dagster import AssetKey

from groups_platform.cli import cli
from groups_platform.database.connection import connect, with_database
from groups_platform.database.embedded import DATABASE
from groups_platform.group_service import group_service
from groups_platform.group_service.sample import load_sample_deployment, sample_id
from groups_platform.group_service.services.group.actions.store_monthly_usage import StoreMonthlyUsageAction
from groups_platform.orchestration.instance import open_instance
from groups_platform.settings import Settings, find_resource

ADMIN, OTHER_ADMIN, MONITOR = (
    "mateus.carvalho@example.com",
    "chloe.marchetti@example.com",
    "priya.raghunathan@example.com",
)
MEMBER, OTHER_MEMBER = ("mei-ling.tsai@example.com", "ravi.menon@example.com")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The sample deployment in a database of the test's own."""
    for name in [name for name in os.environ if name.startswith("GROUPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_url)
    asyncio.run(load_sample_deployment(Settings.from_env()))
    return Settings.from_env()


def run(*arguments: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(cli, arguments, input=stdin)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def data(*arguments: str, stdin: str | None = None) -> Any:
    """What a program gets."""
    result = run(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["success"] and answer["action_id"]
    return answer["data"]


def error(*arguments: str) -> dict[str, Any]:
    """What a program gets that failed; a person gets the same as a sentence with its code."""
    result = run(*arguments, "--json")
    assert result.exit_code == 1, result.output
    failure: dict[str, Any] = json.loads(result.stdout)["error"]
    assert result.stderr == f"Error: {failure['message']} ({failure['code']})\n"
    assert run(*arguments).stderr == result.stderr
    return failure


def entries(*arguments: str) -> list[dict[str, Any]]:
    """The entries of the audit log."""
    found: list[dict[str, Any]] = data("audit", *arguments)["entries"]
    return found


def user_id(email: str) -> str:
    (found,) = data("user", "list", "--name", email)["users"]
    return str(found["id"])


def actions(*arguments: str) -> list[tuple[str, str, str]]:
    return [(e["action"], e["actor"], e["status"]) for e in entries(*arguments)]


def test_a_group_from_its_creation_to_its_purge() -> None:
    made = run("group", "create", "winter-tyres", "--domain", "norrvik", "--slot", "cpu=8", "--slot", "mem=32g")
    assert made.exit_code == 0
    assert "norrvik/winter-tyres  active" in made.output
    assert "cpu 8, mem 32 GiB" in made.output

    group = data("group", "show", "norrvik/winter-tyres")
    assert group["total_resource_slots"] == {"cpu": "8", "mem": "34359738368"}
    changed = data("group", "modify", group["id"], "--name", "summer-tyres", "--description", "rubber")
    assert (changed["name"], changed["description"]) == ("summer-tyres", "rubber")
    assert data("group", "modify", group["id"], "--to-domain", "norrvik-labs")["domain_name"] == "norrvik-labs"
    assert data("group", "modify", group["id"], "--to-domain", "norrvik")["domain_name"] == "norrvik"

    assert run("group", "delete", "summer-tyres", "--domain", "norrvik").output == "norrvik/summer-tyres is deleted.\n"
    assert data("group", "list", "--deleted", "--name", "TYRES")["groups"][0]["id"] == group["id"]
    assert run("group", "restore", "summer-tyres").output == "norrvik/summer-tyres is active.\n"

    plan = data("group", "purge", "norrvik/summer-tyres", "--dry-run")
    assert (plan["is_dry_run"], plan["blockers"], set(plan["counts"].values())) == (True, [], {0})
    assert "norrvik/summer-tyres is removed" in run("group", "purge", "norrvik/summer-tyres", "--yes").output
    assert error("group", "show", group["id"])["code"] == "group_not_found"


def test_every_field_is_set_and_cleared(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_text('{"registry": "docker.io", "project": "p", "password": "hunter2"}')
    fields = [
        *("--type", "model-store", "--policy", "large", "--host", "local", "--integration-id", "ext-1"),
        *("--description", "old", "--slot", "cpu=1", "--registry", str(tmp_path / "registry.json"), "--dotfiles", "-"),
    ]
    dotfiles = '[{"path": ".netrc", "data": "password hunter3", "perm": "600"}]'
    data("group", "create", "full", "--domain", "norrvik", *fields, stdin=dotfiles)
    shown = run("group", "show", "full").output
    for said in ("model-store", "large", "local", "ext-1", "old", "cpu 1", "docker.io/p", ".netrc"):
        assert said in shown
    assert "hunter" not in shown + run("group", "show", "full", "--json").output

    names = ("description", "registry", "integration-id", "slots", "hosts", "dotfiles")
    cleared = data("group", "modify", "full", *(word for name in names for word in ("--clear", name)))
    assert (cleared["description"], cleared["container_registry"], cleared["integration_id"]) == (None, None, None)
    assert (cleared["total_resource_slots"], cleared["allowed_vfolder_hosts"], cleared["dotfiles"]) == ({}, {}, [])
    assert (cleared["resource_policy"], cleared["type"]) == ("large", "model-store")


def test_groups_are_listed_by_filters_and_pages() -> None:
    def names(*filters: str) -> list[str]:
        return [group["name"] for group in data("group", "list", *filters)["groups"]]

    assert len(names()) == 6
    assert names("--domain", "norrvik-labs") == ["ride-simulation", "sensor-firmware"]
    assert names("--type", "model-store") == names("--name", "SPEECH") == ["speech-models"]
    assert names("--member", MEMBER) == names("--member", user_id(MEMBER))
    assert names("--member", MEMBER, "--active") == ["speech-models", "ticket-triage"]
    assert names("--integration-id", "directory:21000402110") == ["battery-diagnostics"]
    assert names("--as", OTHER_MEMBER) == ["battery-diagnostics", "ticket-triage"]

    first = run("group", "list", "--limit", "4")
    cursor = re.search(r"--cursor (\S+) shows", first.output)
    assert cursor is not None
    assert names("--limit", "4", "--cursor", cursor[1]) == ["speech-models", "summer-forecast", "ticket-triage"][1:]
    assert "norrvik/battery-diagnostics" in first.output


def test_members_are_named_by_address_or_id() -> None:
    def members(*change: str) -> set[str]:
        return set(data("group", "members", "norrvik/speech-models", *change)["member_ids"])

    ids = {email: user_id(email) for email in (ADMIN, MEMBER, OTHER_MEMBER)}
    before = members()
    assert members("--add", OTHER_MEMBER, "--add", ids[ADMIN]) == before | {ids[OTHER_MEMBER], ids[ADMIN]}
    assert members("--remove", ADMIN) == before | {ids[OTHER_MEMBER]}
    assert members("--replace", MEMBER) == {ids[MEMBER]}
    shown = run("group", "members", "norrvik/speech-models").output
    assert "Mei-Ling Tsai" in shown
    assert MEMBER in shown
    assert members("--remove-all") == set()
    assert "No members." in run("group", "members", "norrvik/speech-models").output

    unknown = error("group", "members", "norrvik/speech-models", "--add", "nobody@example.com")
    assert unknown["code"] == "unknown_users"
    assert "nobody@example.com" in unknown["message"]
    assert error("group", "members", "norrvik/speech-models", "--add", OTHER_ADMIN)["code"] == "unknown_users"


def test_who_acts_decides_what_is_seen_and_done() -> None:
    assert error("group", "delete", "norrvik/ticket-triage", "--as", MEMBER)["code"] == "forbidden"
    assert error("group", "purge", "norrvik/ticket-triage", "--yes", "--as", OTHER_ADMIN)["code"] == "forbidden"
    denied, *_ = entries("--action", "purge_group")
    assert (denied["actor"], denied["status"]) == (OTHER_ADMIN, "denied")
    assert denied["entity_id"] == data("group", "show", "norrvik/ticket-triage")["id"]
    assert error("group", "show", "norrvik-labs/nothing", "--as", OTHER_ADMIN)["code"] == "group_not_found"
    triage = data("group", "show", "norrvik/ticket-triage")["id"]
    assert error("group", "show", triage, "--as", OTHER_ADMIN)["code"] == "forbidden"
    assert error("group", "list", "--as", "nobody@example.com")["code"] == "unknown_actor"
    assert error("audit", "--as", MONITOR)["code"] == "forbidden"
    assert data("group", "show", "norrvik/battery-diagnostics", "--as", MONITOR)["integration_id"] is None
    shown = run("group", "show", "norrvik/ticket-triage", "--as", MEMBER).output
    assert MEMBER in shown
    assert OTHER_MEMBER not in shown
    assert user_id(OTHER_MEMBER) in shown


def test_s35_stray_members_are_listed_until_they_are_removed() -> None:
    shown = run("group", "stray-members").output
    assert re.search(r"norrvik-labs/sensor-firmware +samuel\.kipkemboi@example\.com +is inactive", shown)
    (stray,) = data("group", "stray-members", "--as", OTHER_ADMIN)["members"]
    assert data("group", "stray-members", "--as", ADMIN)["members"] == []
    assert error("group", "stray-members", "--as", MEMBER)["code"] == "forbidden"
    assert "--remove ID" in shown
    data("group", "members", "norrvik-labs/sensor-firmware", "--remove", stray["user_id"])
    assert run("group", "stray-members").output == "Every member is an active user of their group's domain.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create", "ticket-triage", "--domain", "norrvik"], "group_name_taken"),
        (["create", "new", "--domain", "nowhere"], "unknown_domain"),
        (["create", "new", "--domain", "norrvik", "--policy", "none"], "unknown_resource_policy"),
        (["create", "new-", "--domain", "norrvik"], "invalid_group_name"),
        (["show", "norrvik/nothing"], "group_not_found"),
        (["show", "nothing"], "group_not_found"),
        (["show", "ticket-triage", "--domain", "norrvik-labs"], "group_not_found"),
        (["list", "--cursor", "x"], "invalid_api_parameters"),
    ],
)
def test_refusals_are_a_sentence_with_a_code(arguments: list[str], code: str) -> None:
    assert error("group", *arguments)["code"] == code


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["group", "create", "new"], "Missing option '--domain'"),
        (["group", "create", "new", "--domain", "norrvik", "--slot", "cpu"], "Write it as in cpu=4"),
        (["group", "create", "new", "--domain", "norrvik", "--slot", "cpu=-4"], "it is negative"),
        (["group", "create", "new", "--domain", "norrvik", "--registry", "/nowhere"], "cannot be read as JSON"),
        (["group", "create", "new", "--domain", "norrvik", "--dotfiles", __file__], "cannot be read as JSON"),
        (["group", "modify", "norrvik/ticket-triage"], "Name a field to change"),
        (["group", "modify", "x", "--description", "a", "--clear", "description"], "not both: description"),
        (["group", "members", "x", "--add", "a@b", "--remove", "c@d"], "Use one of"),
        (["group", "members", "x", "--replace", "a@b", "--remove-all"], "Use one of"),
        (["group", "members", "x", "--add", "17"], "neither an e-mail address nor an id"),
        (["group", "purge", "norrvik/summer-forecast"], "Write --yes"),
        (["audit", "--since", "yesterday"], "is not a time"),
        (["usage", "month"], "Missing argument"),
    ],
)
def test_wrong_commands_exit_2(arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_a_name_that_two_domains_have_is_asked_back() -> None:
    data("group", "create", "ticket-triage", "--domain", "norrvik-labs")
    question = error("group", "show", "ticket-triage")
    assert question["code"] == "ambiguous_group"
    assert question["message"] == "Which one: norrvik-labs/ticket-triage, norrvik/ticket-triage?"
    assert data("group", "show", "ticket-triage", "--domain", "norrvik-labs")["domain_name"] == "norrvik-labs"
    assert data("group", "show", "ticket-triage", "--as", OTHER_ADMIN)["domain_name"] == "norrvik-labs"


def test_names_of_other_domains_are_not_told_and_who_asked_is_audited() -> None:
    data("group", "create", "speech-models", "--domain", "norrvik-labs")
    triage = data("group", "show", "norrvik/ticket-triage")["id"]
    for name in ("norrvik/ticket-triage", "norrvik/nothing"):
        assert entries("--entity", name, "--reads", "--as", OTHER_ADMIN) == []
    for command in (
        ["group", "show", "norrvik/ticket-triage"],
        ["group", "show", "ticket-triage"],
        ["group", "members", "ticket-triage", "--add", OTHER_ADMIN],
        ["usage", "month", "202410", "--group", "norrvik/ticket-triage"],
        ["usage", "period", "20241001", "20241002", "--group", "ticket-triage"],
    ):
        nothing = [argument.replace("ticket-triage", "nothing") for argument in command]
        there, not_there = (error(*asked, "--as", OTHER_ADMIN) for asked in (command, nothing))
        assert there["code"] == "forbidden"
        assert {k: str(v).replace("ticket-triage", "nothing") for k, v in there.items()} == {
            k: str(v) for k, v in not_there.items()
        }
        newest = entries("--status", "denied", "--reads", "--limit", "4")
        assert {(entry["actor"], entry["error_code"]) for entry in newest} == {(OTHER_ADMIN, "forbidden")}
    assert [entry["action"] for entry in entries("--entity", triage, "--status", "denied", "--reads")] == [
        "usage_per_period", "usage_per_period", "modify_group", "modify_group", *["get_group"] * 4,
    ]  # fmt: skip
    everybody = {entry["actor"] for entry in entries("--reads", "--limit", "1000") if entry["status"] == "denied"}
    assert everybody == {OTHER_ADMIN}


def test_a_purge_in_use_says_what_blocks_it_and_changes_nothing() -> None:
    plan = run("group", "purge", "norrvik/speech-models", "--dry-run")
    assert plan.exit_code == 0
    assert "It is blocked: Endpoints of the group are active (1): phone-transcripts." in plan.output
    attempt = json.loads(run("group", "purge", "norrvik/speech-models", "--yes", "--json").stdout)["action_id"]
    assert attempt == entries("--action", "purge_group", "--limit", "1")[0]["action_id"]
    refused = error("group", "purge", "norrvik/speech-models", "--yes")
    assert (refused["code"], refused["facts"]["count"]) == ("active_endpoints", 1)
    assert error("group", "purge", "norrvik/ticket-triage", "--yes")["code"] == "vfolders_mounted_to_active_kernels"
    assert data("group", "show", "norrvik/speech-models")["is_active"]


@pytest.mark.parametrize(("typed", "exit_code"), [("summer-forecast", 0), ("no", 1)])
def test_a_purge_in_a_terminal_asks_for_the_name(environment: Settings, typed: str, exit_code: int) -> None:
    terminal, stdin = pty.openpty()
    os.write(terminal, f"{typed}\n".encode())
    command = [sys.executable, "-m", "groups_platform", "group", "purge", "norrvik/summer-forecast"]
    done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, timeout=60, check=False)
    for end in (terminal, stdin):
        os.close(end)
    assert done.returncode == exit_code, done.stderr
    assert "norrvik/summer-forecast would be removed" in done.stdout
    assert "Type summer-forecast to purge it" in done.stderr
    folder = environment.home / "vfolders" / sample_id("vfolder", "call-history").hex
    assert folder.exists() == bool(exit_code)


@pytest.mark.parametrize(
    ("stdin", "exit_code", "said"),
    [("", 2, "A purge needs confirmation"), ("no\n", 1, "name does not match"), ("summer-forecast\n", 0, "")],
)
def test_the_name_may_come_from_a_pipe(stdin: str, exit_code: int, said: str) -> None:
    done = run("group", "purge", "norrvik/summer-forecast", stdin=stdin)
    assert (done.exit_code, said in done.stderr) == (exit_code, True)
    assert run("group", "show", "norrvik/summer-forecast").exit_code == (0 if exit_code else 1)


def test_folders_that_storage_keeps_are_a_warning(environment: Settings) -> None:
    (environment.home / "vfolders").rename(environment.home / "elsewhere")
    result = run("group", "purge", "norrvik/summer-forecast", "--yes")
    assert result.exit_code == 0
    assert "stays in storage for now" in result.stderr
    assert "stays in storage for now" in run("group", "retry-vfolder-deletions").stderr
    (environment.home / "elsewhere").rename(environment.home / "vfolders")
    assert run("group", "retry-vfolder-deletions").output == "Folders removed: 1.\n"
    assert not (environment.home / "vfolders" / sample_id("vfolder", "call-history").hex).exists()


def test_a_text_that_is_none_is_a_sentence() -> None:
    half = "half a \udcff"
    assert error("group", "modify", "norrvik/ticket-triage", "--description", half)["code"] == "invalid_value"
    assert error("group", "show", half)["code"] == "invalid_value"
    assert error("group", "list", "--as", half)["code"] == "unknown_actor"
    endless = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    assert error("group", "list", "--cursor", endless)["code"] == "invalid_api_parameters"


def test_usage_of_a_month_has_bars_totals_and_what_is_missing() -> None:
    shown = run("usage", "month", "202410").output
    assert re.search(r"norrvik/ticket-triage +3 +14 +█[▉-▏]* +104 GiB", shown)
    assert re.search(r"all +12 +164 ", shown)
    assert re.search(r"all +2,608 h ", shown)
    assert f"count with zero use (1): {sample_id('kernel', 'fjord-10/1')}" in shown
    assert "fjord-sketch" not in shown

    usage = data("usage", "month", "202410")
    assert [group["g_cpu_allocated"] for group in usage["groups"]] == [10, 4, 14, 132, 4]
    assert usage["groups"][0]["c_infos"] is None
    assert usage["missing_statistics_count"] == 1

    detail = run("usage", "month", "202410", "--detail", "--group", "ticket-triage", "--as", MEMBER).output
    assert "triage-labels" in detail
    assert "norrvik-labs" not in detail
    (group,) = data("usage", "month", "202410", "--detail", "--group", "ticket-triage")["groups"]
    assert {kernel["name"]: kernel["used_time"] for kernel in group["c_infos"]}["triage-labels"] == 8.5 * 3600
    assert "2 of 5 groups are shown" in run("usage", "month", "202410", "--limit", "2").output


def test_usage_of_days() -> None:
    shown = run("usage", "period", "20240930", "20241001", "--detail").output
    assert "Usage 2024-09-30 to 2024-10-01, UTC" in shown
    assert "alps-09" in shown
    (project,) = data("usage", "period", "20240930", "20241001", "--group", "norrvik-labs/ride-simulation")["projects"]
    assert (project["kernels"], project["total_usage"]["gpu_allocated"]) == (2, 8)
    assert "No kernels existed in this time." in run("usage", "period", "20240101", "20240102").output


@pytest.mark.parametrize("days", [["20241001", "20240101"], ["20241001", "20250131"], ["2024-10-0", "20241002"]])
def test_days_that_make_no_sense_are_a_sentence(days: list[str]) -> None:
    assert error("usage", "period", *days)["code"] == "invalid_api_parameters"


def test_months_that_make_no_sense_are_a_sentence() -> None:
    assert error("usage", "month", "202413")["message"] == "'202413' is no month. Write it as in 2024-10."


def test_the_audit_log_is_newest_first_and_narrowed_by_filters() -> None:
    run("group", "modify", "norrvik/ticket-triage", "--description", "new", "--as", ADMIN)
    run("group", "members", "norrvik/ticket-triage", "--remove", MEMBER, "--as", ADMIN)
    run("group", "delete", "norrvik/ticket-triage", "--as", OTHER_MEMBER)
    run("group", "purge", "norrvik/ticket-triage", "--dry-run")
    everything = actions()
    assert everything[:2] == [("purge_group", "system", "success"), ("delete_group", OTHER_MEMBER, "denied")]
    assert actions("--status", "denied") == [("delete_group", OTHER_MEMBER, "denied")]
    of_admin = actions("--actor", ADMIN, "--action", "modify_group")
    assert of_admin == [("modify_group", ADMIN, "success")] * 6, "two, and the members of the sample's four groups"
    about = actions("--entity", "norrvik/ticket-triage", "--since", "1h")
    assert [action for action, *_ in about] == [
        "purge_group", "delete_group", "modify_group", "modify_group",
        "modify_group", "create_group",  # by the sample itself
    ]  # fmt: skip
    assert actions("--since", "2999-01-01") == []
    assert len(actions("--limit", "1")) == 1

    shown = run("audit", "--entity", data("group", "show", "norrvik/ticket-triage")["id"]).output
    for said in ("dry run", "denied", "forbidden: ", "members -1", "description", "norrvik/ticket-triage"):
        assert said in shown


def test_what_people_wrote_neither_colours_nor_steers_the_terminal() -> None:
    shown = run("group", "modify", "norrvik/ticket-triage", "--description", "\x1b[2J[bold]gone\x07").output
    assert "\ufffd[2J[bold]gone\ufffd" in shown


def test_help_teaches_each_command_with_an_example() -> None:
    def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
        for name, command in group.commands.items():
            yield from commands(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]

    own = [path for path in commands(cli) if path[0] in ("group", "usage", "audit")]
    assert len(own) == 23
    for path in own:
        example = "groups-platform " + " ".join(path)
        assert example in run(*path, "--help").output


def test_the_stored_months_are_curves() -> None:
    assert "No month is stored yet" in run("usage", "history").output

    async def store() -> None:
        async with group_service(settings=Settings.from_env()) as service:
            for month in ("202408", "202409", "202410"):
                assert (await service.store_monthly_usage(StoreMonthlyUsageAction(month))).success

    asyncio.run(store())
    lines = run("usage", "history").output.splitlines()
    (line,) = [line for line in lines if line.startswith("norrvik-labs/ride-simulation")]
    assert re.findall("[▁-█]{3} [0-9.,]+", line) == ["▄▄█ 132", "▄▄█ 1", "▄▄█ 17", "▅▆█ 2,356", "▅▃█ 273"]
    told = data("usage", "history", "norrvik/ticket-triage", "--first", "202410", "--as", MEMBER)
    assert [month["month"] for month in told["months"]] == ["2024-10-01"]
    ((group,),) = [told["groups"]]
    assert (group["group_name"], group["months"][0]["cpu_allocated"]) == ("ticket-triage", 14)
    assert group["months"][0]["peak"]["limit"] == {"cpu": "64", "mem": "549755813888", "cuda.device": "4"}


def test_the_demo_shows_the_service_as_often_as_it_runs(
    home: Path, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUPS_DATABASE_URL")
    monkeypatch.setenv("GROUPS_HOME", str(home))
    try:
        for news in ("6 groups", "all of it was there"):
            shown = run("demo", "--no-sync").output
            for said in (
                news,
                "Usage 2024-10-01",
                "norrvik/speech-models would be removed",
                "A purge of it fails",
                "(active_endpoints)",
                "64 of 256",  # the most at once, of the limit
                "Usage by month Aug 2024 to Oct 2024",
            ):
                assert said in shown
            assert "What to do next" in shown
            with connect(with_database(server_url, DATABASE)) as connection:
                months = connection.execute("SELECT month::TEXT FROM manager.usage_months ORDER BY 1").fetchall()
            assert months == [("2024-08-01",), ("2024-09-01",), ("2024-10-01",)]
        with open_instance(Settings.from_env()) as instance:
            for asset, partitions in (("monthly_usage", 3), ("audit_summary", 1)):
                assert len(instance.get_materialized_partitions(AssetKey(asset))) == partitions
            assert instance.get_latest_materialization_event(AssetKey("access_review"))
    finally:
        with connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_the_example_of_the_readme_runs_as_written(environment: Settings) -> None:
    readme = find_resource("README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme.split("## The group service")[1], re.DOTALL)
    for said in ("GroupData", "group_name_taken"):  # the second time, the name is taken
        done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=60, check=True)
        assert said in done.stdout
    assert data("group", "show", "norrvik/winter-tyres")["description"] == "Which tyres sell, and when"


@pytest.mark.usefixtures("service_environment")
def test_s32_groups_are_listed_in_any_order_by_name_and_time() -> None:
    def listed(*options: str) -> list[str]:
        return [group["name"] for group in data("group", "list", *options)["groups"]]

    assert listed("--descending") == listed()[::-1]
    assert sorted(listed("--order", "created_at")) == sorted(listed())
    assert listed("--starts-with", "TICKET") == ["ticket-triage"]
    assert listed("--created-until", "2001-01-01") == []
    assert run("group", "modify", "norrvik/ticket-triage", "--description", "changed").exit_code == 0
    assert listed("--order", "modified_at", "--descending")[0] == "ticket-triage"
    assert "ticket-triage" not in listed("--modified-until", "1m")
