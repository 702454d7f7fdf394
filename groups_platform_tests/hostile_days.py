"""Sync days as a hostile upstream would write them, from a seed: the same seed writes the same bytes.

A small world of groups and agents lives on from day to day and changes a little. Each day tells it in records, some
of which are spoiled, repeated or no records at all, and spreads them over files of every permitted shape. Most days
are complete snapshots, so that there is something to compare; a few seeds hold one that is not.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from groups_platform_tests import oracle

Record = dict[str, object]

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def happens(rng: random.Random, probability: float) -> bool:
    return rng.random() < probability


# ------------------------------------------------------------------------------------------- JSON text


def literal(text: str) -> str:
    """Stands for JSON text that json.dumps would not write, such as 1e3 or 5000 digits; `encode` puts it in."""
    return f"<<literal:{text}>>"


def encode(rng: random.Random, value: object) -> bytes:
    """One JSON text without a line break, its white space and escapes left to chance."""
    separators = rng.choice([(",", ":"), (", ", ": "), (" , ", "\t:  ")])
    text = with_literals(json.dumps(value, separators=separators, ensure_ascii=False))
    try:
        if happens(rng, 0.6):
            return text.encode()
    except UnicodeEncodeError:
        pass  # A surrogate without its pair exists only as an escape.
    return with_literals(json.dumps(value, separators=separators)).encode()


def with_literals(text: str) -> str:
    return re.sub(r'"<<literal:([^">]*)>>"', r"\1", text)


# ------------------------------------------------------------------------------------- wrong and odd values

HUGE: Final = literal("7" * 5000)

WRONG_IDS: Final[list[object]] = [
    True,
    False,
    1.5,
    literal("1.0"),
    literal("3.0"),
    literal("1e3"),
    literal("2E0"),
    literal("1e400"),
    literal("-0.0"),
    2**63,
    -(2**63) - 1,
    2**64 + 1,
    HUGE,
    literal("-" + "9" * 5000),
    "8" * 5000,
    str(2**63),
    str(-(2**63) - 1),
    "",
    " ",
    "+5",
    " 5",
    "5 ",
    "5\n",
    "\t5",
    "-",
    "--5",
    "- 5",
    "1_000",
    "1,000",
    "1.0",
    "1e3",
    "0x1F",
    "\u0665",
    "\uff15",
    "\u00b2",
    "\u096b7",
    "\u22125",
    "abc",
    "null",
    "5\u0000",
    "5\ud800",
    {},
    {"id": 5},
    [],
    [5],
]

ODD_IDS: Final[list[object]] = [
    "-5",
    "007",
    "-007",
    "-0",
    literal("-0"),
    "0",
    0,
    -5,
    "0" * 5000 + "3",
    2**63 - 1,
    -(2**63),
    str(2**63 - 1),
    str(-(2**63)),
]

WRONG_NAMES: Final[list[object]] = [
    None,
    "",
    " ",
    "\t\n\r",
    "\u00a0",
    "\u2003\u3000",
    "\u001c",
    "\u0085",
    "\u0000",
    "nul\u0000inside",
    "high \ud83d",
    "low \ude00",
    "swapped \ude00\ud83d",
    5,
    literal("1e400"),
    HUGE,
    True,
    [],
    ["name"],
    {"en": "name"},
]

ODD_NAMES: Final[list[object]] = [
    " padded ",
    "Größe 📈",
    "e\u0301 and \u00e9",
    "\u200b",
    "\ufeffmarked",
    "one\u2028two\u2029three\u0085four",
    "tab\tnew\nline\r",
    'quote " backslash \\ \\N',
    "\\.",
    "\u0001\u007f",
    "null",
    "x" * 3000,
    "\u202eright to left",
    "'; drop table groups; --",
]

WRONG_TIMESTAMPS: Final[list[object]] = [
    " ",
    " UTC",
    "UTC",
    "yesterday",
    "2024-13-01",
    "2024-02-30T00:00:00Z",
    "2023-02-29",
    "2024-01-01T24:00:01",
    "2024-01-01T24:00:00.5",
    "2024-01-01T24:00:60",
    "2024-01-01T25:00:00",
    "2024-01-01T10:60",
    "2024-01-01T10:00:61",
    "2024-01-01T10:00:00+25:00",
    "2024-01-01T10:00:00Z UTC",
    "2024-01-01T10:00:00+00:00 UTC",
    "2024-01-01T10:00:00UTC",
    "2024-01-01T10:00:00 utc",
    "2024-01-01x10:00:00",
    "2024-01-01t10:00:00",
    "2024-01-01_10:00:00",
    "2024-01-01T",
    "2023-366",
    "2024-000",
    "2024-367",
    "0000-001",
    "9999-12-31T24:00:00",
    "9999-12-31T23:59:60",
    " 2024-01-01T10:00:00",
    "2024-01-01T10:00:00\n",
    "2024-01-01\u0000",
    "2024-01-01T10:00:00\ud800",
    "01/02/2024",
    "2024-1-1",
    "2024-01",
    "\u0662\u0660\u0662\u0664-01-01",
    "1704103200",
    "0000-01-01",
    "10000-01-01",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59.999999-00:01",
    "infinity",
    "now",
    1704103200,
    1704103200.5,
    0,
    True,
    False,
    [],
    ["2024-01-01"],
    {"$date": "2024-01-01"},
    HUGE,
]

ODD_TIMESTAMPS: Final[list[object]] = [
    None,
    "",
    "2024-001",
    "2024366",
    "2024-060T10:00:00+01:00",
    "2024-01-01T24:00:00",
    "2024-12-31 24:00",
    "2024-12-31T24Z",
    "20241231T240000.000+0200",
    "2024-01-01T10:00:60",
    "2016-12-31T23:59:60Z",
    "2016-12-31T23:59:60.5Z",
    "20161231T235960",
    "2024-01-01 10:00:00 UTC",
    "2024-01-01T10:00:00.25 UTC",
    "2024-01-01 UTC",
    "2024-01-01",
    "20240101",
    "2024-W01-1",
    "2024W011",
    "2024-01-01T10",
    "2024-01-01T10:00",
    "2024-01-01T10:00:00",
    "2024-01-01 10:00:00",
    "20240101T100000Z",
    "2024-01-01T10:00:00Z",
    "2024-01-01T10:00:00 Z",
    "2024-01-01T10:00:00+00:00",
    "2024-01-01T10:00:00-00:00",
    "2024-01-01T11:00:00+01",
    "2024-01-01T11:00:00+0100",
    "2024-01-01T15:30:00+05:30",
    "2024-01-01T10:00:30+00:00:30",
    "2024-01-01T10:00:00.000001Z",
    "2024-01-01T10:00:00.1",
    "2024-01-01T10:00:00,123",
    "2024-01-01T10:00:00.123456789Z",
    "2024-01-01T10:00:00.1234569999999",
    "2024-03-31T02:30:00",
    "0001-01-01",
    "0001-01-01T01:00:00+01:00",
    "1582-10-10T00:00:00Z",
    "1899-12-31T23:59:59",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T22:59:59-01:00",
]

WRONG_LISTS: Final[list[object]] = ["", "1,2", "[1]", 1, 0, 1.5, True, False, {}, {"0": 1}, HUGE]

ODD_BOOLEANS: Final[list[object]] = [None, 0, 1, literal("-0"), "true", "false", "True", "FALSE", "tRuE"]

NOT_BOOLEANS: Final[list[object]] = [
    "", "yes", "no", "0", "1", " true", "true ", "\uff54rue", "fal\u017fe", [], {}, {"a": True}, [True], 2, -1, 0.0,
    1.0, literal("1e0"), HUGE,
]  # fmt: skip

NOT_OBJECTS: Final[list[object]] = [None, True, False, 0, 7, 1.5, HUGE, "", "text", "{}", [], [1], [{"id": 1}]]

BROKEN_LINES: Final[list[bytes]] = [
    b'{"id": 1, "name": "cut off',
    b'{"id": 1, "name": "x",}',
    b"{'id': 1, 'name': 'x'}",
    b'{"id": NaN, "name": "x"}',
    b'{"id": 1, "name": "x", "score": -Infinity}',
    b'{"id": 1, "name": "x"}{"id": 2, "name": "y"}',
    b'{"id": 1, "name": "x"} trailing',
    b'{"id": 01, "name": "x"}',
    b'{"id": +1, "name": "x"}',
    b'{"id": 1, "name": "raw \x01 control"}',
    b'{"id": 1, "name": "bad \\x escape"}',
    b'{"id": 1, "name": "latin-1 \xe9"}',
    b'{"id": 1, "name": "encoded surrogate \xed\xa0\x80"}',
    b'{"id": 1, "name": "overlong \xc0\x80"}',
    BYTE_ORDER_MARK + BYTE_ORDER_MARK + b'{"id": 1, "name": "marked twice"}',
    b"\xff\xfe{\x00}\x00",
    b"\x00",
    b"\xc2\xa0",
    b"\x1c",
    b"[",
    b"nul",
    b"// comment",
]

BLANK_LINES: Final[list[bytes]] = [b"", b" ", b"\t \t", b"\r", b" \r"]

EXTRA_FIELDS: Final[list[tuple[str, object]]] = [
    ("available", False),
    ("group_id", 1),
    ("inactive", True),
    ("Name", "other case"),
    ("", "no name"),
    ("emoji 📈", {"deep": [[[{"er": None}]]]}),
    ("lone", "\udfff"),
    ("nul\u0000", "\u0000"),
    ("score", literal("1e400")),
    ("count", HUGE),
    ("__proto__", {}),
    ("file", "elsewhere.json"),
]

# ----------------------------------------------------------------------------------------------- world


@dataclass
class World:
    """What upstream believes, as good records by id, and what it has withdrawn for now."""

    groups: dict[int, Record] = field(default_factory=dict)
    agents: dict[int, Record] = field(default_factory=dict)
    absent_groups: set[int] = field(default_factory=set)
    absent_agents: set[int] = field(default_factory=set)


def make_world(rng: random.Random, groups: int, agents: int) -> World:
    world = World()
    agent_ids = pick_ids(rng, agents, first=1)
    group_ids = pick_ids(rng, groups, first=100)
    for agent_id in agent_ids:
        world.agents[agent_id] = make_agent(rng, agent_id)
    for group_id in group_ids:
        world.groups[group_id] = make_group(rng, group_id, agent_ids)
    link_parents(rng, world.groups)
    return world


def pick_ids(rng: random.Random, count: int, first: int) -> list[int]:
    """Small ids, which odd and duplicate records hit by chance, and now and then the ends of BIGINT."""
    extremes = [2**63 - 1, -(2**63), 0, -5, 3, 7]
    ids = [*range(first, first + count)]
    for extreme in rng.sample(extremes, k=min(rng.randrange(4), max(count - 1, 0))):
        if extreme not in ids:
            ids[rng.randrange(1, count)] = extreme
    return ids


def make_group(rng: random.Random, group_id: int, agent_ids: list[int]) -> Record:
    return {
        "id": group_id,
        "name": f"Group {group_id}",
        "parent_group_id": None,
        "agent_ids": pick_members(rng, agent_ids),
        "created_at": "2024-01-01T10:00:00Z",
        "updated_at": pick_update(rng),
    }


def pick_members(rng: random.Random, agent_ids: list[int]) -> list[object]:
    """Many groups have no member, so that activity from below decides; some name agents that nobody knows."""
    if happens(rng, 0.5):
        return []
    members: list[object] = list(rng.sample(agent_ids, k=min(len(agent_ids), rng.randrange(1, 4))))
    if happens(rng, 0.2):
        members.append(rng.choice([900001, 900002, "900003"]))
    return members


def pick_update(rng: random.Random) -> str:
    return f"2024-0{rng.randrange(1, 10)}-1{rng.randrange(10)}T0{rng.randrange(10)}:00:00Z"


def make_agent(rng: random.Random, agent_id: int) -> Record:
    agent: Record = {
        "id": agent_id,
        "contact": {"name": f"Agent {agent_id}", "email": f"agent{agent_id}@example.org"},
        "available": happens(rng, 0.5),
        "created_at": "2024-01-01T10:00:00Z",
        "updated_at": pick_update(rng),
    }
    set_status(rng, agent)
    return agent


def set_status(rng: random.Random, agent: Record) -> None:
    """Every mix of the three fields that speak of an agent's status; mostly inactive, as activity spreads upwards."""
    for name in ("deactivated", "active"):
        agent.pop(name, None)
        if happens(rng, 0.5):
            agent[name] = happens(rng, 0.4)
    contact = agent["contact"]
    if isinstance(contact, dict):
        contact.pop("active", None)
        if happens(rng, 0.6):
            contact["active"] = happens(rng, 0.3)


