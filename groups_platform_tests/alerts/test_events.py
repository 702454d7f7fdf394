"""P20: what is told, in which words, and that each event is told once."""

from __future__ import annotations

import re
from typing import cast

import pytest
from pyspark.sql import SparkSession

from groups_platform.alerts.events import FailedRun
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.replay import replay_days
from groups_platform.settings import Settings
from groups_platform_tests.alerts.conftest import Telling
from groups_platform_tests.alerts.people import Person
from groups_platform_tests.days import group
from groups_platform_tests.staged_by_hand import fold_by_hand

EVERYBODY = range(100, 140)
GROUPS = [group(1, EVERYBODY), *(group(n, [n], parent=1) for n in EVERYBODY)]
HALF = range(100, 120)


def apply_first_day(telling: Telling) -> None:
    assert telling.sync("day1", GROUPS).is_applied


def hold_day(telling: Telling, label: str = "day2", agents: range = HALF) -> str:
    """A day that is held, with its run; returns the sentence with which the run fails."""
    result = telling.sync(label, GROUPS, agents, protection=Protection(), run_id=f"run-of-{label}")
    assert result.refusal
    return str(result.refusal)


def test_p20_a_held_day_is_told_with_the_worst_excess_and_what_decides(telling: Telling, person: Person) -> None:
    apply_first_day(telling)
    hold_day(telling)
    assert telling.tell() == 1
    (message,) = person.heard
    assert message["title"] == "day2 is held"
    assert "Groups turned inactive: 20 of 41 (49%), allowed are 5" in message["message"]
    assert re.search(r"groups-platform approve day2 --plan [0-9a-f]+ --reason TEXT", message["message"])
    assert "groups-platform reject day2 --reason TEXT" in message["message"]
    assert message["message"].endswith("\nhttp://127.0.0.1:3000/runs/run-of-day2")


def test_p20_a_run_that_failed_because_its_day_is_held_is_one_message_with_it(telling: Telling, person: Person) -> None:
    apply_first_day(telling)
    sentence = hold_day(telling)
    run = FailedRun("run-of-day2", "sync_day of day2", sentence, "day_held", "day2")
    assert telling.tell(run) == 1
    again = FailedRun("another-run", "sync_day of day2", sentence, "day_held", "day2")
    assert [telling.tell(*runs) for runs in ((run,), (), (run, again))] == [0, 0, 0]
    assert person.subjects == ["day2 is held"]


def test_p20_a_day_that_is_held_anew_with_another_plan_is_news(telling: Telling, person: Person) -> None:
    apply_first_day(telling)
    hold_day(telling)
    telling.tell()
    hold_day(telling, agents=range(100, 121))
    telling.tell()
    assert person.subjects == ["day2 is held", "day2 is held"]


def test_p20_a_failed_run_is_told_with_its_sentence_and_its_link(telling: Telling, person: Person) -> None:
    telling.settings = telling.settings.model_copy(update={"ui_url": "https://dagster.example.com"})
    run = FailedRun(
        "1b2c", "monthly_usage", "Postgres went away: the server ended the session.", "database_unavailable"
    )
    assert [telling.tell(run), telling.tell(run)] == [1, 0]
    (message,) = person.heard
    assert message["title"] == "monthly_usage failed"
    assert message["message"] == (
        "Postgres went away: the server ended the session.\nhttps://dagster.example.com/runs/1b2c"
    )


def test_p20_a_replay_that_is_held_is_told(telling: Telling, person: Person) -> None:
    sentence = "replay is held, and nothing of it was applied."
    assert telling.tell(FailedRun("1", "replay_days", sentence, "day_held", "replay")) == 1
    assert person.subjects == ["replay is held"]


def test_p20_a_provisioning_that_is_held_is_told_as_held(telling: Telling, person: Person) -> None:
    sentence = "Provisioning is held, and nothing of it was applied."
    assert telling.tell(FailedRun("1", "A run of assets", sentence, "provisioning_held")) == 1
    assert person.subjects == ["Provisioning is held"]


