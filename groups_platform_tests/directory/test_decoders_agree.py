"""D2, by chance: files of random and of damaged JSON are read as an independent reader reads them."""

from __future__ import annotations

import gzip
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from groups_platform.directory.reader import NotJson, UnreadableFile, read_records
from groups_platform_tests import hostile_days, oracle

ROUNDS = 1500


def plain(value: Any) -> Any:
    """The value with integers too long for Python named alike, so that both readers' values compare."""
    if isinstance(value, oracle.HugeInteger):
        return ("huge", value.digits)
    if isinstance(value, Decimal):
        return ("huge", str(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**30:
        return ("huge", str(value))
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    kind = "float" if isinstance(value, float) else type(value).__name__  # an infinity has a type of its own
    return (kind, value)


def read(path: str, data: bytes) -> list[tuple[int, Any]] | None:
    """Positions and values (None for a record that is not JSON); None for a file that is refused."""
    try:
        records = list(read_records(path, data, "groups"))
    except UnreadableFile:
        return None
    data = gzip.decompress(data) if path.endswith(".gz") else data
    for record in records:
        if not isinstance(record.value, NotJson):
            assert plain(oracle.parse_json(record.text.encode())) == plain(record.value)
            assert record.text.encode() in data
    return [(record.position, None if isinstance(record.value, NotJson) else plain(record.value)) for record in records]


def expected(folder: Path, path: str, data: bytes) -> list[tuple[int, Any]] | None:
    (folder / path).write_bytes(data)
    try:
        records = oracle.read_file(folder, path, "groups")
    except ValueError:
        return None
    return [(record.position, plain(record.value) if record.is_json else None) for record in records]


def random_value(rng: random.Random, depth: int = 0) -> Any:
    odd = [
        *hostile_days.WRONG_IDS,
        *hostile_days.ODD_NAMES,
        *hostile_days.WRONG_NAMES,
        *hostile_days.NOT_OBJECTS,
    ]
    kind = rng.random()
    if depth > 3 or kind < 0.5:
        return rng.choice(odd)
    if kind < 0.7:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    keys = rng.sample(
        ["id", "name", "groups", "agents", "data", "results", "group", "a", "", "\ud800", "ü", 'q"', "\\"],
        k=rng.randrange(4),
    )
    return {key: random_value(rng, depth + 1) for key in keys}


def damaged(rng: random.Random, data: bytes) -> bytes:
    """One to three small accidents."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data) + 1)
        piece = rng.choice(
            [b"", b",", b"]", b"}", b"[", b'"', b"\\", b"\\u", b"\xff", b"\x00", b"\n", b"\r", b"1", b"-", b".", b"e"]
        )
        data = data[:at] + piece + data[at + rng.choice([0, 0, 1, 1, 5]) :]
    return data


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
@pytest.mark.parametrize("seed", range(2))
def test_d2_random_and_damaged_files_are_read_as_the_plain_reader_reads_them(
    tmp_path: Path, ending: str, seed: int
) -> None:
    rng = random.Random(f"{seed}{ending}")
    outcomes = {"refused": 0, "read": 0}
    for _ in range(ROUNDS):
        values = [random_value(rng) for _ in range(rng.randrange(4))]
        write = (
            hostile_days.write_lines
            if ending == ".jsonl"
            else rng.choice([hostile_days.write_array, hostile_days.write_wrapper])
        )
        data = write(rng, values, "groups")
        data = damaged(rng, data) if rng.random() < 0.6 else data
        found = read("a" + ending, data)
        assert found == expected(tmp_path, "a" + ending, data), data
        outcomes["refused" if found is None else "read"] += 1
    assert outcomes["read"] > ROUNDS / 10


def test_d2_compression_makes_no_difference(tmp_path: Path) -> None:
    rng = random.Random(5)
    for _ in range(100):
        data = damaged(rng, json.dumps([random_value(rng)]).encode())
        assert read("a.json.gz", gzip.compress(data)) == read("a.json", data)
