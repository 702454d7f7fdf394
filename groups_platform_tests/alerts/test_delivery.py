"""P20: receivers that are up, down, slow, or refuse: each has each message once, and none of them holds up another."""

from __future__ import annotations

import io
import logging
import socketserver
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_string
from email.policy import default
from threading import Thread

import pytest

from groups_platform.alerts import outbox, sending
from groups_platform.alerts.events import FailedRun
from groups_platform.alerts.receivers import read_receivers
from groups_platform.alerts.sending import Message, tell
from groups_platform_tests.alerts import tell_process
from groups_platform_tests.alerts.conftest import Telling
from groups_platform_tests.alerts.people import SECRET, TOKEN, Person, answering, down, eventually

NewPerson = Callable[[], Person]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What every logger says, at every level, where logs are collected."""
    handler, root = logging.StreamHandler(io.StringIO()), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.stream
    root.setLevel(before)
    root.removeHandler(handler)


def failed(number: int) -> FailedRun:
    return FailedRun(f"run-{number}", f"job_{number}", "It failed.")


def states(telling: Telling) -> Counter[str]:
    alerts = outbox.read_alerts(telling.url, read_receivers(telling.settings_now()), 1000)
    return Counter(alert.state for alert in alerts)


def test_p20_each_event_is_told_once_over_many_ticks(telling: Telling, person: Person) -> None:
    for number in (1, 2, 3):
        for _ in range(5):
            telling.tell(failed(number))
    assert person.subjects == ["job_1 failed", "job_2 failed", "job_3 failed"]


def test_p20_each_event_is_told_once_by_three_senders_at_once(telling: Telling, person: Person) -> None:
    words = ["-m", tell_process.__name__, telling.url, person.address, str(telling.settings.home), "20"]
    arguments = [sys.executable, *words]
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: subprocess.run(arguments, check=False, capture_output=True), range(3)))
    assert [process.returncode for process in ended] == [0, 0, 0], ended
    assert sorted(person.subjects) == sorted(f"job_{n} failed" for n in range(20))
    assert states(telling) == {"told": 20}


def test_p20_who_is_down_keeps_nobody_waiting_and_hears_later_what_the_others_heard_once(
    telling: Telling, new_person: NewPerson
) -> None:
    up, ill = new_person(), new_person()
    ill.status = 500
    telling.addresses = [down(), up.address, ill.address]
    for number in (1, 2):
        telling.tell(failed(number))
        telling.later()
    assert up.subjects == ["job_1 failed", "job_2 failed"]
    ill.status = 200
    telling.later()
    telling.tell()
    assert ill.subjects == up.subjects == ["job_1 failed", "job_2 failed"]
    assert states(telling) == {"told": 4, "waiting": 2}


def test_p20_waits_grow_and_the_reason_is_kept(telling: Telling, person: Person) -> None:
    person.status = 500
    telling.tell(failed(1))
    waits = []
    for _ in range(9):
        ((seconds, error),) = telling.rows(
            "SELECT extract(epoch FROM next_try_at - now()), last_error FROM platform.alert_deliveries"
        )
        waits.append(round(float(seconds) / 60))
        assert error == "it answered 500"
        telling.send()  # not yet
        telling.later()
        telling.send()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert person.tried == 10


def test_p20_after_three_days_a_message_is_given_up_and_seen_to_be(telling: Telling, new_person: NewPerson) -> None:
    telling.addresses = [down()]
    telling.tell(failed(1))
    telling.days_later(4)
    telling.tell()
    (alert,) = outbox.read_alerts(telling.url, read_receivers(telling.settings_now()), 10)
    assert (alert.state, alert.receiver, alert.attempts) == ("given_up", "1 (json)", 1)
    assert alert.last_error == "it could not be reached, or did not answer in time"
    telling.addresses = [new_person().address]
    assert telling.tell() == 0
    assert states(telling) == {"given_up": 1}


def test_p20_who_is_slow_holds_up_nobody_and_is_told_once(telling: Telling, new_person: NewPerson) -> None:
    slow, quick = new_person(), new_person()
    slow.pause.clear()
    telling.addresses = [slow.address, quick.address]
    telling.look(failed(1))
    begun = time.monotonic()
    telling.send(wait_seconds=0.5)
    for _ in range(3):  # ticks in the meantime
        telling.look(failed(2))
        telling.send(wait_seconds=0.2)
    assert time.monotonic() - begun < 4
    assert quick.subjects == ["job_1 failed", "job_2 failed"]
    slow.pause.set()
    eventually(lambda: slow.subjects == ["job_1 failed", "job_2 failed"])
    eventually(lambda: states(telling) == {"told": 4})


def test_p20_who_never_answers_has_one_thread_and_its_messages_wait(telling: Telling, person: Person) -> None:
    person.pause.clear()
    telling.look(failed(1))
    telling.send(send_seconds=0.3)
    telling.later()
    telling.send(send_seconds=0.3)
    assert person.tried == 1
    assert telling.rows("SELECT attempts, last_error FROM platform.alert_deliveries") == [
        (2, "it has not answered the message before")
    ]
    person.pause.set()
    eventually(lambda: not any(thread.is_alive() for thread in sending._sending.values()))
    telling.later()
    telling.send()
    assert states(telling) == {"told": 1}


def test_p20_what_a_sender_had_claimed_that_is_gone_is_tried_again(telling: Telling, person: Person) -> None:
    telling.look(failed(1))
    digest = read_receivers(telling.settings_now())[0].digest(outbox.begin(telling.url).digest_key)
    with outbox.connect(telling.url, autocommit=True) as connection:
        assert len(outbox.claim(connection, digest)) == 1
        assert outbox.claim(connection, digest) == []
    telling.send()
    assert person.heard == []
    telling.later()  # the claim has run out
    telling.send()
    assert person.subjects == ["job_1 failed"]


def test_p20_many_alerts_are_one_message(telling: Telling, person: Person) -> None:
    telling.tell(*map(failed, range(50)))
    (message,) = person.heard
    assert message["title"] == "50 alerts: job_0 failed, …"
    lines = message["message"].splitlines()
    assert lines[:2] == ["- job_0 failed", "- job_1 failed"]
    assert lines[-2:] == ["- and 30 more", "groups-platform alerts shows each of them, with what to do."]
    assert states(telling) == {"told": 50}


def test_p20_a_new_receiver_hears_what_comes_and_what_nobody_has_heard(telling: Telling, new_person: NewPerson) -> None:
    first, corrected = new_person(), new_person()
    telling.addresses = [first.address]
    telling.tell(failed(1))
    first.status = 404
    telling.tell(failed(2))
    telling.addresses = [corrected.address]
    telling.tell(failed(3))
    assert corrected.subjects == ["job_2 failed", "job_3 failed"]


def test_p20_secrets_of_an_address_are_nowhere(
    telling: Telling, new_person: NewPerson, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    refusing, up = new_person(), new_person()
    refusing.status = 401
    telling.settings = telling.settings.model_copy(update={"ui_url": "https://dagster.example.com"})
    telling.addresses = [refusing.address, down(), up.address]
    telling.tell(failed(1))
    stored = "".join(
        str(telling.rows(f"SELECT * FROM platform.{table}"))
        for table in ("alerts", "alert_receivers", "alert_deliveries", "alert_beginning")
    )
    told = f"{stored}{log.getvalue()}{capfd.readouterr()}{read_receivers(telling.settings_now())}"
    assert_no_secret(told, refusing)
    assert "it answered 401" in told
    assert "alerts for 2 (json) wait" in log.getvalue()


REFUSALS = {
    "429": (b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", "it answered 429"),
    "no head": (b"HTTP/1.1 2", "it could not be reached, or did not answer in time"),
    "no answer": (b"", "it could not be reached, or did not answer in time"),
    "half a body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ntha",
        "it could not be reached, or did not answer in time",
    ),
    "no http": (b"220 mail.example.com ESMTP\r\n", "it could not be reached, or did not answer in time"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_p20_an_answer_that_is_none_leaves_the_message_waiting(
    telling: Telling, log: io.StringIO, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    answer, reason = REFUSALS[kind]
    with answering(answer) as rude:
        telling.addresses = [rude.address]
        telling.tell(failed(1))
        assert rude.tried == 1
        assert telling.rows("SELECT last_error, sent_at FROM platform.alert_deliveries") == [(reason, None)]
        assert_no_secret(f"{log.getvalue()}{capfd.readouterr()}", rude)


def test_p20_an_answer_with_a_broken_head_names_the_address_nowhere(
    telling: Telling, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n: what is this\r\nA: b\r\n\r\n") as odd:
        telling.addresses = [odd.address]
        telling.tell(failed(1))
        assert states(telling) == {"told": 1}
        assert_no_secret(f"{log.getvalue()}{capfd.readouterr()}", odd)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_p20_who_sends_elsewhere_was_not_told_and_the_reason_says_what_to_do(
    telling: Telling, new_person: NewPerson, status: int
) -> None:
    elsewhere = new_person()  # a page to log in, which answers 200 to whatever comes
    moved = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
    with answering(moved.encode()) as person:
        telling.addresses = [person.address]
        telling.tell(failed(1))
        reason = f"it sends elsewhere ({status}), so its address has changed"
        assert telling.rows("SELECT last_error, sent_at FROM platform.alert_deliveries") == [(reason, None)]
        assert elsewhere.tried == 0


def test_p20_a_sender_that_is_killed_before_it_knows_tells_again_and_then_no_more(
    telling: Telling, person: Person
) -> None:
    person.pause.clear()  # it takes the message and does not answer yet
    words = ["-m", tell_process.__name__, telling.url, person.address, str(telling.settings.home), "1"]
    with subprocess.Popen([sys.executable, *words]) as sender:
        eventually(lambda: len(person.heard) == 1, 60)
        sender.kill()
    person.pause.set()
    telling.tell()
    assert states(telling) == {"waiting": 1}  # it could be under way yet
    telling.later()
    for _ in range(3):
        telling.tell()
    assert person.subjects == ["job_0 failed", "job_0 failed"]
    assert states(telling) == {"told": 1}


def test_p20_what_waited_for_a_receiver_is_one_message_when_it_is_back(telling: Telling, person: Person) -> None:
    person.status = 500
    for number in range(5):  # each came at another time, and has another next try
        telling.tell(failed(number))
    person.status = 200
    telling.tell(failed(5))
    assert person.subjects == ["6 alerts: job_0 failed, …"]
    assert states(telling) == {"told": 6}


def test_p20_a_message_that_its_receiver_refuses_holds_up_no_other(telling: Telling, person: Person) -> None:
    person.refused = "job_0 failed"
    for number in range(4):
        telling.tell(failed(number))
    assert person.subjects == ["job_1 failed", "job_2 failed", "job_3 failed"]
    assert states(telling) == {"told": 3, "waiting": 1}


def test_p20_hundreds_that_wait_are_one_message(telling: Telling, person: Person) -> None:
    telling.tell(*map(failed, range(450)))
    assert person.subjects == ["450 alerts: job_0 failed, …"]


def assert_no_secret(text: str, person: Person) -> None:
    for part in (SECRET, "hunter2", TOKEN, "ada:", f":{person.port}", "127.0.0.1"):
        assert part not in text


def test_p20_a_receiver_that_is_no_server_is_told_in_time(telling: Telling) -> None:
    telling.addresses = [
        "json://ada:pw@192.0.2.1:9/x?cto=0.2&rto=0.2",
        "mailto://ada:pw@127.0.0.1:1?to=b@example.com&from=a@example.com",
    ]
    begun = time.monotonic()
    for receiver in read_receivers(telling.settings_now()):
        assert tell(receiver, Message("a", "b")) == "it could not be reached, or did not answer in time"
    assert time.monotonic() - begun < 10


class Mailbox(socketserver.StreamRequestHandler):
    """As much of a mail server as takes a mail."""

    mails: list[str] = []  # noqa: RUF012 - of all connections

    def handle(self) -> None:
        self.wfile.write(b"220 mail.example.com\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


def test_p20_a_mail_has_the_subject_the_text_and_the_link(telling: Telling) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        place = f"127.0.0.1:{server.server_address[1]}"
        telling.addresses = [f"mailto://{place}?from=robot@example.com&to=ada@example.com"]
        telling.tell(FailedRun("run-1", "sync_day of day2", "Two lines,\nof which this is one & <b>bold</b>."))
        server.shutdown()
    (text,) = Mailbox.mails
    mail = message_from_string(text, policy=default)
    assert (mail["subject"], mail["to"]) == ("sync_day of day2 failed", "ada@example.com")
    assert "robot@example.com" in mail["from"]
    body = mail.get_body()
    assert body
    assert body.get_content().splitlines() == [
        "Two lines,",
        "of which this is one & <b>bold</b>.",
        "http://127.0.0.1:3000/runs/run-1",
    ]
