"""The scanner of the standard library against the decoders: where values end, and where a document stops being JSON."""

from __future__ import annotations

import json
import random

import pytest

from groups_platform.directory.exact import BrokenDocument, end_of_nested, find_records
from groups_platform_tests import hostile_days
from groups_platform_tests.directory.test_decoders_agree import damaged, random_value

ROUNDS = 4000


def end_by_json(text: str) -> int | None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=refuse).raw_decode(text)[1]
    except ValueError:
        return None


def end_by_scanner(text: str) -> int | None:
    try:
        return end_of_nested(text, 0)
    except BrokenDocument as error:
        assert 0 <= error.at <= len(text)
        return None


@pytest.mark.parametrize("seed", range(2))
def test_the_scanner_ends_a_value_where_the_decoder_does(seed: int) -> None:
    rng = random.Random(seed)
    ends = 0
    for _ in range(ROUNDS):
        text = hostile_days.encode(rng, random_value(rng)).decode()
        if rng.random() < 0.7:
            text = damaged(rng, text.encode()).decode(errors="replace").lstrip(" \t\r\n")
        found = end_by_scanner(text)
        assert found == end_by_json(text), text
        ends += found is not None
    assert ROUNDS / 4 < ends < ROUNDS


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[",
        "{",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{1:2}",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        '{"a":1',
        '{"a" 1}',
        "]",
        "[}",
    ],
)
def test_a_text_that_breaks_off_or_errs_is_no_value(text: str) -> None:
    assert end_by_scanner(text) is None
    assert end_by_scanner(f"[1, {text}") is None


def test_long_strings_and_many_elements_take_no_stack() -> None:
    text = json.dumps(["x" * 10**6, '\\"\n' * 10**5, *range(10**5)])
    assert end_of_nested(text, 0) == len(text)


def test_a_broken_document_after_a_deep_value_says_where() -> None:
    deep = "[" * 3000 + "]" * 3000
    good = f'{{"a": {deep}, "groups": [1, {deep}, 2]}}'
    assert [good[begin:end] for begin, end in find_records(good.encode(), "groups").records] == ["1", deep, "2"]
    for broken, at in (
        (good[:-1], len(good) - 1),
        (good + "x", len(good)),
        (good.replace(", 2]", ", 2 3]"), len(good) - 1),
    ):
        with pytest.raises(BrokenDocument) as refused:
            find_records(broken.encode(), "groups")
        assert refused.value.at == at