def link_parents(rng: random.Random, groups: dict[int, Record]) -> None:
    """Slices of the groups become a chain, a tree, a cycle with tails, or stay roots; some parents do not exist."""
    ids = list(groups)
    rng.shuffle(ids)
    while ids:
        size = rng.choice([1, 1, 2, 3, 5, 8, 13])
        family, ids = ids[:size], ids[size:]
        rng.choice([link_chain, link_tree, link_cycle, link_dangling])(rng, groups, family)


def link_chain(rng: random.Random, groups: dict[int, Record], family: list[int]) -> None:
    for child, parent in pairwise(family):
        groups[child]["parent_group_id"] = parent


def link_tree(rng: random.Random, groups: dict[int, Record], family: list[int]) -> None:
    for index, child in enumerate(family[1:], start=1):
        groups[child]["parent_group_id"] = rng.choice(family[:index])


def link_cycle(rng: random.Random, groups: dict[int, Record], family: list[int]) -> None:
    """The first few close a cycle (one is its own parent), the rest hang on it as tails."""
    length = rng.randrange(1, len(family) + 1)
    link_tree(rng, groups, family)
    link_chain(rng, groups, family[:length])
    groups[family[length - 1]]["parent_group_id"] = family[0]


def link_dangling(rng: random.Random, groups: dict[int, Record], family: list[int]) -> None:
    link_tree(rng, groups, family)
    groups[family[0]]["parent_group_id"] = rng.choice([800001, "800002", -800003])


