"""D3 to D7: what the rules make of one record, and every reason why it is refused."""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import Any

import pytest

from groups_platform.directory.findings import FindingCode
from groups_platform.directory.reader import RawRecord, UnreadableFile, decode, read_records
from groups_platform.directory.records import ParsedRecord, parse_agent, parse_group
from groups_platform_tests import hostile_days, oracle
from groups_platform_tests.hostile_days import literal, with_literals

GROUP = {"id": 1, "name": "One", "parent_group_id": 2, "agent_ids": [3, "4"], "updated_at": "2026-11-01T08:00:00Z"}


def raw(value: object) -> RawRecord:
    text = with_literals(json.dumps(value))
    return RawRecord(0, text, decode(text))


def parsed_group(value: object) -> ParsedRecord:
    return parse_group(raw(value))


def parse_groups(path: str, data: bytes) -> tuple[list[ParsedRecord], UnreadableFile | None]:
    """The groups of one file, one by one, or why the whole file cannot be read."""
    try:
        return [parse_group(record) for record in read_records(path, data, "groups")], None
    except UnreadableFile as error:
        return [], error


def parsed_agent(value: object) -> ParsedRecord:
    return parse_agent(raw(value))


def codes(record: ParsedRecord) -> list[str]:
    assert all(fault.detail and isinstance(fault.code, FindingCode) for fault in record.faults)
    return sorted(fault.code for fault in record.faults)


@pytest.mark.parametrize("given", ["9" * 20, "9" * 5000, 2**63, -(2**63) - 1])
def test_d4_an_id_that_is_too_large_is_called_that(given: object) -> None:
    (fault,) = parsed_group({**GROUP, "id": given}).faults
    assert (fault.code, fault.detail.rpartition(": ")[2]) == ("invalid_id", "outside the range of BIGINT")


def test_d4_a_good_group() -> None:
    group = parsed_group({**GROUP, "created_at": None})
    assert (group.accepted, group.faults) == (True, ())
    assert {key: value for key, value in group.values.items() if value is not None} == {
        "id": 1,
        "name": "One",
        "parent_group_id": 2,
        "agent_ids": [3, 4],
        "updated_at": datetime(2026, 11, 1, 8),
    }


def test_d3_extra_fields_are_neither_values_nor_faults() -> None:
    for name, value in hostile_days.EXTRA_FIELDS:
        group = parsed_group({**GROUP, name: value})
        assert group.accepted
        assert set(group.values) <= {"id", "name", "parent_group_id", "agent_ids", "created_at", "updated_at"}


@pytest.mark.parametrize("value", hostile_days.ODD_IDS)
def test_d4_ids_are_integers_or_strings_of_digits(value: object) -> None:
    expected = oracle.parse_id(oracle.parse_json(raw(value).text.encode()))
    group = parsed_group({"id": value, "name": "x", "parent_group_id": value, "agent_ids": [value]})
    assert codes(group) == []
    assert [group.values[name] for name in ("id", "parent_group_id", "agent_ids")] == [
        expected,
        expected,
        [expected],
    ]
    assert parsed_agent({"id": value}).values["id"] == expected


@pytest.mark.parametrize("value", hostile_days.WRONG_IDS, ids=lambda value: ascii(value)[:20])
def test_d4_nothing_else_is_an_id(value: object) -> None:
    assert codes(parsed_group({**GROUP, "id": value})) == ["invalid_id"]
    assert codes(parsed_group({**GROUP, "parent_group_id": value})) == (["invalid_parent"] if value != "" else [])
    assert codes(parsed_agent({"id": value})) == ["invalid_id"]
    member = parsed_group({**GROUP, "agent_ids": [value, 5]})
    assert (codes(member), member.accepted, member.values["agent_ids"]) == (["invalid_member"], True, [5])


@pytest.mark.parametrize("name", hostile_days.ODD_NAMES, ids=lambda value: ascii(value)[:20])
def test_d4_names_are_kept_as_they_are(name: str) -> None:
    assert parsed_group({**GROUP, "name": name}).values["name"] == name


@pytest.mark.parametrize("name", hostile_days.WRONG_NAMES, ids=lambda value: ascii(value)[:20])
def test_d4_a_name_is_a_string_that_is_not_blank(name: object) -> None:
    group = parsed_group({**GROUP, "name": name})
    assert codes(group) == ["missing_name" if name is None else "invalid_name"]
    assert not group.accepted


