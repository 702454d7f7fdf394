"""S37: with --json every command of the platform answers every error by one JSON document, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from groups_platform.cli.answers import show
from groups_platform.cli.common import JSON, PlatformGroup
from groups_platform.database.connection import connect, with_database
from groups_platform.database.locks import session_lock
from groups_platform.errors import PlatformError
from groups_platform.settings import Settings
from groups_platform_tests.command_tree import COMMANDS, Words, failure, failure_in, has, run, words_for
from groups_platform_tests.conftest import NewDatabase

NOBODY = "postgresql://ada:secret@127.0.0.1:1/nothing"  # a port that nobody listens on
HALF = "half\udcff"  # how Python passes on an argument that is not UTF-8

WITHOUT_JSON = {
    ("demo",): "it guides people, by what it prints on the way",
    ("dev",): "it runs until Ctrl-C and prints what its servers say",
    ("db", "psql"): "psql answers, in its own formats",
}
ASKS_NOBODY = {("db", "stop")}


@pytest.fixture
def without_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GROUPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    monkeypatch.setenv("GROUPS_DATABASE_URL", NOBODY)


every_command = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
no_database = pytest.mark.usefixtures("without_database")


def test_s37_every_command_has_json_or_a_reason_why_not() -> None:
    assert {path for path, command in COMMANDS.items() if not has(command, "--json")} == WITHOUT_JSON.keys()


@no_database
@every_command
def test_s37_wrong_usage_of_every_command_is_answered(path: Words) -> None:
    command = COMMANDS[path]
    assert failure(*path, "--no-such-option", "--json")["code"] == "usage_error"
    assert failure(*path[:-1], "--json", *path[-1:])["code"] == "usage_error", "before the command"
    assert failure(*path, "--json=yes")["code"] == "usage_error"
    for parameter in command.params:
        if parameter.required:
            assert "Missing" in failure(*path, *words_for(command, parameter), "--json")["message"]
        if isinstance(parameter, click.Option) and not parameter.is_flag:
            assert failure(*path, "--json", parameter.opts[0])["code"] == "usage_error", "its value is missing"
    if path in WITHOUT_JSON:
        assert "--json" in failure(*path, "--json")["message"]


@no_database
@every_command
def test_s37_wrong_values_of_every_option_are_answered(path: Words) -> None:
    command = COMMANDS[path]
    checked = (click.Choice, click.IntRange, click.types.IntParamType)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag and has(command, "--json"):
            for value in (f"no such {HALF}", "", "x" * 10_000):
                words = [*path, parameter.opts[0], value, *words_for(command, parameter), "--json"]
                code = failure(*words)["code"]
                assert code != "internal_error", words
                assert code == "usage_error" or not isinstance(parameter.type, checked), words


@no_database
@every_command
def test_s37_a_wrong_setting_is_answered(path: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_TIMEZONE", "Mars/Olympus")
    error = failure(*path, *words_for(COMMANDS[path]), "--json")
    assert (error["code"], error["message"].split(".")[0]) == ("invalid_setting", "GROUPS_TIMEZONE is Mars/Olympus")


@pytest.mark.parametrize(
    "setting",
    ["GROUPS_HOME=/etc/passwd", "GROUPS_DATABASE_URL=x", "GROUPS_LIMITS=x", "GROUPS_VFOLDER_HOSTS=x", "SPARK_MASTER=x"],
)
@no_database
def test_s37_each_wrong_setting_is_answered(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*setting.split("=", 1))
    assert failure("group", "list", "--json")["code"] == "invalid_setting"


@no_database
@every_command
def test_s37_a_database_that_is_down_is_answered(path: Words) -> None:
    command = COMMANDS[path]
    if path in ASKS_NOBODY:
        return
    error = failure(*path, *words_for(command), "--json")
    assert error["code"] in {"database_unavailable", "usage_error"}
    assert "secret" not in error["message"]
    if path in {("tree",), ("group", "list"), ("audit",), ("days",), ("checks",), ("replay",)}:
        assert error["code"] == "database_unavailable"


class LikeDagsters(BaseException):
    """Dagster's interruption is no Exception."""


@no_database
@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (KeyboardInterrupt(), "aborted"),
        (EOFError(), "aborted"),
        (click.Abort(), "aborted"),
        (LikeDagsters(), "aborted"),
        (LookupError("no such thing at s3://ada:secret@bucket"), "internal_error"),
        (RecursionError(), "internal_error"),
        (PlatformError("It is not there at s3://ada:secret@bucket."), "platform_error"),
        (click.FileError("/nowhere"), "failed"),
        (SystemExit(1), "failed"),
        (click.UsageError("Not s3://ada:secret@bucket."), "usage_error"),
    ],
    ids=lambda case: case if isinstance(case, str) else type(case).__name__,
)
def test_s37_whatever_ends_a_command_is_answered(
    raised: BaseException, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise raised

    for path in COMMANDS.keys() - WITHOUT_JSON.keys():
        monkeypatch.setattr(COMMANDS[path], "callback", fail)
        result = run(*path, *words_for(COMMANDS[path]), "--json")
        assert failure_in(result, path)["code"] == code
        assert "secret" not in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["nope", "--json"],
        ["group", "nope", "--json"],
        ["--json", "group", "list"],
        ["group", "--json", "list"],
        ["--json"],
        ["db", "psql", "--json", "--", "-c", "SELECT 1"],
        ["why", "--json", "--", "-one"],
        ["days", "extra", "--json"],
        ["audit", "--csv", "archive", "--json"],
        ["audit", "--json", "archive", "--before", "2024-01", "--to", "x"],
    ],
)
@no_database
def test_s37_commands_that_do_not_exist_are_answered(words: list[str]) -> None:
    assert failure(*words)["code"] == "usage_error"


