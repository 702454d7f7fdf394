"""The source: lists the sync days and the files of a day, without reading them, and opens files."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, Final

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from groups_platform.directory.day_names import (
    DAY_FOLDER,
    FOLDERS,
    IgnoredFolder,
    find_ignored,
    in_natural_order,
    is_left_out,
    suggest_name,
    what_is_wrong,
)
from groups_platform.directory.manifest import NAMES as MANIFESTS
from groups_platform.directory.reader import READABLE
from groups_platform.errors import SourceUnavailable, UnknownSyncDay

SUCCESS: Final = "_SUCCESS"
FOLDER: Final = "directory"  # the type of an entry, as fsspec has it
# What file systems call the time at which a file was changed, or came to where it is.
TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
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

    folders: those of FOLDERS that exist, also when empty. fingerprint: changes when a file's name, size or
    version does, or a manifest's. is_marked: the delivery carries `_SUCCESS`. is_complete: and no file is newer.
    changed_at: when anything in the folder last changed, in seconds since 1970; None where that is not told.
    """

    label: str
    url: str
    folders: frozenset[str]
    files: tuple[SourceFile, ...]
    fingerprint: str
    is_complete: bool
    manifests: tuple[SourceFile, ...] = ()
    is_marked: bool = False
    changed_at: float | None = None

    def files_under(self, folder: str) -> list[SourceFile]:
        """Return the files below one of FOLDERS."""
        return [file for file in self.files if file.path.startswith(f"{folder}/")]


@dataclass(frozen=True)
class SourceListing:
    """What there is at a source. days: in natural order. broken: by label, why a folder cannot be listed."""

    days: tuple[SyncDay, ...]
    broken: dict[str, str]
    ignored: tuple[IgnoredFolder, ...]

    @property
    def labels(self) -> list[str]:
        """Of all days, in natural order."""
        return in_natural_order([*(day.label for day in self.days), *self.broken])


def list_source(source: str) -> SourceListing:
    """Every day of the source with its files; each folder is listed once. Raises SourceUnavailable."""
    with _listed(source):
        fs, root = _open(source)
        folders, files = _names_at(fs, root, source)
    days, broken = [], {}
    for label in _labels(folders):
        try:
            days.append(_list_folder(fs, root, source, label))
        except SourceUnavailable as error:
            broken[label] = str(error)
    return SourceListing(tuple(days), broken, find_ignored(folders, files))


def list_days(source: str) -> list[str]:
    """Labels of the sync days at `source`, in natural order. Raises SourceUnavailable."""
    with _listed(source):
        fs, root = _open(source)
        return _labels(_names_at(fs, root, source)[0])


def list_day(source: str, label: str) -> SyncDay:
    """The listing of `sync-<label>`. Raises UnknownSyncDay, naming the days that there are."""
    name = f"sync-{label}"
    with _listed(source):
        fs, root = _open(source)
        folder = f"{root.rstrip('/')}/{name}"
        is_there = fs.isdir(folder)
    if is_there and not DAY_FOLDER.fullmatch(name):
        raise UnknownSyncDay(
            f"The folder {name} of {source} is not read as a sync day: {what_is_wrong(name)}. "
            f"Rename it to {suggest_name(name) or 'sync-<day>'}.",
            sync_day=label,
        )
    if not is_there:
        known = ", ".join(list_days(source)) or "none"
        raise UnknownSyncDay(f"{source} has no folder {name}. Days there: {known}.", sync_day=label)
    fs.invalidate_cache()
    return _list_folder(fs, root, source, label)


def _names_at(fs: Any, root: str, source: str) -> tuple[list[str], list[str]]:
    """The names of the folders and of the files at the source."""
    entries = fs.ls(root, detail=True)
    folders: list[str] = []
    files: list[str] = []
    for entry in entries:
        path, is_folder = entry["name"].rstrip("/"), _is_folder(fs, entry)
        if path == root.rstrip("/") and len(entries) == 1 and not is_folder:
            raise SourceUnavailable(
                f"The source {source} is a file. GROUPS_SOURCE or --source names the folder that holds the folders "
                "sync-<day>.",
                source=source,
            )
        (folders if is_folder else files).append(path.rsplit("/", 1)[-1])
    return folders, files


def _labels(folders: Iterable[str]) -> list[str]:
    return in_natural_order(match[1] for match in map(DAY_FOLDER.fullmatch, folders) if match)


