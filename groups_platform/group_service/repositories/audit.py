"""The audit log: one row per attempt, of any outcome; searched by admins, counted by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Executable,
    Text,
    any_,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.models.audit import ENTRY
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.repositories.user import has_email
from groups_platform.group_service.types.audit import AuditCount, AuditEntry, AuditFilter, AuditStatus, Entity
from groups_platform.group_service.types.group import GroupName, parse_group
from groups_platform.group_service.types.period import Period
from groups_platform.group_service.types.user import Actor

# A plan for any value would walk the whole log for an action or an actor of which there is little.
FOR_THESE_VALUES = select(func.set_config("plan_cache_mode", "force_custom_plan", True))
COLUMNS = [ENTRY[name] for name in AuditEntry.__dataclass_fields__]


async def record_attempt(session: AsyncSession, attempt: Mapping[str, Any]) -> bool:
    """Insert the row of an attempt, the last thing before the commit; False if the attempt has one already.

    Waits for every transaction that is between its row and its commit. So the answer also tells whether a transaction
    was committed whose connection broke at that moment.
    """
    statement = read_statement("manager/record_attempt")
    return bool(await session.scalar(statement, {"attempt": Jsonb(attempt)}))


async def complete_group(session: AsyncSession, entity: Entity) -> Entity:
    """The entity with id, name and domain of the one group that has its id or name; else as it is."""
    known = (GroupRow.id, GroupRow.name, GroupRow.domain_name)
    if entity.id is not None:
        try:
            statement = select(*known).where(GroupRow.id == UUID(entity.id))
        except ValueError:
            return entity
    elif entity.name is not None:
        statement = select(*known).where(GroupRow.name == entity.name)
        if entity.domain_name is not None:
            statement = statement.where(GroupRow.domain_name == entity.domain_name)
    else:
        return entity
    found = (await session.execute(statement.limit(2))).all()
    if len(found) != 1:
        return entity
    return replace(entity, id=str(found[0].id), name=found[0].name, domain_name=found[0].domain_name)


async def search_attempts(
    session: AsyncSession, actor: Actor, wanted: AuditFilter, limit: int, *, after: int | None, oldest_first: bool
) -> tuple[AuditEntry, ...]:
    """Entries that the actor may see, in the order of their numbers, those after the number `after` in that order."""
    conditions = _conditions(wanted)
    if wanted.actor is not None:
        conditions.append(_is_one_of(ENTRY.actor, await _spellings(session, wanted.actor)))
    if wanted.entity_id is not None:
        conditions.append(_is_one_of(ENTRY.entity_id, await _ids_of(session, wanted.entity_id)))
    if after is not None:
        conditions.append(ENTRY.number > after if oldest_first else ENTRY.number < after)
    order = ENTRY.number if oldest_first else ENTRY.number.desc()
    # a page of each, in its index's order: with an OR, all entries would be looked at for those of a small domain
    pages = [select(*COLUMNS).where(*conditions, *part).order_by(order).limit(limit) for part in _visible(actor)]
    if len(pages) == 1:
        statement: Executable = pages[0]
    else:
        every = union_all(*(select(*page.subquery().columns) for page in pages)).subquery().columns
        statement = select(*every).order_by(every.number if oldest_first else every.number.desc()).limit(limit)
    await session.execute(FOR_THESE_VALUES)
    return tuple(AuditEntry(*row) for row in await session.execute(statement))


async def count_attempts(session: AsyncSession, period: Period, time_zone: str) -> tuple[AuditCount, ...]:
    """The attempts of the period, of everybody, by day, action, status and error code. time_zone: the period's."""
    parameters = {"start": period.start, "end": period.end, "time_zone": time_zone}
    rows = await session.execute(read_statement("manager/audit_summary"), parameters)
    return tuple(AuditCount(**{**row, "status": AuditStatus(row["status"])}) for row in rows.mappings())


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    names = ("action", "status", "action_id", "run_id")
    equal = {name: getattr(wanted, name) for name in names}
    conditions = [ENTRY[name] == value for name, value in equal.items() if value is not None]
    if wanted.status not in (None, AuditStatus.SUCCESS):
        conditions.append(ENTRY.status != literal_column("'success'"))  # as the index of refusals has it
    if wanted.since is not None:
        conditions.append(ENTRY.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(ENTRY.started_at < wanted.until)
    if not wanted.with_reads and wanted.action is None and wanted.action_id is None:
        conditions.append(~ENTRY.is_read)
    return conditions


async def _ids_of(session: AsyncSession, entity: str | UUID | GroupName) -> list[str]:
    """What stands in the log for the entity with this id, or for those that have or had this name."""
    group = parse_group(entity) if isinstance(entity, str) else entity
    if isinstance(group, UUID):
        return [str(group)]
    parameters = {"names": await _spellings(session, group.name), "domain_name": group.domain_name}
    # an attempt that found no such entity has the name as it was written
    return [str(group), *await session.scalars(read_statement("manager/audit_find_ids"), parameters)]


async def _spellings(session: AsyncSession, name: str) -> list[str]:
    """The name, and where it is an e-mail address, as it is stored: it is found in any case."""
    stored = await session.scalars(select(UserRow.email).where(has_email(name))) if "@" in name else ()
    return [name, *(email for email in stored if email != name)]


def _is_one_of(column: Column[str], texts: list[str]) -> ColumnElement[bool]:
    if len(texts) == 1:
        return column == texts[0]  # which is read in the order of its index
    return column == any_(literal(texts, ARRAY(Text)))


def _visible(actor: Actor) -> list[list[ColumnElement[bool]]]:
    """For the admin of a domain: what was about it, also what is gone by now, and what the admin did.

    Lists of conditions: an entry fulfils those of one list, and of no other.
    """
    if actor.administrates(None):
        return [[]]
    is_here, was_here = ENTRY.domain_name == actor.domain_name, ENTRY.former_domain_name == actor.domain_name
    is_elsewhere = ENTRY.domain_name.is_distinct_from(actor.domain_name)
    was_elsewhere = ENTRY.former_domain_name.is_distinct_from(actor.domain_name)
    is_own = (ENTRY.actor == actor.name, ENTRY.actor_id == actor.id)  # by the index of addresses, which do not change
    return [[is_here], [was_here, is_elsewhere], [*is_own, is_elsewhere, was_elsewhere]]
