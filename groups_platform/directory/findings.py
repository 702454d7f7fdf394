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
    """A code, its severity, its subject and what it means, in the order in which they are shown."""

    severity: str
    subject: str
    meaning: str

    def __new__(cls, code: str, severity: str, subject: str, meaning: str) -> FindingCode:  # noqa: D102
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity = severity
        member.subject = subject
        member.meaning = meaning
        return member

    __str__ = str.__str__

    INVALID_JSON = (
        "invalid_json",
        ERROR,
        RECORD,
        "The text is no JSON; without a position, the whole file was not read.",
    )
    NOT_AN_OBJECT = "not_an_object", ERROR, RECORD, "The record is JSON, but no object with fields."
    MISSING_ID = "missing_id", ERROR, RECORD, "The record has no id."
    INVALID_ID = "invalid_id", ERROR, RECORD, "The id is no whole number that the tables can store."
    MISSING_NAME = "missing_name", ERROR, RECORD, "The group has no name."
    INVALID_NAME = "invalid_name", ERROR, RECORD, "The name is no text, is blank, or cannot be stored."
    INVALID_TIMESTAMP = "invalid_timestamp", ERROR, RECORD, "A time is not written as ISO 8601."
    INVALID_PARENT = "invalid_parent", ERROR, RECORD, "The parent's id is no whole number that the tables can store."
    INVALID_AGENT_IDS = "invalid_agent_ids", ERROR, RECORD, "The list of members is no array; the row before stays."
    INVALID_MEMBER = "invalid_member", ERROR, ELEMENT, "A member's id cannot be read; the other members are loaded."
    INVALID_ACTIVE = "invalid_active", ERROR, ELEMENT, "Whether the agent is active cannot be read; the status stays."
    DUPLICATE_RECORD = "duplicate_record", ERROR, RECORD, "Another record of the same id is newer, and counts instead."
    ORPHAN_MEMBERSHIP = "orphan_membership", ERROR, EDGE, "The agent is not known; the membership waits until it is."
    MISSING_PARENT = "missing_parent", WARNING, EDGE, "The group's parent is not among the groups."
    HIERARCHY_CYCLE = "hierarchy_cycle", WARNING, EDGE, "Groups are above each other in a circle."
    MISSING_UPSTREAM = "missing_upstream", WARNING, EDGE, "The group has no record this day; it stays as it was."
    MEMBERS_NOT_SAID = "members_not_said", WARNING, EDGE, "The record says nothing of members; those that it has stay."
    ROSTER_INCOMPLETE = "roster_incomplete", WARNING, EDGE, "Agents could not be told apart; nobody left for absence."
    ENDED_UPSTREAM = "ended_upstream", WARNING, EDGE, "The group had no record for days; its memberships ended."


class Fault(NamedTuple):
    """A fault of a record: its code and a sentence."""

    code: FindingCode
    detail: str