def test_p20_an_incomplete_day_is_told_once_with_what_to_do(telling: Telling, person: Person) -> None:
    apply_first_day(telling)
    result = telling.sync("day2", [{"name": "a group without an id"}])
    assert not result.is_applied
    run = FailedRun("run-of-day2", "sync_day of day2", str(result.refusal), "incomplete_snapshot", "day2")
    assert telling.tell(run) == 1
    assert person.subjects == ["day2 was not applied: it is no full snapshot"]
    assert "groups-platform findings --day day2 lists what is wrong" in person.text


def test_p20_a_day_whose_check_failed_is_told_once_with_its_run(telling: Telling, person: Person) -> None:
    sentence = "check unique_ids found 2 row(s). Nothing was applied."
    telling.execute(
        "INSERT INTO directory.sync_attempts (sync_day, sort_key, fingerprint, outcome, message, run_id)"
        f" VALUES ('day1', 'day1', 'f', 'failed', '{sentence}', 'run-1')"
    )
    assert telling.tell() == 1
    assert telling.tell(FailedRun("run-1", "sync_day of day1", sentence, "check_failed", "day1")) == 0
    assert person.text == (f"day1 was not applied: a check failed\n{sentence}\nhttp://127.0.0.1:3000/runs/run-1")


def test_p20_a_run_that_fails_after_its_day_was_told_is_told_too(telling: Telling, person: Person) -> None:
    telling.sync("day1", [*GROUPS, {"id": 9}])
    telling.tell()
    assert telling.tell(FailedRun("run-of-day1", "sync_day of day1", "Postgres went away.", None, "day1")) == 1
    assert person.subjects == ["day1 has 1 new error: missing_name", "sync_day of day1 failed"]


def test_p20_a_day_that_came_late_is_told(telling: Telling, person: Person) -> None:
    telling.sync("day2", GROUPS)
    telling.tell()
    telling.sync("day1", GROUPS)
    assert [telling.tell(), telling.tell()] == [1, 0]
    assert person.subjects == ["day1 came late"]
    assert "groups-platform replay folds it in" in person.text
    assert "/runs/run-of-day1" in person.text


def test_p20_an_older_day_that_is_read_again_as_it_is_applied_is_no_news(telling: Telling, person: Person) -> None:
    telling.sync("day1", GROUPS)
    telling.sync("day2", GROUPS)
    telling.sync("day1", None)
    assert telling.rows("SELECT outcome FROM directory.sync_attempts WHERE sync_day = 'day1'") == [("late",)]
    assert telling.tell() == 0


def test_p20_errors_that_the_day_before_had_not_are_told_by_code_and_others_are_not(
    telling: Telling, person: Person
) -> None:
    old = {"id": 7, "name": "no array", "agent_ids": "x"}
    telling.sync("day1", [*GROUPS, old])
    assert telling.tell() == 1
    assert "on the first applied day" in person.text
    telling.sync("day2", [*GROUPS, old])
    assert telling.tell() == 0
    telling.sync("day3", [*GROUPS, old, {**old, "id": 8}, {"id": 9}])
    assert [telling.tell(), telling.tell()] == [1, 0]
    message = person.heard[-1]
    assert message["title"] == "day3 has 2 new errors: invalid_agent_ids, missing_name"
    assert message["message"].splitlines() == [
        "day3 is applied, with findings of severity error that day2 had not:",
        "- invalid_agent_ids: 1 new, 2 in all",
        "- missing_name: 1 new, 1 in all",
        "groups-platform findings --day day3 --code invalid_agent_ids shows them.",
        "http://127.0.0.1:3000/runs/run-of-day3",
    ]


def test_p20_the_same_errors_of_a_day_that_is_delivered_again_are_told_once(telling: Telling, person: Person) -> None:
    telling.sync("day1", [*GROUPS, {"id": 9}])
    telling.tell()
    telling.sync("day1", [*GROUPS, group(500), {"id": 9}])
    assert telling.tell() == 0
    telling.sync("day1", [*GROUPS, {"id": 10}])
    assert telling.tell() == 1