@pytest.mark.parametrize("parse", [parsed_group, parsed_agent])
@pytest.mark.parametrize("field", ["created_at", "updated_at"])
def test_d4_timestamps_become_utc(parse: Any, field: str) -> None:
    for text in hostile_days.ODD_TIMESTAMPS:
        record = parse({**GROUP, field: text})
        assert codes(record) == []
        assert record.values.get(field) == oracle.parse_timestamp(text), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-31T02:30:00", datetime(2024, 3, 31, 2, 30)),
        ("2024-01-01T15:30:00+05:30", datetime(2024, 1, 1, 10)),
        ("2024-01-01T10:00:00.123456789Z", datetime(2024, 1, 1, 10, 0, 0, 123456)),
        ("0001-01-01", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("2022-001", datetime(2022, 1, 1)),
        ("2024-366T10:00:00Z", datetime(2024, 12, 31, 10)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1)),
        ("2024-12-31T24:00:00", datetime(2025, 1, 1)),
        ("2024-12-31T24:00:00+02:00", datetime(2024, 12, 31, 22)),
        ("2024-01-01 10:00:00 UTC", datetime(2024, 1, 1, 10)),
    ],
)
def test_d4_p6_no_offset_means_utc_and_every_year_is_a_plain_value(text: str, expected: datetime) -> None:
    assert parsed_group({**GROUP, "created_at": text}).values["created_at"] == expected


@pytest.mark.parametrize("value", hostile_days.WRONG_TIMESTAMPS, ids=lambda value: ascii(value)[:20])
def test_d4_anything_else_is_no_timestamp(value: object) -> None:
    assert codes(parsed_group({**GROUP, "created_at": value})) == ["invalid_timestamp"]
    assert codes(parsed_agent({"id": 1, "updated_at": value})) == ["invalid_timestamp"]


@pytest.mark.parametrize("value", hostile_days.WRONG_LISTS, ids=lambda value: ascii(value)[:20])
def test_d4_agent_ids_of_another_type_reject_the_record(value: object) -> None:
    group = parsed_group({**GROUP, "agent_ids": value})
    assert (codes(group), group.accepted) == (["invalid_agent_ids"], False)


@pytest.mark.parametrize("fields", [{"agent_ids": None, "parent_group_id": None}, {"agent_ids": []}])
def test_d4_parent_and_members_may_be_null_and_members_are_none_then(fields: dict[str, Any]) -> None:
    group = parsed_group({"id": 1, "name": "x", **fields})
    assert (group.accepted, group.faults, group.values["agent_ids"]) == (True, (), [])


def test_p4_a_record_without_members_says_nothing_of_them() -> None:
    group = parsed_group({"id": 2, "name": "North", "members": [11, 12]})
    assert (group.accepted, group.faults, group.values) == (True, (), {"id": 2, "name": "North"})
    assert "agent_ids" not in parsed_group({"id": 2, "name": "x", "agent_ids": "1,2"}).values


def test_d4_every_fault_of_a_record_is_named_and_readable_values_stay() -> None:
    group = parsed_group(
        {"id": 5, "parent_group_id": "x", "agent_ids": "1,2", "created_at": 5, "updated_at": "yesterday"}
    )
    assert codes(group) == [
        "invalid_agent_ids",
        "invalid_parent",
        "invalid_timestamp",
        "invalid_timestamp",
        "missing_name",
    ]
    assert group.values["id"] == 5
    assert codes(parsed_group({})) == ["missing_id", "missing_name"]


@pytest.mark.parametrize("value", hostile_days.NOT_OBJECTS, ids=lambda value: ascii(value)[:20])
def test_d2_a_record_that_is_no_object(value: object) -> None:
    for record in (parsed_group(value), parsed_agent(value)):
        assert (codes(record), record.accepted, record.values.get("id")) == (["not_an_object"], False, None)


def test_d5_each_bad_member_is_a_finding_and_repeated_members_count_once() -> None:
    group = parsed_group({**GROUP, "agent_ids": [3, "x", 3, "3", "003", None, 2.5, 4]})
    assert codes(group) == ["invalid_member"] * 3
    assert group.accepted
    assert group.values["agent_ids"] == [3, 4]


