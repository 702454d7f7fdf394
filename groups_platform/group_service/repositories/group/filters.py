"""The conditions of searches for groups. Which groups an actor may see is in `repository.py`."""

from __future__ import annotations

from unicodedata import normalize
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from groups_platform.group_service.models.group import GROUP, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.repositories.user import has_email
from groups_platform.group_service.types.group import GroupFilter, GroupName, TextFilter


def conditions(wanted: GroupFilter) -> list[ColumnElement[bool]]:
    """What a group fulfils that is found."""
    names = ("domain_name", "is_active", "type", "integration_id")
    equal = {name: getattr(wanted, name) for name in names}
    found = [GROUP[name] == value for name, value in equal.items() if value is not None]
    if isinstance(wanted.name, str):
        found.append(has_name(GroupName(wanted.name)))
    elif wanted.name is not None:
        found += _fulfils(wanted.name)
    if wanted.name_part is not None:
        found += _fulfils(TextFilter(contains=wanted.name_part))
    if wanted.member_id is not None:
        found.append(has_member(wanted.member_id))
    return [*found, *_between(wanted)]


def has_name(group: GroupName) -> ColumnElement[bool]:
    """Whether a group has this name, and this domain where one is given."""
    named = GROUP.name == _composed(group.name)
    return named if group.domain_name is None else and_(named, GROUP.domain_name == group.domain_name)


def has_member(user: UUID | str | None) -> ColumnElement[bool]:
    """Whether a group has the user of this id or e-mail address among its members."""
    is_member = [MembershipRow.group_id == GROUP.id]
    if isinstance(user, str):
        is_member += [MembershipRow.user_id == UserRow.uuid, has_email(user)]
    else:
        is_member.append(MembershipRow.user_id == user)
    return select(MembershipRow.group_id).where(*is_member).exists()


def _fulfils(wanted: TextFilter) -> list[ColumnElement[bool]]:
    name, ignore = GROUP.name, wanted.ignore_case
    found: list[ColumnElement[bool]] = []
    if wanted.equals is not None:
        equals = _composed(wanted.equals)
        found.append(func.lower(name) == func.lower(equals) if ignore else name == equals)
    if wanted.contains is not None:
        part = _composed(wanted.contains)
        found.append((name.icontains if ignore else name.contains)(part, autoescape=True))
    if wanted.starts_with is not None:
        start = _composed(wanted.starts_with)
        found.append((name.istartswith if ignore else name.startswith)(start, autoescape=True))
    return found


def _between(wanted: GroupFilter) -> list[ColumnElement[bool]]:
    """The limits of times that are given."""
    limits = (
        (wanted.created_since, GROUP.created_at.__ge__),
        (wanted.created_until, GROUP.created_at.__lt__),
        (wanted.modified_since, GROUP.modified_at.__ge__),
        (wanted.modified_until, GROUP.modified_at.__lt__),
    )
    return [is_within(instant) for instant, is_within in limits if instant is not None]


def _composed(text: str) -> str:
    return normalize("NFC", text)  # as names are stored
