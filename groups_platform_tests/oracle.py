"""What is true after a sync, said a second time and as plainly as possible.

Tests compare the pipeline's tables and findings with this model. It shares no code with the pipeline, uses the
standard library only and keeps everything in memory: being obviously right matters here, speed does not. It reads
local folders, knows no database and does not reproduce the text of a finding, only what is wrong and where.
"""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

if sys.version_info < (3, 11):  # there fromisoformat reads only what isoformat writes
    from backports.datetime_fromisoformat import MonkeyPatch

    MonkeyPatch.patch_fromisoformat()

SEVERITIES: Final[dict[str, str]] = {
    "invalid_json": "error",
    "not_an_object": "error",
    "missing_id": "error",
    "invalid_id": "error",
    "missing_name": "error",
    "invalid_name": "error",
    "invalid_timestamp": "error",
    "invalid_parent": "error",
    "invalid_agent_ids": "error",
    "invalid_member": "error",
    "invalid_active": "error",
    "duplicate_record": "error",
    "orphan_membership": "error",
    "missing_parent": "warning",
    "hierarchy_cycle": "warning",
    "missing_upstream": "warning",
    "members_not_said": "warning",
    "roster_incomplete": "warning",
    "ended_upstream": "warning",
}

# The faults of a record that cost an element and not the record.
TOLERATED: Final = {"invalid_member", "invalid_active"}

BIGINT_MIN: Final = -(2**63)
BIGINT_MAX: Final = 2**63 - 1
MAX_DIGITS: Final = 1000  # Python refuses to convert more than 4300.

JSON_ENDINGS: Final = (".json", ".json.gz")
JSON_LINES_ENDINGS: Final = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


# ---------------------------------------------------------------------------------------------- values


@dataclass(frozen=True)
class Agent:
    """A row of `agents`; timestamps are naive UTC."""

    agent_id: int
    email: str | None
    name: str | None
    active: bool
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class Group:
    """A row of `groups`; timestamps are naive UTC."""

    group_id: int
    name: str
    parent_group_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    inactive: bool = True


@dataclass(frozen=True)
class Finding:
    """A fault and its place. `file` is relative to the day's folder; edges of the whole directory have none."""

    code: str
    severity: str
    file: str | None = None
    position: int | None = None
    group_id: int | None = None
    agent_id: int | None = None


@dataclass(frozen=True)
class Counts:
    """Records of one kind: `read` is always `accepted + rejected`."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.read + other.read, self.accepted + other.accepted, self.rejected + other.rejected)


@dataclass(frozen=True)
class DayResult:
    """What one sync saw. An older day is not applied and says nothing else: zero counts, no findings."""

    label: str
    applied: bool
    groups: Counts = Counts()
    agents: Counts = Counts()
    findings: list[Finding] = field(default_factory=list)


class IncompleteSnapshot(Exception):
    """The day cannot be trusted as a full snapshot, so nothing was applied.

    `reasons` are short codes, every one that holds; `findings` are those of the records that could be read and of
    the files that could not.
    """

    def __init__(self, label: str, reasons: list[str], findings: list[Finding]) -> None:
        super().__init__(f"{label}: {', '.join(reasons)}")
        self.reasons = reasons
        self.findings = findings


def finding(
    code: str,
    file: str | None = None,
    position: int | None = None,
    *,
    group_id: int | None = None,
    agent_id: int | None = None,
) -> Finding:
    """A finding with the severity that its code has."""
    return Finding(code, SEVERITIES[code], file, position, group_id, agent_id)


# ------------------------------------------------------------------------------------------------ JSON


@dataclass(frozen=True)
class HugeInteger:
    """A JSON integer with more digits than Python turns into an int: certainly no BIGINT, still a JSON integer."""

    digits: str


class Object(dict[str, object]):
    """A JSON object; `names` are the keys as they were written, repeated ones repeatedly."""

    names: tuple[str, ...] = ()


class TooDeep(ValueError):
    """JSON, perhaps, but nested more deeply than Python reads."""


def make_object(pairs: list[tuple[str, object]]) -> Object:
    made = Object(pairs)
    made.names = tuple(name for name, _ in pairs)
    return made


def parse_integer(digits: str) -> int | HugeInteger:
    return int(digits) if len(digits) <= MAX_DIGITS else HugeInteger(digits)


def refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def parse_json(content: bytes) -> object:
    """The one JSON value of these bytes; ValueError if they are anything else."""
    try:
        text = content.decode("utf-8")
        value: object = json.loads(
            text, parse_int=parse_integer, parse_constant=refuse_constant, object_pairs_hook=make_object
        )
    except RecursionError as error:
        raise TooDeep from error
    return value


def is_same_json(first: object, second: object) -> bool:
    """Equal as JSON values: the order of fields is no difference, 1 and 1.0 are different, so are 1 and true."""
    pending = [(first, second)]
    while pending:
        a, b = pending.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            pending.extend((a[key], b[key]) for key in a)
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pending.extend(zip(a, b, strict=True))
        elif a != b:
            return False
    return True


# --------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class RawRecord:
    """Something at a record's place. `is_json` is false for a line of JSON Lines that does not parse."""

    file: str
    position: int
    value: object
    is_json: bool = True


