"""P21: the figures of a report are those of independent SQL, of any day, however it came to what it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from groups_platform.database.connection import connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.days import DayState
from groups_platform.directory.plan import KINDS, find_plan
from groups_platform.errors import UnknownSyncDay
from groups_platform.report import words
from groups_platform.report.figures import GONE, DayReport, newest_day, read_report, read_statuses
from groups_platform_tests.course import run_course
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.report.conftest import rows_of
from groups_platform_tests.staged_by_hand import sync_by_hand

# What `diff` calls a kind of change.
DIFFERENCE = {
    "group new": "groups_new",
    "group gone": "groups_gone",
    "group renamed": "groups_renamed",
    "group moved": "groups_moved",
    "group turned inactive": "groups_turned_inactive",
    "group turned active": "groups_turned_active",
    "agent new": "agents_new",
    "agent gone": "agents_gone",
    "agent deactivated": "agents_deactivated",
    "agent reactivated": "agents_reactivated",
    "agent changed": "agents_changed",
    "member added": "memberships_added",
    "member removed": "memberships_removed",
}
TOTALS = """
    SELECT (SELECT count(*) FROM groups_as_of(%(day)s)),
           (SELECT count(*) FROM groups_as_of(%(day)s) WHERE inactive),
           (SELECT count(*) FROM memberships_as_of(%(day)s)),
           (SELECT count(*) FROM agents_as_of(%(day)s)),
           (SELECT count(*) FROM agents_as_of(%(day)s) WHERE active)
"""


def difference(url: str, first: str, second: str) -> Counter[str]:
    """By another query than the report's, which compares the whole tables of both days."""
    query = read_sql("directory/read_difference").as_string(None)
    found = rows_of(url, query, first=first, second=second, limit=1_000_000, kinds=list(DIFFERENCE))
    return Counter(DIFFERENCE[str(row[0])] for row in found)


def counted(report: DayReport) -> Counter[str]:
    return Counter({change.kind: change.rows for change in report.changes or () if change.kind in DIFFERENCE.values()})


def compare(url: str, label: str) -> DayReport:
    """The report of the day, after every figure of it was found by other queries."""
    report = read_report(url, label)
    applied = [str(row[0]) for row in rows_of(url, "SELECT sync_day FROM sync_days ORDER BY sort_key, sync_day")]
    tried_again = "SELECT sync_day FROM sync_attempts WHERE outcome <> 'applied'"  # findings are of the newest content
    refused_since = {row[0] for row in rows_of(url, tried_again)}
    for day in report.curve:
        found = (day.groups, day.inactive_groups, day.memberships, day.agents, day.active_agents)
        assert rows_of(url, TOTALS, day=day.sync_day) == [found], day.sync_day
        stored = "SELECT count(*) FROM findings WHERE sync_day = %(day)s"
        if day.sync_day not in refused_since:
            assert rows_of(url, stored, day=day.sync_day) == [(day.findings,)], day.sync_day
    query = "SELECT code, count(*) FROM findings WHERE sync_day = %(day)s GROUP BY code"
    assert dict(rows_of(url, query, day=label)) == {code.code: code.rows for code in report.findings}
    if report.is_applied:
        place = applied.index(label)
        assert [day.sync_day for day in report.curve] == applied[: place + 1]
        assert report.before is None or report.before.sync_day == applied[place - 1]
        if report.changes is not None and report.before and not report.is_planned:
            assert counted(report) == difference(url, report.before.sync_day, label)
    if report.tree and report.shown:
        tree = [group for top in report.tree.top for group in top.walk()]
        as_of = "SELECT group_id, name, inactive FROM groups_as_of(%(day)s) ORDER BY group_id"
        shown = sorted((group.group_id, group.name, group.is_inactive) for group in tree)
        assert shown == rows_of(url, as_of, day=report.shown.sync_day)
        assert (report.tree.shown, report.tree.left_out) == (report.tree.groups, 0)
        assert {group.left_out for group in tree} == {0}
        members = "SELECT group_id, count(*) FROM memberships_as_of(%(day)s) GROUP BY group_id"
        told = {group.group_id: group.members for group in tree if group.members}
        assert told == dict(rows_of(url, members, day=report.shown.sync_day))
    return report


@pytest.mark.parametrize("label", ["day1", "day2", "day3", "day4", "day5"])
def test_p21_the_figures_of_the_sample_days_equal_sql(sample_url: str, label: str) -> None:
    report = compare(sample_url, label)
    assert report.status.state is (DayState.REJECTED if label == "day3" else DayState.APPLIED)
    assert report.records
    counts = "counts -> 'groups' ->> 'read', counts -> 'agents' ->> 'rejected'"
    tried = f"SELECT {counts} FROM sync_attempts WHERE sync_day = %(day)s"
    ((read, rejected),) = rows_of(sample_url, tried, day=label)
    assert (str(report.records.groups_read), str(report.records.agents_rejected)) == (read, rejected)


@pytest.mark.parametrize(
    ("seed", "days"), [(3, 6), *(pytest.param(seed, 20, marks=pytest.mark.slow) for seed in (11, 26, 40))]
)
def test_p21_the_figures_of_a_random_course_equal_sql(database_url: str, tmp_path: Path, seed: int, days: int) -> None:
    """Days that are held, late, incomplete, delivered again and decided about, as a course has them."""
    run_course(database_url, tmp_path, seed, days)
    states = {compare(database_url, status.label).status.state for status in read_statuses(database_url)}
    assert DayState.APPLIED in states
    assert len(states) > 1