def _list_folder(fs: Any, root: str, source: str, label: str) -> SyncDay:
    folder = f"{root.rstrip('/')}/sync-{label}"
    try:
        entries = dict(_entries_below(fs, folder))
        folder_times = [time for entry in (fs.info(folder), *entries.values()) for time in _times(entry)]
    except Exception as error:  # each file system has errors of its own
        raise SourceUnavailable(
            f"sync-{label} of {source} cannot be listed as a whole: {error}. "
            "Nothing was read. Fix that and run it again.",
            source=source,
        ) from error
    found = {name[len(folder) :].lstrip("/"): entry for name, entry in sorted(entries.items())}
    times = [_times(entry) for path, entry in found.items() if path in MANIFESTS or _is_data(path)]
    files, manifests = _source_files(found, _is_data), _source_files(found, MANIFESTS.__contains__)
    for file in files:
        _check_name(source, label, file.path)
    return SyncDay(
        label=label,
        url=_below(source, f"sync-{label}"),
        folders=frozenset(name for name in FOLDERS if name in found and found[name]["type"] == FOLDER),
        files=files,
        fingerprint=fingerprint_of([*files, *manifests]),
        is_complete=SUCCESS in found and not _is_stale(found[SUCCESS], times),
        manifests=manifests,
        is_marked=SUCCESS in found,
        changed_at=max(folder_times) if folder_times and all(times) else None,
    )


def _is_data(path: str) -> bool:
    return bool(path.split("/", maxsplit=1)[0] in FOLDERS and READABLE.search(path) and not is_left_out(path))


def _source_files(found: Mapping[str, Mapping[str, Any]], is_one: Callable[[str], bool]) -> tuple[SourceFile, ...]:
    """Those of the entries that are files and of whose path `is_one` is true, by path."""
    return tuple(
        SourceFile(path, int(entry.get("size") or 0), _version(entry))
        for path, entry in sorted(found.items())
        if is_one(path) and entry["type"] != FOLDER
    )


def _times(info: Mapping[str, Any]) -> list[float]:
    """Every time that is told of a file, in seconds since 1970. A copy may have the mtime of what it is a copy of."""
    return [seconds for key in TIMES if (seconds := _seconds(info.get(key))) is not None]


def _seconds(time: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(time.replace("Z", "+00:00")) if isinstance(time, str) else time
    except ValueError:
        return None
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return float(moment) if isinstance(moment, (int, float)) else None


def _is_stale(marker: Mapping[str, Any], times: Iterable[list[float]]) -> bool:
    """Whether a file is known to be newer than the marker, by what it is said first that the marker was changed."""
    marked = _times(marker)[:1]
    return bool(marked) and any(max(told) > marked[0] for told in times if told)


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


def _entries_below(fs: Any, folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Path and facts of every file and folder, also behind links, but for what is left out.

    The type of a folder is FOLDER. `fs.find` omits without a word what it cannot list.
    """
    for entry in fs.ls(folder, detail=True):
        name = entry["name"].rstrip("/")
        if name == folder:  # object stores may hold an object for the folder itself
            continue
        base = name.rsplit("/", 1)[-1]
        if is_left_out(base) and base not in (SUCCESS, *MANIFESTS):
            continue
        if not _is_folder(fs, entry):
            yield name, {**entry, **_changed(name)} if entry.get("islink") else entry
        elif entry.get("islink") and f"{folder}/".startswith(f"{os.path.realpath(name)}/"):
            raise OSError(f"{name} links to a folder that it is in")
        else:
            yield name, {**entry, "type": FOLDER}
            yield from _entries_below(fs, name)


def _is_folder(fs: Any, entry: Mapping[str, Any]) -> bool:
    return bool(entry["type"] == FOLDER or (entry.get("islink") and fs.isdir(entry["name"])))


def _changed(link: str) -> dict[str, float]:
    """When the file behind a link was changed; 0 where it is gone."""
    try:
        target = Path(link).stat()
    except OSError:
        return {"mtime": 0}
    return {"mtime": target.st_mtime, "created": target.st_ctime}


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
        reason = "it is not there" if isinstance(error, FileNotFoundError) else error
        raise SourceUnavailable(
            f"The source {source} cannot be listed: {reason}. Check GROUPS_SOURCE or --source.", source=source
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