@dataclass
class RawFolder:
    """All that was read below one folder of the day."""

    exists: bool
    records: list[RawRecord] = field(default_factory=list)
    unreadable_files: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    headers: list[Object] = field(default_factory=list)


def read_folder(day_folder: Path, name: str, wrapper_key: str) -> RawFolder:
    """Every record below `day_folder/name`, in the order of the files' relative paths as plain strings."""
    folder = RawFolder(exists=(day_folder / name).is_dir())
    for file in find_data_files(day_folder, name):
        records: list[RawRecord] = []
        try:
            records = read_file(day_folder, file, wrapper_key)
            folder.headers.append(read_header(day_folder, file, wrapper_key))
        except ValueError:
            folder.unreadable_files.append(file)
        folder.records.extend(records)
        folder.sizes[file] = len(records)
    return folder


def read_header(day_folder: Path, file: str, wrapper_key: str) -> Object:
    """The object that holds the records of this file; an empty one where none does."""
    content = (day_folder / file).read_bytes()
    if file.lower().endswith(".gz"):
        content = decompress(content)
    try:
        value = parse_json(content.removeprefix(BYTE_ORDER_MARK))
    except ValueError:
        return Object()
    is_document = file.lower().endswith(JSON_ENDINGS)
    return (
        value if is_document and isinstance(value, Object) and find_held(value, wrapper_key) is not None else Object()
    )


def is_true_of(folder: RawFolder) -> bool:
    """Whether what the files say of the folder is so."""
    lasts = [
        all(header[key] in (None, "") or header[key] is False for key in ("next", "next_page") if key in header)
        for header in folder.headers
        if "next" in header or "next_page" in header
    ]
    counts = [header.get("total", header.get("count")) for header in folder.headers]
    return all(count == len(folder.records) for count in counts if type(count) is int) and (not lasts or any(lasts))


def is_true_manifest(day_folder: Path, folders: dict[str, RawFolder]) -> bool:
    """Whether a manifest of this day, if there is one, names its files, their records and their hashes rightly."""
    for name in ("manifest.json", "_manifest.json"):
        if not (day_folder / name).exists():
            continue
        try:
            said = json.loads((day_folder / name).read_bytes())
        except ValueError:
            return False
        files = {file: size for folder in folders.values() for file, size in folder.sizes.items()}
        for file, claim in said.get("files", {}).items():
            if file not in files or claim.get("records", files[file]) != files[file]:
                return False
            if "sha256" in claim and claim["sha256"] != hashlib.sha256((day_folder / file).read_bytes()).hexdigest():
                return False
        complete = {file.split("/")[0] for file in said.get("files", {})}
        if any(file.split("/")[0] in complete and file not in said["files"] for file in files):
            return False
        for folder_name, folder in folders.items():
            if said.get(folder_name, {}).get("records", len(folder.records)) != len(folder.records):
                return False
    return True


def find_data_files(day_folder: Path, name: str) -> list[str]:
    """Paths of the data files relative to the day's folder. Nothing hidden or a writer's own, at any depth, is data."""
    files = []
    for path in (day_folder / name).rglob("*"):
        parts = path.relative_to(day_folder).parts
        is_hidden = any(part[0] in "._" for part in parts)
        if path.is_file() and not is_hidden and path.name.lower().endswith(JSON_ENDINGS + JSON_LINES_ENDINGS):
            files.append("/".join(parts))
    return sorted(files)


