"""Rules within the actor's scope, and which directory groups they claim. Methods only flush."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.errors import InactiveDomain, InvalidValue, UnknownResourcePolicy
from groups_platform.group_service.models.domain import DomainRow, ProjectResourcePolicyRow
from groups_platform.group_service.repositories.changes import given, moved_on, values_of
from groups_platform.group_service.repositories.domain import unknown_domain
from groups_platform.group_service.repositories.group.columns import check_slots
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.text import cut, quote
from groups_platform.group_service.types.user import Actor
from groups_platform.provisioning.errors import DirectoryGroupClaimed, UnknownDirectoryGroup, UnknownRule
from groups_platform.provisioning.models import DIRECTORY_GROUP, DIRECTORY_GROUPS, RULE, RULES
from groups_platform.provisioning.types import (
    MembersOf,
    RuleCreator,
    RuleData,
    RuleFilter,
    RuleModifier,
    RuleRef,
    check_name_template,
)

CLAIMS = select(func.pg_advisory_xact_lock(func.hashtextextended("manager.provisioning_rules", 0)))


class RuleRepository:
    """Reads the rules of the domains that `actor` may see. Who may write is decided by the actions' access."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def create(self, creator: RuleCreator, now: datetime) -> RuleData:
        """Insert a rule.

        Raises InvalidValue, InvalidNameTemplate, UnknownDomain, InactiveDomain, UnknownResourcePolicy,
        UnknownDirectoryGroup, DirectoryGroupClaimed.
        """
        values = _stored(values_of(creator), creator.with_groups_below)
        await self._refuse_domain(values["domain_name"])
        await self._refuse_policy(values["resource_policy"])
        await find_directory_group(self._session, creator.directory_group_id)
        await self._claim(creator.directory_group_id, with_groups_below=creator.with_groups_below)
        statement = insert(RULES).values(**values, created_at=now, modified_at=now).returning(RULE.id)
        return await self._read((await self._session.execute(statement)).scalar_one())

    async def lock(self, rule: RuleRef) -> RuleData:
        """The rule, locked until the transaction ends. Raises UnknownRule."""
        statement = _select().where(_is(rule), self._readable()).with_for_update(of=RULES)
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise unknown_rule(rule)
        return _data(row)

    async def modify(self, rule: RuleData, modifier: RuleModifier, now: datetime) -> RuleData:
        """Change the fields of a locked rule that are given. Raises as `create`."""
        changes = given(modifier)
        if not changes:
            return rule
        is_wide = changes.get("with_groups_below", rule.with_groups_below)
        stored = _stored({"name_template": rule.name_template, **changes}, is_wide)
        if "resource_policy" in changes:
            await self._refuse_policy(stored["resource_policy"])
        if is_wide and not rule.with_groups_below:
            await self._claim(rule.directory_group_id, with_groups_below=True, by=rule.id)
        statement = update(RULES).where(RULE.id == rule.id)
        await self._session.execute(statement.values(**stored, modified_at=moved_on(RULE.modified_at, now)))
        return await self._read(rule.id)

    async def delete(self, rule: RuleData) -> int:
        """Remove a locked rule; how many projects it leaves, which the next provisioning deletes softly."""
        await self._session.execute(delete(RULES).where(RULE.id == rule.id))
        statement = read_statement("provisioning/count_projects")
        return await self._session.scalar(statement, {"rule_id": rule.id}) or 0

    async def search(self, wanted: RuleFilter, *, limit: int, after: tuple[str, int] | None = None) -> list[RuleData]:
        """At most `limit` rules by domain and directory group, those after such a place."""
        statement = _select().where(self._readable())
        if wanted.domain_name is not None:
            statement = statement.where(RULE.domain_name == normalize("NFC", wanted.domain_name))
        if wanted.rule is not None:
            statement = statement.where(_is(wanted.rule))
        if wanted.claims is not None:
            claims = func.manager.claims().table_valued("rule_id", "group_id")
            claiming = select(claims.c.rule_id).where(claims.c.group_id == wanted.claims)
            statement = statement.where(RULE.id.in_(claiming))
        place = tuple_(RULE.domain_name, RULE.directory_group_id)
        if after is not None:
            statement = statement.where(place > after)
        ordered = statement.order_by(RULE.domain_name, RULE.directory_group_id).limit(limit)
        return [_data(row) for row in await self._session.execute(ordered)]

    async def _read(self, rule_id: UUID) -> RuleData:
        return _data((await self._session.execute(_select().where(RULE.id == rule_id))).one())

    async def _claim(self, directory_group_id: int, *, with_groups_below: bool, by: UUID | None = None) -> None:
        """Raises DirectoryGroupClaimed where another rule has one of these groups; none comes to until the commit."""
        await self._session.execute(CLAIMS)
        parameters = {"directory_group_id": directory_group_id, "with_groups_below": with_groups_below, "rule_id": by}
        row = (await self._session.execute(read_statement("provisioning/find_claimed"), parameters)).one_or_none()
        if row is not None:
            raise DirectoryGroupClaimed(
                f"The directory group {row.group_id} ({cut(row.name)}) belongs to the rule of the directory group "
                f"{row.rule_directory_group_id} for {row.rule_domain_name}. Modify or delete one of the two.",
                directory_group_id=row.group_id,
                rule_id=str(row.rule_id),
                rule_directory_group_id=row.rule_directory_group_id,
                rule_domain_name=row.rule_domain_name,
            )

    async def _refuse_domain(self, name: str) -> None:
        """Raises UnknownDomain, InactiveDomain; an active domain stays so until the commit."""
        statement = select(DomainRow.is_active).where(DomainRow.name == name).with_for_update(read=True)
        is_active = await self._session.scalar(statement)
        if is_active is None:
            raise unknown_domain(name)
        if not is_active:
            raise InactiveDomain(f"The domain {cut(name)} is deactivated and takes no groups.", domain_name=cut(name))

    async def _refuse_policy(self, name: str) -> None:
        statement = select(ProjectResourcePolicyRow.name).where(ProjectResourcePolicyRow.name == name)
        if await self._session.scalar(statement) is None:
            raise UnknownResourcePolicy(f"There is no resource policy {cut(name)}.", resource_policy=cut(name))

    def _readable(self) -> ColumnElement[bool]:
        return true() if self._actor.reads_everything else RULE.domain_name == self._actor.domain_name


