"""What changed between two days, and what a plan would change: a sentence, a table and a tree, with names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from groups_platform.settings import Settings
from groups_platform.terminal import console
from groups_platform_tests.command_tree import failure, run
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.pipeline import Pipeline


@pytest.fixture
def source(environment: Settings, pipeline: Pipeline) -> Path:
    """A second day that renames and moves a group, adds one, makes one inactive, and one that comes back."""
    source = Path(environment.source)
    first = [
        *(group(1, [9], name="Support"), group(2, [9], name="Sales"), group(3, [5], parent=1, name="Phone")),
        *(group(4, [6], parent=2, name="Night"), group(5, [7], parent=2, name="Refunds")),
    ]
    second = [
        *(group(1, [9], name="Support"), group(2, [9], name="Sales"), group(3, [5, 8], parent=2, name="Calls")),
        *(
            group(4, [6], parent=2, name="Night"),
            group(5, parent=2, name="Refunds"),
            group(6, [8], parent=3, name="New"),
        ),
    ]
    people = {id_: agent(id_, contact={"name": f"Agent {id_}"}) for id_ in range(5, 10)}
    write_day(source / "sync-day1", first, [{**people[6], "active": False}, *(people[id_] for id_ in (5, 7, 9))])
    write_day(source / "sync-day2", second, list(people.values()))
    pipeline.sync("day1")
    return source


@pytest.fixture
def applied(source: Path, pipeline: Pipeline) -> None:
    pipeline.sync("day2")


def data(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)["data"]


CHANGES = {
    ("groups_turned_inactive", 5, None),
    ("groups_turned_active", 4, None),
    ("groups_new", 6, None),
    ("groups_moved", 3, None),
    ("groups_renamed", 3, None),
    ("agents_reactivated", None, 6),
    ("agents_new", None, 8),
    ("memberships_added", 3, 8),
    ("memberships_added", 6, 8),
    ("memberships_removed", 5, 7),
}


@pytest.mark.usefixtures("applied")
def test_p17_days_before_the_histories_begin_are_not_compared(pipeline: Pipeline) -> None:
    pipeline.rows("DELETE FROM directory.group_history WHERE from_day = 'day1' RETURNING 1")
    error = failure("diff", "day1", "day2", "--json")
    assert error["code"] == "unknown_sync_day"
    assert "day1 is not known: their history begins later" in error["message"]


@pytest.mark.usefixtures("applied")
def test_p17_a_difference_has_every_change_with_names() -> None:
    told = data("diff", "day1", "day2")
    assert (told["first"], told["second"]) == ("day1", "day2")
    assert {(row["change"], row["group_id"], row["agent_id"]) for row in told["changes"]} == CHANGES
    assert sum(told["counts"].values()) == len(CHANGES)
    moved = next(row for row in told["changes"] if row["change"] == "groups_moved")
    assert (moved["before"], moved["before_name"], moved["after"], moved["after_name"]) == (
        "1",
        "Support",
        "2",
        "Sales",
    )
    assert all(row["group_name"] for row in told["changes"] if row["group_id"])
    assert all(row["agent_name"] for row in told["changes"] if row["agent_id"])


@pytest.mark.usefixtures("applied")
def test_p17_by_default_the_newest_day_is_compared_with_the_one_before() -> None:
    assert data("diff") == data("diff", "day2") == data("diff", "day1", "day2")
    assert {row["change"] for row in data("diff", "day2", "day1")["changes"]} >= {"groups_gone", "agents_gone"}
    assert "day1 is the first applied day" in failure("diff", "day1", "--json")["message"]
    assert failure("diff", "day9", "--json")["code"] == "unknown_sync_day"


@pytest.mark.usefixtures("environment")
def test_p17_without_an_applied_day_diff_says_what_to_run() -> None:
    assert "groups-platform sync --all" in failure("diff", "--json")["message"]


@pytest.mark.usefixtures("applied")
def test_changes_read_without_colour_by_their_signs() -> None:
    shown = run("diff").stdout
    assert "\x1b" not in shown
    for line in (
        "From day1 to day2: 1 group turned inactive, 1 group active again, 1 new group, 1 group moved,",
        "- Refunds (5)  turned inactive",
        "- Agent 7 (7)  left",
        "+ Night (4)  active again",
        "~ Calls (3)  moved from Support (1)  was Phone",
        "Calls (3)                 Support (1) → Sales (2)",
        "+ New (6)  new",
        "+ Agent 6 (6)  active again",
    ):
        assert line in shown, shown
    assert "└── Sales (2)" in shown, "the groups above are there, to find the way"
    tree, table = run("diff", "--tree").stdout, run("diff", "--table").stdout
    assert "what" in table
    assert "└──" not in table
    assert "└──" in tree
    assert "from and to" not in tree


@pytest.mark.usefixtures("applied")
def test_colour_is_beside_the_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_color_system", 1)
    assert "\x1b[1;31m-" in run("diff", "--tree").stdout


@pytest.mark.usefixtures("applied")
def test_a_limit_shows_some_of_every_kind_and_says_how_many_there_are() -> None:
    told = data("diff", "--limit", "8")
    assert len({row["change"] for row in told["changes"]}) == 8
    assert sum(told["counts"].values()) == len(CHANGES)
    assert "8 of 10 changes are shown; --limit shows more." in run("diff", "--limit", "8").stdout


@pytest.mark.usefixtures("source")
def test_p10_a_plan_is_shown_in_the_same_form() -> None:
    planned = run("plan", "--day", "day2")
    assert planned.exit_code == 0, planned.output
    for line in (
        "- Refunds (5)  turned inactive",
        "+ New (6)  new",
        "moved from Support (1)",
        "1 group moved",
    ):
        assert line in planned.stdout, planned.stdout
    rows = run("plan", "--day", "day2", "--csv")
    assert rows.stdout.splitlines()[0].startswith("change,group_id,group_name,")
    assert "groups-platform sync --day day2 applies it" in " ".join(rows.stderr.split())


@pytest.mark.usefixtures("environment")
def test_a_cycle_and_a_deep_tree_lose_nothing(environment: Settings, pipeline: Pipeline) -> None:
    source = Path(environment.source)
    chain = [group(id_, parent=id_ - 1 if id_ > 100 else None, name=f"Level {id_}") for id_ in range(100, 140)]
    write_day(source / "sync-day1", [*chain, group(1, parent=2), group(2, parent=1)], [agent(5)])
    chain[-1]["agent_ids"] = [5]
    write_day(source / "sync-day2", [*chain, group(1, [5], parent=2), group(2, parent=1)], [agent(5)])
    pipeline.sync("day1")
    pipeline.sync("day2")
    shown = run("diff").stdout
    assert "(139)" in shown
    assert "(1)" in shown
    tree = run("tree").stdout
    assert all(f"Level {id_}  {id_}" in tree for id_ in range(100, 140))
