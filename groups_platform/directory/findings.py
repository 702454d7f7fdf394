"""The codes of everything that a person should know about a record or an edge."""

from __future__ import annotations

from typing import Final, NamedTuple

ERROR: Final = "error"  # not loaded
WARNING: Final = "warning"  # loaded, and needs a look

SEVERITIES: Final[dict[str, str]] = {
    "invalid_json": ERROR,
    "not_an_object": ERROR,
    "missing_id": ERROR,
    "invalid_id": ERROR,
    "missing_name": ERROR,
    "invalid_name": ERROR,
    "invalid_timestamp": ERROR,
    "invalid_parent": ERROR,
    "invalid_agent_ids": ERROR,
    "invalid_member": ERROR,
    "duplicate_record": ERROR,
    "orphan_membership": ERROR,
    "missing_parent": WARNING,
    "hierarchy_cycle": WARNING,
    "missing_upstream": WARNING,
}

ELEMENT_CODES: Final = frozenset({"invalid_member"})  # costs an element of the record, not the record
EDGE_CODES: Final = frozenset({"orphan_membership", "missing_parent", "hierarchy_cycle", "missing_upstream"})
RECORD_CODES: Final = tuple(code for code in SEVERITIES if code not in EDGE_CODES)


class Fault(NamedTuple):
    """One thing wrong with one record: a code of SEVERITIES and a sentence."""

    code: str
    detail: str
