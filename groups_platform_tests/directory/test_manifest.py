"""P8: what a delivery says of itself as a whole, file by file."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest

from groups_platform.directory.manifest import (
    find_false_claims,
    hash_of,
    is_last_page,
    read_manifest,
    total_of,
)

PATHS = ["agents/a.json", "agents/b.json", "agents/deep/c.jsonl"]


def manifest(**said: Any) -> Any:
    return read_manifest("manifest.json", json.dumps(said).encode())


def disagreements(files: dict[str, Any]) -> list[str]:
    return list(manifest(files=files).disagreements(("agents", "agent_details"), PATHS))


def test_each_part_of_a_manifest_is_optional() -> None:
    for said in ({}, {"files": {}}, {"files": None, "agents": {}}, {"made_by": [1], "agents": {"records": 5, "x": 1}}):
        read = manifest(**said)
        assert (read.fault, list(read.disagreements(("agents",), PATHS))) == (None, [])
    assert manifest(agents={"records": 5}).folders["agents"].records == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"files": []}',
        '{"files": {"a": 5}}',
        '{"agents": {"records": "5"}}',
        '{"agents": {"records": 1.5}}',
    ],
)
def test_a_manifest_that_cannot_be_understood_agrees_with_nothing(text: str) -> None:
    (sentence,) = read_manifest("manifest.json", text.encode()).disagreements(("agents",), PATHS)
    assert sentence.startswith("manifest.json cannot be understood: ")


def test_the_files_that_it_names_are_those_of_their_folder() -> None:
    assert disagreements({path: {} for path in ("./agents/a.json", "agents//b.json", "agents/deep/c.jsonl")}) == []
    assert disagreements({"admin_groups/never.json": {}, "README.md": {}}) == []
    assert disagreements({path: {} for path in (*PATHS, "agents/d.json")}) == [
        "manifest.json names agents/d.json, which is not there or not read"
    ]
    assert disagreements({"agents/a.json": {}}) == [
        "agents/b.json is not in manifest.json",
        "agents/deep/c.jsonl is not in manifest.json",
    ]


def false_claims(claim: dict[str, Any], header: dict[str, Any] | None = None) -> list[str]:
    data = hash_of(io.BytesIO(b"[]"))
    return list(find_false_claims("agents/a.json", [manifest(files={"agents/a.json": claim})], 2, data, header or {}))


def test_records_and_hash_of_a_file() -> None:
    right = hashlib.sha256(b"[]").hexdigest()
    for claim in ({}, {"records": 2}, {"sha256": right}, {"records": 2, "sha256": right.upper()}):
        assert false_claims(claim) == []
    assert false_claims({"records": 3, "sha256": right[:-1]}) == [
        "agents/a.json has 2 records, and manifest.json says 3",
        "agents/a.json has another sha256 than manifest.json says",
    ]


@pytest.mark.parametrize(
    ("header", "total", "is_last"),
    [
        ({}, None, None),
        ({"count": 5}, 5, None),
        ({"total": 7}, 7, None),
        ({"count": 2, "total": 7}, 7, None),
        ({"count": "5", "total": None}, None, None),
        ({"count": True, "total": 5.0}, None, None),
        ({"count": 10**29}, 2**63 - 1, None),
        ({"total": -(10**29)}, -(2**63), None),
        ({"next": None}, None, True),
        ({"next_page": "", "count": 1}, 1, True),
        ({"next_page": False}, None, True),
        ({"next": "/agents?page=2"}, None, False),
        ({"next": 0}, None, False),
        ({"next": None, "next_page": 2}, None, False),
    ],
)
def test_what_the_object_of_a_page_says(header: dict[str, Any], total: int | None, is_last: bool | None) -> None:
    assert (total_of(header), is_last_page(header)) == (total, is_last)
    assert false_claims({}, header) == []


def test_a_count_beside_a_total_is_the_total_or_of_the_page() -> None:
    assert false_claims({}, {"count": 7, "total": 7}) == []
    assert false_claims({}, {"count": 5, "total": 7}) == ["agents/a.json says count 5 and total 7"]


@pytest.mark.parametrize(
    "path",
    ["/admin_groups/a.json", "sync-day1/admin_groups/a.json", "Admin_groups/a.json", "a.json", "other/x.jsonl.gz"],
)
def test_p8_a_file_outside_the_folders_that_are_read_is_a_false_claim(path: str) -> None:
    manifest = read_manifest("manifest.json", json.dumps({"files": {path: {"records": 2}}}).encode())
    assert list(manifest.disagreements({"admin_groups"}, [])) == [
        f"manifest.json names {path}, which is in none of admin_groups, agents, agent_details"
    ]
    assert list(manifest.disagreements({"agents", "agent_details"}, [])) == [], "it is said once"


@pytest.mark.parametrize("path", ["_SUCCESS", "README.md", "agents/_temporary/a.json", ".crc/a.json"])
def test_p8_a_manifest_may_name_what_is_not_read(path: str) -> None:
    manifest = read_manifest("manifest.json", json.dumps({"files": {path: {}}}).encode())
    assert list(manifest.disagreements({"admin_groups"}, [])) == []
