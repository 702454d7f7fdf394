"""The source: lists the sync days and the files of a day, without reading them, and opens files."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from groups_platform.directory.reader import READABLE
from groups_platform.errors import SourceUnavailable, UnknownSyncDay

DAY_FOLDER: Final = re.compile(r"sync-([A-Za-z0-9][A-Za-z0-9_-]{0,99})")
FOLDERS: Final = ("admin_groups", "agents", "agent_details")
SUCCESS: Final = "_SUCCESS"
IDENTITY: Final = (
    "ETag",
    "etag",
    "md5",
    "md5Hash",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
)


@dataclass(frozen=True)
class SourceFile:
    """path: relative to the day's folder, posix. size: bytes. version: from the listing, changes with the file."""

    path: str
    size: int
    version: str


@dataclass(frozen=True)
class SyncDay:
    """The listing of one folder `sync-<label>`.

    folders: those of FOLDERS that exist, even if empty. fingerprint: changes with any file's path, size or version.
    is_complete: whether the folder contains `_SUCCESS`.
    """

    label: str
    url: str
    folders: frozenset[str]
    files: tuple[SourceFile, ...]
    fingerprint: str
    is_complete: bool

    def files_under(self, folder: str) -> list[SourceFile]:
        """Return the files below one of FOLDERS."""
        return [file for file in self.files if file.path.startswith(f"{folder}/")]


def natural_key(label: str) -> str:
    """Return a sort key for natural order: day2 before day10. ISO dates keep their order."""
    return re.sub(r"\d+", lambda digits: f"{len(digits[0].lstrip('0')):03d}{digits[0].lstrip('0')}", label)


def in_natural_order(labels: Iterable[str]) -> list[str]:
    """Return the labels in natural order; those with equal keys are sorted by the label itself."""
    return sorted(labels, key=lambda label: (natural_key(label), label))


def list_days(source: str) -> list[str]:
    """Return the labels of the sync days at `source`, in natural order. Raises SourceUnavailable."""
    with _listed(source):
        fs, root = _open(source)
        entries = fs.ls(root, detail=True)
    folders = (entry["name"].rstrip("/") for entry in entries if _is_folder(fs, entry))
    names = (folder.rsplit("/", 1)[-1] for folder in folders)
    return in_natural_order(match[1] for match in map(DAY_FOLDER.fullmatch, names) if match)


def list_day(source: str, label: str) -> SyncDay:
    """Return the listing of `sync-<label>`. Raises UnknownSyncDay, which names the existing days, SourceUnavailable."""
    with _listed(source):
        fs, root = _open(source)
        folder = f"{root.rstrip('/')}/sync-{label}"
        is_there = DAY_FOLDER.fullmatch(f"sync-{label}") and fs.isdir(folder)
    if not is_there:
        known = ", ".join(list_days(source)) or "none"
        raise UnknownSyncDay(f"{source} has no folder sync-{label}. Days there: {known}.", sync_day=label)
    fs.invalidate_cache()
    try:
        found = dict(_files_below(fs, folder))
    except Exception as error:  # each file system raises its own types
        raise SourceUnavailable(
            f"sync-{label} of {source} cannot be listed as a whole: {error}. "
            "Nothing was read. Fix that and run it again.",
            source=source,
        ) from error
    files = []
    for name, info in sorted(found.items()):
        path = name[len(folder) :].lstrip("/")
        is_hidden = any(part.startswith(".") for part in path.split("/"))
        if path.split("/")[0] in FOLDERS and READABLE.search(path) and not is_hidden:
            _check_name(source, label, path)
            files.append(SourceFile(path, int(info.get("size") or 0), _version(info)))
    return SyncDay(
        label=label,
        url=_below(source, f"sync-{label}"),
        folders=frozenset(name for name in FOLDERS if fs.isdir(f"{folder}/{name}")),
        files=tuple(sorted(files, key=lambda file: file.path)),
        fingerprint=fingerprint_of(files),
        is_complete=any(name[len(folder) :].lstrip("/") == SUCCESS for name in found),
    )


def fingerprint_of(files: Iterable[SourceFile]) -> str:
    """Return 32 hex digits that change with any file's path, size or version.

    The hash is stored with every applied day. If the format of the hashed text changes, all days run again.
    """
    texts = sorted(f"SourceFile(path={f.path!r}, size={f.size}, version={f.version!r})" for f in files)
    return hashlib.sha256(repr(texts).encode()).hexdigest()[:32]


def _check_name(source: str, label: str, path: str) -> None:
    """Raise SourceUnavailable for a path that is not UTF-8: Arrow, JSON and Postgres cannot hold it."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = path.encode(errors="backslashreplace").decode().replace("\\udc", "\\x")  # as a shell shows it
        raise SourceUnavailable(
            f"sync-{label} of {source} has a file whose name is not UTF-8: {shown}. "
            "Nothing was read; rename it and run it again.",
            source=source,
        ) from error


def _files_below(fs: Any, folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and info of every file, following links; `fs.find` would silently omit what it cannot list."""
    for entry in fs.ls(folder, detail=True):
        name = entry["name"].rstrip("/")
        if name == folder:  # object stores may hold an object for the folder itself
            continue
        if not _is_folder(fs, entry):
            yield name, {**entry, "mtime": _changed(name)} if entry.get("islink") else entry
        elif entry.get("islink") and f"{folder}/".startswith(f"{os.path.realpath(name)}/"):
            raise OSError(f"{name} links to a folder that it is in")
        else:
            yield from _files_below(fs, name)


def _is_folder(fs: Any, entry: Mapping[str, Any]) -> bool:
    return bool(entry["type"] == "directory" or (entry.get("islink") and fs.isdir(entry["name"])))


def _changed(link: str) -> float:
    """Return the modification time of the file that a link points to; 0 if it does not exist."""
    try:
        return Path(link).stat().st_mtime
    except OSError:
        return 0


def _below(source: str, name: str) -> str:
    """Return `source/name`, also for a chained URL such as zip://::file:///days.zip."""
    first, chain, rest = source.partition("::")
    return f"{first if first.endswith('://') else first.rstrip('/') + '/'}{name}{chain}{rest}"


@contextmanager
def open_file(day_url: str, path: str) -> Iterator[BinaryIO]:
    """Open one file of a day for reading; called on the executors. Raises OSError."""
    fs, root = url_to_fs(day_url)
    name = f"{root.rstrip('/')}/{path}"
    if isinstance(fs, LocalFileSystem) and not stat.S_ISREG(Path(name).stat().st_mode):
        raise OSError("it is a pipe, a socket or a device, which is never read. Remove it")
    with fs.open(name, "rb") as stream:
        yield stream


@contextmanager
def _listed(source: str) -> Iterator[None]:
    try:
        yield
    except SourceUnavailable:
        raise
    except Exception as error:  # each file system has errors of its own
        raise SourceUnavailable(
            f"The source {source} cannot be listed: {error}. Check GROUPS_SOURCE or --source.", source=source
        ) from error


def _open(source: str) -> tuple[Any, str]:
    try:
        fs, root = url_to_fs(source)
    except ImportError as error:
        raise SourceUnavailable(
            f"Reading {source} needs a package that is not installed: {error}. "
            "Install groups-platform[s3], [gcs] or [azure], or that package.",
            source=source,
        ) from error
    fs.invalidate_cache()
    return fs, root


def _version(info: Mapping[str, Any]) -> str:
    return next((str(info[key]) for key in IDENTITY if info.get(key)), "")