def read_file(day_folder: Path, file: str, wrapper_key: str) -> list[RawRecord]:
    """The records of one file; ValueError if the file as a whole cannot be read."""
    content = (day_folder / file).read_bytes()
    if file.lower().endswith(".gz"):
        content = decompress(content)
    content = content.removeprefix(BYTE_ORDER_MARK)
    if file.lower().endswith(JSON_LINES_ENDINGS):
        if is_wide(content):
            raise ValueError("UTF-16 or UTF-32")
        return list(split_json_lines(file, content))
    try:
        values = unwrap(parse_json(content), wrapper_key)
    except ValueError:
        return list(split_lines_of_objects(file, content, wrapper_key))
    return [RawRecord(file, position, value) for position, value in enumerate(values)]


def is_wide(content: bytes) -> bool:
    """Whether JSON begins here with more than one byte for a character: by its mark, or by where the zeros are."""
    filled = "".join("x" if byte else "0" for byte in content[:4])
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or filled in ("x0x0", "0x0x", "x000", "000x", "00xx")


def decompress(content: bytes) -> bytes:
    if not content:
        raise ValueError("a gzip file of zero bytes is a broken one")
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError("does not decompress") from error


def unwrap(value: object, wrapper_key: str) -> list[object]:
    """An array's elements, a wrapper's elements, or the value itself as the only record; ValueError as find_held."""
    if isinstance(value, list):
        return value
    return [value] if (held := find_held(value, wrapper_key)) is None else held


def find_held(value: object, wrapper_key: str) -> list[object] | None:
    """The records that this value holds, None if it holds none; ValueError if there are two such places."""
    if not isinstance(value, Object) or "id" in value:
        return None
    array_keys = (wrapper_key, "data", "results")
    single_key = {"groups": "group", "agents": "agent"}[wrapper_key]
    if any(value.names.count(key) > 1 for key in (*array_keys, single_key)):
        raise ValueError("a key twice")
    found = [array for key in array_keys if isinstance(array := value.get(key), list)]
    if isinstance(value.get(single_key), Object):
        found.append([value[single_key]])
    if len(found) > 1:
        raise ValueError("records under two keys")
    return found[0] if found else None


def split_json_lines(file: str, content: bytes) -> Iterator[RawRecord]:
    """One record a line; blank lines hold none but have a position, as an editor's line numbers do.

    ValueError if the last line, the one that no mark ends, is not JSON.
    """
    lines = content.split(b"\n")
    for position, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            yield RawRecord(file, position, parse_json(line.removesuffix(b"\r")))
        except TooDeep:
            yield RawRecord(file, position, None, is_json=False)
        except ValueError:
            if position == len(lines) - 1:
                raise
            yield RawRecord(file, position, None, is_json=False)


def split_lines_of_objects(file: str, content: bytes, wrapper_key: str) -> Iterator[RawRecord]:
    """The lines of a file that is named as a document; ValueError if any is no object or holds records."""
    records = list(split_json_lines(file, content))
    if not records:
        raise ValueError("nothing")
    for record in records:
        if not isinstance(record.value, Object) or find_held(record.value, wrapper_key) is not None:
            raise ValueError("no plain record")
        yield record


# ---------------------------------------------------------------------------------------------- fields


def parse_id(value: object) -> int:
    """The BIGINT that this value is; ValueError if it is none. True is an int to Python but not an id."""
    number = value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        digits = value.removeprefix("-").lstrip("0") or "0"
        if len(digits) <= len(str(BIGINT_MAX)):
            number = -int(digits) if value.startswith("-") else int(digits)
    if isinstance(number, int) and not isinstance(number, bool) and BIGINT_MIN <= number <= BIGINT_MAX:
        return number
    raise ValueError("not an id")


def find_id(value: object) -> int | None:
    try:
        return parse_id(value)
    except ValueError:
        return None


