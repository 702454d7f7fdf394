"""Days after days: what each changes is all that is looked at, and everything is as the model says after each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groups_platform.database.connection import connect
from groups_platform.database.sql_files import sql_folder
from groups_platform.directory.apply import apply_day
from groups_platform.directory.checks import EVERYTHING, all_checks
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.fingerprint import DAYS_BETWEEN_WHOLE_CHECKS
from groups_platform.errors import CheckFailed
from groups_platform_tests import oracle
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.staged_by_hand import staged_by_hand, sync_by_hand

SEEDS = range(4)
SLOW_SEEDS = range(4, 40)
DAYS = 17

Rows = set[tuple[Any, ...]]
TABLES = {
    "agents": "SELECT agent_id, email, name, active, created_at, updated_at FROM directory.agents",
    "groups": "SELECT group_id, name, parent_group_id, created_at, updated_at, inactive FROM directory.groups",
    "group_membership": "SELECT group_id, agent_id FROM directory.group_membership",
    "pending_membership": "SELECT group_id, agent_id FROM directory.pending_membership",
}
AS_OF = {
    "groups": "SELECT group_id, name, parent_group_id, inactive FROM directory.groups",
    "agents": "SELECT agent_id, active, name, email FROM directory.agents",
    "group_membership": "SELECT group_id, agent_id FROM directory.group_membership",
}
FUNCTIONS = {"groups": "groups_as_of", "agents": "agents_as_of", "group_membership": "memberships_as_of"}


def rows(url: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(query.encode(), parameters or None).fetchall()


def versions(url: str) -> dict[str, list[tuple[Any, ...]]]:
    tables = (*TABLES, "findings", "sync_days")
    return {table: sorted(rows(url, f"SELECT ctid::TEXT, xmin::TEXT FROM directory.{table}")) for table in tables}


class World:
    """What upstream knows, and how it changes from day to day."""

    def __init__(self, rng: random.Random, groups: int, agents: int) -> None:
        self.rng = rng
        self.next_id = groups
        self.agents: dict[int, bool] = {agent_id: rng.random() < 0.4 for agent_id in range(1000, 1000 + agents)}
        self.parents: dict[int, int | None] = {}
        self.members: dict[int, set[int]] = {}
        self.names: dict[int, str] = {}
        for group_id in range(groups):
            self.add_group(group_id)

    def some_agents(self) -> set[int]:
        known = [*self.agents, 1990, 1991, 1992]
        return set(self.rng.sample(known, k=self.rng.choice([0, 0, 0, 1, 2, 3])))

    def some_parent(self) -> int | None:
        return self.rng.choice([*self.parents, *self.parents, None, 99_999, self.next_id, self.next_id + 1])

    def some_group(self) -> int:
        return self.rng.choice([*self.parents])

    def add_group(self, group_id: int | None = None) -> None:
        group_id = self.next_id if group_id is None else group_id
        self.next_id = max(self.next_id, group_id + 1)
        self.parents[group_id] = self.some_parent()
        self.members[group_id] = self.some_agents()
        self.names[group_id] = f"Group {group_id}"

    def move(self) -> None:
        self.parents[self.some_group()] = self.some_parent()

    def close_cycle(self) -> None:
        ring = self.rng.sample([*self.parents], k=min(len(self.parents), self.rng.randrange(1, 5)))
        for below, above in zip(ring, [*ring[1:], ring[0]], strict=True):
            self.parents[below] = above

    def open_cycles(self) -> None:
        for group_id in self.rng.sample([*self.parents], k=2):
            self.parents[group_id] = None

    def change_members(self) -> None:
        self.members[self.some_group()] = self.some_agents()

    def rename(self) -> None:
        self.names[self.some_group()] += "x"

    def switch_agent(self) -> None:
        agent_id = self.rng.choice([*self.agents])
        self.agents[agent_id] = not self.agents[agent_id]

    def add_agent(self) -> None:
        self.agents[self.rng.choice([1990, 1991, 1992, 1000 + len(self.agents)])] = self.rng.random() < 0.6

    def change(self) -> None:
        changes: list[Callable[[], None]] = [
            self.move, self.move, self.close_cycle, self.open_cycles, self.change_members, self.change_members,
            self.rename, self.switch_agent, self.switch_agent, self.add_agent, self.add_group,
        ]  # fmt: skip
        for change in self.rng.choices(changes, k=self.rng.choice([0, 1, 1, 2, 3, 8])):
            change()

    def write(self, folder: Path) -> None:
        """The day: some groups are absent, rejected or say no members; some agents are absent, or all of them."""
        told = []
        for group_id, parent in self.parents.items():
            record = group(group_id, sorted(self.members[group_id]), parent, name=self.names[group_id])
            fate = self.rng.random()
            if fate < 0.04:
                continue
            if self.rng.random() < 0.1:
                del record["agent_ids"]
            told.append({**record, "updated_at": "never"} if fate < 0.07 else record)
        told = told or [group(0)]
        roster = [
            {**agent(agent_id, active=active), **({"created_at": "never"} if self.rng.random() < 0.03 else {})}
            for agent_id, active in self.agents.items()
            if self.rng.random() > 0.04
        ]
        has_roster = self.rng.random() < 0.8 or not folder.name.endswith("day1")
        details = [agent(agent_id) for agent_id in (1990, 1005)] if self.rng.random() < 0.2 else None
        write_day(folder, told, roster if has_roster and roster else None, details=details)


def compare(url: str, directory: oracle.Directory) -> None:
    expected: dict[str, Rows] = {
        "agents": {tuple(vars(row).values()) for row in directory.agents.values()},
        "groups": {tuple(vars(row).values()) for row in directory.groups.values()},
        "group_membership": directory.membership(),
        "pending_membership": directory.wanted() - directory.membership(),
    }
    for table, query in TABLES.items():
        stored = set(rows(url, query))
        assert (stored - expected[table], expected[table] - stored) == (set(), set()), table


def compare_findings(url: str, label: str, result: DayResult, expected: oracle.DayResult) -> None:
    columns = "code, severity, file, position, group_id, agent_id"
    stored = Counter(rows(url, f"SELECT {columns} FROM directory.findings WHERE sync_day = %s", label))
    assert stored == Counter(tuple(vars(found).values()) for found in expected.findings)
    assert {code: number for code, number in result.findings.items() if number} == Counter(
        found.code for found in expected.findings
    )
    shown = {check.name: check.failures for check in result.checks}
    for check, code in (("hierarchy_cycles", "hierarchy_cycle"), ("missing_parents", "missing_parent")):
        assert shown[check] == result.findings[code]
    cycles = sorted(
        found.group_id for found in expected.findings if found.code == "hierarchy_cycle" and found.group_id is not None
    )
    assert rows(url, "SELECT cycles FROM directory.sync_days WHERE sync_day = %s", label) == [(cycles,)]


def meddle(url: str, rng: random.Random) -> None:
    """What somebody might do by hand, and the next full snapshot mends."""
    with connect(url) as connection:
        for statement in rng.sample(
            [
                "UPDATE groups SET inactive = NOT inactive WHERE group_id = (SELECT max(group_id) FROM groups)",
                "UPDATE groups SET inactive = NOT inactive",
                "UPDATE groups SET inactive = NOT inactive WHERE group_id % 3 = 0",
            ],
            k=1,
        ):
            connection.execute(statement.encode())


@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SLOW_SEEDS)])
def test_d9_to_d13_every_day_of_a_long_history(database_url: str, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    world, directory = World(rng, rng.choice([3, 12, 40]), rng.choice([2, 8])), oracle.Directory()
    applied, live = 0, {}
    for number in range(1, DAYS + 1):
        label, folder = f"day{number}", tmp_path / f"sync-day{number}"
        world.write(folder)
        world.change()
        if rng.random() < 0.15:
            meddle(database_url, rng)
        try:
            expected = directory.sync(folder, label)
        except oracle.IncompleteSnapshot:
            continue  # that nothing is applied then is shown elsewhere
        result = sync_by_hand(database_url, label, folder)
        applied += 1
        compare(database_url, directory)
        compare_findings(database_url, label, result, expected)
        live[label] = {table: sorted(rows(database_url, query), key=repr) for table, query in AS_OF.items()}
        if rng.random() < 0.3:
            before = versions(database_url)
            assert sync_by_hand(database_url, label, folder).rows_written == 0
            assert versions(database_url) == before
            assert not sync_by_hand(database_url, "day0", folder).is_applied
            assert {**versions(database_url), "findings": []} == {**before, "findings": []}, "all but its own findings"
    assert applied >= DAYS - 2
    for label, tables in live.items():
        for table, query in AS_OF.items():
            as_of = query.replace(f"directory.{table}", f"directory.{FUNCTIONS[table]}('{label}')")
            assert sorted(rows(database_url, as_of), key=repr) == tables[table], (label, table)


def looked_at(result: DayResult) -> set[str]:
    return {check.looked_at for check in result.checks}


GROUPS = [group(1), group(2, [10], parent=1), group(3, [11], parent=9), group(4, [10], parent=5), group(5, parent=4)]
AGENTS = [agent(10), agent(11, active=False)]


def day(tmp_path: Path, label: str, groups: list[Any], agents: list[Any] | None = None) -> Path:
    return write_day(tmp_path / f"sync-{label}", groups, AGENTS if agents is None else agents)


def test_checks_look_at_every_row_once_a_week_of_days(database_url: str, tmp_path: Path) -> None:
    whole = []
    for number in range(1, 2 * DAYS_BETWEEN_WHOLE_CHECKS + 2):
        label = f"day{number}"
        folder = day(tmp_path, label, [*GROUPS, group(100 + number)])
        if looked_at(sync_by_hand(database_url, label, folder)) == {EVERYTHING}:
            whole.append(number)
        again = sync_by_hand(database_url, label, folder)
        assert again.rows_written == 0
        assert looked_at(again) != {EVERYTHING}
    assert whole == [1 + DAYS_BETWEEN_WHOLE_CHECKS, 1 + 2 * DAYS_BETWEEN_WHOLE_CHECKS]
    recorded = "SELECT sync_day FROM directory.sync_days WHERE is_checked_whole"
    assert set(rows(database_url, recorded)) == {("day1",), *((f"day{number}",) for number in whole)}


@pytest.mark.parametrize(
    "by_hand",
    [
        "UPDATE groups SET inactive = NOT inactive WHERE group_id = 1",
        "UPDATE groups SET inactive = NOT inactive WHERE group_id IN (4, 5)",
        "DELETE FROM group_membership WHERE group_id = 2",
        "INSERT INTO group_membership VALUES (3, 10)",
        "UPDATE groups SET parent_group_id = NULL WHERE group_id = 2",
        "UPDATE groups SET parent_group_id = 3 WHERE group_id = 2",
        "UPDATE agents SET active = TRUE WHERE agent_id = 11",
        "UPDATE agents SET active = NOT active",
    ],
)
def test_d11_what_somebody_changed_by_hand_is_mended_by_a_day_that_changes_nothing(
    database_url: str, tmp_path: Path, by_hand: str
) -> None:
    folder = day(tmp_path, "day1", GROUPS)
    sync_by_hand(database_url, "day1", folder)
    directory = oracle.Directory()
    directory.sync(folder, "day1")
    with connect(database_url) as connection:
        connection.execute(by_hand.encode())
    result = sync_by_hand(database_url, "day1", folder)
    assert looked_at(result) == {EVERYTHING}
    compare(database_url, directory)
    assert looked_at(sync_by_hand(database_url, "day1", folder)) != {EVERYTHING}


def test_a_day_that_changes_nothing_looks_at_no_flag(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sync_by_hand(database_url, "day1", day(tmp_path, "day1", GROUPS))
    caplog.set_level("INFO", "groups_platform.directory.statements")
    assert sync_by_hand(database_url, "day2", day(tmp_path, "day2", GROUPS)).rows_written == 0
    assert "affect changed groups: 0 rows" in caplog.text
    assert "find cycles of changes: 2 rows" not in caplog.text


def test_a_check_of_changes_belongs_to_a_check_of_every_row() -> None:
    files = {path.stem for path in (sql_folder() / "checks" / "changed").glob("*.sql")}
    assert files == {check.name for check in all_checks() if check.changed}


# A fault of ours, played by a trigger on what the sync writes, and the check that refuses the day. From GROUPS the day
# makes 2 inactive and 3 active, moves 1 below 3, and writes a new group, a new agent and new members.
FAULTS = [
    ("groups", "NEW.inactive := TRUE", "inactivity_is_right"),
    ("groups", "NEW.inactive := FALSE", "inactivity_is_right"),
    ("groups", "IF TG_OP = 'UPDATE' THEN NEW.inactive := OLD.inactive; END IF", "inactivity_is_right"),
    ("groups", "NEW.name := 'other'", "groups_equal_snapshot"),
    ("groups", "NEW.parent_group_id := NULL", "groups_equal_snapshot"),
    ("groups", "IF TG_OP = 'INSERT' THEN RETURN NULL; END IF", "groups_equal_snapshot"),
    ("agents", "NEW.active := NOT NEW.active", "agents_equal_snapshot"),
    ("agents", "IF TG_OP = 'UPDATE' THEN RETURN NULL; END IF", "agents_equal_snapshot"),
    ("group_membership", "IF TG_OP = 'DELETE' THEN RETURN NULL; END IF", "memberships_equal_snapshot"),
    ("group_membership", "IF TG_OP = 'INSERT' THEN RETURN NULL; END IF", "memberships_equal_snapshot"),
    ("group_membership", "NEW.agent_id := NEW.agent_id + 4000", "membership_without_group_or_agent"),
    ("group_membership", "NEW.group_id := NEW.group_id + 4000", "membership_without_group_or_agent"),
    ("group_membership", "IF NEW.group_id = 6 THEN NEW.group_id := 1; END IF", "memberships_equal_snapshot"),
]


@pytest.mark.parametrize(("table", "fault", "check"), FAULTS)
def test_d12_the_checks_of_what_a_day_wrote_refuse_a_wrong_one(
    database_url: str, tmp_path: Path, table: str, fault: str, check: str
) -> None:
    agents = [agent(10), agent(11, active=False), agent(12, active=False)]
    before = [group(1), group(2, [10], parent=1), group(3, [11]), group(4, [12, 98], parent=5), group(5, parent=4)]
    sync_by_hand(database_url, "day1", day(tmp_path, "day1", before, agents))
    after = [group(1, parent=3), group(2, [12, 97], parent=1), group(3, [11, 12]), *before[3:], group(6, [13, 10])]
    folder = day(tmp_path, "day2", after, [agent(10), agent(11), agent(12, active=False), agent(13), agent(98)])
    live = [rows(database_url, query) for query in TABLES.values()]
    with connect(database_url) as connection:
        connection.execute(
            f"CREATE FUNCTION public.err() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {fault}; "
            f"RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$; "
            f"CREATE TRIGGER err BEFORE INSERT OR UPDATE OR DELETE ON directory.{table} "
            "FOR EACH ROW EXECUTE FUNCTION public.err()".encode()
        )
    refused = sync_by_hand(database_url, "day2", folder)
    assert isinstance(refused.refusal, CheckFailed)
    failed = {check.name: check for check in refused.checks if check.is_blocking and not check.passed}
    assert check in failed
    assert [rows(database_url, query) for query in TABLES.values()] == live
    with connect(database_url) as connection:
        connection.execute("DROP FUNCTION public.err CASCADE")
    assert sync_by_hand(database_url, "day2", folder).is_applied


def test_d11_the_check_of_what_a_day_wrote_finds_a_cycle_that_keeps_itself_active(
    database_url: str, tmp_path: Path
) -> None:
    """4 and 5 are above each other. Each has an active child, and no member is active."""
    sync_by_hand(database_url, "day1", day(tmp_path, "day1", GROUPS))
    with staged_by_hand(database_url, "day2", day(tmp_path, "day2", GROUPS, [agent(10, active=False)])) as staged:
        staged.connection.execute(
            "CREATE FUNCTION public.err() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.group_id IN (4, 5) THEN RETURN NULL; END IF; RETURN NEW; END $$; "
            "CREATE TRIGGER err BEFORE UPDATE ON groups FOR EACH ROW EXECUTE FUNCTION public.err()"
        )
        refused = apply_day(staged)
    assert refused.refusal
    assert refused.refusal.facts["check"] == "inactivity_is_right"
    failed = {check.name: check for check in refused.checks}["inactivity_is_right"]
    assert {row["group_id"] for row in failed.sample} == {4, 5}


@pytest.mark.parametrize("shape", ["chain", "cycle"])
@pytest.mark.parametrize("size", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_d11_a_change_at_the_bottom_of_a_very_long_chain(
    new_database: NewDatabase, tmp_path: Path, shape: str, size: int
) -> None:
    """Every group above it is flagged anew, in seconds; and back again."""
    parents = {n: n + 1 for n in range(1, size)} | {size: 1 if shape == "cycle" else None}
    with new_database() as url:
        for label, is_active in (("day1", False), ("day2", True), ("day3", False)):
            groups = [group(n, [10] if n == 1 else [], parent) for n, parent in parents.items()]
            result = sync_by_hand(url, label, day(tmp_path, label, groups, [agent(10, active=is_active)]))
            if label != "day1":
                assert result.changes["group_inactivity"].updated == size
            assert result.totals["inactive_groups"] == (0 if is_active else size)
            assert result.findings["hierarchy_cycle"] == (shape == "cycle")
