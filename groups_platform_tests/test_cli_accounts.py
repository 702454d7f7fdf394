"""Domains, resource policies and users in a terminal: for people, for programs, and what is refused."""

from __future__ import annotations

import csv
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from groups_platform.cli import cli
from groups_platform.settings import PACKAGE, Settings
from groups_platform_tests.test_cli_group import data, error, run


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty database of the test's own."""
    for name in [name for name in os.environ if name.startswith("GROUPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_url)
    return Settings.from_env()


def listed(*command: str) -> list[dict[str, str]]:
    """The rows of a listing as CSV."""
    result = run(*command, "--csv")
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(result.stdout.splitlines()))


def test_s25_the_readme_works_on_an_empty_database(tmp_path: Path) -> None:
    section = (PACKAGE.parent / "README.md").read_text(encoding="utf-8").partition("## The group service")[2]
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    (_, commands), (language, example) = blocks[:2]
    assert language == "python"
    lines = [shlex.split(line) for line in commands.splitlines()]
    assert [line[0] for line in lines] == [".venv/bin/groups-platform"] * 2
    for line in lines:
        assert run(*line[1:]).exit_code == 0
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert "GroupData(" in done.stdout
    assert "norrvik/winter-tyres  active" in run("group", "show", "norrvik/winter-tyres").output


def test_s25_a_domain_from_its_creation_to_its_deactivation() -> None:
    made = run("domain", "create", "norrvik", "--description", "Tyres", "--slot", "mem=1t", "--host", "local")
    assert made.exit_code == 0
    assert made.output.startswith("norrvik  active\n")
    for said in ("Tyres", "mem 1 TiB", "local"):
        assert said in made.output
    changed = data("domain", "modify", "norrvik", "--slot", "cpu=8", "--clear", "description", "--clear", "hosts")
    assert (changed["description"], changed["allowed_vfolder_hosts"]) == (None, {})
    assert changed["total_resource_slots"] == {"cpu": "8"}
    assert run("domain", "deactivate", "norrvik").output.startswith("norrvik  inactive\n")
    assert run("domain", "list", "--active").output.count("norrvik") == 0
    assert data("domain", "activate", "norrvik")["is_active"] is True
    assert [row["name"] for row in listed("domain", "list", "--name", "NORR")] == ["norrvik"]
    entries = data("audit", "--entity", "norrvik")["entries"]
    done = ["modify_domain", "deactivate_domain", "modify_domain", "create_domain"]
    assert [(entry["action"], entry["actor"]) for entry in entries] == [(action, "system") for action in done]


def test_s25_a_policy_from_its_creation_to_its_end() -> None:
    made = run("policy", "create", "large", "--max-vfolder-count", "50", "--max-quota-scope-size", "2t")
    assert made.exit_code == 0
    for said in ("large", "50", "2 TiB", "no limit"):
        assert said in made.output
    changed = data("policy", "modify", "large", "--max-vfolder-count", "0", "--max-network-count", "3")
    limits = ("max_vfolder_count", "max_quota_scope_size", "max_network_count")
    assert [changed[limit] for limit in limits] == [0, 2 * 2**40, 3]
    assert "no limit" in run("policy", "list").output
    assert listed("policy", "list")[0]["max_quota_scope_size"] == str(2 * 2**40)
    data("domain", "create", "norrvik")
    data("group", "create", "physics", "--domain", "norrvik", "--policy", "large")
    refused = error("policy", "delete", "large")
    assert (refused["code"], refused["facts"]["groups"]) == ("resource_policy_in_use", 1)
    data("group", "purge", "norrvik/physics", "--yes")
    assert run("policy", "delete", "large").output == "The resource policy large is deleted.\n"


def test_s25_users_are_made_changed_and_listed() -> None:
    for domain in ("norrvik", "norrvik-labs"):
        data("domain", "create", domain)
    data("policy", "create", "default")
    made = run("user", "create", "Ann.Lee@example.com", "--domain", "norrvik", "--name", "Ann Lee")
    assert made.output.startswith("Ann.Lee@example.com  active\n")
    ann = data("user", "modify", "ANN.LEE@example.com", "--role", "admin", "--clear", "name")
    assert (ann["role"], ann["full_name"], ann["status"]) == ("admin", None, "active")

    data("user", "create", "bo@example.com", "--domain", "norrvik", "--as", "ann.lee@example.com")
    assert "bo@example.com" in run("user", "list", "--as", "Ann.Lee@example.com").output
    data("group", "create", "physics", "--domain", "norrvik")
    data("group", "members", "norrvik/physics", "--add", "BO@example.com")
    moved = run("user", "modify", "bo@example.com", "--to-domain", "norrvik-labs")
    assert "1 group of norrvik still list" in moved.stderr
    assert run("user", "modify", "bo@example.com", "--status", "inactive").output.startswith("bo@example.com  inactive")

    rows = listed("user", "list")
    assert [(row["email"], row["domain_name"], row["status"]) for row in rows] == [
        ("Ann.Lee@example.com", "norrvik", "active"),
        ("bo@example.com", "norrvik-labs", "inactive"),
    ]
    assert data("user", "list", "--role", "admin")["users"][0]["id"] == ann["id"]
    page = data("user", "list", "--limit", "1")
    assert [user["email"] for user in data("user", "list", "--cursor", page["next_cursor"])["users"]] == [
        "bo@example.com"
    ]
    assert page["next_cursor"] in run("user", "list", "--limit", "1").output


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("domain create a/b", "invalid_domain_name"),
        ("domain create norrvik", "domain_name_taken"),
        ("domain modify nowhere --description x", "unknown_domain"),
        ("domain deactivate nowhere", "unknown_domain"),
        ("policy create large", "resource_policy_taken"),
        ("policy create x --max-quota-scope-size much", "invalid_value"),
        ("policy modify none --max-vfolder-count 1", "unknown_resource_policy"),
        ("policy delete none", "unknown_resource_policy"),
        ("user create ann --domain norrvik", "invalid_value"),
        ("user create ANN@example.com --domain norrvik", "email_taken"),
        ("user create bo@example.com --domain nowhere", "unknown_domain"),
        ("user modify bo@example.com --role admin", "unknown_user"),
        ("user modify ann@example.com --role superadmin --as ann@example.com", "own_account"),
        ("user create bo@example.com --domain norrvik --role monitor --as ann@example.com", "forbidden"),
        ("domain create labs --as ann@example.com", "forbidden"),
        ("policy delete large --as ann@example.com", "forbidden"),
    ],
)
def test_s25_what_is_refused(command: str, code: str) -> None:
    data("domain", "create", "norrvik")
    data("policy", "create", "large")
    data("user", "create", "ann@example.com", "--domain", "norrvik", "--role", "admin")
    assert error(*shlex.split(command))["code"] == code


@pytest.mark.parametrize(
    "command", ["domain modify norrvik", "policy modify large", "user modify ann@example.com", "user list --role owner"]
)
def test_s25_a_command_that_asks_for_nothing_is_wrong_usage(command: str) -> None:
    assert run(*shlex.split(command)).exit_code == 2


@pytest.mark.parametrize("command", ["domain", "policy", "user"])
def test_s25_help_shows_examples(command: str) -> None:
    group = cli.commands[command]
    assert isinstance(group, click.Group)
    assert {"create", "modify", "list"} <= group.commands.keys()
    for name in group.commands:
        assert f"groups-platform {command} {name}" in run(command, name, "--help").output
