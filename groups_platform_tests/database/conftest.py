"""Databases that nobody has migrated yet."""

from __future__ import annotations

import pytest

from groups_platform.database.connection import connect, with_database


@pytest.fixture
def empty_url(server_url: str) -> str:
    """A database without any of our schemas."""
    with connect(server_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS empty_for_tests WITH (FORCE)")
        connection.execute("CREATE DATABASE empty_for_tests")
    return with_database(server_url, "empty_for_tests")