@pytest.mark.parametrize("words", [["group", "list", "--name", "--json"], ["group", "show", "--", "--json"]])
@no_database
def test_s37_who_only_names_json_is_no_program(words: list[str]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "(database_unavailable)" in result.stderr


@pytest.mark.parametrize("option", ["--dotfiles", "--registry"])
@pytest.mark.parametrize("content", [b"[", b"17", b"\xff\xfe", b"[" * 100_000, None], ids=repr)
@no_database
def test_s37_files_that_cannot_be_read_are_answered(option: str, content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    if content is not None:
        file.write_bytes(content)
    for name in (str(file), str(tmp_path)):
        assert failure("group", "modify", "a/b", option, name, "--json")["code"] == "usage_error"


@pytest.mark.parametrize("amount", ["abc", "", "nan", "-1", "16x", "1e999999", HALF])
@no_database
def test_s37_bad_amounts_are_answered(amount: str) -> None:
    assert (
        failure("group", "create", "a", "--domain", "b", "--slot", f"cpu={amount}", "--json")["code"] == "usage_error"
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["tree", "--limit", "9" * 20], "invalid_value"),
        (["members", "9" * 20], "unknown_group"),
        (["who", "9" * 20], "unknown_agent"),
        (["who", HALF], "invalid_value"),
        (["findings", "--day", HALF], "invalid_value"),
        (["skip", HALF, "--reason", "x"], "invalid_value"),
        (["group", "show", HALF], "invalid_value"),
        (["group", "list", "--as", ""], "unknown_actor"),
        (["group", "show", "norrvik/nothing"], "group_not_found"),
        (["usage", "month", "202413"], "invalid_api_parameters"),
        (["usage", "period", "20240230", "20240301"], "invalid_api_parameters"),
        (["why", "9" * 20], "unknown_group"),
        (["members", "1", "--as-of", "day9"], "unknown_sync_day"),
        (["plan", "--day", "day9"], "unknown_sync_day"),
    ],
)
def test_s37_what_the_database_refuses_or_lacks_is_answered(
    service_environment: Settings, words: list[str], code: str
) -> None:
    Path(service_environment.source).mkdir()
    assert failure(*words, "--json")["code"] == code


def test_s37_an_answer_is_never_followed_by_another() -> None:
    @click.group(cls=PlatformGroup)
    def tool() -> None:
        pass

    @tool.command()
    @JSON
    def late(as_json: bool) -> None:
        show({"size": float("inf"), "name": HALF}, as_json, print)
        raise RuntimeError("too late")

    result = CliRunner().invoke(tool, ["late", "--json"])
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["success"]) == (1, True)
    assert answer["data"] == {"size": "inf", "name": HALF}


def platform(*words: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "groups_platform", *words], stderr=subprocess.PIPE, text=True, **options
    )


def test_s37_ctrl_c_is_answered(server_url: str, new_database: NewDatabase, tmp_path: Path) -> None:
    with (
        new_database(with_database(server_url, "template1")) as url,
        connect(url, autocommit=True, purpose="elsewhere") as holder,
    ):
        session_lock(holder, "groups_platform.migrations")
        env = {**os.environ, "GROUPS_DATABASE_URL": url, "GROUPS_HOME": str(tmp_path)}
        # where the tests run in the background the signal may be ignored, which a process inherits
        take = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        waiting = platform("tree", "--json", env=env, stdout=subprocess.PIPE, preexec_fn=take)
        assert waiting.stderr is not None
        assert "waiting for" in waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        stdout, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 1
    assert json.loads(stdout)["error"]["code"] == "aborted"


@pytest.mark.parametrize("words", [["db", "url", "--json"], ["group", "nope", "--json"], ["days", "--csv"]])
def test_s37_who_stops_reading_is_told_nothing(service_environment: Settings, words: list[str]) -> None:
    Path(service_environment.source).mkdir()
    reader, writer = os.pipe()
    os.close(reader)
    unread = platform(*words, stdout=writer)
    os.close(writer)
    _, stderr = unread.communicate(timeout=60)
    assert unread.returncode == 1
    assert [line for line in stderr.splitlines() if not line.startswith("  starting Dagster ")] == []


def test_s37_a_full_disk_is_a_sentence(service_environment: Settings) -> None:
    with Path("/dev/full").open("w") as full:
        failed = platform("db", "url", "--json", stdout=full)
        _, stderr = failed.communicate(timeout=60)
    assert (failed.returncode, stderr) == (1, "Error: The output cannot be written: No space left on device.\n")
