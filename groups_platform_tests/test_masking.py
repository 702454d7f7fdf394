"""Secrets leave every sentence and every fact that a person may see."""

from __future__ import annotations

from typing import Any

import pytest

from groups_platform.errors import PlatformError
from groups_platform.masking import MASK, mask_secrets, mask_text, public_registry


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


@pytest.mark.parametrize(
    ("registry", "public"),
    [
        ({"registry": "docker.io", "project": "lab"}, {"registry": "docker.io", "project": "lab"}),
        ({"registry": "https://me:hunter2@docker.io"}, {"registry": f"https://{MASK}@docker.io"}),
        ({"registry": "docker.io", "username": "hunter2", "note": "hunter2"}, {"registry": "docker.io"}),
        ({"registry": {"url": "docker.io", "key": "hunter2"}}, {"registry": MASK}),
        ({"registry": ["hunter2"], "project": {"a": {"b": ["hunter2"]}}}, {"registry": MASK, "project": MASK}),
        ({"Registry": "hunter2", "project ": "hunter2"}, {}),
        ({"auth": {"registry": "hunter2"}}, {}),
        ({}, {}),
    ],
)
def test_s31_of_a_registry_only_the_texts_of_its_place_are_shown(
    registry: dict[str, Any], public: dict[str, str]
) -> None:
    assert public_registry(registry) == public
    assert "hunter2" not in str(mask_secrets({"container_registry": registry}))
    masked = mask_secrets({"container_registry": registry})["container_registry"]
    assert masked.keys() == registry.keys()
    assert {name: value for name, value in masked.items() if name in ("registry", "project")} == public


@pytest.mark.parametrize(
    "stored", ["hunter2", ["hunter2"], [{"registry": ["hunter2"]}], {"registry": {"a": "hunter2"}}]
)
@pytest.mark.parametrize("key", ["container_registry", "dotfiles"])
def test_s31_what_older_deliveries_stored_in_other_forms_is_masked(key: str, stored: Any) -> None:
    assert "hunter2" not in str(mask_secrets({key: stored}))
    assert "hunter2" not in PlatformError("refused", **{key: stored}).facts[key]


def test_s31_a_dotfile_shows_its_path_and_mode() -> None:
    dotfile = {"path": ".netrc", "data": "hunter2", "perm": "600", "other": "hunter2"}
    shown = {"path": ".netrc", "data": MASK, "perm": "600", "other": MASK}
    assert mask_secrets({"dotfiles": (dotfile,)}) == {"dotfiles": [shown]}
