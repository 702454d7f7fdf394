"""D8 and D11 in the tables alone: cycles, ancestors and flags on any shape of hierarchy. No Spark in here."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable

import pytest

from groups_platform.database.connection import Connection, connect
from groups_platform.directory.apply import recompute_flags
from groups_platform.directory.hierarchy import explain
from groups_platform_tests import oracle

Parents = dict[int, "int | None"]


def fill(url: str, parents: Parents, members: Iterable[tuple[int, int]] = (), active: Iterable[int] = ()) -> None:
    """Groups with their parents, memberships, and agents of which some are active."""
    members, active = list(members), set(active)
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE groups, group_membership, agents")
        with cursor.copy("COPY groups (group_id, name, parent_group_id, inactive) FROM STDIN") as copy:
            for group_id, parent in parents.items():
                copy.write_row((group_id, "x", parent, True))
        cursor.executemany("INSERT INTO group_membership VALUES (%s, %s)", members)
        agents = {agent_id for _, agent_id in members} | active
        cursor.executemany(
            "INSERT INTO agents (agent_id, active) VALUES (%s, %s)", [(agent, agent in active) for agent in agents]
        )
        cursor.execute("ANALYZE groups, group_membership, agents")


def random_parents(rng: random.Random, size: int) -> Parents:
    """Mostly trees, some self loops, cycles with tails, and parents that do not exist."""
    ids = rng.sample(range(-size, size * 3), k=size)
    choices = [*ids, *ids, None, None, 10**12]
    return {group_id: rng.choice(choices) for group_id in ids}


def model(parents: Parents, members: Iterable[tuple[int, int]] = (), active: Iterable[int] = ()) -> oracle.Directory:
    directory = oracle.Directory()
    active = set(active)
    for group_id, parent in parents.items():
        directory.groups[group_id] = oracle.Group(group_id, "x", parent, None, None)
    for group_id, agent_id in members:
        directory.members.setdefault(group_id, set()).add(agent_id)
        directory.agents[agent_id] = oracle.Agent(agent_id, None, None, agent_id in active, None, None)
    return directory


def cycles(connection: Connection) -> dict[int, tuple[int, str]]:
    rows = connection.execute("SELECT group_id, length, path FROM directory.hierarchy_cycles()").fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return {group_id: (length, path) for group_id, length, path in rows}


def expected_cycles(parents: Parents) -> dict[int, tuple[int, str]]:
    found = {}
    for cycle in model(parents).find_cycles():
        path = [min(cycle)]
        while len(path) <= len(cycle):
            above = parents[path[-1]]
            assert above is not None
            path.append(above)
        found[min(cycle)] = (len(cycle), " → ".join(map(str, path)))
    return found


@pytest.mark.parametrize(
    "parents",
    [
        {},
        {1: None, 2: 1},
        {1: 1},
        {1: 99},
        {1: 1, 2: 1, 3: 2, 4: 4},
        {1: 2, 2: 1},
        {1: 2, 2: 3, 3: 1, 4: 1, 5: 4, 6: 4, 10: 11, 11: 12, 12: 13, 13: 10, 14: 12, 20: None, 21: 20},
        {-5: 7, 7: -5, 0: 7},
        {group_id: group_id % 8 + 1 for group_id in range(1, 9)},
    ],
)
def test_d8_each_cycle_is_found_once_with_its_path(database_url: str, parents: Parents) -> None:
    fill(database_url, parents)
    with connect(database_url) as connection:
        assert cycles(connection) == expected_cycles(parents)
        assert cycles(connection) == expected_cycles(parents)


@pytest.mark.parametrize("seed", range(3))
def test_d8_cycles_of_random_hierarchies(database_url: str, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        parents = random_parents(rng, rng.randrange(1, 60))
        fill(database_url, parents)
        with connect(database_url) as connection:
            assert cycles(connection) == expected_cycles(parents), parents


def test_d8_a_long_path_is_cut_and_its_length_is_told(database_url: str) -> None:
    fill(database_url, {group_id: group_id % 500 + 1 for group_id in range(1, 501)})
    with connect(database_url) as connection:
        ((length, path),) = cycles(connection).values()
        assert length == 500
        assert path.startswith("1 → 2 → 3 → ")
        assert path.endswith(" → … → 1")
        assert len(re.findall(r"\d+", path)) == 101


def ancestors(parents: Parents, group_id: int) -> list[int]:
    """Nearest first; a cycle is walked once, and the group is not its own ancestor."""
    found: list[int] = []
    above = parents[group_id]
    while above in parents and above not in found and above != group_id:
        assert above is not None
        found.append(above)
        above = parents[above]
    return found


def test_d8_the_ancestors_of_every_group_nearest_first(database_url: str) -> None:
    rng = random.Random(7)
    for _ in range(8):
        parents = random_parents(rng, rng.randrange(1, 50))
        fill(database_url, parents)
        with connect(database_url) as connection:
            rows = connection.execute("SELECT group_id, ancestor_id, distance FROM group_ancestry").fetchall()
        assert sorted(rows) == sorted(
            (group_id, ancestor, distance)
            for group_id in parents
            for distance, ancestor in enumerate(ancestors(parents, group_id), 1)
        )


@pytest.mark.parametrize("seed", range(3))
def test_d11_flags_of_random_hierarchies(database_url: str, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        parents = random_parents(rng, rng.randrange(1, 60))
        members = {(rng.choice(list(parents)), rng.randrange(20)) for _ in range(rng.randrange(20))}
        active = set(rng.sample(range(20), k=rng.randrange(6)))
        fill(database_url, parents, members, active)
        recompute_flags(database_url)
        with connect(database_url) as connection:
            flags = dict(connection.execute("SELECT group_id, inactive FROM groups").fetchall())
        assert flags == model(parents, members, active).inactive()
        assert recompute_flags(database_url).written == 0


@pytest.mark.parametrize("shape", ["chain", "cycle"])
@pytest.mark.parametrize("size", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_d8_d11_very_many_levels_take_seconds(database_url: str, shape: str, size: int) -> None:
    parents: Parents = {group_id: group_id + 1 for group_id in range(1, size)}
    parents[size] = 1 if shape == "cycle" else None
    fill(database_url, parents, [(1, 1)], active=[1])
    started = time.monotonic()
    assert recompute_flags(database_url).updated == size
    with connect(database_url) as connection:
        connection.execute("SET statement_timeout = '60s'")
        found = cycles(connection)
        query = "SELECT count(*), max(distance) FROM group_ancestry WHERE group_id = 1"
        assert connection.execute(query).fetchone() == (size - 1, size - 1)
    assert {group_id: length for group_id, (length, _) in found.items()} == ({1: size} if shape == "cycle" else {})
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("parents", "members", "sentence"),
    [
        ({1: None}, [], "No group is below it, and there are no members."),
        ({1: None}, [(1, 7)], "No group is below it, and it has 1 member, none of them active."),
        ({1: None, 2: 1}, [], "1 group is below it, and there are no members."),
        (
            {1: None, 2: 1, 3: 1},
            [(1, 7), (2, 8)],
            "2 groups are below it. It has 1 member itself and 2 with the groups below, none of them active.",
        ),
    ],
)
def test_d11_why_a_group_is_inactive_is_said_in_whole_sentences(
    database_url: str, parents: Parents, members: list[tuple[int, int]], sentence: str
) -> None:
    fill(database_url, parents, members)
    assert explain(database_url, 1).sentence == sentence
