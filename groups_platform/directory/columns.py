"""The rules of `records`, vectorised over columns, for records without faults, which nearly all are.

The values are exactly those that `records` reads from the same texts. Texts that do not fit here are not rejected:
they are left to `records`, which reads them one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from groups_platform.directory.records import BIGINT_MAX, BIGINT_MIN, read_timestamp

TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
# Arrow accepts year 0, and an offset can move a time out of the years 1 to 9999; neither occurs between these days.
FIRST_DAY: Final = datetime(1, 1, 2, tzinfo=timezone.utc)
LAST_DAY: Final = datetime(9999, 12, 30, tzinfo=timezone.utc)

# Always a valid timestamp: years 1000 to 8999, not 29 February, with seconds and an offset.
USUAL_TIMESTAMP: Final = (
    r"^[1-8]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$"
)

NOT_EXPECTED: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)

BigInt = Annotated[int, msgspec.Meta(ge=BIGINT_MIN, le=BIGINT_MAX)]


class GroupText(msgspec.Struct, gc=False):
    """A group record whose fields have the expected types. Other fields are skipped."""

    id: BigInt
    name: str
    parent_group_id: BigInt | None = None
    agent_ids: list[BigInt] | msgspec.UnsetType | None = msgspec.UNSET
    deleted: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None


class ContactText(msgspec.Struct, gc=False):
    """The contact of an agent record."""

    email: str | None = None
    name: str | None = None
    active: bool | None = None


class AgentText(msgspec.Struct, gc=False):
    """An agent record whose fields have the expected types."""

    id: BigInt
    contact: ContactText | None = None
    deactivated: bool | None = None
    suspended: bool | None = None
    active: bool | None = None
    email: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


NO_CONTACT: Final = ContactText()


class Column(NamedTuple):
    """values: one for each record. is_good: False where `records` must read the record; None if it is True for all."""

    values: pa.Array
    is_good: pa.BooleanArray | None = None


class GoodRecords(NamedTuple):
    """indices: of the texts without faults. columns: their values, by field name."""

    indices: Sequence[int]
    columns: dict[str, pa.Array]


def read_groups(texts: Sequence[bytes]) -> GoodRecords:
    """Return id, name, parent_group_id, agent_ids, created_at and updated_at of the groups without faults."""
    indices, groups = _decode(_decode_group, texts)
    field = _fields(groups)
    return _good(
        indices,
        {
            "id": Column(pa.array(field("id"), pa.int64())),
            "name": _names(field("name"), field("deleted")),
            "parent_group_id": Column(pa.array(field("parent_group_id"), pa.int64())),
            "agent_ids": Column(pa.array(map(_distinct, field("agent_ids")), pa.list_(pa.int64()), size=len(groups))),
            "created_at": read_timestamps(field("created_at")),
            "updated_at": read_timestamps(field("updated_at")),
        },
    )


def read_agents(texts: Sequence[bytes]) -> GoodRecords:
    """Return id, email, name, active, created_at and updated_at of the agents without faults."""
    indices, agents = _decode(_decode_agent, texts)
    field = _fields(agents)
    contacts = [agent.contact or NO_CONTACT for agent in agents]
    return _good(
        indices,
        {
            "id": Column(pa.array(field("id"), pa.int64())),
            "email": _storable(list(map(_email_of, agents, contacts))),
            "name": _storable(list(map(_name_of, agents, contacts))),
            "active": Column(pa.array(map(_is_active, agents, contacts), pa.bool_(), size=len(agents))),
            "created_at": read_timestamps(field("created_at")),
            "updated_at": read_timestamps(field("updated_at")),
        },
    )


_decode_group = msgspec.json.Decoder(GroupText).decode
_decode_agent = msgspec.json.Decoder(AgentText).decode


def _decode(decode: Callable[[bytes], Any], texts: Sequence[bytes]) -> tuple[Sequence[int], list[Any]]:
    """Return the indices of the texts whose fields have the expected types, and the decoded records."""
    try:
        if not all(map(bytes.isascii, texts)):
            deque(map(bytes.decode, texts), maxlen=0)  # msgspec does not validate fields that it skips
        return range(len(texts)), list(map(decode, texts))
    except NOT_EXPECTED:
        pass  # at least one text does not fit: decode them one by one
    indices, decoded = [], []
    for index, text in enumerate(texts):
        try:
            text.decode()
            decoded.append(decode(text))
        except NOT_EXPECTED:
            continue
        indices.append(index)
    return indices, decoded


def _fields(records: list[Any]) -> Callable[[str], list[Any]]:
    return lambda name: list(map(attrgetter(name), records))


def _good(indices: Sequence[int], columns: dict[str, Column]) -> GoodRecords:
    """Return the columns without the rows that are not good in any of them."""
    masks = [column.is_good for column in columns.values() if column.is_good is not None]
    values = {name: column.values for name, column in columns.items()}
    if not masks:
        return GoodRecords(indices, values)
    is_good = masks[0]
    for mask in masks[1:]:
        is_good = pc.and_(is_good, mask)
    return GoodRecords(
        pa.array(indices, pa.int64()).filter(is_good).to_pylist(),
        {name: column.filter(is_good) for name, column in values.items()},
    )


def _distinct(members: list[int] | msgspec.UnsetType | None) -> list[int] | None:
    """D5: repeated members count once, in upstream's order. P4: null is none, and nothing said is null."""
    if not members:
        return None if members is msgspec.UNSET else []
    if len(set(members)) == len(members):
        return members
    return list(dict.fromkeys(members))


