"""P21: the figures of a report are those of independent SQL, of any day, however it came to what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from groups_platform.database.connection import connect
from groups_platform.directory.change_words import KINDS, Mark, summed_up
from groups_platform.directory.days import DayState
from groups_platform.directory.difference import read_difference
from groups_platform.directory.plan import find_plan
from groups_platform.errors import UnknownSyncDay
from groups_platform.report import words
from groups_platform.report.figures import DayReport, newest_day, read_report, read_statuses
from groups_platform_tests.course import run_course
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.report.conftest import rows_of
from groups_platform_tests.staged_by_hand import sync_by_hand

TOTALS = """
    SELECT (SELECT count(*) FROM groups_as_of(%(day)s)),
           (SELECT count(*) FROM groups_as_of(%(day)s) WHERE inactive),
           (SELECT count(*) FROM memberships_as_of(%(day)s)),
           (SELECT count(*) FROM agents_as_of(%(day)s)),
           (SELECT count(*) FROM agents_as_of(%(day)s) WHERE active)
"""


def difference(url: str, first: str, second: str) -> Counter[str]:
    """Independently of the report: the whole tables of both days, compared here."""

    def whole(table: str, day: str) -> dict[int, tuple[Any, ...]]:
        found = rows_of(url, f"SELECT * FROM {table}_as_of(%(day)s)", day=day)
        return {row[0]: row[1:] for row in found}

    def members(day: str) -> set[tuple[Any, ...]]:
        return set(rows_of(url, "SELECT * FROM memberships_as_of(%(day)s)", day=day))

    found = Counter(
        memberships_added=len(members(second) - members(first)),
        memberships_removed=len(members(first) - members(second)),
    )
    for table, columns in FIELDS.items():
        old, new = whole(table, first), whole(table, second)
        found[f"{table}_new"], found[f"{table}_gone"] = len(new.keys() - old.keys()), len(old.keys() - new.keys())
        for id_ in old.keys() & new.keys():
            found.update(columns(old[id_], new[id_]))
    missing = "SELECT {0}_day, count(*) FROM missing_groups WHERE {0}_day = %(day)s GROUP BY 1"
    for kind, column in {"groups_missing": "since", "groups_ended": "ended"}.items():
        found[kind] = sum(row[1] for row in rows_of(url, missing.format(column), day=second))
    return +found


def group_kinds(old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    yield from ["groups_renamed"] * (old[0] != new[0]) + ["groups_moved"] * (old[1] != new[1])
    if old[2] != new[2]:
        yield "groups_turned_inactive" if new[2] else "groups_turned_active"


def agent_kinds(old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    yield from ["agents_changed"] * (old[1:] != new[1:])
    if old[0] != new[0]:
        yield "agents_reactivated" if new[0] else "agents_deactivated"


FIELDS = {"groups": group_kinds, "agents": agent_kinds}


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
            assert report.changes.counts == difference(url, report.before.sync_day, label)
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
    applied = [
        str(row[0]) for row in rows_of(database_url, "SELECT sync_day FROM sync_days ORDER BY sort_key, sync_day")
    ]
    for first, second in [(applied[0], applied[-1]), (applied[-1], applied[0]), *pairwise(applied[::-2])]:
        found = read_difference(database_url, first, second, limit=3)
        expected = difference(database_url, first, second)
        missing = ("groups_missing", "groups_ended")  # what is expected of these holds for neighbours
        assert {kind: n for kind, n in found.counts.items() if kind not in missing} == {
            kind: n for kind, n in expected.items() if kind not in missing
        }
        assert len(found.changes) == min(3, sum(found.counts.values()))


def test_p21_what_changed_has_names(sample_url: str) -> None:
    changes = read_report(sample_url, "day2").changes
    assert changes
    (renamed,) = changes.of("groups_renamed")
    assert (renamed.before, renamed.after, renamed.group_name) == (
        "Live Chat",
        "Chat and Messaging",
        "Chat and Messaging",
    )
    moved = {row.group_name: row.sides for row in changes.of("groups_moved")}
    assert moved["Social Media"] == ("E-mail and Social (21000401200)", "Phone and Chat (21000401100)")
    assert moved["Fleet Desk"][1] == "group 21000405000"
    joined = {(row.agent_name, row.group_name) for row in changes.of("memberships_added")}
    assert ("Fatoumata Diallo", "E-mail Inbox") in joined
    assert {row.agent_name for row in changes.of("agents_new")} == {"Noor van Dijk"}


def test_p21_a_held_day_shows_what_it_would_change_over_the_tables_that_stand(held_url: str) -> None:
    report = read_report(held_url, "day3")
    plan = find_plan(held_url, "day3")
    assert plan
    assert report.status.state is DayState.HELD
    assert report.is_planned
    assert report.changes
    assert report.changes.counts == {k: n for k, n in plan["counts"].items() if n}
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
        group.group_id
        for top in report.tree.top
        for group in top.walk()
        if Mark("groups_turned_inactive", "would turn inactive") in group.marks
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
    assert report.changes
    assert report.changes.counts == {"memberships_removed": 2, "groups_turned_inactive": 1}


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
    live = rows_of(sample_url, TOTALS, day="day1")[0]
    assert report.changes
    assert report.changes.counts == {"groups_new": live[0], "agents_new": live[3], "memberships_added": live[2]}
    assert report.tree
    assert not any(group.marks for top in report.tree.top for group in top.walk())


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
    assert summed_up({"memberships_added": 1, "groups_new": 2, "projects_losing_all_members": 1}) == (
        "2 new groups, 1 member joined, 1 project losing all members"
    )
    assert all(kind.one != kind.many and kind.happened for kind in KINDS.values())
