"""The rules of D4 to D7, which turn a record's JSON value into a group or an agent, or find all its faults.

A rule gives, for one field, a reader and the codes for a missing and for an invalid value.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from calendar import isleap
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

import msgspec

from groups_platform.directory.findings import ELEMENT, Fault, FindingCode
from groups_platform.directory.reader import NotJson, RawRecord

if sys.version_info < (3, 11):  # its fromisoformat reads only what isoformat writes
    from backports.datetime_fromisoformat import MonkeyPatch

    MonkeyPatch.patch_fromisoformat()

BIGINT_MIN: Final = -(2**63)
BIGINT_MAX: Final = 2**63 - 1
LONGEST_BIGINT: Final = 19  # digits
DIGITS: Final = re.compile(r"(-?)(?=[0-9])0*([0-9]*)")

# What `fromisoformat` reads, and P6 besides. It takes any sign between day and time: therefore the shape.
TIMESTAMP_SHAPE: Final = re.compile(
    r"(?P<day>(?P<year>\d{4})(?:-\d\d-\d\d|\d{4}|-W\d\d(?:-\d)?|W\d{2,3}|-?(?P<ordinal>\d{3})))"
    r"(?:[T ](?P<hour>\d\d)(?P<minute>:?\d\d)?(?P<second>:?\d\d)?(?P<fraction>[.,]\d+)?"
    r"(?P<offset>.*))?",
    re.ASCII,
)


class Rule(NamedTuple):
    """How one field is read: `read` raises ValueError with the reason; `missing` is None where null is fine.

    is_null_when_empty: an empty string is as good as null.
    """

    field: str
    read: Callable[[Any], Any]
    invalid: FindingCode
    missing: FindingCode | None = None
    is_null_when_empty: bool = False


class ParsedRecord(NamedTuple):
    """A record after the rules. values: every field that could be read. faults: why the others could not."""

    position: int
    text: str
    accepted: bool
    values: dict[str, Any]
    faults: tuple[Fault, ...]
    record: RawRecord

    @property
    def content(self) -> str | None:
        """The digest of an accepted record; None for a rejected one."""
        return digest(self.record) if self.accepted else None


def read_id(value: Any) -> int:
    """Read a BIGINT from a JSON integer or a string of digits with an optional minus. Raises ValueError."""
    if type(value) is str and (digits := DIGITS.fullmatch(value)):
        sign, number = digits.groups()
        if len(number) > LONGEST_BIGINT:  # Python refuses to convert thousands of digits
            raise ValueError("outside the range of BIGINT")
        value = int(f"{sign}{number or 0}")
    if type(value) is not int:
        raise ValueError("neither an integer nor a string of digits")
    if not BIGINT_MIN <= value <= BIGINT_MAX:
        raise ValueError("outside the range of BIGINT")
    return value


def read_name(value: Any) -> str:
    """Read a string that is not blank and that Postgres can store, unchanged. Raises ValueError."""
    if type(value) is not str:
        raise ValueError("not a string")
    if not value.strip():
        raise ValueError("blank")
    if not is_storable(value):
        raise ValueError("holds a character that Postgres cannot store")
    return value


def read_timestamp(value: Any) -> datetime:
    """ISO-8601, as P6 has it, to naive UTC; no offset means UTC."""
    if type(value) is not str:
        raise ValueError("not a string")
    try:
        text, is_utc, later = _as_python_has_it(value)
        parsed = datetime.fromisoformat(text)
        if is_utc and parsed.tzinfo:
            raise ValueError
        if parsed.tzinfo not in (None, timezone.utc):
            parsed = parsed.astimezone(timezone.utc)
        return parsed.replace(tzinfo=None) + later
    except (ValueError, OverflowError) as error:
        raise ValueError("not an ISO-8601 timestamp") from error


def _as_python_has_it(value: str) -> tuple[str, bool, timedelta]:
    """A text for `fromisoformat`, whether ` UTC` followed it, and what is to be added. Raises ValueError."""
    text = value.removesuffix(" UTC")
    shape = TIMESTAMP_SHAPE.fullmatch(text)
    if not shape:
        raise ValueError
    day, later = shape["day"], timedelta()
    if shape["ordinal"]:
        day = _day_of_year(int(shape["year"]), int(shape["ordinal"]))
    if shape["hour"] is None:
        return day, text != value, later
    hour, minute, second, fraction, offset = (
        shape[part] or "" for part in ("hour", "minute", "second", "fraction", "offset")
    )
    if hour == "24" and not f"{minute}{second}{fraction}".strip(":.,0"):
        hour, later = "00", timedelta(days=1)
    if second.endswith("60"):
        second, later = second.replace("60", "00"), timedelta(minutes=1)
    return f"{day}T{hour}{minute}{second}{fraction}{offset}", text != value, later


def _day_of_year(year: int, number: int) -> str:
    if not 1 <= number <= 365 + isleap(year):
        raise ValueError
    return (date(year, 1, 1) + timedelta(number - 1)).isoformat()


def read_list(value: Any) -> list[Any]:
    """Read a JSON array without checking its elements. Raises ValueError."""
    if type(value) is not list:
        raise ValueError("not an array")
    return value


def is_storable(text: str) -> bool:
    """Whether Postgres can store `text`: no U+0000 and no lone surrogate."""
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False


TIMESTAMPS: Final = (
    Rule("created_at", read_timestamp, FindingCode.INVALID_TIMESTAMP, is_null_when_empty=True),
    Rule("updated_at", read_timestamp, FindingCode.INVALID_TIMESTAMP, is_null_when_empty=True),
)
GROUP_RULES: Final = (
    Rule("id", read_id, FindingCode.INVALID_ID, FindingCode.MISSING_ID),
    Rule("name", read_name, FindingCode.INVALID_NAME, FindingCode.MISSING_NAME),
    Rule("parent_group_id", read_id, FindingCode.INVALID_PARENT, is_null_when_empty=True),
    Rule("agent_ids", read_list, FindingCode.INVALID_AGENT_IDS),
    *TIMESTAMPS,
)
DELETED_RULES: Final = (GROUP_RULES[0], *TIMESTAMPS)
AGENT_RULES: Final = (Rule("id", read_id, FindingCode.INVALID_ID, FindingCode.MISSING_ID), *TIMESTAMPS)


def parse_group(record: RawRecord) -> ParsedRecord:
    """Values: id, name, parent_group_id, created_at, updated_at, agent_ids (distinct, in upstream's order).

    P4: agent_ids is not among them where the record says nothing of members. P6: of a deleted group only the id and the
    times are read, and `deleted` is true.
    """
    if is_deleted(record.value):
        values, faults = _apply(DELETED_RULES, record.value)
        return _parsed(record, {**values, "deleted": True}, faults)
    values, faults = _apply(GROUP_RULES, record.value)
    if "agent_ids" in values:
        values["agent_ids"], bad_members = _read_members(values["agent_ids"])
        faults += bad_members
    elif type(record.value) is dict and record.value.get("agent_ids", ...) is None:
        values["agent_ids"] = []  # P4: null says that there are none, and absence says nothing
    return _parsed(record, values, faults)


def parse_agent(record: RawRecord) -> ParsedRecord:
    """Values: id, email, name, active (None where it cannot be read), created_at, updated_at."""
    values, faults = _apply(AGENT_RULES, record.value)
    if type(agent := record.value) is dict:
        contact = agent.get("contact")
        contact = contact if type(contact) is dict else {}
        whole_name = filter(None, (_first_text(agent.get(part)) for part in ("first_name", "last_name")))
        values["email"] = _first_text(contact.get("email"), agent.get("email"))
        values["name"] = _first_text(contact.get("name"), agent.get("name"), " ".join(whole_name))
        values["active"], unreadable = _read_status(agent, contact)
        faults += unreadable
    return _parsed(record, values, faults)


def is_deleted(group: Any) -> bool:
    """P6: whether upstream says that the group is gone; what cannot be read says nothing."""
    try:
        return type(group) is dict and read_boolean(group.get("deleted"))
    except ValueError:
        return False


def read_boolean(value: Any) -> bool:
    """P5: true and false, as JSON has them, as words or as 1 and 0."""
    if type(value) is bool:
        return value
    if type(value) is int and value in (0, 1):
        return bool(value)
    if type(value) is str and (word := value.lower()) in ("true", "false"):
        return word == "true"
    raise ValueError("neither true nor false")


def _read_status(agent: dict[str, Any], contact: dict[str, Any]) -> tuple[bool | None, list[Fault]]:
    """D7: deactivated or suspended, then active, then contact.active, then active. None where any cannot be read."""
    said: dict[str, bool] = {}
    faults: list[Fault] = []
    fields = {name: agent.get(name) for name in ("deactivated", "suspended", "active")}
    for name, given in {**fields, "contact.active": contact.get("active")}.items():
        try:
            if given is not None:
                said[name] = read_boolean(given)
        except ValueError as reason:
            faults.append(Fault(FindingCode.INVALID_ACTIVE, f"{name} is {_shown(given)}: {reason}"))
    if faults:
        return None, faults
    if said.get("deactivated") or said.get("suspended"):
        return False, []
    return said.get("active", said.get("contact.active", True)), []


def _first_text(*values: Any) -> str | None:
    """The first of them that is a text, not blank, that Postgres can store."""
    return next((value for value in values if type(value) is str and value.strip() and is_storable(value)), None)


def _apply(rules: tuple[Rule, ...], value: Any) -> tuple[dict[str, Any], list[Fault]]:
    if type(value) is NotJson:
        return {}, [Fault(FindingCode.INVALID_JSON, str(value))]
    if type(value) is not dict:
        return {}, [Fault(FindingCode.NOT_AN_OBJECT, f"the record is {_shown(value)}")]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for rule in rules:
        given = value.get(rule.field)
        if given is None:
            if rule.missing:
                faults.append(Fault(rule.missing, f"{rule.field} is {'null' if rule.field in value else 'absent'}"))
            continue
        if rule.is_null_when_empty and type(given) is str and not given:
            continue
        try:
            values[rule.field] = rule.read(given)
        except ValueError as reason:
            faults.append(Fault(rule.invalid, f"{rule.field} is {_shown(given)}: {reason}"))
    return values, faults


def _read_members(elements: list[Any]) -> tuple[list[int], list[Fault]]:
    if not elements:
        return [], []
    if set(map(type, elements)) == {int} and min(elements) >= BIGINT_MIN and max(elements) <= BIGINT_MAX:
        return list(dict.fromkeys(elements)), []  # the usual case: five times as fast as one by one
    members: dict[int, None] = {}
    faults: list[Fault] = []
    for index, element in enumerate(elements):
        try:
            members[read_id(element)] = None
        except ValueError as reason:
            faults.append(Fault(FindingCode.INVALID_MEMBER, f"agent_ids[{index}] is {_shown(element)}: {reason}"))
    return list(members), faults


def _parsed(record: RawRecord, values: dict[str, Any], faults: list[Fault]) -> ParsedRecord:
    accepted = not faults or all(fault.code.subject == ELEMENT for fault in faults)
    text = record.text.replace("\0", "\\x00")  # U+0000 occurs only in text that is not JSON; Postgres cannot store it
    return ParsedRecord(record.position, text, accepted, values, tuple(faults), record)


_encode_sorted = msgspec.json.Encoder(order="sorted")


def digest(record: RawRecord) -> str:
    """Return a digest that is equal for records with equal JSON values, however they are written (D6)."""
    try:
        canonical = _encode_sorted.encode(record.value)
    except (ValueError, TypeError, RecursionError, msgspec.MsgspecError, UnicodeError):
        try:
            canonical = json.dumps(record.value, sort_keys=True, default=repr).encode()
        except RecursionError:  # nested too deeply to be encoded, though it could be decoded
            canonical = record.text.encode()
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()


def _shown(value: Any, longest: int = 60) -> str:
    try:
        text = json.dumps(value, default=str)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= longest else text[:longest] + "…"
