"""Turns errors of Spark engines into PlatformErrors with path, cause and advice; the original is the `__cause__`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import psycopg

from groups_platform.errors import DatabaseUnavailable, LakeUnavailable, PlatformError, SparkFailed, SparkUnavailable

# Messages of the operating system that engines quote: pattern, cause, advice.
CAUSES: Final = (
    (r"No space left on device|os error 28\b|Disk quota exceeded", "no space is left", "Free space there"),
    (r"Read-only file system|os error 30\b", "the file system is read-only", "Make it writable"),
    (
        r"Permission denied|AccessControlException|os error 13\b|Access Denied|Forbidden",
        "permission is denied",
        "Give this user the right to write there",
    ),
    (
        r"Not a directory|os error 20\b|File exists|os error 17\b|ParentNotDirectory|FileAlreadyExists",
        "a file lies where a folder must be",
        "Move it away",
    ),
    (r"No such file or directory|os error 2\b|Mkdirs failed", "the folder cannot be made", "Make it"),
)
IS_GONE: Final = re.compile(
    r"Connection refused|StatusCode\.UNAVAILABLE|failed to connect|Socket closed|Py4JNetworkError"
    r"|Answer from Java side is empty|Application .* is stopped|SparkContext was shut down|stopped SparkContext"
)
IS_SHORT_OF_MEMORY: Final = re.compile(r"OutOfMemoryError|MemoryError|Resources exhausted|Cannot allocate memory")
OF_POSTGRES: Final = re.compile(r"psycopg(?:\.\w+)*\.(\w+): (.*)")
RAISED: Final = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)(: |$)")


@contextmanager
def engine_errors(what: str, path: str = "") -> Iterator[None]:
    """Raise a PlatformError for any exception of Spark in the block; other PlatformErrors and psycopg's pass.

    what: the beginning of the sentence, such as «raw_groups of day1 cannot be written to the lake». path: the folder
    of the lake that the block reads or writes, if it does.
    """
    try:
        yield
    except (PlatformError, psycopg.Error):
        raise  # from the driver's own connection, not from an engine
    except Exception as error:  # each engine raises its own types
        raise _explained(what, path, error) from error


def _explained(what: str, path: str, error: Exception) -> PlatformError:
    text = str(error)
    if of_postgres := OF_POSTGRES.search(text):
        return DatabaseUnavailable(f"{what}: Postgres failed: {of_postgres[2]}. Nothing was changed; run it again.")
    facts = f"{_probe(path)}\n{text}" if path else ""
    for pattern, cause, to_do in CAUSES:
        if re.search(pattern, facts):
            return LakeUnavailable(
                f"{what}, {path}: {cause}. {to_do}, or set GROUPS_LAKE to another folder.", path=path
            )
    if IS_SHORT_OF_MEMORY.search(text):
        return SparkFailed(
            f"{what}: memory is short. Give Spark more, or have upstream deliver smaller files (see GROUPS_FILE_LIMIT)."
        )
    if IS_GONE.search(text):
        return SparkUnavailable(
            f"{what}: Spark does not answer. It may have run out of memory. Run it again; if SPARK_REMOTE or "
            "SPARK_MASTER is set, check that its server runs."
        )
    where = f"{what}, {path}" if path else what
    return SparkFailed(f"{where}: {first_reason(text)} The run's log in the UI has the full error.")


def _probe(path: str) -> str:
    """Return the error of creating a file in the local folder `path` or its nearest existing parent, or ''."""
    folder = Path(path.removeprefix("file://"))
    if "://" in str(path).removeprefix("file://") or not folder.is_absolute():
        return ""
    try:
        while not folder.exists():
            folder = folder.parent
        with TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 2**16)
    except OSError as error:
        return str(error)
    return ""


def first_reason(message: str) -> str:
    """Return the last line of `message` that names a Python exception, else the first line; the rest are stacks."""
    lines = message.strip().splitlines() or ["unknown reason"]
    line = next((line for line in reversed(lines) if RAISED.match(line)), lines[0])
    return f"{line.rstrip('.')}."