def parse_timestamp(value: object) -> datetime | None:
    """Naive UTC, or None for null and for an empty string; ValueError if it is none of them and not ISO-8601."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("not a timestamp")
    text = value[: -len(" UTC")] if value.endswith(" UTC") else value
    day_text, *clock = re.split("[T ]", text, maxsplit=1)
    moment = datetime.combine(parse_day(day_text), time())
    if clock:
        clock_text, later = parse_clock(clock[0])
        try:
            moment = datetime.fromisoformat(f"{moment.date().isoformat()}T{clock_text}") + later
        except OverflowError as error:
            raise ValueError("out of range") from error
    if moment.tzinfo is None:
        return moment
    if text != value:
        raise ValueError("two offsets")
    try:
        return moment.astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError("out of range in UTC") from error


def parse_day(text: str) -> date:
    ordinal = re.fullmatch("([0-9]{4})-?([0-9]{3})", text)
    day = datetime.strptime(f"{ordinal[1]} {ordinal[2]}", "%Y %j").date() if ordinal else date.fromisoformat(text)
    if ordinal and day.year != int(ordinal[1]):
        raise ValueError("a day of the next year")
    return day


def parse_clock(text: str) -> tuple[str, timedelta]:
    """A time that Python reads, and what is to be added to it; midnight at the end of a day, and a leap second."""
    if re.match("24(:?00(:?00([.,]0+)?)?)?(?![0-9:.,])", text):
        return f"00{text[2:]}", timedelta(days=1)
    leap = re.match("([0-9]{2}:?[0-9]{2}:?)60", text)
    return (f"{leap[1]}00{text[leap.end() :]}", timedelta(seconds=60)) if leap else (text, timedelta())


def is_timestamp(value: object) -> bool:
    try:
        parse_timestamp(value)
    except ValueError:
        return False
    return True


def is_storable(text: str) -> bool:
    """Postgres stores any text but U+0000 and what UTF-8 cannot say (a surrogate without its pair)."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def is_name(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and is_storable(value)


def find_text(*values: object) -> str | None:
    """The first of them that says something and can be stored."""
    return next((value for value in values if is_name(value) and isinstance(value, str)), None)


def is_status(value: object) -> bool:
    """Whether this is a word for true or false; 1.0 is none."""
    return value in ([True, False, 0, 1]) if isinstance(value, (bool, int)) else is_word(value)


