"""Rules and links in a terminal (M1, M2): for people, for programs, and what is refused."""

from __future__ import annotations

import csv
import os
import shlex
from pathlib import Path

import pytest

from groups_platform.database.connection import connect
from groups_platform_tests.test_cli_group import data, error, run


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A domain with an admin, a policy, and a small directory: 42 above 43, and 7."""
    for name in [name for name in os.environ if name.startswith("GROUPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_url)
    with connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO directory.groups (group_id, name, parent_group_id, inactive) "
            "VALUES (42, 'Winter [tyres]\x1b', NULL, FALSE), (43, 'Studs', 42, FALSE), (7, 'Sales', NULL, FALSE)"
        )
        connection.execute("INSERT INTO manager.domains (name) VALUES ('norrvik'), ('labs')")
        connection.execute("INSERT INTO manager.project_resource_policies (name) VALUES ('default')")
        connection.execute(
            "INSERT INTO manager.users (email, domain_name, role) VALUES "
            "('ann@example.com', 'norrvik', 'admin'), ('bo@example.com', 'labs', 'admin')"
        )


def test_m1_a_rule_from_its_creation_to_its_end() -> None:
    made = run("rule", "create", "42", "--domain", "norrvik", "--below", "--slot", "mem=8g", "--exact")
    assert made.exit_code == 0, made.output
    assert made.output.startswith("42 Winter [tyres]\ufffd\n")
    for said in ("with those below", "{name}", "default", "mem 8 GiB", "direct, exact"):
        assert said in made.output
    shown = data("rule", "show", "42")
    assert (shown["directory_group_name"], shown["domain_name"]) == ("Winter [tyres]\x1b", "norrvik")
    changed = data("rule", "modify", shown["id"], "--not-exact", "--members-of", "below", "--clear", "slots")
    assert (changed["is_exact"], changed["members_of"], changed["total_resource_slots"]) == (False, "below", {})
    assert changed["with_groups_below"] is True
    data("rule", "create", "7", "--domain", "labs", "--name", "team-{id}")
    rows = list(csv.DictReader(run("rule", "list", "--csv").stdout.splitlines()))
    assert [(row["domain_name"], row["directory_group_id"]) for row in rows] == [("labs", "7"), ("norrvik", "42")]
    drawn = run("rule", "list", "--claims", "43").output
    assert "42 Winter [tyres]" in drawn and "Sales" not in drawn
    page = data("rule", "list", "--limit", "1")
    assert [rule["directory_group_id"] for rule in data("rule", "list", "--cursor", page["next_cursor"])["rules"]] == [
        42
    ]
    assert run("rule", "delete", "42").output == "The rule of 42 Winter [tyres]\ufffd is deleted.\n"
    assert run("rule", "list", "--domain", "norrvik").output == "No rules.\n"
    entries = data("audit", "--entity", "directory:42")["entries"]
    assert [entry["action"] for entry in entries] == ["delete_rule", "modify_rule", "create_rule"]


def test_m1_an_admin_reads_the_rules_of_the_domain_and_no_others() -> None:
    rule = data("rule", "create", "42", "--domain", "norrvik")
    assert data("rule", "show", "42", "--as", "ann@example.com") == rule
    assert data("rule", "list", "--as", "bo@example.com")["rules"] == []
    for name in ("42", rule["id"]):
        assert error("rule", "show", name, "--as", "bo@example.com")["code"] == "unknown_rule"


def test_m2_a_group_is_linked_and_unlinked() -> None:
    data("group", "create", "tyres", "--domain", "norrvik")
    assert "directory:42" in run("group", "link", "norrvik/tyres", "42").output
    assert data("group", "link", "tyres", "42", "--domain", "norrvik")["integration_id"] == "directory:42"
    assert [group["name"] for group in data("group", "list", "--integration-id", "directory:42")["groups"]] == ["tyres"]
    assert error("group", "link", "norrvik/tyres", "43")["code"] == "already_linked"
    assert error("group", "create", "more", "--domain", "labs", "--integration-id", "directory:42")["code"] == (
        "already_linked"
    )
    unlinked = run("group", "unlink", "norrvik/tyres", "--as", "ann@example.com")
    assert unlinked.output.startswith("norrvik/tyres  active")
    assert "directory" not in unlinked.output


def test_m1_m2_what_is_refused() -> None:
    data("rule", "create", "7", "--domain", "labs")
    for command, code in {
        "rule create 99 --domain norrvik": "unknown_directory_group",
        "rule create 42 --domain nowhere": "unknown_domain",
        "rule create 42 --domain norrvik --policy none": "unknown_resource_policy",
        "rule create 42 --domain norrvik --name {who}": "invalid_name_template",
        "rule create 42 --domain norrvik --as ann@example.com": "forbidden",
        "rule create 7 --domain norrvik": "directory_group_claimed",
        "rule modify 42 --exact": "unknown_rule",
        "rule delete 42": "unknown_rule",
        "rule delete 7 --as ann@example.com": "forbidden",
        "rule show 42": "unknown_rule",
        "group link labs/nothing 42": "group_not_found",
        "group unlink labs/nothing": "group_not_found",
    }.items():
        assert error(*shlex.split(command))["code"] == code
