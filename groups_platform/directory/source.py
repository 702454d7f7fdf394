"""The source: which sync days there are and which files make a day. Lists, and reads no file."""

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

from groups_platform.directory.manifest import NAMES as MANIFESTS
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
    """path: relative to the day's folder, posix. size: bytes. version: what tells a changed file, by listing only."""

    path: str
    size: int
    version: str


@dataclass(frozen=True)
class SyncDay:
    """The listing of one folder `sync-<label>`.

    folders: those of FOLDERS that exist, also when empty. fingerprint: changes when a file's name, size or
    version does, or a manifest's. is_complete: the delivery carries `_SUCCESS`.
    """

    label: str
    url: str
    folders: frozenset[str]
    files: tuple[SourceFile, ...]
    fingerprint: str
    is_complete: bool
    manifests: tuple[SourceFile, ...] = ()

    def files_under(self, folder: str) -> list[SourceFile]:
        """The readable files of one of FOLDERS."""
        return [file for file in self.files if file.path.startswith(f"{folder}/")]


def natural_key(label: str) -> str:
    """A text whose plain order is the natural order of labels: day2 before day10. ISO dates keep theirs."""
    return re.sub(r"\d+", lambda digits: f"{len(digits[0].lstrip('0')):03d}{digits[0].lstrip('0')}", label)


def in_natural_order(labels: Iterable[str]) -> list[str]:
    """Labels sorted naturally, equals by the label itself."""
    return sorted(labels, key=lambda label: (natural_key(label), label))


def list_days(source: str) -> list[str]:
    """Labels of the sync days at `source`, in natural order. Raises SourceUnavailable."""
    fs, root = _open(source)
    try:
        entries = fs.ls(root, detail=True)
    except Exception as error:  # each file system has errors of its own
        raise SourceUnavailable(
            f"The source {source} cannot be listed: {error}. Check GROUPS_SOURCE or --source.", source=source
        ) from error
    folders = (entry["name"].rstrip("/") for entry in entries if _is_folder(fs, entry))
    names = (folder.rsplit("/", 1)[-1] for folder in folders)
    return in_natural_order(match[1] for match in map(DAY_FOLDER.fullmatch, names) if match)


def list_day(source: str, label: str) -> SyncDay:
    """The listing of `sync-<label>`. Raises UnknownSyncDay, naming the days that there are."""
    fs, root = _open(source)
    folder = f"{root.rstrip('/')}/sync-{label}"
    if not DAY_FOLDER.fullmatch(f"sync-{label}") or not fs.isdir(folder):
        known = ", ".join(list_days(source)) or "none"
        raise UnknownSyncDay(f"{source} has no folder sync-{label}. Days there: {known}.", sync_day=label)
    fs.invalidate_cache()
    try:
        found = dict(_files_below(fs, folder))
    except Exception as error:  # each file system has errors of its own
        raise SourceUnavailable(
            f"sync-{label} of {source} cannot be listed as a whole: {error}. "
            "Nothing was read; mend that and run it again.",
            source=source,
        ) from error
    files, manifests = [], []
    for name, info in sorted(found.items()):
        path = name[len(folder) :].lstrip("/")
        if path in MANIFESTS:
            manifests.append(_source_file(path, info))
        elif path.split("/")[0] in FOLDERS and READABLE.search(path) and not _is_left_out(path):
            _check_name(source, label, path)
            files.append(_source_file(path, info))
    return SyncDay(
        label=label,
        url=_below(source, f"sync-{label}"),
        folders=frozenset(name for name in FOLDERS if fs.isdir(f"{folder}/{name}")),
        files=tuple(sorted(files, key=lambda file: file.path)),
        fingerprint=fingerprint_of([*files, *manifests]),
        is_complete=any(name[len(folder) :].lstrip("/") == SUCCESS for name in found),
        manifests=tuple(manifests),
    )


def fingerprint_of(files: Iterable[SourceFile]) -> str:
    """32 hex digits that change when a file's path, size or version does.

    The text that is hashed is stored with every applied day, by its hash: where it changes, all days run once more.
    """
    texts = sorted(f"SourceFile(path={f.path!r}, size={f.size}, version={f.version!r})" for f in files)
    return hashlib.sha256(repr(texts).encode()).hexdigest()[:32]


def _source_file(path: str, info: Mapping[str, Any]) -> SourceFile:
    return SourceFile(path, int(info.get("size") or 0), _version(info))


def _check_name(source: str, label: str, path: str) -> None:
    """The path goes where only text can: into Arrow, JSON and Postgres."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = path.encode(errors="backslashreplace").decode().replace("\\udc", "\\x")  # as a shell shows it
        raise SourceUnavailable(
            f"sync-{label} of {source} has a file whose name is not UTF-8: {shown}. "
            "Nothing was read; rename it and run it again.",
            source=source,
        ) from error


def _is_left_out(path: str) -> bool:
    """Whether P1 leaves it out."""
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _files_below(fs: Any, folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Path and facts of every file, also behind links, but not below what is left out.

    `fs.find` omits without a word what it cannot list.
    """
    for entry in fs.ls(folder, detail=True):
        name = entry["name"].rstrip("/")
        if name == folder:  # object stores may hold an object for the folder itself
            continue
        base = name.rsplit("/", 1)[-1]
        if _is_left_out(base) and base not in (SUCCESS, *MANIFESTS):
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
    """When the file behind a link was changed; 0 where it is gone."""
    try:
        return Path(link).stat().st_mtime
    except OSError:
        return 0


def _below(source: str, name: str) -> str:
    """`source/name`, also for a chained URL such as zip://::file:///days.zip."""
    first, chain, rest = source.partition("::")
    return f"{first if first.endswith('://') else first.rstrip('/') + '/'}{name}{chain}{rest}"


@contextmanager
def open_file(day_url: str, path: str) -> Iterator[BinaryIO]:
    """The bytes of one file of a day; called on the executors. Raises OSError."""
    fs, root = url_to_fs(day_url)
    name = f"{root.rstrip('/')}/{path}"
    if isinstance(fs, LocalFileSystem) and not stat.S_ISREG(Path(name).stat().st_mode):
        raise OSError("it is a pipe, a socket or a device, which is never read. Remove it")
    with fs.open(name, "rb") as stream:
        yield stream


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