def is_word(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("true|false", value, re.IGNORECASE | re.ASCII) is not None


def is_true(value: object) -> bool:
    return value in (True, 1) if isinstance(value, (bool, int)) else is_word(value) and len(str(value)) == len("true")


# --------------------------------------------------------------------------------------------- records

Fields = dict[str, object]


def find_id_faults(record: Fields) -> Iterator[str]:
    if record.get("id") is None:
        yield "missing_id"
    elif find_id(record["id"]) is None:
        yield "invalid_id"


def find_timestamp_faults(record: Fields) -> Iterator[str]:
    for name in ("created_at", "updated_at"):
        if not is_timestamp(record.get(name)):
            yield "invalid_timestamp"


def is_deleted(record: Fields) -> bool:
    return is_status(record.get("deleted")) and is_true(record["deleted"])


def find_group_faults(record: Fields) -> Iterator[str]:
    yield from find_id_faults(record)
    if is_deleted(record):
        yield from find_timestamp_faults(record)
        return
    if record.get("name") is None:
        yield "missing_name"
    elif not is_name(record["name"]):
        yield "invalid_name"
    yield from find_timestamp_faults(record)
    parent = record.get("parent_group_id")
    if parent not in (None, "") and find_id(parent) is None:
        yield "invalid_parent"
    agent_ids = record.get("agent_ids")
    if isinstance(agent_ids, list):
        yield from ("invalid_member" for member in agent_ids if find_id(member) is None)
    elif agent_ids is not None:
        yield "invalid_agent_ids"


def find_agent_faults(record: Fields) -> Iterator[str]:
    yield from find_id_faults(record)
    yield from find_timestamp_faults(record)
    yield from ("invalid_active" for said in find_statuses(record).values() if not is_status(said))


def build_group(record: Fields) -> Group:
    """The row of a record without faults. Its flag is set when the whole directory is known."""
    name = record["name"]
    assert isinstance(name, str)
    return Group(
        group_id=parse_id(record["id"]),
        name=name,
        parent_group_id=find_id(record.get("parent_group_id")),
        created_at=parse_timestamp(record.get("created_at")),
        updated_at=parse_timestamp(record.get("updated_at")),
    )


def build_members(record: Fields) -> set[int]:
    agent_ids = record.get("agent_ids")
    found = [find_id(member) for member in agent_ids] if isinstance(agent_ids, list) else []
    return {member for member in found if member is not None}


def build_agent(record: Fields, *, active: bool) -> Agent:
    contact = get_contact(record)
    return Agent(
        agent_id=parse_id(record["id"]),
        email=find_text(contact.get("email"), record.get("email")),
        name=find_text(contact.get("name"), record.get("name"), build_name(record)),
        active=active,
        created_at=parse_timestamp(record.get("created_at")),
        updated_at=parse_timestamp(record.get("updated_at")),
    )


def get_contact(record: Fields) -> Fields:
    contact = record.get("contact")
    return contact if isinstance(contact, dict) else {}


def build_name(record: Fields) -> str:
    return " ".join(str(part) for part in (record.get("first_name"), record.get("last_name")) if find_text(part))


def find_statuses(record: Fields) -> Fields:
    """Everything in a record that speaks of its agent's status, what is most important first."""
    said = {name: record.get(name) for name in ("deactivated", "suspended", "active")}
    said["contact.active"] = get_contact(record).get("active")
    return {name: value for name, value in said.items() if value is not None}


def is_active_in_roster(record: Fields) -> bool | None:
    """What a roster record says of its agent; None if any of it cannot be read."""
    said = find_statuses(record)
    if not all(map(is_status, said.values())):
        return None
    if is_true(said.get("deactivated")) or is_true(said.get("suspended")):
        return False
    return next((is_true(said[name]) for name in ("active", "contact.active") if name in said), True)


# --------------------------------------------------------------------------------------------- judging


@dataclass(frozen=True)
class Candidate:
    """A record without a rejecting fault: it loads unless a better record of the same id exists."""

    raw: RawRecord
    id: int
    record: Fields

    def rank(self) -> tuple[bool, datetime, str, int]:
        """The greatest wins: latest update (none is the oldest), then the later file, then the later position."""
        updated_at = parse_timestamp(self.record.get("updated_at"))
        return updated_at is not None, updated_at or datetime.min, self.raw.file, self.raw.position


@dataclass
class Judgement:
    """What became of the records of one folder.

    `accepted` has the winners; `rejected` every id that a record with a fault of its own could tell, `has_nameless` is
    true if one could tell none.
    """

    accepted: dict[int, Fields] = field(default_factory=dict)
    rejected: set[int] = field(default_factory=set)
    has_nameless: bool = False
    counts: Counts = Counts()
    findings: list[Finding] = field(default_factory=list)


def judge_folder(folder: RawFolder, find_faults: Callable[[Fields], Iterator[str]], id_column: str) -> Judgement:
    """Accept or reject every record. `id_column` says which id of a finding the record's id is."""
    judgement = Judgement()
    judgement.findings.extend(finding("invalid_json", file) for file in folder.unreadable_files)
    candidates: dict[int, list[Candidate]] = {}
    for raw in folder.records:
        record = raw.value if isinstance(raw.value, dict) else None
        record_id = None if record is None else find_id(record.get("id"))
        codes = find_faults_of_raw(raw, find_faults)
        judgement.findings.extend(place(code, raw, id_column, record_id) for code in codes)
        if record_id is None:
            judgement.has_nameless = True
        elif not set(codes) <= TOLERATED:
            judgement.rejected.add(record_id)
        elif record is not None:
            candidates.setdefault(record_id, []).append(Candidate(raw, record_id, record))
    accepted_count = 0
    for rivals in candidates.values():
        winner = max(rivals, key=Candidate.rank)
        judgement.accepted[winner.id] = winner.record
        for rival in rivals:
            if is_same_json(rival.record, winner.record):
                accepted_count += 1
            else:
                judgement.findings.append(place("duplicate_record", rival.raw, id_column, rival.id))
    read_count = len(folder.records)
    judgement.counts = Counts(read_count, accepted_count, read_count - accepted_count)
    return judgement


def find_faults_of_raw(raw: RawRecord, find_faults: Callable[[Fields], Iterator[str]]) -> list[str]:
    if not raw.is_json:
        return ["invalid_json"]
    if not isinstance(raw.value, dict):
        return ["not_an_object"]
    return list(find_faults(raw.value))


def place(code: str, raw: RawRecord, id_column: str, record_id: int | None) -> Finding:
    """The finding of a record's fault, with the record's id where it could be read."""
    if id_column == "group_id":
        return finding(code, raw.file, raw.position, group_id=record_id)
    return finding(code, raw.file, raw.position, agent_id=record_id)


@dataclass(frozen=True)
class Snapshot:
    """One day, read and judged, before anything is applied."""

    has_groups_folder: bool
    has_roster: bool
    is_readable: bool
    is_as_it_says: bool
    groups: Judgement
    roster: Judgement
    details: Judgement

    def record_findings(self) -> list[Finding]:
        return self.groups.findings + self.roster.findings + self.details.findings


def read_snapshot(day_folder: Path) -> Snapshot:
    groups = read_folder(day_folder, "admin_groups", "groups")
    judged = judge_folder(groups, find_group_faults, "group_id")
    judged.accepted = {id_: record for id_, record in judged.accepted.items() if not is_deleted(record)}
    roster = read_folder(day_folder, "agents", "agents")
    details = read_folder(day_folder, "agent_details", "agents")
    return Snapshot(
        has_groups_folder=groups.exists,
        has_roster=roster.exists,
        is_readable=not (groups.unreadable_files or roster.unreadable_files or details.unreadable_files),
        is_as_it_says=all(map(is_true_of, (groups, roster, details)))
        and is_true_manifest(day_folder, {"admin_groups": groups, "agents": roster, "agent_details": details}),
        groups=judged,
        roster=judge_folder(roster, find_agent_faults, "agent_id"),
        details=judge_folder(details, find_agent_faults, "agent_id"),
    )


# ------------------------------------------------------------------------------------------- directory


def natural_order(label: str) -> list[str | int]:
    """A key by which day2 comes before day10, in any case. Text and numbers alternate, so keys always compare."""
    return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"([0-9]+)", label.lower()))]


