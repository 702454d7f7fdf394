"""Finds groups and agents by what people write: an id, a name, an e-mail address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from groups_platform.directory.reports import newest_applied_day, query
from groups_platform.errors import AmbiguousName, UnknownAgent, UnknownGroup

ID: Final = re.compile(r"-?[0-9]+")
LARGEST_ID: Final = 2**63 - 1
MOST_MEANT = 20  # of an ambiguous name
MOST_LOOKED_AT = 100  # for names that are near
MOST_NEAR = 5
NEAR_ENOUGH = 0.6
PIECE = 3  # letters

GROUPS = "groups-platform tree lists the groups."
AGENTS = "groups-platform members GROUP --below lists the agents of a group and of those below it."

Found = Sequence[Mapping[str, Any]]


def find_group(url: str, text: str) -> int:
    """The id of the group that the text names: an id, or a name in any case, blanks around it left out.

    An id comes before a name of the same digits. Raises UnknownGroup, AmbiguousName, DatabaseUnavailable.
    """
    found = _only(_look(url, "groups", text), "groups", text)
    if found is None:
        near, said = _near(url, "groups", text)
        raise UnknownGroup(
            f"No group {_meant(text)}.{said} {_where_to_look(url, GROUPS)}", group=text.strip(), near=near
        )
    return found


def find_agent(url: str, text: str) -> int:
    """The id of the agent that the text names: an id, a name or an e-mail address; see find_group.

    Raises UnknownAgent, AmbiguousName, DatabaseUnavailable.
    """
    found = _only(_look(url, "agents", text), "agents", text)
    if found is None:
        near, said = _near(url, "agents", text)
        raise UnknownAgent(
            f"No agent {_meant(text)}.{said} {_where_to_look(url, AGENTS)}", agent=text.strip(), near=near
        )
    return found


def _look(url: str, kind: str, text: str) -> Found:
    name = text.strip()
    number = int(name) if ID.fullmatch(name) else None
    known = number if number is not None and abs(number) <= LARGEST_ID else None
    return query(url, f"find_named_{kind}", id=known, text=name, limit=MOST_MEANT + 1)


def _only(found: Found, kind: str, text: str) -> int | None:
    """The id of the only row; None where there is none. Raises AmbiguousName."""
    if len(found) <= 1:
        return int(found[0]["id"]) if found else None
    shown = found[:MOST_MEANT]
    number = f"more than {MOST_MEANT}" if len(found) > MOST_MEANT else str(len(found))
    lines = "".join(f"\n  {row['id']}  {_described(row)}" for row in shown)
    raise AmbiguousName(
        f"{printable(text.strip())} is the name of {number} {kind}:{lines}\nWrite the id of the one that you mean.",
        name=text.strip(),
        candidates=[dict(row) for row in shown],
    )


def _described(row: Mapping[str, Any]) -> str:
    name = printable(row["name"] or "")
    if "path" not in row:
        return f"{name}  {printable(row['email'] or 'no e-mail address')}"
    return f"{name}  {'below ' + printable(row['path']) if row['path'] else 'at the top'}"


def _meant(text: str) -> str:
    name = text.strip()
    return (
        f"{'has the id' if ID.fullmatch(name) else 'has the address' if '@' in name else 'is called'} {printable(name)}"
    )


def _where_to_look(url: str, listing: str) -> str:
    return listing if newest_applied_day(url) else "No sync day has been applied yet: run groups-platform sync --all."


def _near(url: str, kind: str, text: str) -> tuple[list[dict[str, Any]], str]:
    """What the text may have meant, nearest first, and the same as a sentence after a blank; empty where nothing is."""
    wanted = (text.strip().lower().partition("@")[0] or text.strip().lower())[:200]
    pieces = sorted({wanted[start : start + PIECE] for start in range(len(wanted) - PIECE + 1)} or {wanted} - {""})
    if not pieces or ID.fullmatch(wanted):
        return [], ""
    rows = query(url, f"near_{kind}", pieces=pieces, limit=MOST_LOOKED_AT)
    ranked = sorted(((_likeness(wanted, (row["name"], row["email"])), row) for row in rows), key=lambda pair: -pair[0])
    near = [row for likeness, row in ranked if likeness >= NEAR_ENOUGH][:MOST_NEAR]
    names = ", ".join(f"{printable(row['name'] or row['email'])} ({row['id']})" for row in near)
    told = [{"id": row["id"], "name": row["name"] or row["email"]} for row in near]
    return told, f" Did you mean {names}?" if names else ""


def _likeness(wanted: str, names: Iterable[str | None]) -> float:
    """How much the most similar of these names is like the wanted text, or one of its words: 0 to 1.

    Of an e-mail address what stands before the @: many have the rest.
    """
    lowered = [name.lower().partition("@")[0] for name in names if name]
    words = [word for name in lowered for word in re.split(r"[\s.]+", name)]
    return max((SequenceMatcher(None, wanted, part).ratio() for part in (*lowered, *words)), default=0.0)


def printable(text: str) -> str:
    """The text in one line, without what could control a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
