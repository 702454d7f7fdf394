"""Amounts of resources: what people write, and how amounts compare, add and travel as JSON."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from frozendict import frozendict

from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.resource_slot import InvalidAmount
from groups_platform.group_service.types.text import quote

INFINITY = Decimal("Infinity")
SLOTS = ("cpu", "mem", "cuda.shares", "tpu.device")
RANDOM = Random(20241001)


def _random_slot() -> ResourceSlot:
    amounts = (0, 1, 2, "0.001", "2.5", 2**33, "inf")
    return ResourceSlot({slot: RANDOM.choice(amounts) for slot in RANDOM.sample(SLOTS, RANDOM.randrange(5))})


TRIPLES = [(_random_slot(), _random_slot(), _random_slot()) for _ in range(200)]


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("8g", 8 * 2**30),
        ("8G", 8 * 2**30),
        ("16GiB", 16 * 2**30),
        ("512M", 512 * 2**20),
        ("512mb", 512 * 2**20),
        (" 1.5 g ", 3 * 2**29),
        ("0.1k", 102),
        ("1t", 2**40),
        ("2p", 2**51),
        ("1e", 2**60),
        ("100", 100),
        ("100 bytes", 100),
        (4096, 4096),
        (4096.0, 4096),
        (Decimal(4096), 4096),
        ("inf", INFINITY),
        ("Infinity", INFINITY),
        (float("inf"), INFINITY),
    ],
)
def test_s1_memory_is_bytes(written: Any, size: Any) -> None:
    assert dict(ResourceSlot.from_user_input({"mem": written}, None)) == {"mem": size}
    assert dict(ResourceSlot.from_user_input({"gpu.memory": written}, None)) == {"gpu.memory": size}


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("4", "4"),
        (4, "4"),
        (0.1, "0.1"),
        ("0.3334", "0.333"),
        ("0.3336", "0.334"),
        (Decimal("2.50"), "2.5"),
        ("1e3", "1000"),
        ("inf", "Infinity"),
    ],
)
def test_s1_other_slots_are_counts_of_three_places(written: Any, count: str) -> None:
    assert ResourceSlot.from_user_input({"cuda.shares": written}, None).to_json() == {"cuda.shares": count}


def test_s1_zeros_and_nulls_are_dropped() -> None:
    written = {"cpu": 0, "mem": "0g", "cuda.shares": None, "tpu.device": "0.0004", "npu.device": "0"}
    assert ResourceSlot.from_user_input(written, None) == ResourceSlot()
    assert len(ResourceSlot.from_user_input(written, None)) == 0


@pytest.mark.parametrize("slot", ["cpu", "mem"])
@pytest.mark.parametrize(
    "value", ["many", "", "-1", -1, "-inf", "nan", float("nan"), True, [4], {"g": 8}, "8q", "g", "1e99999999", b"8"]
)
def test_s1_a_bad_value_is_named_with_its_slot(slot: str, value: Any) -> None:
    with pytest.raises(ValueError, match=slot) as caught:
        ResourceSlot.from_user_input({"tpu.device": 1, slot: value}, None)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", ["8gg", "8 g i b", "1e3", 0.5, "8.g", ".5g"])
def test_s1_a_bad_size_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="'mem'"):
        ResourceSlot.from_user_input({"mem": value}, None)


def test_s1_slot_types_say_what_exists_and_what_it_measures() -> None:
    slots = ResourceSlot.from_user_input(
        {"scratch": "1k", "mem_channels": "1.5"}, {"scratch": "bytes", "mem_channels": "count"}
    )
    assert slots.to_json() == {"scratch": "1024", "mem_channels": "1.5"}
    with pytest.raises(ValueError, match="no slot 'cpus', which is '4'"):
        ResourceSlot.from_user_input({"cpus": "4"}, {"cpu": "count"})


def test_s1_json_round_trips() -> None:
    for slot, *_ in TRIPLES:
        assert ResourceSlot.from_json(json.loads(json.dumps(slot.to_json()))) == slot
        assert pickle.loads(pickle.dumps(slot)) == slot
    assert ResourceSlot({"mem": Decimal("1E+12")}).to_json() == {"mem": "1000000000000"}
    with pytest.raises(ValueError, match="'cpu' cannot be 'much'"):
        ResourceSlot.from_json({"cpu": "much"})


def test_s1_addition_is_slot_wise_commutative_and_associative() -> None:
    for a, b, c in TRIPLES:
        assert dict(a + b) == {s: a.get(s, 0) + b.get(s, 0) for s in {*a, *b}}
        assert a + b == b + a
        assert (a + b) + c == a + (b + c)
        assert a + ResourceSlot() == a


def test_s1_comparison_is_a_partial_order() -> None:
    for a, b, c in TRIPLES:
        assert (a <= b) == all(a.get(s, 0) <= b.get(s, 0) for s in SLOTS)
        assert (a <= b) == (b >= a)
        assert (a < b) == (b > a) == (a <= b and a != b)
        assert (a <= b <= a) == (a == b)
        assert a <= c or not (a <= b <= c)
        assert a <= a + b
        assert a != b or hash(a) == hash(b)


def test_s1_values_may_be_unordered() -> None:
    more_cpu, more_memory = ResourceSlot({"cpu": 8, "mem": 1}), ResourceSlot({"cpu": 4, "mem": 2})
    assert not more_cpu <= more_memory
    assert not more_cpu >= more_memory


def test_s1_nothing_changes_an_operand() -> None:
    for a, b, _ in TRIPLES:
        before = a.to_json(), b.to_json(), hash(a)
        _ = (a < b, a <= b, a == b, a > b, a >= b, a + b)
        assert (a.to_json(), b.to_json(), hash(a)) == before
    with pytest.raises(TypeError):
        ResourceSlot({"cpu": 1})["cpu"] = 2  # type: ignore[index]


def test_s1_a_limit_without_end_admits_everything() -> None:
    assert ResourceSlot({"cpu": 10**9}) < ResourceSlot.from_user_input({"cpu": "inf"}, None)
    assert ResourceSlot({"cpu": "inf"}) + ResourceSlot({"cpu": 1}) == ResourceSlot({"cpu": "inf"})


@pytest.mark.parametrize(
    ("amounts", "mapping", "is_equal"),
    [
        ({"cpu": 4}, {"cpu": 4}, True),
        ({"cpu": 4}, {"cpu": 4, "mem": 0}, True),
        ({"cpu": 4}, {"cpu": Decimal("4.000")}, True),
        ({"cpu": "0.1"}, {"cpu": 0.1}, True),
        ({"cpu": "inf"}, {"cpu": float("inf")}, True),
        ({}, {}, True),
        ({}, {"cpu": 0, "mem": None}, True),
        ({"cpu": 4}, {"cpu": 5}, False),
        ({"cpu": 4}, {"cpu": 4, "mem": 1}, False),
        ({"cpu": 4}, {}, False),
        ({"cpu": 4}, {"cpu": "four"}, False),
        ({"cpu": 4}, {"cpu": [4]}, False),
        ({"cpu": 4}, {4: "cpu"}, False),
        ({"cpu": 4}, [("cpu", 4)], False),
        ({"cpu": 4}, 4, False),
        ({}, None, False),
    ],
)
def test_s36_it_equals_a_mapping_with_the_same_amounts(amounts: Any, mapping: Any, is_equal: bool) -> None:
    slots = ResourceSlot(amounts)
    assert (slots == mapping) is (mapping == slots) is is_equal
    assert (slots != mapping) is (mapping != slots) is not is_equal


def test_s36_what_is_equal_has_one_hash() -> None:
    for a, _, _ in TRIPLES:
        assert a == a.to_json()
        assert a == dict(a) == frozendict(a)
        assert hash(a) == hash(ResourceSlot(a.to_json())) == hash(frozendict(a))


@pytest.mark.parametrize("slot", ["cpu", "mem"])
@pytest.mark.parametrize("value", ["٣", "８", "४g", "8Ｇ", "1_000", "8\N{KELVIN SIGN}"])
def test_s36_digits_are_ascii(slot: str, value: str) -> None:
    for parse in (lambda amounts: ResourceSlot.from_user_input(amounts, None), ResourceSlot, ResourceSlot.from_json):
        with pytest.raises(ValueError, match=slot):
            parse({slot: value})


@pytest.mark.parametrize("kind", ["byte", "", None, 5, ["bytes"]])
def test_s36_a_slot_type_that_does_not_exist_is_an_error(kind: Any) -> None:
    for written in ({"cpu": "4"}, {"mem": "8g"}, {}):
        with pytest.raises(ValueError, match=r"'mem' cannot be of the type .*count, bytes, unique"):
            ResourceSlot.from_user_input(written, {"cpu": "count", "mem": kind})
    assert ResourceSlot.from_user_input({"npu": "1"}, {"npu": "unique"}) == {"npu": 1}


@pytest.mark.parametrize("value", ["x" * 5_000_000, [0] * 100_000, 10**5000, "9" * 5_000_000], ids=quote)
def test_s31_an_error_is_short_however_long_the_value(value: Any) -> None:
    for name, amount in (("cpu", value), (str(value) if isinstance(value, str) else "cpu", "much")):
        with pytest.raises(InvalidAmount) as refused:
            ResourceSlot.from_user_input({name: amount}, None)
        assert max(len(refused.value.slot), len(refused.value.value)) <= 100
        assert len(str(refused.value)) < 300