def change_world(rng: random.Random, world: World) -> None:
    """A day passes: a part of everything is renamed, moved, refilled, withdrawn or brought back."""
    agent_ids = list(world.agents)
    for group_id, group in world.groups.items():
        if happens(rng, 0.15):
            group["name"] = f"Group {group_id} renamed"
        if happens(rng, 0.15):
            group["parent_group_id"] = rng.choice([None, *world.groups])
        if happens(rng, 0.25):
            group["agent_ids"] = pick_members(rng, agent_ids)
        if happens(rng, 0.3):
            group["updated_at"] = pick_update(rng)
    for agent in world.agents.values():
        if happens(rng, 0.3):
            set_status(rng, agent)
    if happens(rng, 0.3):
        world.agents.setdefault(900001, make_agent(rng, 900001))
    world.absent_groups = pick_absent(rng, list(world.groups))
    world.absent_agents = pick_absent(rng, list(world.agents))


def pick_absent(rng: random.Random, ids: list[int]) -> set[int]:
    share = rng.choice([0.0, 0.1, 0.1, 0.4])
    return {id_ for id_ in ids if happens(rng, share)}


# --------------------------------------------------------------------------------------------- records

Spoil = Callable[[random.Random, Record], None]


def tell_groups(rng: random.Random, world: World) -> list[object]:
    """The day's group records: one is always good, so the day has an accepted group."""
    present = [group for group_id, group in world.groups.items() if group_id not in world.absent_groups]
    return tell(rng, present or list(world.groups.values())[:1], GROUP_SPOILS)


