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
        "The text is not JSON, or the file is damaged, cut or cannot be opened. Nothing of it was read.",
    )
    NOT_AN_OBJECT = (
        "not_an_object",
        ERROR,
        RECORD,
        "The record is not a JSON object, so it has no fields. It was rejected.",
    )
    MISSING_ID = "missing_id", ERROR, RECORD, "The record has no id. It was rejected: nobody knows whom it is about."
    INVALID_ID = (
        "invalid_id",
        ERROR,
        RECORD,
        "The id is not a whole number that can be stored. The record was rejected.",
    )
    MISSING_NAME = (
        "missing_name",
        ERROR,
        RECORD,
        "The group's record has no name. It was rejected, and the group keeps what it was.",
    )
    INVALID_NAME = (
        "invalid_name",
        ERROR,
        RECORD,
        "The group's name is blank, or not a text that can be stored. The group keeps what it was.",
    )
    INVALID_TIMESTAMP = (
        "invalid_timestamp",
        ERROR,
        RECORD,
        "A time of the record cannot be read. The record was rejected.",
    )
    INVALID_PARENT = (
        "invalid_parent",
        ERROR,
        RECORD,
        "The id of the parent cannot be read. The record was rejected, and the group keeps its place.",
    )
    INVALID_AGENT_IDS = (
        "invalid_agent_ids",
        ERROR,
        RECORD,
        "The list of members is not a list. The record was rejected, and the group keeps its members.",
    )
    INVALID_MEMBER = (
        "invalid_member",
        ERROR,
        ELEMENT,
        "One entry in the list of members is no id. It was left out, and the rest of the record counts.",
    )
    INVALID_ACTIVE = (
        "invalid_active",
        ERROR,
        ELEMENT,
        "Whether the agent is active cannot be read. A known agent keeps its status, a new one is inactive.",
    )
    DUPLICATE_RECORD = (
        "duplicate_record",
        ERROR,
        RECORD,
        "Another record of the same group or agent is newer or came later. That one counts, this one was rejected.",
    )
    ORPHAN_MEMBERSHIP = (
        "orphan_membership",
        ERROR,
        EDGE,
        "The group names a member whom nobody knows. The membership waits until the agent is known.",
    )
    MISSING_PARENT = (
        "missing_parent",
        WARNING,
        EDGE,
        "The group's parent is not known. The group stands at the top of the tree until it is.",
    )
    HIERARCHY_CYCLE = (
        "hierarchy_cycle",
        WARNING,
        EDGE,
        "Groups are parents of each other in a ring. All of them stay, and a person should look.",
    )
    MISSING_UPSTREAM = (
        "missing_upstream",
        WARNING,
        EDGE,
        "The group has no record today. It keeps what it was and its members, for some days.",
    )
    MEMBERS_NOT_SAID = (
        "members_not_said",
        WARNING,
        EDGE,
        "The group's record does not say who its members are. Those that it has stay.",
    )
    ROSTER_INCOMPLETE = (
        "roster_incomplete",
        WARNING,
        EDGE,
        "Records of the roster have no id that can be read, so nobody became inactive for being absent.",
    )
    ENDED_UPSTREAM = (
        "ended_upstream",
        WARNING,
        EDGE,
        "The group had no record for so many days that its memberships ended. The group stays.",
    )


class Fault(NamedTuple):
    """A fault of a record: its code and a sentence."""

    code: FindingCode
    detail: str
