"""Groups and agents by what people know of them: names, e-mail addresses, ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from groups_platform.settings import Settings
from groups_platform_tests.command_tree import failure, run
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.pipeline import Pipeline

pytestmark = pytest.mark.usefixtures("directory")

ANN = {"contact": {"name": "Ann Lee", "email": "ann.lee@example.com"}}
BO = {"contact": {"name": "Bo Lind", "email": "bo.lind@example.com"}}


@pytest.fixture
def directory(environment: Settings, pipeline: Pipeline) -> None:
    """Two days: Ann joins the second group of the name Refunds, Bo becomes inactive and leaves."""
    source = Path(environment.source)
    groups = [group(1, name="Support"), group(2, [5, 6], parent=1, name=" Phone and Chat "), group(3, name="Sales")]
    refunds = [group(4, [5], parent=2, name="Refunds"), group(7, parent=3, name="refunds"), group(8, name="4")]
    write_day(source / "sync-day1", [*groups, *refunds], [agent(5, **ANN), agent(6, **BO)])
    groups[1] = group(2, [5], parent=1, name=" Phone and Chat ")
    refunds[1] = group(7, [5], parent=3, name="refunds")
    write_day(source / "sync-day2", [*groups, *refunds], [agent(5, **ANN), agent(6, deactivated=True, **BO)])
    for day in ("day1", "day2"):
        pipeline.sync(day)


def data(*words: str) -> Any:
    answer = json.loads(run(*words, "--json").stdout)
    assert answer["success"], answer
    return answer["data"]


def test_a_group_is_found_by_id_and_by_name_in_any_case_and_an_id_comes_first() -> None:
    for name in ("2", "Phone and Chat", "phone AND chat", "  Phone and Chat  "):
        assert data("why", name)["group_id"] == 2
        assert {row["group_id"] for row in data("members", name)} == {2}
        assert [row["name"].strip() for row in data("history", name)] == ["Phone and Chat"]
    assert data("why", "4")["name"] == "Refunds"
    assert data("why", "8")["name"] == "4"


def test_an_ambiguous_name_lists_what_it_may_be() -> None:
    for command in ("why", "members", "history"):
        error = failure(command, "REFUNDS", "--json")
        assert error["code"] == "ambiguous_name"
        candidates = error["facts"]["candidates"]
        assert [(row["id"], row["name"]) for row in candidates] == [(4, "Refunds"), (7, "refunds")]
        assert [row["path"].split(" / ")[-1].strip() for row in candidates] == ["Phone and Chat", "Sales"]
        told = run(command, "REFUNDS").stderr
        assert "4  Refunds  below Support / Phone and Chat" in told
        assert "Write the id of the one that you mean." in told


def test_an_unknown_name_suggests_near_ones_and_where_to_look() -> None:
    error = failure("why", "Phnoe and chat", "--json")
    assert error["code"] == "unknown_group"
    assert error["facts"]["near"] == [{"id": 2, "name": " Phone and Chat "}]
    assert "Did you mean Phone and Chat (2)? groups-platform tree lists the groups." in error["message"]
    assert "Did you mean Ann Lee (5)?" in failure("who", "ann.le@example.com", "--json")["message"]
    assert "Did you mean Bo Lind (6)?" in failure("who", "lind", "--json")["message"]
    assert failure("who", "zzz", "--json")["facts"]["near"] == []
    assert "No group has the id 99." in failure("history", "99", "--json")["message"]


def test_who_shows_groups_and_those_above_with_since_when() -> None:
    ann = data("who", "Ann Lee")
    assert all(data("who", name) == ann for name in ("5", "ann lee", "ANN.LEE@example.com "))
    assert (ann["agent_id"], ann["is_active"], ann["since"]) == (5, True, "day1")
    groups = {row["group_id"]: row for row in ann["groups"]}
    assert {id_: (row["is_direct"], row["since"], row["by_group_id"]) for id_, row in groups.items()} == {
        2: (True, "day1", None),
        4: (True, "day1", None),
        7: (True, "day2", None),
        1: (False, "day1", 2),
        3: (False, "day2", 7),
    }
    assert groups[1]["by_name"].strip() == "Phone and Chat"


def test_who_shows_what_happened() -> None:
    bo = data("who", "bo.lind@example.com")
    assert (bo["is_active"], bo["since"], bo["groups"]) == (False, "day2", [])
    assert [(event["day"], event["event"]) for event in bo["events"]] == [
        ("day1", "active"),
        ("day1", "joined"),
        ("day2", "inactive"),
        ("day2", "left"),
    ]
    shown = run("who", "6").stdout
    assert "inactive since day2" in shown
    assert "A member of no group." in shown
    assert "left Phone and Chat (2)" in " ".join(shown.split())
    assert data("history", "--agent", "Bo Lind")[0]["what"] == "agent"


def test_a_name_cannot_control_the_terminal(environment: Settings, pipeline: Pipeline) -> None:
    pipeline.rows("UPDATE directory.groups SET name = E'Ev\\x1b[2Jil' WHERE group_id IN (1, 3) RETURNING 1")
    assert "\x1b" not in run("why", "Ev\x1b[2Jil").output