def test_p6_an_empty_string_is_null_where_a_time_or_a_parent_may_be_null() -> None:
    group = parsed_group({**GROUP, "parent_group_id": "", "created_at": "", "updated_at": ""})
    assert (group.accepted, set(group.values)) == (True, {"id", "name", "agent_ids"})
    assert codes(parsed_group({**GROUP, "id": "", "name": "", "agent_ids": ""})) == [
        "invalid_agent_ids", "invalid_id", "invalid_name"
    ]  # fmt: skip


@pytest.mark.parametrize("deleted", [True, "True", 1])
def test_p6_a_deleted_group_needs_only_an_id(deleted: object) -> None:
    gone = {"id": 5, "name": None, "agent_ids": "1,2", "deleted": deleted, "updated_at": "2024-01-01"}
    group = parsed_group(gone)
    assert (group.accepted, group.values) == (True, {"id": 5, "updated_at": datetime(2024, 1, 1), "deleted": True})
    assert codes(parsed_group({**gone, "id": "x", "updated_at": "never"})) == ["invalid_id", "invalid_timestamp"]
    for other in (False, "false", 0, None, "yes", 2):
        assert codes(parsed_group({**gone, "deleted": other})) == ["invalid_agent_ids", "missing_name"]
    assert parsed_agent({"id": 5, "deleted": True}).values["active"] is True


def with_status(deactivated: object, active: object, contact: object) -> dict[str, object]:
    fields = {"deactivated": deactivated, "active": active}
    record = {"id": 1, "available": False, **{key: value for key, value in fields.items() if value != "absent"}}
    return record if contact == "absent" else {**record, "contact": {"active": contact}}


@pytest.mark.parametrize("deactivated", ["absent", None, True, False, "TRUE", 0])
@pytest.mark.parametrize("active", ["absent", None, True, False, "False", 1])
@pytest.mark.parametrize("contact", ["absent", None, True, False, "false", 0])
def test_d7_p5_the_first_that_speaks_decides(deactivated: object, active: object, contact: object) -> None:
    words = {"TRUE": True, "False": False, "false": False, 0: False, 1: True}  # JSON's own are equal to 0 and 1 here
    said = [words[value] for value in (active, contact) if value not in ("absent", None)]
    agent = parsed_agent(with_status(deactivated, active, contact))
    assert (agent.accepted, agent.faults) == (True, ())
    assert agent.values["active"] == (words.get(deactivated) is not True and [*said, True][0])
    suspended = {**agent.record.value, "suspended": True}
    assert parsed_agent(suspended).values["active"] is False
    assert parsed_agent({**suspended, "suspended": "false"}).values["active"] == agent.values["active"]


@pytest.mark.parametrize("value", hostile_days.NOT_BOOLEANS, ids=lambda value: ascii(value)[:20])
def test_p5_a_status_that_cannot_be_read_is_none(value: object) -> None:
    for field in ("deactivated", "suspended", "active"):
        agent = parsed_agent({"id": 1, "deactivated": True, field: value, "contact": {"name": "Ann"}})
        assert (agent.accepted, codes(agent), agent.values["active"]) == (True, ["invalid_active"], None)
        assert agent.values["name"] == "Ann"
    assert codes(parsed_agent({"id": 1, "active": value, "contact": {"active": value}})) == ["invalid_active"] * 2


@pytest.mark.parametrize(
    ("record", "name", "email"),
    [
        ({"contact": {"name": "A", "email": "a@b.example"}, "name": "B", "email": "b@b.example"}, "A", "a@b.example"),
        ({"contact": {"name": " ", "email": ""}, "name": "B", "email": "b@b.example"}, "B", "b@b.example"),
        ({"name": {"first": "B"}, "first_name": "Ann", "last_name": "Bo"}, "Ann Bo", None),
        ({"first_name": "Ann", "last_name": ""}, "Ann", None),
        ({"contact": {}, "name": "nul\0", "last_name": "Bo"}, "Bo", None),
        ({"contact": {"first_name": "Ann"}, "first_name": " ", "email": 5}, None, None),
    ],
)  # fmt: skip
def test_p5_name_and_email_are_the_first_texts_that_say_something(
    record: dict[str, Any], name: str | None, email: str | None
) -> None:
    agent = parsed_agent({"id": 1, **record})
    assert (agent.accepted, agent.values["name"], agent.values["email"]) == (True, name, email)


