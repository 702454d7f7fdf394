"""A lake that cannot be written ends in one sentence: path, cause, what to do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import LongType, StructField, StructType

from groups_platform.directory.engine_errors import engine_errors, first_reason
from groups_platform.directory.lake import Dataset, read_lake, write_lake
from groups_platform.errors import DatabaseUnavailable, LakeUnavailable, PlatformError, SparkFailed, SparkUnavailable

NUMBERS = Dataset("numbers", StructType([StructField("id", LongType())]))


@pytest.fixture
def write(spark: SparkSession) -> Callable[[Path], None]:
    rows: DataFrame = spark.range(0, 2_000_000, 1, 2)

    def write_to(lake: Path) -> None:
        write_lake(rows, str(lake), NUMBERS, "day1", fingerprint="f")

    return write_to


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """`mounted(options)` is a small file system of its own; only root can make one."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    done = []

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting is not allowed here")
        done.append(folder)
        return folder

    yield mount
    for each in done:
        subprocess.run(["umount", "--lazy", str(each)], check=True)


pytestmark = pytest.mark.engines


def test_a_file_in_the_place_of_the_lake(write: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "lake").touch()
    with pytest.raises(LakeUnavailable, match=r"numbers of day1 .*lake.*: a file lies where a folder must be\. Move"):
        write(tmp_path / "lake")


def test_a_lake_without_a_parent(write: Callable[[Path], None]) -> None:
    with pytest.raises(LakeUnavailable, match=r"/proc/nothing/lake/.*: the folder cannot be made\. Make it, or set"):
        write(Path("/proc/nothing/lake"))


def test_a_read_only_lake(write: Callable[[Path], None], mounted: Callable[[str], Path]) -> None:
    with pytest.raises(LakeUnavailable, match=r"the file system is read-only\. Make it writable, or set GROUPS_LAKE"):
        write(mounted("ro") / "lake")


def test_a_full_lake(write: Callable[[Path], None], mounted: Callable[[str], Path], spark: SparkSession) -> None:
    lake = mounted("size=100k") / "lake"
    with pytest.raises(LakeUnavailable, match=r"no space is left\. Free space there, or set GROUPS_LAKE"):
        write(lake)
    with pytest.raises(PlatformError, match="The lake has no numbers of day1"):
        read_lake(spark, str(lake), NUMBERS, "day1")


def test_a_lake_of_somebody_else(write: Callable[[Path], None], tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "lake").mkdir(mode=0o500)
    with pytest.raises(LakeUnavailable, match=r"permission is denied\. Give this user the right to write there"):
        write(tmp_path / "lake")


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", SparkFailed, "memory is short"),
        ("<_InactiveRpcError … StatusCode.UNAVAILABLE …", SparkUnavailable, "Spark does not answer"),
        ("Traceback…\npsycopg.OperationalError: server closed", DatabaseUnavailable, "Postgres failed: server closed"),
        ("An error\nTraceback:\n  File x\nValueError: odd\n\tat org.x", SparkFailed, "day1: ValueError: odd. The"),
        ("Something else.\nmore", SparkFailed, "day1: Something else. The run's log"),
    ],
)
def test_what_engines_say_is_told_apart(text: str, kind: type[PlatformError], sentence: str) -> None:
    with pytest.raises(kind, match=sentence), engine_errors("day1"):
        raise RuntimeError(text)


def test_an_error_without_text_has_a_reason_too() -> None:
    assert first_reason(" ") == "unknown reason."
