"""Secrets leave every sentence and every fact that a person may see."""

from __future__ import annotations

import pytest

from groups_platform.errors import PlatformError
from groups_platform.masking import mask_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:p@ss@db.example.com:5432/d is down", "postgresql://***@db.example.com:5432/d is down"),
        ("redis://:pw@cache/0, user@example.com", "redis://***@cache/0, user@example.com"),
        ("https://ada:p/w@host/x", "https://***@host/x"),
        ("sc://spark:15002/;token=abc;user_id=ada", "sc://spark:15002/;token=***;user_id=ada"),
        ("s3://bucket/a@b", "s3://bucket/a@b"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("https://host/x?api_key=abc&day=1", "https://host/x?api_key=***&day=1"),
    ],
)
def test_text_without_secrets(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_an_error_shows_no_secret_in_its_sentence_or_facts() -> None:
    error = PlatformError("ftp://ada:p@ss@host is gone.", source="ftp://ada:p@ss@host", password="p@ss", day="day1")
    assert str(error) == "ftp://***@host is gone."
    assert error.facts == {"source": "ftp://***@host", "password": "***", "day": "day1"}