def tell_agents(rng: random.Random, world: World) -> list[object]:
    present = [agent for agent_id, agent in world.agents.items() if agent_id not in world.absent_agents]
    return tell(rng, present or list(world.agents.values())[:1], AGENT_SPOILS)


def tell(rng: random.Random, records: list[Record], spoils: list[Spoil]) -> list[object]:
    told: list[object] = [shuffle_fields(rng, records[0])]
    for record in records[1:]:
        copy = copy_record(record)
        while happens(rng, 0.35):
            rng.choice(spoils)(rng, copy)
        told.append(shuffle_fields(rng, copy))
    told.extend(repeat_some(rng, records, told, spoils))
    told.extend(rng.choice(NOT_OBJECTS) for _ in range(rng.choice([0, 0, 1, 3])))
    rng.shuffle(told)
    return told


def copy_record(record: Record) -> Record:
    """Deep enough: the values that spoils change in place are the member list and the contact."""
    copies = {key: list(value) if isinstance(value, list) else value for key, value in record.items()}
    return {key: dict(value) if isinstance(value, dict) else value for key, value in copies.items()}


def shuffle_fields(rng: random.Random, record: Record) -> Record:
    return dict(rng.sample(list(record.items()), k=len(record)))


def repeat_some(rng: random.Random, good: list[Record], told: list[object], spoils: list[Spoil]) -> list[object]:
    """Further records of ids that were told already: identical, older, newer, as new, or spoiled."""
    repeats: list[object] = []
    originals = [record for record in told if isinstance(record, dict)] + good
    for original in rng.sample(originals, k=len(originals) // 6):
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            copy = copy_record(original)
            rng.choice([repeat_same, repeat_same, repeat_changed, repeat_moved, rng.choice(spoils)])(rng, copy)
            repeats.append(shuffle_fields(rng, copy))
    return repeats


def repeat_same(rng: random.Random, record: Record) -> None:
    """Nothing differs but the order of the fields."""


def repeat_changed(rng: random.Random, record: Record) -> None:
    """Equal updated_at, another content: the place in the files decides. Some differ in a JSON type alone."""
    field_name, value = rng.choice(
        [
            ("name", "changed"),
            ("agent_ids", []),
            ("extra", 1),
            ("extra", literal("1.0")),
            ("extra", True),
            ("contact", {}),
            ("id", str(record.get("id"))),
        ]
    )
    record[field_name] = value


def repeat_moved(rng: random.Random, record: Record) -> None:
    """Older, newer, null, or the same moment in another notation."""
    record["updated_at"] = rng.choice([None, "2023-01-01", "2025-01-01T00:00:00+02:00", rng.choice(ODD_TIMESTAMPS)])
    record["name"] = f"moved {rng.randrange(5)}"


def put(field_name: str, *choices: list[object]) -> Spoil:
    """A spoil that sets one field to a value of these lists."""

    def spoil(rng: random.Random, record: Record) -> None:
        record[field_name] = rng.choice(rng.choice(choices))

    return spoil


def put_in_contact(field_name: str, *choices: list[object]) -> Spoil:
    def spoil(rng: random.Random, record: Record) -> None:
        contact = record.get("contact")
        if isinstance(contact, dict):
            contact[field_name] = rng.choice(rng.choice(choices))

    return spoil


def drop_field(rng: random.Random, record: Record) -> None:
    if record:
        del record[rng.choice(list(record))]


def add_field(rng: random.Random, record: Record) -> None:
    field_name, value = rng.choice(EXTRA_FIELDS)
    record[field_name] = value


def spoil_members(rng: random.Random, record: Record) -> None:
    """Wrong, odd, unknown and repeated members among the good ones."""
    members = record.get("agent_ids")
    if not isinstance(members, list):
        return
    for _ in range(rng.randrange(1, 5)):
        members.append(rng.choice([None, rng.choice(WRONG_IDS), rng.choice(ODD_IDS), 900002, rng.randrange(1, 30)]))
    members.extend(rng.choices(members, k=2))
    members.extend(str(member) for member in members[:2] if isinstance(member, int))
    rng.shuffle(members)


def say_id_as_text(rng: random.Random, record: Record) -> None:
    """The same ids in another notation."""
    for field_name in ("id", "parent_group_id"):
        value = record.get(field_name)
        if isinstance(value, int) and not isinstance(value, bool):
            record[field_name] = rng.choice([str(value), f"-00{-value}" if value < 0 else f"00{value}"])


COMMON_SPOILS: Final[list[Spoil]] = [
    put("id", [None], WRONG_IDS, ODD_IDS),
    put("created_at", WRONG_TIMESTAMPS, ODD_TIMESTAMPS),
    put("updated_at", WRONG_TIMESTAMPS, ODD_TIMESTAMPS),
    put("updated_at", ODD_TIMESTAMPS),
    say_id_as_text,
    drop_field,
    add_field,
]

GROUP_SPOILS: Final[list[Spoil]] = [
    *COMMON_SPOILS,
    put("name", WRONG_NAMES, ODD_NAMES),
    put("parent_group_id", [None, ""], WRONG_IDS, ODD_IDS),
    put("agent_ids", [None], WRONG_LISTS),
    put("deleted", [True, False], ODD_BOOLEANS, NOT_BOOLEANS),
    spoil_members,
    spoil_members,
]

AGENT_SPOILS: Final[list[Spoil]] = [
    *COMMON_SPOILS,
    put("deactivated", [True, False], ODD_BOOLEANS, NOT_BOOLEANS),
    put("suspended", [True, False], ODD_BOOLEANS, NOT_BOOLEANS),
    put("active", [True, False], ODD_BOOLEANS, NOT_BOOLEANS),
    put("contact", NOT_OBJECTS),
    put_in_contact("active", [True, False], ODD_BOOLEANS, NOT_BOOLEANS),
    put_in_contact("name", WRONG_NAMES, ODD_NAMES),
    put_in_contact("email", WRONG_NAMES, ODD_NAMES),
    put("name", WRONG_NAMES, ODD_NAMES),
    put("email", WRONG_NAMES, ODD_NAMES),
    put("first_name", WRONG_NAMES, ODD_NAMES),
    put("last_name", WRONG_NAMES, ODD_NAMES),
]

# ----------------------------------------------------------------------------------------------- files


@dataclass(frozen=True)
class Shape:
    """A kind of file: how its name ends and how it holds records."""

    ending: str
    write: Callable[[random.Random, list[object], str], bytes]


def write_array(rng: random.Random, records: list[object], wrapper_key: str) -> bytes:
    between = rng.choice([b",", b",\n", b" ,\r\n\t"])
    return b"[" + between.join(encode(rng, record) for record in records) + b"]" + rng.choice([b"", b"\n"])


def write_wrapper(rng: random.Random, records: list[object], wrapper_key: str) -> bytes:
    """An object that holds the records, mostly under the kind's own key, with members that say nothing."""
    array = write_array(rng, records, wrapper_key).strip()
    key = rng.choice([wrapper_key, wrapper_key, "data", "results"])
    before = rng.choice([b"", b'"counted": 3, ', b'"groups_of": null, ', b'"count": "many", "total": null, '])
    after = rng.choice(
        [b"", b', "next": ""', b', "next": null', b', "meta": {"id": 1}, "group": null', b', "agent": []']
    )
    return b"{" + before + b'"' + key.encode() + b'":' + array + after + b"}"


def write_one_record(rng: random.Random, records: list[object], wrapper_key: str) -> bytes:
    """The one record that there is, mostly as it is."""
    text = encode(rng, records[0])
    return b'{"' + wrapper_key[:-1].encode() + b'": ' + text + b"}" if happens(rng, 0.3) else text


def write_lines(rng: random.Random, records: list[object], wrapper_key: str) -> bytes:
    """Good lines, blank lines and broken lines; the last may lack its end if it is JSON."""
    lines = [encode(rng, record) for record in records]
    for odd_lines in (BLANK_LINES, BROKEN_LINES):
        for _ in range(rng.choice([0, 0, 1, 2])):
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(odd_lines))
    if lines and lines[0].startswith((b"\xff\xfe", b"\xfe\xff")):
        lines.insert(0, b"")  # at the start of a file that would be another encoding
    end = rng.choice([b"\n", b"\n", b"\r\n"])
    is_cut = bool(lines) and lines[-1] in BROKEN_LINES
    return end.join(lines) + rng.choice([end if is_cut else b"", end, end + end])