@dataclass
class Directory:
    """The state of the tables after some days. `members` is what upstream wants, known agents or not.

    grace_days: after how many days without a record, in a row, a group ends; 0: never. `absences` has those days of
    each group that has no record now. `ended` says on which day a group ended. before: the state before the newest
    day, which may come again with other content.
    """

    agents: dict[int, Agent] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    newest_label: str | None = None
    grace_days: int = 0
    absences: dict[int, list[str]] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    before: Directory | None = field(default=None, repr=False, compare=False)

    def without_past(self) -> Directory:
        """A copy that knows no state before."""
        return copy.deepcopy(replace(self, before=None))

    def membership(self) -> set[tuple[int, int]]:
        """The rows of `group_membership`: what is wanted, as far as group and agent are known."""
        return {pair for pair in self.wanted() if pair[1] in self.agents}

    def wanted(self) -> set[tuple[int, int]]:
        return {(group_id, agent_id) for group_id, members in self.members.items() for agent_id in members}

    def missing(self) -> set[int]:
        """The groups that are away: those without a record now, and those that ended and did not come back."""
        return self.absences.keys() | self.ended.keys()

    def inactive(self) -> dict[int, bool]:
        """For each group: no active agent in it or below it.

        An active member makes its group and every group above it active. A walk upwards ends at the first group
        that is active already: the groups above that one are, too. So each group is entered once, cycles included.
        """
        active: set[int] = set()
        for group_id, agent_id in self.membership():
            above: int | None = group_id if self.agents[agent_id].active else None
            while above in self.groups and above not in active:
                active.add(above)
                above = self.groups[above].parent_group_id
        return {group_id: group_id not in active for group_id in self.groups}

    def sync(self, day_folder: Path, label: str) -> DayResult:
        """Apply one day; IncompleteSnapshot, and no change, if it cannot be a full one."""
        if self.newest_label is not None and natural_order(label) < natural_order(self.newest_label):
            return DayResult(label, applied=False)
        day = read_snapshot(day_folder)
        comes_again = label == self.newest_label and self.before is not None
        before = self.before if comes_again and self.before else self.without_past()
        reasons = before.find_gaps(day)
        if reasons:
            raise IncompleteSnapshot(label, reasons, day.record_findings())
        vars(self).update(vars(before.without_past()), before=before)
        self.apply_agents(day)
        self.end_absent_groups(day, label)
        self.apply_groups(day)
        self.newest_label = label
        return DayResult(
            label,
            applied=True,
            groups=day.groups.counts,
            agents=day.roster.counts + day.details.counts,
            findings=day.record_findings() + list(self.find_edge_findings(day)),
        )

    def find_gaps(self, day: Snapshot) -> list[str]:
        """Why this day is incomplete; empty if it is not."""
        gaps = {
            "no_groups_folder": not day.has_groups_folder,
            "unreadable_file": not day.is_readable,
            "false_claim": not day.is_as_it_says,
            "no_accepted_group": not day.groups.accepted,
            "no_accepted_agent": day.has_roster and not day.roster.accepted,
            "no_known_agent": not (self.agents or day.roster.accepted or day.details.accepted),
        }
        return [reason for reason, holds in gaps.items() if holds]

    def apply_agents(self, day: Snapshot) -> None:
        """Statuses first come from before, then from the roster; attributes from the day's accepted records."""
        for agent_id, agent in self.agents.items():
            is_named = agent_id in day.roster.accepted or agent_id in day.roster.rejected
            is_kept = is_named or not day.has_roster or day.roster.has_nameless
            self.agents[agent_id] = replace(agent, active=agent.active and is_kept)
        for agent_id, record in day.details.accepted.items():
            is_active = agent_id in self.agents and self.agents[agent_id].active
            self.agents[agent_id] = build_agent(record, active=is_active)
        for agent_id, record in day.roster.accepted.items():
            said = is_active_in_roster(record)
            is_active = agent_id in self.agents and self.agents[agent_id].active
            self.agents[agent_id] = build_agent(record, active=is_active if said is None else said)

    def end_absent_groups(self, day: Snapshot, label: str) -> None:
        """A rejected record is one too, but only an accepted one brings back a group that has ended."""
        for group_id in self.groups:
            if group_id in day.groups.accepted:
                self.absences.pop(group_id, None)
                self.ended.pop(group_id, None)
            elif group_id in day.groups.rejected:
                self.absences.pop(group_id, None)
            else:
                self.absences[group_id] = [*self.absences.get(group_id, []), label]
                is_over = 0 < self.grace_days <= len(self.absences[group_id])
                if is_over and group_id not in self.ended:
                    self.ended[group_id] = label
                    self.members[group_id] = set()

    def apply_groups(self, day: Snapshot) -> None:
        """An accepted group replaces its row and members; every other group keeps both."""
        for group_id, record in day.groups.accepted.items():
            self.groups[group_id] = build_group(record)
            if "agent_ids" in record:
                self.members[group_id] = build_members(record)
        for group_id, is_inactive in self.inactive().items():
            self.groups[group_id] = replace(self.groups[group_id], inactive=is_inactive)

    def find_edge_findings(self, day: Snapshot) -> Iterator[Finding]:
        """What is wrong between rows, over the whole directory and not only the day's records."""
        for group_id, agent_id in sorted(self.wanted() - self.membership()):
            yield finding("orphan_membership", group_id=group_id, agent_id=agent_id)
        for group_id, group in sorted(self.groups.items()):
            if group.parent_group_id is not None and group.parent_group_id not in self.groups:
                yield finding("missing_parent", group_id=group_id)
            if group_id in self.absences and group_id not in self.ended:
                yield finding("missing_upstream", group_id=group_id)
            if self.ended.get(group_id) == self.newest_label:
                yield finding("ended_upstream", group_id=group_id)
            if group_id in day.groups.accepted and "agent_ids" not in day.groups.accepted[group_id]:
                yield finding("members_not_said", group_id=group_id)
        for cycle in self.find_cycles():
            yield finding("hierarchy_cycle", group_id=min(cycle))
        if day.roster.has_nameless:
            yield finding("roster_incomplete")

    def find_cycles(self) -> list[list[int]]:
        """Each cycle once, as the ids on it. A walk that meets itself has found one; what led there is its tail."""
        cycles = []
        walked: set[int] = set()
        for start in self.groups:
            path: dict[int, int] = {}
            current: int | None = start
            while current is not None and current in self.groups and current not in walked:
                walked.add(current)
                path[current] = len(path)
                current = self.groups[current].parent_group_id
            if current is not None and current in path:
                cycles.append(list(path)[path[current] :])
        return cycles
