"""Purges by two and single dotfiles in a terminal: what a person reads, what a program reads, and how mistakes end."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from groups_platform.settings import Settings
from groups_platform_tests.test_cli_group import ADMIN, MEMBER, MONITOR, OTHER_ADMIN, data, environment, error, run

__all__ = ["environment"]

FORECAST, TRIAGE = "norrvik/summer-forecast", "norrvik/ticket-triage"


@pytest.fixture(params=["required", "norrvik", "norrvik-labs, norrvik"])
def approval(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_PURGE_APPROVAL", request.param)


@pytest.mark.usefixtures("approval")
def test_s34_two_admins_purge_where_it_takes_two(environment: Settings) -> None:
    refused = error("group", "purge", FORECAST, "--yes", "--as", ADMIN)
    assert refused["code"] == "approval_required"
    asked = run("group", "request-purge", FORECAST, "--as", ADMIN)
    assert asked.exit_code == 0
    assert f"The purge of {FORECAST} is requested" in asked.output
    (waiting,) = data("group", "purge-requests")["requests"]
    assert f"groups-platform group approve-purge {waiting['id']}" in asked.output
    assert (waiting["state"], waiting["requested_by"], waiting["vfolders"]) == ("waiting", ADMIN, ["call-history"])

    assert error("group", "approve-purge", waiting["id"], "--yes", "--as", ADMIN)["code"] == "own_purge_request"
    assert error("group", "approve-purge", waiting["id"], "--yes", "--as", OTHER_ADMIN)["code"] == "forbidden"
    plan = data("group", "approve-purge", waiting["id"], "--dry-run")
    assert (plan["is_dry_run"], plan["digest"]) == (True, waiting["plan_digest"])
    mistyped = run("group", "approve-purge", waiting["id"], stdin="no\n")
    assert (mistyped.exit_code, "name does not match" in mistyped.stderr) == (1, True)
    approved = run("group", "approve-purge", waiting["id"], stdin="summer-forecast\n")
    assert (approved.exit_code, f"{FORECAST} is removed" in approved.output) == (0, True)
    assert error("group", "show", FORECAST)["code"] == "group_not_found"
    shown = run("group", "purge-requests", "--as", MONITOR).output
    for said in (waiting["id"], FORECAST, "approved", ADMIN, "system"):
        assert said in shown


def test_s34_without_the_setting_one_admin_purges() -> None:
    assert run("group", "purge", FORECAST, "--yes", "--as", ADMIN).exit_code == 0


def test_s34_only_what_was_requested_is_purged() -> None:
    asked = data("group", "request-purge", FORECAST)
    data("group", "members", FORECAST, "--remove-all")
    data("group", "members", FORECAST, "--add", MEMBER)
    changed = error("group", "approve-purge", asked["id"], "--yes", "--as", ADMIN)
    assert changed["code"] == "purge_plan_changed"
    assert set(changed["facts"]) == {"requested", "now"}
    assert data("group", "show", FORECAST)["is_active"] is False


def test_s34_what_is_in_use_is_not_requested() -> None:
    assert error("group", "request-purge", TRIAGE)["code"] == "vfolders_mounted_to_active_kernels"
    assert run("group", "purge-requests").output == "No purges were requested.\n"


def test_s34_requests_have_pages() -> None:
    ids = [data("group", "request-purge", FORECAST)["id"] for _ in range(3)]
    first = data("group", "purge-requests", "--limit", "2")
    assert [request["id"] for request in first["requests"]] == ids[:0:-1]
    assert f"--cursor {first['next_cursor']} shows" in run("group", "purge-requests", "--limit", "2").output
    (last,) = data("group", "purge-requests", "--cursor", first["next_cursor"])["requests"]
    assert (last["id"], last["state"]) == (ids[0], "replaced")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["approve-purge", "17", "--yes"], 1, "(invalid_value)"),
        (["approve-purge", str(uuid4()), "--json"], 2, "Write --yes"),
        (["approve-purge", str(uuid4()), "--yes"], 1, "(purge_request_not_found)"),
        (["request-purge", "norrvik/nothing"], 1, "(group_not_found)"),
        (["purge-requests", "--as", MEMBER], 1, "(forbidden)"),
        (["purge-requests", "--cursor", "x"], 1, "(invalid_api_parameters)"),
        (["dotfile", "create", TRIAGE, ".vimrc"], 2, "Missing option '--file'"),
        (["dotfile", "create", TRIAGE, ".vimrc", "--file", "/nowhere"], 2, "cannot be read as UTF-8"),
        (["dotfile", "update", TRIAGE, ".vimrc"], 2, "Write --file, --perm, or both"),
        (["dotfile", "update", TRIAGE, ".vimrc", "--perm", "600"], 1, "(dotfile_not_found)"),
        (["dotfile", "list", TRIAGE, "--as", MEMBER], 1, "(forbidden)"),
    ],
)
def test_wrong_commands_end_with_a_sentence(arguments: list[str], exit_code: int, said: str) -> None:
    result = run("group", *arguments)
    assert (result.exit_code, said in " ".join(result.output.split())) == (exit_code, True)


def test_s33_dotfiles_one_by_one(tmp_path: Path) -> None:
    def listed() -> list[tuple[str, str, int]]:
        return [(d["path"], d["perm"], d["bytes"]) for d in data("group", "dotfile", "list", TRIAGE)]

    before = listed()
    (tmp_path / "vimrc").write_bytes(b"set nu\r\n")
    made = run("group", "dotfile", "create", TRIAGE, ".vimrc", "--file", str(tmp_path / "vimrc"))
    assert (made.exit_code, ".vimrc" in made.output, "set nu" in made.output) == (0, True, False)
    secret = data("group", "dotfile", "create", TRIAGE, ".netrc", "--perm", "600", "--file", "-", stdin="hunter2")
    assert "hunter2" not in str(secret)
    assert listed() == [*before, (".vimrc", "644", 8), (".netrc", "600", 7)]
    assert error("group", "dotfile", "create", TRIAGE, ".vimrc", "--file", __file__)["code"] == "dotfile_exists"
    data("group", "dotfile", "update", TRIAGE, ".vimrc", "--perm", "600")
    data("group", "dotfile", "update", TRIAGE, ".netrc", "--file", "-", stdin="")
    assert listed() == [*before, (".vimrc", "600", 8), (".netrc", "600", 0)]
    shown = run("group", "dotfile", "list", TRIAGE).output
    assert ".vimrc" in shown
    for path in (".vimrc", ".netrc"):
        assert run("group", "dotfile", "delete", TRIAGE, path).exit_code == 0
    assert listed() == before