def write_objects(rng: random.Random, records: list[object], wrapper_key: str) -> bytes:
    """JSON Lines for a file that is named as a document; an array where that would not be read."""
    if not all(isinstance(record, dict) and "id" in record for record in records):
        return write_array(rng, records, wrapper_key)
    return rng.choice([b"\n", b"\r\n", b"\n\n"]).join(encode(rng, record) for record in records) or b"[]"


SHAPES: Final[list[Shape]] = [
    Shape(".json", write_array),
    Shape(".json", write_wrapper),
    Shape(".JSON", write_array),
    Shape(".json", write_objects),
    Shape(".jsonl", write_lines),
    Shape(".ndjson", write_lines),
    Shape(".JsonL", write_lines),
    Shape(".json.gz", write_array),
    Shape(".json.gz", write_wrapper),
    Shape(".jsonl.gz", write_lines),
    Shape(".ndjson.GZ", write_lines),
]

# Plain string order differs from the order of most locales and of path parts.
STEMS: Final = ["a", "B", "x_", "-y", "Z9", "z10", "é", "a b", "a%20b", "sub/a", "sub-1/b", "sub/deep/c", "part.json/d"]

IGNORED_FILES: Final = [
    ".hidden.json",
    "_hidden.json",
    "_temporary/0/part-0.json",
    "sub/_x/a.jsonl",
    "README.txt",
    "data.json.bak",
    "_SUCCESS",
    "json",
    "sub/.jsonl",
    "notes.xml.gz",
]


