"""What is read many records at once is what the rules say one by one: on random, odd and damaged files."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import threading
import unicodedata
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from groups_platform.directory.batches import FileReader
from groups_platform.directory.columns import read_groups, read_timestamps
from groups_platform.directory.reader import UnreadableFile, read_records, read_texts
from groups_platform.directory.records import ParsedRecord, is_storable, read_timestamp
from groups_platform.directory.snapshot import AGENTS, GROUPS, RecordKind, arrow_schema
from groups_platform_tests import hostile_days
from groups_platform_tests.days import write_file
from groups_platform_tests.directory.test_decoders_agree import damaged, random_value

ROUNDS = 400
Rows = list[dict[str, Any]]

IDS = [*hostile_days.ODD_IDS, *hostile_days.WRONG_IDS, None, *range(1, 30)]
NAMES = [*hostile_days.ODD_NAMES, *hostile_days.WRONG_NAMES, None, "Ä", "plain", "plain too"]
TIMES = [*hostile_days.ODD_TIMESTAMPS, *hostile_days.WRONG_TIMESTAMPS, None, "2024-01-01T10:00:00Z"]
LISTS = [
    *hostile_days.WRONG_LISTS,
    None,
    [],
    [1, 2],
    [2, 2, 1],
    [2**63],
    [-(2**63), 2**63 - 1],
    [1, None],
    [1.5],
    ["3"],
]
BOOLEANS = [*hostile_days.NOT_BOOLEANS, *hostile_days.ODD_BOOLEANS, True, False]
CONTACTS = [None, 5, [], "x", {}, {"email": "a@example.com", "name": "Ann", "active": True}, {"name": "nul\0"}]


def fast(kind: RecordKind, path: str, data: bytes, **options: Any) -> Rows | None:
    """The rows of a file as the executors give them; None where it is refused."""
    read = FileReader(kind.format, "", (), (), arrow_schema(kind.schema), **options)
    try:
        batches = list(read.read_records(path, read_texts(path, io.BytesIO(data), kind.format.wrapper)))
    except UnreadableFile:
        return None
    for batch in batches:
        batch.validate(full=True)
        assert batch.schema == read.schema
    return sorted((row for batch in batches for row in batch.to_pylist()), key=lambda row: int(row["position"]))


def plain(kind: RecordKind, path: str, data: bytes, *, with_content: bool = False) -> Rows | None:
    """The same rows, record by record by the rules."""
    try:
        records = [kind.format.parse(record) for record in read_records(path, data, kind.format.wrapper)]
    except UnreadableFile:
        return None
    return [plain_row(kind, path, record, with_content=with_content) for record in records]


def plain_row(kind: RecordKind, path: str, record: ParsedRecord, *, with_content: bool) -> dict[str, Any]:
    values = {**record.values, kind.format.id_column: record.values.get("id")}
    row = {name: values.get(name) for name in kind.schema.names}
    for name in ("created_at", "updated_at"):
        row[name] = row[name] and row[name].replace(tzinfo=timezone.utc)
    return {
        **row,
        "entry": "record",
        "folder": path.split("/", maxsplit=1)[0],
        "file": path,
        "position": record.position,
        "accepted": record.accepted,
        "faults": [fault._asdict() for fault in record.faults],
        "raw": record.text,
        "content": record.content if with_content else None,
    }


def good_record(rng: random.Random) -> dict[str, Any]:
    members = [rng.randrange(9) for _ in range(rng.randrange(4))]
    record = {
        "id": rng.randrange(-5, 99),
        "name": rng.choice(["One", "Zwei ü", "三", "  x "]),
        "parent_group_id": rng.choice([None, 5]),
        "agent_ids": rng.choice([None, members]),
        "created_at": rng.choice([None, "2024-01-01T10:00:00Z", "2024-02-29T10:00:00+02:00"]),
        "updated_at": "2024-01-01T10:00:00.5Z",
        "deactivated": rng.choice([None, False, True]),
        "active": rng.choice([None, False, True]),
        "suspended": rng.choice([None, False, True]),
        "email": rng.choice([None, "", " ", "b@example.com"]),
        "first_name": rng.choice([None, "Ann", ""]),
        "last_name": rng.choice([None, "Bo", "\u2003"]),
        "contact": {"email": rng.choice([None, " ", "a@example.com"]), "active": rng.choice([None, False, True])},
    }
    return {key: value for key, value in record.items() if key in ("id", "name") or rng.random() < 0.9}


def spoiled(rng: random.Random, record: dict[str, Any]) -> dict[str, Any]:
    """One to three fields of the record with odd or wrong values, or without them."""
    field_values = {
        "id": IDS,
        "name": NAMES,
        "parent_group_id": IDS,
        "agent_ids": [*LISTS, [rng.choice(IDS), rng.choice(IDS), 1]],
        "created_at": TIMES,
        "updated_at": TIMES,
        "deactivated": BOOLEANS,
        "active": BOOLEANS,
        "suspended": BOOLEANS,
        "deleted": BOOLEANS,
        "email": NAMES,
        "first_name": NAMES,
        "last_name": NAMES,
        "contact": [*CONTACTS, {"email": rng.choice(NAMES), "name": rng.choice(NAMES), "active": rng.choice(BOOLEANS)}],
        "extra": [random_value(rng)],
    }
    for field in rng.sample(list(field_values), k=rng.randrange(1, 4)):
        record[field] = rng.choice(field_values[field])
        if rng.random() < 0.1:
            del record[field]
    return record


def random_file(rng: random.Random, ending: str, wrapper: str) -> bytes:
    share = rng.choice([0, 0.1, 0.6])
    records: list[object] = [
        spoiled(rng, good_record(rng)) if rng.random() < share else good_record(rng) for _ in range(rng.randrange(30))
    ]
    records += [random_value(rng) for _ in range(rng.choice([0, 0, 0, 1]))]
    if ending == ".jsonl":
        return hostile_days.write_lines(rng, records, wrapper)
    return rng.choice([hostile_days.write_array, hostile_days.write_wrapper])(rng, records, wrapper)


@pytest.mark.parametrize("kind", [GROUPS, AGENTS], ids=["groups", "agents"])
@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_random_and_damaged_files_are_read_as_the_rules_read_their_records(kind: RecordKind, ending: str) -> None:
    rng = random.Random(f"{kind.dataset}{ending}")
    outcomes = {"refused": 0, "accepted": 0, "rejected": 0}
    for _ in range(ROUNDS):
        data = random_file(rng, ending, kind.format.wrapper)
        data = damaged(rng, data) if rng.random() < 0.4 else data
        path, with_content = f"folder/a{ending}", rng.random() < 0.5
        found = fast(kind, path, data, with_content=with_content)
        assert found == plain(kind, path, data, with_content=with_content), data
        assert fast(kind, f"{path}.gz", gzip.compress(data)) == plain(kind, f"{path}.gz", gzip.compress(data))
        outcomes["refused"] += found is None
        for row in found or ():
            outcomes["accepted" if row["accepted"] else "rejected"] += 1
    assert outcomes["accepted"] > outcomes["rejected"] > ROUNDS / 2
    assert ending == ".jsonl" or outcomes["refused"] > ROUNDS / 20


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 1, "name": "x", "id": 2}',
        '{"id": "x", "name": "x", "id": 2}',
        '{"id": 2, "name": "x", "id": "7"}',
        '{"id": 2, "name": "x", "id": null}',
        '{"id": 1, "name": "x", "agent_ids": [1], "agent_ids": null}',
        '{"id": 1, "name": "x", "agent_ids": {"a": 1}, "agent_ids": [3]}',
        '{"id": 1, "name": "x", "contact": {"email": "a", "active": false}, "contact": {"name": "b"}}',
        '{"\\u0069d": 1, "n\\u0061me": "x\\u0000"}',
        '{"id": 1, "name": "\\u00a0\\u2003"}',
        '{"id": -0, "name": "x", "parent_group_id": -0.0}',
        '{"id": 1, "name": "x", "extra": "\\ud800"}',
        '{"id": 1, "name": "\\ud83d\\ude00", "extra": 1e999}',
        ' {"id": 1, "name": "x"}\t',
        '{"ID": 1, "Name": "x"}',
    ],
)
def test_json_that_says_a_field_in_an_odd_way(text: str) -> None:
    for kind in (GROUPS, AGENTS):
        for path, data in (("f/a.jsonl", f"{text}\n{text}"), ("f/a.json", f"[{text},{text}]"), ("f/b.json", text)):
            found = fast(kind, path, data.encode(), with_content=True)
            assert found == plain(kind, path, data.encode(), with_content=True)


@pytest.mark.parametrize("kind", [GROUPS, AGENTS], ids=["groups", "agents"])
def test_a_record_without_a_fault_is_never_read_alone(kind: RecordKind) -> None:
    rng = random.Random(3)
    texts = [json.dumps(good_record(rng), ensure_ascii=False).encode() for _ in range(500)]
    assert list(kind.format.read(texts).indices) == list(range(500))
    texts[250] = b"5"
    assert set(range(500)) - set(kind.format.read(texts).indices) == {250}


def test_a_text_that_is_no_utf8_in_a_field_that_nobody_reads_is_a_bad_record() -> None:
    line = b'{"id": 1, "name": "x", "extra": "\xff"}'
    found = fast(GROUPS, "f/a.jsonl", line + b"\n" + line.replace(b"\xff", b"y"))
    assert [row["accepted"] for row in found or ()] == [False, True]
    assert found == plain(GROUPS, "f/a.jsonl", line + b"\n" + line.replace(b"\xff", b"y"))


def test_d4_every_character_that_python_calls_blank_is_blank_and_no_other() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    others = [
        character for character in characters if unicodedata.category(character) in ("Cc", "Cf", "Zs", "Mn", "Lo")
    ]
    odd = [*filter(str.isspace, characters), *others[:3000]]
    texts = [json.dumps({"id": 1, "name": character}).encode() for character in odd]
    good = {odd[index] for index in read_groups(texts).indices}
    assert good == {character for character in odd if character.strip() and is_storable(character)}


def random_time(rng: random.Random) -> str:
    """Mostly right: a date, a time, a fraction and an offset, each in one of many forms, and sometimes an accident."""
    year = rng.choice([0, 1, 1969, 1970, 2000, 2023, 2024, 9999, rng.randrange(10_000)])
    text = f"{year:04d}-{rng.randrange(1, 13):02d}-{rng.choice([1, 28, 29, 30, 31]):02d}"
    if rng.random() < 0.9:
        text += f"{rng.choice('TTT xt')}{rng.choice([0, 12, 23, 24]):02d}:{rng.choice([0, 59, 60]):02d}"
    if rng.random() < 0.9:
        text += f":{rng.choice([0, 1, 59, 60]):02d}" + rng.choice(
            ["", "", ".", ",5", "." + "123456789"[: rng.randrange(10)]]
        )
    text += rng.choice(
        [
            "",
            "Z",
            "Z",
            "z",
            " Z",
            " UTC",
            "Z UTC",
            "+00",
            "+0530",
            "+05:30",
            "-23:59",
            "+24:00",
            "+05:60",
            "+5",
            "+00:00:30",
        ]
    )
    while rng.random() < 0.2:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(["", *"0123456789-:TZ+., \0\u0662"]) + text[at + rng.choice([0, 1]) :]
    return text


def test_d4_whatever_timestamp_arrow_reads_is_read_to_the_same_value_by_the_rule() -> None:
    rng = random.Random(8)
    texts = list({random_time(rng) for _ in range(40_000)} | {t for t in TIMES if type(t) is str and is_storable(t)})
    expected = [find_moment(text) for text in texts]
    assert len(texts) / 10 < sum(is_good for _, is_good in expected) < len(texts)
    # There are two ways by Arrow: for a column that it takes, and for what it takes of another.
    assert read(*texts) == expected
    for text, moment in zip(texts[:5000], expected[:5000], strict=True):
        assert read(text, None) == [moment, (None, True)], text


def find_moment(text: str) -> tuple[datetime | None, bool]:
    if text == "":
        return None, True
    try:
        return read_timestamp(text).replace(tzinfo=timezone.utc), True
    except ValueError:
        return None, False


def read(*texts: str | None) -> list[tuple[datetime | None, bool]]:
    values, is_good = read_timestamps(texts)
    return list(
        zip(values.to_pylist(), is_good.to_pylist() if is_good is not None else [True] * len(texts), strict=True)
    )


def test_d4_timestamps_of_several_forms_stand_in_one_column() -> None:
    rng = random.Random(9)
    forms: list[Any] = [
        None,
        "2024-01-01",
        "2024-01-01T10:00:00",
        "2024-01-01T10:00:00Z",
        "2024-02-30",
        "0001-01-01",
        "x",
    ]
    for _ in range(300):
        texts = [rng.choice(forms) for _ in range(rng.randrange(5))]
        assert read(*texts) == [one for text in texts for one in read(text)]


def test_d6_the_content_is_computed_only_where_it_is_asked_for() -> None:
    data = json.dumps([{"id": 1, "name": "x"}, {"name": "x", "id": 1}, {"id": 1, "name": "x", "agent_ids": ["y"]}])
    assert [row["content"] for row in fast(GROUPS, "f/a.json", data.encode()) or ()] == [None] * 3
    first, second, third = (row["content"] for row in fast(GROUPS, "f/a.json", data.encode(), with_content=True) or ())
    assert first == second != third


@pytest.mark.parametrize("depth", [900, 3000, 9900])
def test_no_depth_of_a_record_is_too_deep_for_the_stack_of_an_engine(tmp_path: Path, depth: int) -> None:
    deep = f'{{"id": 1, "name": "x", "extra": {"[" * depth + "]" * depth}}}'
    write_file(tmp_path / "f" / "a.json", f'[{deep}, {{"id": 2, "name": "y"}}, {{"id": 3, "name": "\\ud800"}}]')
    write_file(tmp_path / "f" / "b.jsonl", f'{deep}\n{{"id": 2, "name": "y"}}')
    task = pa.record_batch({"task": [0]})
    reader = FileReader(
        GROUPS.format, str(tmp_path), (), (("f/a.json", "f/b.jsonl"),), arrow_schema(GROUPS.schema), with_content=True
    )
    batches: list[pa.RecordBatch] = []
    before = threading.stack_size(2**20)
    engine = threading.Thread(target=lambda: batches.extend(reader(iter([task]))))
    engine.start()
    threading.stack_size(before)
    engine.join()
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [row["records"] for row in rows if row["entry"] == "file"] == [3, 2]
    assert [row["position"] for row in rows if row["group_id"] == 2] == [1, 1]