def _is_active(agent: AgentText, contact: ContactText) -> bool:
    """D7, where everything that speaks is a boolean or null."""
    if agent.deactivated or agent.suspended:
        return False
    said = contact.active if agent.active is None else agent.active
    return True if said is None else said


def _email_of(agent: AgentText, contact: ContactText) -> str | None:
    """P5, where every text can be stored."""
    return _first_text(contact.email, agent.email)


def _name_of(agent: AgentText, contact: ContactText) -> str | None:
    name = _first_text(contact.name, agent.name)
    if name is None and (agent.first_name or agent.last_name):
        parts = (agent.first_name, agent.last_name)
        return " ".join(part for part in parts if part and not part.isspace()) or None
    return name


def _first_text(one: str | None, other: str | None) -> str | None:
    if one and not one.isspace():
        return one
    return other if other and not other.isspace() else None


def _names(texts: list[str], is_deleted: list[bool | None]) -> Column:
    """What is deleted is not for here. Python says what is blank: Arrow knows another white space than Unicode."""
    column = _storable(texts)
    if all(map(str.strip, texts)) and not any(is_deleted):
        return column
    is_named = [bool(text.strip()) and not deleted for text, deleted in zip(texts, is_deleted, strict=True)]
    mask = pa.array(is_named, pa.bool_())
    return Column(column.values, mask if column.is_good is None else pc.and_(mask, column.is_good))


def _storable(texts: Sequence[str | None]) -> Column:
    """Find texts with U+0000; lone surrogates were refused by decoding."""
    values = pa.array(texts, pa.string())
    has_nul = pc.fill_null(pc.match_substring(values, "\0"), False)
    return Column(values, pc.invert(has_nul) if pc.any(has_nul).as_py() else None)


def read_timestamps(texts: Sequence[str | None]) -> Column:
    """Parse ISO-8601 to UTC with the results of read_timestamp; by Arrow where both agree, which is nearly always."""
    strings = pa.array(texts, pa.string())
    values = _by_arrow(strings)
    if values is not None:
        return Column(values)
    strings = pc.if_else(pc.equal(strings, ""), None, strings)  # P6
    is_usual = pc.match_substring_regex(strings, USUAL_TIMESTAMP)
    values = pc.if_else(is_usual, strings, None).cast(TIMESTAMP)
    is_odd = pc.invert(pc.fill_null(is_usual, True))
    moments = list(map(_find_moment, strings.filter(is_odd).to_pylist()))
    values = pc.replace_with_mask(values, is_odd, pa.array(moments, TIMESTAMP))
    return Column(values, pc.or_(pc.is_valid(values), pc.is_null(strings)))


def _by_arrow(strings: pa.Array) -> pa.Array | None:
    """Cast with Arrow; None if it fails. Either all texts must have an offset or none; a failed cast is slow."""
    first = strings.drop_null()[:1]
    for type_ in (TIMESTAMP, pa.timestamp("us")):
        try:
            first.cast(type_)
        except pa.ArrowInvalid:
            continue
        try:
            values = strings.cast(type_).cast(TIMESTAMP)
        except pa.ArrowInvalid:
            return None
        # Scalars are not module constants: the first one imports pandas, which would slow down every import.
        is_far = pc.or_(
            pc.less(values, pa.scalar(FIRST_DAY, TIMESTAMP)), pc.greater(values, pa.scalar(LAST_DAY, TIMESTAMP))
        )
        return None if pc.any(is_far).as_py() else values
    return None


def _find_moment(text: str) -> datetime | None:
    try:
        return read_timestamp(text)
    except ValueError:
        return None