def write_folder(
    rng: random.Random, folder: Path, records: list[object], wrapper_key: str, shapes: list[Shape] = SHAPES
) -> None:
    """Spread the records over files of random shapes; some files have one record alone, some none."""
    folder.mkdir(parents=True)
    for index, part in enumerate(split_at_random(rng, records)):
        shape = rng.choice(shapes)
        content = shape.write(rng, part, wrapper_key)
        if len(part) == 1 and isinstance(part[0], dict) and happens(rng, 0.5):
            shape = Shape(rng.choice([".json", ".json.gz"]), write_one_record)
            content = shape.write(rng, part, wrapper_key)
        write_file(rng, folder / f"{rng.choice(STEMS)}-{index}{shape.ending}", content)
    if shapes is SHAPES and happens(rng, 0.2):
        write_odd_objects(rng, folder, wrapper_key)
    for name in rng.sample(IGNORED_FILES, k=rng.choice([0, 0, 1, 2])):
        write_bytes(folder / name, b'{"not": "data')


def split_at_random(rng: random.Random, records: list[object]) -> list[list[object]]:
    parts: list[list[object]] = []
    rest = records
    while rest:
        size = rng.choice([0, 1, 1, 2, 5, 20])
        parts.append(rest[:size])
        rest = rest[size:]
    return parts


