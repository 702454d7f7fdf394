"""Invent a day of the directory's source, of any size and always the same for the same arguments.

The records have every field of the upstream export, so readers pay for the fields they skip. All of them are
valid: hostile records belong to the tests, where what is wrong with each is asserted.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHAPES = ("tree", "chain", "flat")
MEMBERS_PER_GROUP = 10
MEMBERSHIPS_PER_AGENT = 20
CHILDREN_PER_GROUP = 8
RETIRED_EVERY = 10
"""Every tenth agent is deactivated, and dormant groups have no other members."""
DORMANT_BRANCHES = 0.02
MOVED_SHARE = 0.1
"""Of the changed groups of a tree, the share that also gets another parent."""
FIRST_GROUP_ID = 21_000_000_001
FIRST_AGENT_ID = 31_000_000_001
TEAMS = ("Billing", "Field Service", "Identity", "Network", "Payroll", "Facilities", "Security", "Storefront")
REGIONS = ("EMEA", "APAC", "LATAM", "North America", "DACH", "Nordics", "Benelux")


@dataclass(frozen=True)
class DayFacts:
    """What one written day holds, counted while writing."""

    path: Path
    groups: int
    agents: int
    memberships: int
    changed_groups: int
    changed_agents: int
    bytes: int


@dataclass(frozen=True)
class _Group:
    number: int
    parent: int | None
    members: list[int]
    is_changed: bool


def write_day(
    folder: Path | str,
    label: str,
    memberships: int,
    *,
    seed: int = 7,
    shape: str = "tree",
    files: int = 8,
    changed: float = 0.0,
) -> DayFacts:
    """Write the sync day `label` into `folder/sync-<label>`, replacing what an earlier call left there.

    `memberships` sets the size: a tenth as many groups (0 to 20 members each) and a twentieth as many agents.
    Days of one seed, shape and size are equal but for the share `changed`: those groups get a new name and
    other members (in a tree some also another parent), and as large a share of the agents is switched on or
    off.
    """
    if shape not in SHAPES:
        raise ValueError(f"shape must be one of {', '.join(SHAPES)}, not {shape!r}")
    if files < 1 or not 0 <= changed <= 1:
        raise ValueError("files must be at least 1 and changed must lie between 0 and 1")
    group_count = max(2, memberships // MEMBERS_PER_GROUP)
    agent_count = max(2 * MEMBERS_PER_GROUP, memberships // MEMBERSHIPS_PER_AGENT)
    changes = random.Random(f"{seed}/{label}")
    changed_groups = set(changes.sample(range(group_count), round(group_count * changed)))
    # in a chain a retired agent that came back would wake everything above it
    candidates = [agent for agent in range(agent_count) if shape != "chain" or not _is_retired(agent)]
    changed_agents = set(changes.sample(candidates, min(len(candidates), round(agent_count * changed))))
    written = 0

    def counted(groups: Iterator[_Group]) -> Iterator[str]:
        nonlocal written
        for group in groups:
            written += len(group.members)
            yield _group_json(group)

    path = Path(folder) / f"sync-{label}"
    base = random.Random(seed)
    groups = _groups(group_count, agent_count, shape, base, changed=changed_groups, changes=changes)
    size = _write_arrays(path / "admin_groups", counted(groups), group_count, files)
    agents = (_agent_json(number, number in changed_agents) for number in range(agent_count))
    size += _write_arrays(path / "agents", agents, agent_count, files)
    return DayFacts(path, group_count, agent_count, written, len(changed_groups), len(changed_agents), size)


def _groups(
    count: int, agents: int, shape: str, base: random.Random, *, changed: set[int], changes: random.Random
) -> Iterator[_Group]:
    """Yield the groups, parents first. Changes draw from a source of their own: the rest stays as it was."""
    everyone, retired = range(agents), range(RETIRED_EVERY - 1, agents, RETIRED_EVERY)
    is_dormant = _dormancy(count, shape, base)
    sizes = _sizes(count, base)
    for number in range(count):
        pool = retired if is_dormant(number) else everyone
        members = base.sample(pool, min(sizes[number], len(pool)))
        parent = _parent(number, shape)
        if number in changed:
            members = changes.sample(pool, len(members))
            if shape == "tree" and number and changes.random() < MOVED_SHARE:
                parent = changes.randrange(number)
        yield _Group(number, parent, members, number in changed)


def _parent(number: int, shape: str) -> int | None:
    if number == 0 or shape == "flat":
        return None
    return number - 1 if shape == "chain" else (number - 1) // CHILDREN_PER_GROUP


def _sizes(count: int, base: random.Random) -> list[int]:
    """Group sizes whose sum is ten per group: whatever one has more, its neighbour has less."""
    sizes: list[int] = []
    for _ in range((count + 1) // 2):
        more = base.randint(0, MEMBERS_PER_GROUP)
        sizes += (MEMBERS_PER_GROUP + more, MEMBERS_PER_GROUP - more)
    return sizes[:count]


def _dormancy(count: int, shape: str, base: random.Random) -> Callable[[int], bool]:
    """Choose the groups without an active agent of their own.

    In a chain all but the one half-way down, so that its activity has half the chain to climb and the other
    half stays inactive. Elsewhere a few groups with all that is below them.
    """
    if shape == "chain":
        awake = count // 2 & ~1  # even numbers always have members
        return lambda number: number != awake
    dormant = bytearray(count)
    for number in range(1, count):
        parent = _parent(number, shape)
        inherited = parent is not None and dormant[parent]
        dormant[number] = bool(inherited or base.random() < DORMANT_BRANCHES)
    return lambda number: bool(dormant[number])


def _write_arrays(folder: Path, records: Iterator[str], count: int, files: int) -> int:
    """Write the records as `files` JSON arrays of almost the same length; return their bytes."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    size = 0
    for index in range(files):
        length = count * (index + 1) // files - count * index // files
        file = folder / f"part-{index:04}.json"
        with file.open("w", encoding="ascii", newline="\n") as out:
            out.write("[")
            for position in range(length):
                out.write(",\n" if position else "\n")
                out.write(next(records))
            out.write("\n]\n")
        size += file.stat().st_size
    return size


