"""What a delivery says of itself as a whole, and what of it is not so (P8). Runs on the executors."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Final

import msgspec

from groups_platform.directory.day_names import FOLDERS, is_left_out
from groups_platform.directory.reader import READABLE

NAMES: Final = ("manifest.json", "_manifest.json")
PIECE_BYTES: Final = 2**20
BIGINT_MIN: Final = -(2**63)
BIGINT_MAX: Final = 2**63 - 1


class Claim(msgspec.Struct, frozen=True):
    """What the manifest says of a file or a folder. sha256: of the file as it was delivered."""

    records: int | None = None
    sha256: str | None = None


class ManifestText(msgspec.Struct):
    """The text of a manifest; further members are ignored."""

    files: dict[str, Claim] | None = None
    admin_groups: Claim | None = None
    agents: Claim | None = None
    agent_details: Claim | None = None


@dataclass(frozen=True)
class Manifest:
    """files: by path below the day's folder. folders: by name. fault: why nothing of it could be read."""

    name: str
    files: Mapping[str, Claim]
    folders: Mapping[str, Claim]
    fault: str | None = None

    def disagreements(self, folders: Collection[str], paths: Collection[str]) -> Iterator[str]:
        """Sentences on what the listing alone shows. paths: every file that is read in these folders."""
        if self.fault:
            yield f"{self.name} {self.fault}"
        named = {path for path in self.files if _folder_of(path) in folders}
        for path in sorted(named.difference(paths)):
            yield f"{self.name} names {path}, which is not there or not read"
        if "admin_groups" in folders:  # of the two kinds of records one says it
            data = (path for path in self.files if READABLE.search(path) and not is_left_out(path))
            for path in sorted(path for path in data if _folder_of(path) not in FOLDERS):
                yield f"{self.name} names {path}, which is in none of {', '.join(FOLDERS)}"
        complete = set(map(_folder_of, named))
        for path in sorted(path for path in set(paths) - named if _folder_of(path) in complete):
            yield f"{path} is not in {self.name}"


def read_manifest(name: str, data: bytes) -> Manifest:
    """The manifest with this content."""
    try:
        text = msgspec.json.decode(data, type=ManifestText)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Manifest(name, {}, {}, f"cannot be understood: {error}")
    folders = {"admin_groups": text.admin_groups, "agents": text.agents, "agent_details": text.agent_details}
    # No name of a file has a U+0000, which Postgres cannot store, where the sentences go.
    files = {posixpath.normpath(path.replace("\0", "\\x00")): claim for path, claim in (text.files or {}).items()}
    return Manifest(name, files, {folder: claim for folder, claim in folders.items() if claim})


def records_of(claim: Claim) -> int | None:
    """How many records it says there are."""
    return _integer(claim.records)


def hash_of(stream: BinaryIO) -> str:
    """The SHA-256 of all that is in the stream, which stands at its beginning before and after."""
    sha256 = hashlib.sha256()
    for piece in iter(partial(stream.read, PIECE_BYTES), b""):
        sha256.update(piece)
    stream.seek(0)
    return sha256.hexdigest()


def find_false_claims(
    path: str, manifests: Collection[Manifest], records: int, sha256: str | None, header: Mapping[str, Any]
) -> Iterator[str]:
    """Sentences on what is said of this one file and is not so. header: of its object, as `exact.Found` has it."""
    for manifest in manifests:
        claim = manifest.files.get(path, Claim())
        if claim.records not in (None, records):
            yield f"{path} has {records} records, and {manifest.name} says {claim.records}"
        if claim.sha256 is not None and claim.sha256.strip().lower() != sha256:
            yield f"{path} has another sha256 than {manifest.name} says"
    count, total = _integer(header.get("count")), _integer(header.get("total"))
    if None not in (count, total) and count not in (total, records):
        yield f"{path} says count {count} and total {total}"


def total_of(header: Mapping[str, Any]) -> int | None:
    """How many records the folder has, as the file says; beside a total, the count is the file's own."""
    total = _integer(header.get("total"))
    return _integer(header.get("count")) if total is None else total


def is_last_page(header: Mapping[str, Any]) -> bool | None:
    """Whether the file says that no page follows; None where it says nothing of it."""
    said = [header[key] for key in ("next", "next_page") if key in header]
    return all(value is None or value is False or value == "" for value in said) if said else None


def _integer(value: Any) -> int | None:
    """As a BIGINT: no number beyond is that of any records either."""
    return min(max(value, BIGINT_MIN), BIGINT_MAX) if type(value) is int else None


def _folder_of(path: str) -> str:
    return path.split("/", 1)[0]