def test_d7_an_agent_needs_an_id_and_its_texts_are_taken_only_if_they_are_texts() -> None:
    assert codes(parsed_agent({"contact": {"name": "x"}})) == ["missing_id"]
    agent = parsed_agent({"id": 1, "contact": {"name": "Ann", "email": 5}})
    assert (agent.values.get("name"), agent.values.get("email")) == ("Ann", None)
    for contact in (None, 5, [], "x", {"name": "nul\0", "email": "half \ud800"}):
        agent = parsed_agent({"id": 1, "contact": contact})
        assert (agent.accepted, agent.values.get("name"), agent.values.get("email")) == (True, None, None)


def shuffled(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(rng, value[key]) for key in rng.sample(list(value), k=len(value))}
    return [shuffled(rng, element) for element in value] if isinstance(value, list) else value


@pytest.mark.parametrize("parse", [parse_group, parse_agent])
@pytest.mark.parametrize(
    "extra",
    [{"a": {"b": [{"d": 1, "c": None}], "e": "ü"}}, {"lone": "\ud800", "b": 1}, {"n": literal("7" * 5000), "z": 0}],
)
def test_d6_records_are_identical_whatever_the_order_of_fields_and_the_writing(parse: Any, extra: Any) -> None:
    rng = random.Random(1)
    record = {**GROUP, **extra}
    digests = set()
    for _ in range(10):
        text = hostile_days.encode(rng, shuffled(rng, record)).decode()
        digests.add(parse(RawRecord(0, text, decode(text))).content)
    assert len(digests) == 1
    assert None not in digests


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, literal("1.0")),
        (1, True),
        (0, False),
        (1, "1"),
        (None, "null"),
        (None, 0),
        ([], {}),
        ([1, 2], [2, 1]),
        ([[1], [2]], [[1, 2]]),
        ({"a": 1}, {"a": 1, "b": None}),
        ({"a": {"b": 1}}, {"a": {"c": 1}}),
        ("e\u0301", "\u00e9"),
        ("\ud800", "\udfff"),
        ("\ud800", "\\ud800"),
        (literal("1e400"), None),
        (literal("1e400"), literal("-1e400")),
        (literal("7" * 5000), "7" * 5000),
        (literal("7" * 5000), literal("7" * 4999 + "8")),
        (literal("7" * 40), "7" * 40),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_d6_records_that_differ_in_any_value_or_type_are_not_identical(one: object, other: object) -> None:
    for wrap in (lambda value: value, lambda value: {"in": [value, "\ud800"]}):
        first, second = parsed_group({**GROUP, "extra": wrap(one)}), parsed_group({**GROUP, "extra": wrap(other)})
        assert first.accepted
        assert second.accepted
        assert first.content != second.content


def test_d2_text_that_postgres_cannot_store_is_never_handed_on() -> None:
    data = b'\x00{"id": 1}\n{"id": "\\u0000", "name": "\\ud800"}\n\xff\xfe\n"\xed\xa0\x80"\n'
    records, unreadable = parse_groups("admin_groups/a.jsonl", data)
    assert unreadable is None
    assert [record.accepted for record in records] == [False] * 4
    for record in records:
        for text in (record.text, *(fault.detail for fault in record.faults)):
            assert "\0" not in text
            text.encode()


@pytest.mark.parametrize("depth", [50, 200, 500, 900, 1100, 3000, 20_000])
def test_d2_deeply_nested_values_never_end_the_run(depth: int) -> None:
    for deep in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        text = f'{{"id": 1, "name": "x", "extra": {deep}}}'
        wrong = f'{{"id": {deep}, "name": {deep}}}'
        for path, data in (
            ("admin_groups/a.jsonl", f"{text}\n{wrong}\n{text}"),
            ("admin_groups/a.json", f"[{text}, {wrong}]"),
        ):
            records, unreadable = parse_groups(path, data.encode())
            assert unreadable is not None or len(records) >= 2


@pytest.mark.parametrize("deep", [('{"a":', "1", "}"), ("[", "", "]")])
def test_d2_no_depth_that_can_be_read_is_too_deep_to_compare(deep: tuple[str, str, str]) -> None:
    begin, middle, end = deep
    for depth in range(940, 1010):
        text = f'{{"id": 1, "name": "x", "e": ["\\ud800", {begin * depth}{middle}{end * depth}]}}'
        records, unreadable = parse_groups("admin_groups/a.jsonl", f"{text}\n{text}".encode())
        assert unreadable is None
        assert records[0].content == records[1].content