def write_file(rng: random.Random, path: Path, content: bytes) -> None:
    if happens(rng, 0.1):
        content = BYTE_ORDER_MARK + content
    if path.name.lower().endswith(".gz"):
        content = compress(rng, content)
    write_bytes(path, content)


def compress(rng: random.Random, content: bytes) -> bytes:
    """Gzip, sometimes as two members in a row, which decompress to their concatenation."""
    middle = rng.randrange(len(content) + 1) if happens(rng, 0.2) else 0
    members = [content[:middle], content[middle:]] if middle else [content]
    return b"".join(gzip.compress(member, mtime=0) for member in members)


def write_odd_objects(rng: random.Random, folder: Path, wrapper_key: str) -> None:
    """Objects that look like wrappers and are single records, and whole values that are no objects."""
    other_key = "agents" if wrapper_key == "groups" else "groups"
    values: list[object] = [
        {wrapper_key: {}},
        {wrapper_key: None},
        {other_key: [{"id": 1, "name": "x"}]},
        {"id": 700001, "name": "has an id", wrapper_key: [{"id": 700002, "name": "inside"}]},
        {"id": None, wrapper_key: [{"id": 700003, "name": "inside"}]},
        {"data": {}},
        {wrapper_key[:-1]: [], "results": None},
        {},
        5,
        None,
        "text",
        [[{"id": 700004, "name": "nested"}]],
        [],
    ]
    write_file(rng, folder / "odd.json", encode(rng, rng.choice(values)))


def write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# ------------------------------------------------------------------------------------- incomplete days

Break = Callable[[random.Random, Path], None]


def remove_groups(rng: random.Random, day: Path) -> None:
    (day / "admin_groups").rename(day / "admin_groups_moved")


