"""The codes of findings on records and edges. To add a code, add a member to FindingCode."""

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


class Fault(NamedTuple):
    """A fault of a record: its code and a sentence."""

    code: FindingCode
    detail: str