async def find_directory_group(session: AsyncSession, directory_group_id: int) -> str:
    """The name of a group of the directory. Raises UnknownDirectoryGroup."""
    statement = select(DIRECTORY_GROUP.name).where(DIRECTORY_GROUP.group_id == directory_group_id)
    name: str | None = await session.scalar(statement)
    if name is None:
        raise UnknownDirectoryGroup(
            f"The directory has no group {directory_group_id}. groups-platform tree shows those that it has.",
            directory_group_id=directory_group_id,
        )
    return name


def unknown_rule(rule: RuleRef) -> UnknownRule:
    """The error for what no rule has, or none that the actor may see."""
    of = "" if isinstance(rule, UUID) else "for the directory group "
    return UnknownRule(f"There is no rule {of}{rule}.", rule=str(rule))


def _select() -> Select[Any]:
    named = RULES.outerjoin(DIRECTORY_GROUPS, DIRECTORY_GROUP.group_id == RULE.directory_group_id)
    return select(*RULE, DIRECTORY_GROUP.name.label("directory_group_name")).select_from(named)


def _is(rule: RuleRef) -> ColumnElement[bool]:
    return RULE.id == rule if isinstance(rule, UUID) else RULE.directory_group_id == rule


def _stored(values: Mapping[str, Any], with_groups_below: bool) -> dict[str, Any]:
    """The checked values of a creator or modifier as the columns store them."""
    stored: dict[str, Callable[[Any], Any]] = {
        "name_template": lambda text: check_name_template(text, with_groups_below=with_groups_below),
        "total_resource_slots": check_slots,
        "members_of": _members_of,
        "domain_name": lambda name: normalize("NFC", name),
        "resource_policy": lambda name: normalize("NFC", name),
    }
    return {name: stored[name](value) if name in stored else value for name, value in values.items()}


def _members_of(value: MembersOf | str) -> MembersOf:
    try:
        return MembersOf(value)
    except ValueError:
        raise InvalidValue(f"members_of is direct or below, not {quote(value)}.", field="members_of") from None


def _data(row: Row[Any]) -> RuleData:
    slots = ResourceSlot.from_json(row.total_resource_slots)
    return RuleData(**{**row._mapping, "total_resource_slots": slots})