def add_broken_file(rng: random.Random, day: Path) -> None:
    """One file beside the good ones that cannot be read as a whole."""
    good = b'[{"id": 1, "name": "x"}]'
    packed = gzip.compress(good * 50, mtime=0)
    name, content = rng.choice(
        [
            ("cut.json", good[:-3]),
            ("trailing.json", good + b" ]"),
            ("two.json", good + b"\n" + good),
            ("empty.json", b""),
            ("blank.json", b" \n"),
            ("mark.json", BYTE_ORDER_MARK),
            ("constant.json", b'[{"id": NaN, "name": "x"}]'),
            ("latin.json", b'[{"id": 1, "name": "\xe9"}]'),
            ("wide.json", good.decode().encode("utf-16")),
            ("syntax.json", b'[{"id": 1, "name": "x"},]'),
            ("lines.json", b'{"id": 1, "name": "x"}\n{"groups": [], "agents": []}\n'),
            ("cut-lines.json", b'{"id": 1, "name": "x"}\n{"id": 2, "na'),
            ("cut.jsonl", b'{"id": 1, "name": "x"}\n{"id": 2, "na'),
            ("wide.ndjson", b'{"id": 1, "name": "x"}\n'.decode().encode("utf-16-le")),
            ("twice.json", b'{"data": [], "groups": [], "agents": []}'),
            ("repeated.json", b'{"data": [], "data": [{"id": 1, "name": "x"}]}'),
            ("cut.json.gz", packed[:-9]),
            ("cut.jsonl.gz", packed[: len(packed) // 2]),
            ("plain.jsonl.gz", good),
            ("checksum.ndjson.gz", packed[:-8] + b"\x00\x00\x00\x01" + packed[-4:]),
            ("inner.json.gz", gzip.compress(good[:-1], mtime=0)),
            ("nothing.jsonl.gz", b""),
        ]
    )
    write_bytes(day / rng.choice(["admin_groups", "agents", "agent_details"]) / name, content)


def reject_all(rng: random.Random, day: Path) -> None:
    """Rename the good files away and leave one whose records are all rejected."""
    name = rng.choice(["admin_groups", "agents"])
    if (day / name).exists():
        (day / name).rename(day / f"{name}_moved")
    records = [{"id": 1.5, "name": "x"}, 5, {"name": "no id", "updated_at": "never"}]
    write_bytes(day / name / "all-bad.json", json.dumps(records).encode())


def empty_folder(rng: random.Random, day: Path) -> None:
    name = rng.choice(["admin_groups", "agents"])
    if (day / name).exists():
        (day / name).rename(day / f"{name}_moved")
    write_bytes(day / name / "empty.json", b"[]")


def add_manifest(rng: random.Random, day: Path) -> None:
    """A manifest that is true: by file or by folder, of all or of some, with or without hashes."""
    said: dict[str, object] = {"made_by": "export 7", "files": {}}
    for name, wrapper_key in (("admin_groups", "groups"), ("agents", "agents"), ("agent_details", "agents")):
        folder = oracle.read_folder(day, name, wrapper_key)
        kind = rng.choice(["files", "folder", "both", "nothing"])
        if kind in ("folder", "both"):
            said[name] = {"records": len(folder.records)}
        if kind in ("files", "both"):
            claims = {file: tell_file(rng, day / file, size) for file, size in folder.sizes.items()}
            said["files"] = {**said["files"], **claims}  # type: ignore[dict-item]
    write_bytes(day / rng.choice(["manifest.json", "_manifest.json"]), json.dumps(said).encode())


def tell_file(rng: random.Random, path: Path, records: int) -> dict[str, object]:
    claim: dict[str, object] = {"records": records, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return {key: value for key, value in claim.items() if happens(rng, 0.7)}


def claim_falsely(rng: random.Random, day: Path) -> None:
    """The day says of itself what is not so."""
    name = rng.choice(["admin_groups", "agents"])
    claims: list[tuple[str, bytes]] = [
        ("manifest.json", b'{"admin_groups": {"records": 100000}}'),
        ("_manifest.json", b'{"files": {"admin_groups/never.json": {}}}'),
        ("manifest.json", b'{"files": {"admin_groups/a.json": {"records": 1'),
        (f"{name}/page.json", b'{"data": [], "total": 100000}'),
        (f"{name}/page.json", b'{"results": [], "next_page": 7}'),
    ]
    path, content = rng.choice(claims)
    write_bytes(day / path, content)


BREAKS: Final[list[Break]] = [
    remove_groups,
    claim_falsely,
    claim_falsely,
    add_broken_file,
    add_broken_file,
    add_broken_file,
    reject_all,
    empty_folder,
]

# ------------------------------------------------------------------------------------------------ days


def write_days(folder: Path, seed: int, days: int = 3, groups: int = 40, agents: int = 25) -> list[str]:
    """Write `days` consecutive folders `sync-dayN` below `folder` and return their labels, oldest first.

    `groups` and `agents` are the sizes of the world, at least 2 each. About one seed in six has one incomplete day;
    a first day may know no agents at all, which is another.
    """
    rng = random.Random(seed)
    world = make_world(rng, groups, agents)
    first = rng.choice([1, 1, 1, 8, 9, 98])
    broken = rng.randrange(days) if happens(rng, 0.15) else None
    labels = []
    for index in range(days):
        label = f"day{first + index}"
        write_day(rng, folder / f"sync-{label}", world, is_first=index == 0)
        if happens(rng, 0.3):
            add_manifest(rng, folder / f"sync-{label}")
        if index == broken:
            rng.choice(BREAKS)(rng, folder / f"sync-{label}")
        change_world(rng, world)
        labels.append(label)
    return labels


def write_day(rng: random.Random, day: Path, world: World, *, is_first: bool) -> None:
    """Groups always, a roster mostly, agent details sometimes."""
    write_folder(rng, day / "admin_groups", tell_groups(rng, world), "groups")
    has_roster = happens(rng, 0.97 if is_first else 0.75)
    if has_roster:
        roster, shapes = tell_agents(rng, world), SHAPES
        if happens(rng, 0.5):  # else hardly a day could make anybody inactive for being absent
            roster, shapes = [agent for agent in roster if has_id(agent)], [Shape(".json", write_array)]
        write_folder(rng, day / "agents", roster, "agents", shapes)
    if happens(rng, 0.4):
        write_folder(rng, day / "agent_details", tell_agents(rng, with_further_agents(rng, world)), "agents")


def has_id(record: object) -> bool:
    return isinstance(record, dict) and oracle.find_id(record.get("id")) is not None


def with_further_agents(rng: random.Random, world: World) -> World:
    """Details know agents that the roster does not, and other versions of those it does."""
    agents = {agent_id: copy_record(agent) for agent_id, agent in world.agents.items() if happens(rng, 0.6)}
    for agent_id in (900001, 900002, 900003):
        agents.setdefault(agent_id, make_agent(rng, agent_id))
    for agent in agents.values():
        agent["contact"] = {"name": "from details", "active": True}
    return World(agents=agents)
