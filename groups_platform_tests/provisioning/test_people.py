"""M3: who is who. An agent and the user with the same e-mail address, where neither is two."""

from __future__ import annotations

import sys
from unicodedata import category, normalize

import pytest

from groups_platform.database.connection import connect

LETTERS = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]


def fold(address: str) -> str | None:
    return normalize("NFC", normalize("NFC", address.strip()).casefold()) or None


def fold_in_sql(url: str, addresses: list[str]) -> list[str | None]:
    with connect(url) as connection:
        statement = "SELECT manager.fold_address(a) FROM unnest(%s::TEXT[]) WITH ORDINALITY AS t (a, n) ORDER BY n"
        return [folded for (folded,) in connection.execute(statement, [addresses]).fetchall()]


CHANGED = [letter for letter in LETTERS if fold(letter) != letter]


def test_an_address_folds_as_python_folds_it_for_every_letter_of_unicode(database_url: str) -> None:
    addresses = [letter for letter in LETTERS if category(letter) != "Cn"]

    folded = fold_in_sql(database_url, addresses)

    different = [(a, b, fold(a)) for a, b in zip(addresses, folded, strict=True) if b != fold(a)]
    assert different == []


@pytest.mark.parametrize(
    "form", [" {}@Example.com\t", "a{}\u0345\u0301", "{}\u0307\u0323"], ids=["host", "iota", "dots"]
)
def test_an_address_folds_as_python_folds_it_with_letters_and_marks_around(database_url: str, form: str) -> None:
    addresses = [form.format(letter) for letter in CHANGED]

    assert fold_in_sql(database_url, addresses) == [fold(address) for address in addresses]


def test_a_folded_address_folds_to_itself(database_url: str) -> None:
    once = [folded for folded in map(fold, CHANGED) if folded]

    assert fold_in_sql(database_url, once) == once


@pytest.mark.parametrize("address", ["", "  ", "\u00a0\u3000", "\t\n"])
def test_an_address_of_spaces_is_none(database_url: str, address: str) -> None:
    assert fold_in_sql(database_url, [address]) == [None]
