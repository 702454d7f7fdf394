"""The codes of findings on records and edges. To add a code, add a member to FindingCode and its MEANING."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

ERROR: Final = "error"  # not loaded
WARNING: Final = "warning"  # loaded, but should be reviewed

# The subject of a code. A bad element is dropped and its record kept; edges are found in the tables, by SQL.
RECORD: Final = "record"
ELEMENT: Final = "element"
EDGE: Final = "edge"


class FindingCode(str, Enum):
    """A code, its severity and its subject, in the order in which they are shown."""

    severity: str
    subject: str

    def __new__(cls, code: str, severity: str, subject: str) -> FindingCode:  # noqa: D102
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity = severity
        member.subject = subject
        return member

    __str__ = str.__str__

    INVALID_JSON = "invalid_json", ERROR, RECORD
    NOT_AN_OBJECT = "not_an_object", ERROR, RECORD
    MISSING_ID = "missing_id", ERROR, RECORD
    INVALID_ID = "invalid_id", ERROR, RECORD
    MISSING_NAME = "missing_name", ERROR, RECORD
    INVALID_NAME = "invalid_name", ERROR, RECORD
    INVALID_TIMESTAMP = "invalid_timestamp", ERROR, RECORD
    INVALID_PARENT = "invalid_parent", ERROR, RECORD
    INVALID_AGENT_IDS = "invalid_agent_ids", ERROR, RECORD
    INVALID_MEMBER = "invalid_member", ERROR, ELEMENT
    INVALID_ACTIVE = "invalid_active", ERROR, ELEMENT
    DUPLICATE_RECORD = "duplicate_record", ERROR, RECORD
    ORPHAN_MEMBERSHIP = "orphan_membership", ERROR, EDGE
    MISSING_PARENT = "missing_parent", WARNING, EDGE
    HIERARCHY_CYCLE = "hierarchy_cycle", WARNING, EDGE
    MISSING_UPSTREAM = "missing_upstream", WARNING, EDGE
    MEMBERS_NOT_SAID = "members_not_said", WARNING, EDGE
    ROSTER_INCOMPLETE = "roster_incomplete", WARNING, EDGE
    ENDED_UPSTREAM = "ended_upstream", WARNING, EDGE


MEANING: Final[dict[FindingCode, str]] = {
    FindingCode.INVALID_JSON: "The file, or the line of JSON Lines, is not JSON or was cut.",
    FindingCode.NOT_AN_OBJECT: "The record is no JSON object.",
    FindingCode.MISSING_ID: "The record has no id.",
    FindingCode.INVALID_ID: "The id is no integer, or too large.",
    FindingCode.MISSING_NAME: "The group has no name.",
    FindingCode.INVALID_NAME: "The name is no text, blank, or cannot be stored.",
    FindingCode.INVALID_TIMESTAMP: "A time is not ISO 8601, or no time that there was.",
    FindingCode.INVALID_PARENT: "The id of the parent is no integer.",
    FindingCode.INVALID_AGENT_IDS: "The list of members is no array.",
    FindingCode.INVALID_MEMBER: "An element of the list of members is no id.",
    FindingCode.INVALID_ACTIVE: "The status of an agent cannot be read; the agent keeps the one that is stored.",
    FindingCode.DUPLICATE_RECORD: "The day has a newer record with this id, which counts.",
    FindingCode.ORPHAN_MEMBERSHIP: "The group names a member who is no known agent.",
    FindingCode.MISSING_PARENT: "No group has the id of the parent.",
    FindingCode.HIERARCHY_CYCLE: "The groups are above each other in a ring; the detail has the path.",
    FindingCode.MISSING_UPSTREAM: "The day has no record of a group that is stored; the group keeps row and members.",
    FindingCode.MEMBERS_NOT_SAID: "The record does not say its members; the group keeps those that it has.",
    FindingCode.ROSTER_INCOMPLETE: "The roster has records without a readable id, so absent agents keep their status.",
    FindingCode.ENDED_UPSTREAM: "The group was missing for longer than GROUPS_GRACE_DAYS; its memberships have ended.",
}  # one sentence each, for people


class Fault(NamedTuple):
    """A fault of a record: its code and a sentence."""

    code: FindingCode
    detail: str