def test_p20_that_no_day_was_applied_for_too_long_is_told_once_for_each_gap(telling: Telling, person: Person) -> None:
    telling.settings = telling.settings.model_copy(update={"expect_every": 26.0})
    telling.sync("day1", GROUPS)
    assert telling.tell() == 0
    telling.execute("UPDATE directory.sync_days SET applied_at = now() - interval '27 hours'")
    assert [telling.tell(), telling.tell()] == [1, 0]
    (message,) = person.heard
    assert message["title"] == "No day was applied for 27 hours"
    assert "that was applied is day1" in message["message"]
    assert "one is expected every 26 hours (GROUPS_EXPECT_EVERY)" in message["message"]
    telling.sync("day2", GROUPS)
    assert telling.tell() == 0
    telling.execute("UPDATE directory.sync_days SET applied_at = applied_at - interval '30 hours'")
    assert telling.tell() == 1


def test_p20_a_replay_is_no_day_that_came(telling: Telling, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    telling.settings = telling.settings.model_copy(update={"expect_every": 26.0})
    telling.sync("day1", GROUPS)
    telling.sync("day3", [*GROUPS, group(500)])
    telling.sync("day2", [*GROUPS, group(501)])
    telling.sync("day3", None)  # by hand once more, which changes nothing
    telling.tell()
    hours_later(telling, 20)
    fold_by_hand(monkeypatch, lambda _, label: telling.folder / f"sync-{label}")
    replayed = replay_days(cast(SparkSession, None), "", telling.url, OFF)
    assert (replayed.days, replayed.rows_written > 0) == (("day1", "day2", "day3"), True)
    assert telling.tell() == 0
    hours_later(telling, 7)
    assert [telling.tell(), telling.tell()] == [1, 0]
    assert person.subjects == ["day2 came late", "No day was applied for 27 hours"]
    assert "The last day that was applied is day3, at " in person.text


def hours_later(telling: Telling, hours: int) -> None:
    for table, column in (("sync_days", "applied_at"), ("sync_plans", "made_at"), ("sync_attempts", "ended_at")):
        telling.execute(f"UPDATE directory.{table} SET {column} = {column} - interval '{hours} hours'")


def test_p20_a_day_is_overdue_also_where_none_ever_came(telling: Telling, person: Person) -> None:
    telling.settings = telling.settings.model_copy(update={"expect_every": 2.0})
    assert telling.tell() == 0
    telling.execute("UPDATE platform.alert_beginning SET began_at = began_at - interval '3 hours'")
    assert [telling.tell(), telling.tell()] == [1, 0]
    assert "No day was applied yet" in person.text


def test_p20_what_happened_before_alerts_were_switched_on_is_not_told(
    telling: Telling, settings: Settings, request: pytest.FixtureRequest
) -> None:
    telling.sync("day1", [*GROUPS, {"id": 9}])
    telling.sync("day0", GROUPS)
    hold_day(telling)
    person: Person = request.getfixturevalue("person")
    assert telling.tell() == 0
    hold_day(telling, agents=range(100, 121))
    assert telling.tell() == 1
    assert person.subjects == ["day2 is held"]


def test_p20_what_happened_while_nobody_looked_is_told_for_three_days(telling: Telling, person: Person) -> None:
    telling.days_later(300)
    telling.sync("day1", [*GROUPS, {"id": 9}])
    telling.sync("day0", GROUPS)
    telling.execute("UPDATE directory.sync_days SET applied_at = applied_at - interval '4 days'")
    telling.execute(
        "UPDATE directory.sync_attempts SET ended_at = ended_at - interval '2 days' WHERE sync_day = 'day0'"
    )
    assert telling.tell() == 1
    assert person.subjects == ["day0 came late"]


def test_p20_messages_hold_no_secrets_and_one_line_of_subject(telling: Telling, person: Person) -> None:
    sentence = "s3://key:s3cret@bucket/x cannot be listed, ?password=s3cret\n" + "x" * 5000
    telling.tell(FailedRun("1", "sync_day of day\r\nBcc: all@example.com", sentence))
    (message,) = person.heard
    assert "s3cret" not in str(message)
    assert message["title"] == "sync_day of day Bcc: all@example.com failed"
    assert len(message["message"]) < 1600