def test_p21_what_changed_has_names(sample_url: str) -> None:
    changes = {change.kind: change.sample for change in read_report(sample_url, "day2").changes or ()}
    (renamed,) = changes["groups_renamed"]
    assert (renamed.before, renamed.after, renamed.group_name) == (
        "Live Chat",
        "Chat and Messaging",
        "Chat and Messaging",
    )
    moved = {row.group_name: (row.before, row.after) for row in changes["groups_moved"]}
    assert moved["Social Media"] == ("E-mail and Social", "Phone and Chat")
    assert moved["Fleet Desk"][1] == "group 21000405000"
    joined = {(row.agent_name, row.group_name) for row in changes["memberships_added"]}
    assert ("Fatoumata Diallo", "E-mail Inbox") in joined
    assert {row.agent_name for row in changes["agents_new"]} == {"Noor van Dijk"}


def test_p21_a_held_day_shows_what_it_would_change_over_the_tables_that_stand(held_url: str) -> None:
    report = read_report(held_url, "day3")
    plan = find_plan(held_url, "day3")
    assert plan
    assert report.status.state is DayState.HELD
    assert report.is_planned
    assert {change.kind: change.rows for change in report.changes or ()} == {
        k: n for k, n in plan["counts"].items() if n
    }
    assert report.shown is not None
    assert report.shown.sync_day == "day2"
    assert report.plan
    assert [excess["limit"] for excess in report.plan.excesses] == ["groups_turned_inactive", "agents_deactivated"]
    assert report.records
    assert (
        report.records.groups_read
        == rows_of(held_url, "SELECT (counts -> 'groups' ->> 'read')::INT FROM sync_attempts WHERE sync_day = 'day3'")[
            0
        ][0]
    )
    assert report.tree
    marked = {
        group.group_id for top in report.tree.top for group in top.walk() if "groups_turned_inactive" in group.kinds
    }
    assert len(marked) == 18


def test_p21_a_day_that_is_delivered_again_is_compared_with_the_day_before_not_with_itself(
    database_url: str, tmp_path: Path
) -> None:
    write = [group(1, [5, 6]), group(2, [6])]
    people = [agent(5), agent(6)]
    sync_by_hand(database_url, "day1", write_day(tmp_path / "a" / "sync-day1", write, people))
    sync_by_hand(database_url, "day2", write_day(tmp_path / "b" / "sync-day2", [group(1, [5]), group(2, [6])], people))
    sync_by_hand(database_url, "day2", write_day(tmp_path / "c" / "sync-day2", [group(1, []), group(2, [6])], people))
    report = compare(database_url, "day2")
    assert counted(report) == Counter({"memberships_removed": 2, "groups_turned_inactive": 1})


def test_p21_a_failed_day_shows_its_findings_and_the_tables_that_stand(database_url: str, tmp_path: Path) -> None:
    sync_by_hand(database_url, "day1", write_day(tmp_path / "sync-day1", [group(1, [5])], [agent(5)]))
    broken = write_day(tmp_path / "sync-day2", [group(1), {"id": "x"}], [], files={"admin_groups/cut.json": "["})
    assert sync_by_hand(database_url, "day2", broken).refusal
    report = compare(database_url, "day2")
    assert report.status.state is DayState.FAILED
    assert report.changes is None
    assert report.shown is not None
    assert report.shown.sync_day == "day1"
    assert [code.code for code in report.findings][:1] == ["invalid_json"]


def test_p21_an_older_day_shows_that_it_changed_nothing(database_url: str, tmp_path: Path) -> None:
    for label in ("day2", "day1"):
        sync_by_hand(database_url, label, write_day(tmp_path / f"sync-{label}", [group(1, [5])], [agent(5)]))
    report = compare(database_url, "day1")
    assert report.status.state is DayState.LATE
    assert (report.shown, report.tree, report.changes, report.curve) == (None, None, None, ())
    assert newest_day(read_statuses(database_url)) == "day2"


def test_p21_the_first_day_is_all_new_and_nothing_of_its_tree_is_marked(sample_url: str) -> None:
    report = read_report(sample_url, "day1")
    assert report.is_first
    assert {change.kind for change in report.changes or ()} == {"agents_new", "groups_new", "memberships_added"}
    live = rows_of(sample_url, TOTALS, day="day1")[0]
    rows = {change.kind: change.rows for change in report.changes or ()}
    assert (rows["groups_new"], rows["memberships_added"], rows["agents_new"]) == (live[0], live[2], live[3])
    assert report.tree
    assert not any(group.kinds for top in report.tree.top for group in top.walk())


def test_p21_without_any_day_the_error_says_what_to_do(database_url: str) -> None:
    with pytest.raises(UnknownSyncDay, match="Run groups-platform sync --all"):
        newest_day(read_statuses(database_url))
    with pytest.raises(UnknownSyncDay, match=r"Nothing is known of day1\. The newest days: none"):
        read_report(database_url, "day1")


def test_p21_days_before_the_histories_begin_have_no_totals(database_url: str, tmp_path: Path) -> None:
    for label in ("day1", "day2"):
        sync_by_hand(database_url, label, write_day(tmp_path / f"sync-{label}", [group(1, [5])], [agent(5)]))
    with connect(database_url) as connection:
        for table in ("group_history", "agent_history", "membership_history"):
            connection.execute(f"UPDATE directory.{table} SET from_day = 'day2'".encode())
    report = read_report(database_url, "day2")
    assert [day.groups for day in report.curve] == [None, 1]
    assert report.changes is None


def test_every_state_and_kind_has_words() -> None:
    assert set(words.STATES) == set(DayState)
    assert set(words.KINDS) == {*KINDS, *GONE}
    texts = [kind.counted(1) for kind in words.KINDS.values()]
    assert texts[:3] == ["1 group turned inactive", "1 group active again", "1 new group"]
