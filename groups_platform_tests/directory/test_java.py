"""Which Java Spark gets: the one that is named, the one on the PATH, or the wheel's; and the archive of its classes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from groups_platform.directory.java import class_archive_options, find_java_home


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
    home = find_java_home(str(named), tmp_path / "scratch")
    assert start(home) == 'openjdk version "21.0.77" -version\n'
    assert find_java_home(str(named), tmp_path / "scratch") == home
    assert find_java_home(str(home), tmp_path / "scratch") == home, "as in a process that such a one started"
    assert start(home) == 'openjdk version "21.0.77" -version\n'


@pytest.mark.usefixtures("without_java")
@pytest.mark.parametrize("java_home", [None, "/no/such/java"])
def test_without_a_java_the_one_of_the_wheel_starts(tmp_path: Path, java_home: str | None) -> None:
    said = start(find_java_home(java_home, tmp_path / "a b" / "java"))
    assert "version" in said
    assert "Error" not in said


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


def run_java(java_home: Path, *options: str) -> int:
    command = [java_home / "bin" / "java", *options, "-version"]
    return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode


@pytest.mark.parametrize("is_wheels", [False, True])
def test_the_second_jvm_loads_the_archive_that_the_first_one_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_wheels: bool
) -> None:
    if is_wheels:
        monkeypatch.setenv("PATH", "/nothing")
        monkeypatch.delenv("JAVA_HOME", raising=False)
    jars = tmp_path / "jars"
    jars.mkdir()
    home = find_java_home(None, tmp_path / "java")
    monkeypatch.undo()
    first = class_archive_options(home, jars)
    assert run_java(home, *first) == 0

    second = class_archive_options(home, jars)
    assert second != first
    assert run_java(home, "-Xshare:on", *second) == 0, "with -Xshare:on a JVM that cannot use the archive ends"


def test_an_archive_that_was_cut_short_is_written_again(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    home = find_java_home(None, tmp_path / "java")
    first = class_archive_options(home, jars)
    archive = Path(next(option for option in first if "AtExit" in option).partition("=")[2])
    archive.write_bytes(bytes(1000))
    assert class_archive_options(home, jars) == first


def test_other_jars_have_another_archive(tmp_path: Path) -> None:
    home = find_java_home(None, tmp_path / "java")
    names = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        names.append(class_archive_options(home, tmp_path / name))
    assert names[0] != names[1]
    assert len(list(home.glob("base-*"))) == 1