def _group_json(group: _Group) -> str:
    number, members = group.number, ",".join([str(FIRST_AGENT_ID + member) for member in group.members])
    name = f"{TEAMS[number % len(TEAMS)]} {REGIONS[number % len(REGIONS)]} {number}"
    parent = "null" if group.parent is None else FIRST_GROUP_ID + group.parent
    created, updated = _time(2023, number), _time(2025 if group.is_changed else 2024, number)
    assignment = f'{{"enabled":{"true" if number % 4 else "false"}}}'
    return (
        f'{{"id":{FIRST_GROUP_ID + number},"name":"{name}{" (new)" if group.is_changed else ""}",'
        f'"description":"Requests for {name}","escalate_to":{FIRST_AGENT_ID if number % 3 else "null"},'
        f'"unassigned_for":"{"30m" if number % 2 else "1h"}","agent_ids":[{members}],'
        f'"parent_group_id":{parent},"created_at":"{created}","updated_at":"{updated}",'
        f'"allow_agents_to_change_availability":{"true" if number % 5 else "false"},'
        f'"agent_availability_status":"available","business_calendar_id":{number % 40 + 1},'
        f'"type":"support_agent_group","automatic_agent_assignment":{assignment}}}'
    )


def _agent_json(number: int, is_changed: bool) -> str:
    is_retired = _is_retired(number) != is_changed
    yes, no = ("false", "true") if is_retired else ("true", "false")
    created, updated = _time(2022, number), _time(2025 if is_changed else 2024, number)
    seen = _time(2024, number * 7)
    return (
        f'{{"id":{FIRST_AGENT_ID + number},"available":{"true" if number % 3 else "false"},'
        f'"available_since":"{seen}","occasional":false,"ticket_scope":1,"type":"support_agent",'
        f'"created_at":"{created}","updated_at":"{updated}","last_active_at":"{seen}","deactivated":{no},'
        f'"focus_mode":false,"agent_operational_status":"online","signature":"<p>Agent {number}</p>",'
        f'"contact":{{"active":{yes},"email":"agent{number}@example.org","name":"Agent {number}",'
        f'"job_title":"Support Engineer","language":"en","mobile":null,"phone":"+49 30 {number:07}",'
        f'"time_zone":"Berlin","last_login_at":"{seen}","created_at":"{created}","updated_at":"{updated}"}}}}'
    )


def _is_retired(agent: int) -> bool:
    return agent % RETIRED_EVERY == RETIRED_EVERY - 1


def _time(year: int, number: int) -> str:
    day, minute = divmod(number, 24 * 60)
    month = day // 28 % 12 + 1
    return f"{year}-{month:02}-{day % 28 + 1:02}T{minute // 60:02}:{minute % 60:02}:{number % 60:02}Z"


def main() -> None:
    """Write one day from the command line and print what it holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("folder", type=Path, help="the source folder; the day goes to FOLDER/sync-LABEL")
    parser.add_argument("label", nargs="?", default="day1")
    parser.add_argument("--memberships", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shape", choices=SHAPES, default="tree")
    parser.add_argument("--files", type=int, default=8, help="files for groups, and as many for agents")
    parser.add_argument("--change", type=float, default=0.0, help="share of groups and of agents that differ")
    args = parser.parse_args()
    options = {"seed": args.seed, "shape": args.shape, "files": args.files, "changed": args.change}
    print(write_day(args.folder, args.label, args.memberships, **options))


if __name__ == "__main__":
    main()
