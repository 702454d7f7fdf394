"""P20 at a terminal: what was told, a test of the receivers, and sending without a daemon."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dagster import DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from groups_platform.orchestration.instance import open_instance
from groups_platform.settings import Settings
from groups_platform_tests.alerts.people import SECRET, TOKEN, Person, down, people
from groups_platform_tests.command_tree import failure, run


@pytest.fixture
def new_person() -> Iterator[Callable[[], Person]]:
    with people() as make:
        yield make


@pytest.fixture
def person(new_person: Callable[[], Person], monkeypatch: pytest.MonkeyPatch, service_environment: Settings) -> Person:
    person = new_person()
    monkeypatch.setenv("GROUPS_ALERTS", person.address)
    return person


def fail_a_run(settings: Settings) -> None:
    with open_instance(settings) as instance:
        failed = create_run_for_test(instance, job_name="sync_day", status=DagsterRunStatus.STARTED)
        instance.report_run_failed(failed, "It broke.")


def test_p20_unset_nobody_is_told_and_the_command_says_so(service_environment: Settings) -> None:
    assert "Nobody was told of anything." in run("alerts").stdout
    assert "GROUPS_ALERTS is not set" in run("alerts").stdout
    for option in ("--test", "--send"):
        error = failure("alerts", option, "--json")
        assert error["code"] == "invalid_setting"
        assert "GROUPS_ALERTS is not set" in error["message"]
    assert failure("alerts", "--test", "--send", "--json")["code"] == "usage_error"


def test_p20_a_test_says_of_each_receiver_whether_it_has_the_message(
    person: Person, new_person: Callable[[], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = run("alerts", "--test")
    assert (shown.exit_code, shown.stdout) == (0, "1 (json)  has it\n")
    assert person.subjects == ["Test of the alerts"]
    refusing = new_person()
    refusing.status = 403
    monkeypatch.setenv("GROUPS_ALERTS", f"{person.address}, {refusing.address} {down()}")
    shown = run("alerts", "--test")
    assert shown.exit_code == 1
    assert "2 (json)  not told: it answered 403" in shown.stdout
    assert "3 (json)  not told: it could not be reached" in shown.stdout
    told = run("alerts", "--test", "--json")
    answer = json.loads(told.stdout)
    assert (told.exit_code, answer["success"], answer["error"]["code"]) == (1, False, "receiver_not_told")
    assert [row["is_told"] for row in answer["data"]] == [True, False, False]
    assert run("alerts", "--test", "--csv").stdout.splitlines()[:2] == ["receiver,is_told,why", "1 (json),true,"]


def test_p20_a_wrong_address_is_a_sentence_without_its_secret(
    service_environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_ALERTS", f"json://example.com slack://{TOKEN}")
    for words in ([], ["--test"], ["--send"]):
        error = failure("alerts", *words, "--json")
        assert error["code"] == "invalid_setting"
        assert "address 2 of 2 begins with slack://, but apprise cannot read the rest of it" in error["message"]
        assert TOKEN not in error["message"]


def test_p20_sending_without_a_daemon_tells_once_and_the_listing_has_it(
    person: Person, service_environment: Settings
) -> None:
    assert run("alerts", "--send").stdout == "Nothing new.\n"
    fail_a_run(service_environment)
    assert run("alerts", "--send").stdout == "1 new alert.\n"
    assert json.loads(run("alerts", "--send", "--json").stdout)["data"] == {"new": 0, "waiting": []}
    assert person.subjects == ["sync_day failed"]
    (row,) = json.loads(run("alerts", "--json").stdout)["data"]
    assert (row["kind"], row["state"], row["receiver"], row["attempts"]) == ("run_failed", "told", "1 (json)", 1)
    assert row["body"].startswith("It broke.")
    assert run("alerts", "--csv").stdout.splitlines()[0].startswith("alert_id,created_at,kind,sync_day,run_id,subject")
    assert "sync_day failed" in run("alerts").stdout


def test_p20_what_waits_is_shown_with_the_reason_and_the_exit_code_says_it(
    person: Person, service_environment: Settings
) -> None:
    run("alerts", "--send")
    person.status = 500
    fail_a_run(service_environment)
    sent = run("alerts", "--send")
    assert sent.exit_code == 1
    assert "it answered 500" in sent.stderr
    answer = json.loads(run("alerts", "--send", "--json").stdout)
    assert (answer["success"], answer["error"]["code"]) == (False, "receiver_not_told")
    assert answer["data"]["waiting"][0]["last_error"] == "it answered 500"
    shown = run("alerts").stdout
    assert "waiting" in shown
    assert "it answered 500" in shown
    assert person.tried == 1  # the second --send came before the next try


def test_p20_a_process_that_logs_everything_shows_no_secret_and_ends(person: Person, tmp_path: Path) -> None:
    environment = {**os.environ, "GROUPS_ALERTS": f"{person.address} {down()}"}
    words = [sys.executable, "-m", "groups_platform", "-v", "alerts", "--test"]
    ended = subprocess.run(words, check=False, capture_output=True, text=True, env=environment, timeout=60)
    assert ended.returncode == 1
    assert "has it" in ended.stdout
    for part in (SECRET, "hunter2", TOKEN):
        assert part not in ended.stdout + ended.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to make a certificate")
def test_p20_a_receiver_whose_certificate_nobody_verifies_is_named_nowhere(
    service_environment: Settings, tmp_path: Path
) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*words, "-keyout", "key.pem", "-out", "cert.pem"], check=True, capture_output=True, cwd=tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with people(tls) as make:
        address = make().address.replace("json://", "jsons://")
        environment = {**os.environ, "GROUPS_ALERTS": f"{address}?verify=no"}
        words = [sys.executable, "-m", "groups_platform", "alerts", "--test"]
        ended = subprocess.run(words, check=False, capture_output=True, text=True, env=environment, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "1 (jsons)  has it\n")
    assert "127.0.0.1" not in ended.stderr
