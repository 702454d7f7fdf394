"""Domains: superadmins write them, and everybody reads those that they may see."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from unicodedata import normalize

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import DomainNameTaken, UnknownDomain
from groups_platform.group_service.models.domain import DomainRow
from groups_platform.group_service.repositories.changes import given, moved_on, values_of
from groups_platform.group_service.repositories.database_errors import refused_by
from groups_platform.group_service.repositories.group.columns import stored_columns
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.domain import (
    DomainCreator,
    DomainData,
    DomainFilter,
    DomainModifier,
    check_domain_name,
)
from groups_platform.group_service.types.text import cut
from groups_platform.group_service.types.user import Actor


class DomainRepository:
    """Reads the domains that `actor` may see. Who may write is decided by the actions' access. Only flushes."""

    def __init__(self, session: AsyncSession, actor: Actor, hosts: Collection[str] | None = None) -> None:
        """hosts: the names of the storage hosts that a domain may be given; None for any."""
        self._session = session
        self._actor = actor
        self._hosts = hosts

    async def create(self, creator: DomainCreator, now: datetime) -> DomainData:
        """Insert a domain. Raises InvalidDomainName, DomainNameTaken, InvalidValue."""
        name = check_domain_name(creator.name)
        values = stored_columns({**values_of(creator), "name": name}, self._hosts)
        statement = insert(DomainRow).values(**values, created_at=now, modified_at=now).returning(DomainRow)
        taken = DomainNameTaken(f"There is a domain {name} already.", name=name)
        with refused_by({"domains_pkey": taken}):
            return _data((await self._session.scalars(statement)).one())

    async def lock(self, name: str) -> DomainData:
        """The domain, locked until the transaction ends: no group comes into it meanwhile. Raises UnknownDomain."""
        statement = select(DomainRow).where(DomainRow.name == normalize("NFC", name)).with_for_update()
        row = (await self._session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
        if row is None:
            raise unknown_domain(name)
        return _data(row)

    async def modify(self, domain: DomainData, modifier: DomainModifier, now: datetime) -> DomainData:
        """Change the fields of a locked domain that are given. Raises InvalidValue."""
        changes = stored_columns(given(modifier), self._hosts)
        if not changes:
            return domain
        statement = (
            update(DomainRow)
            .where(DomainRow.name == domain.name)
            .values(**changes, modified_at=moved_on(DomainRow.modified_at, now))
            .returning(DomainRow)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        return _data((await self._session.scalars(statement)).one())

    async def search(self, wanted: DomainFilter, *, limit: int, after: str | None = None) -> list[DomainData]:
        """At most `limit` domains in the order of their names, those after the given name."""
        statement = select(DomainRow).where(self._readable())
        if wanted.is_active is not None:
            statement = statement.where(DomainRow.is_active == wanted.is_active)
        if wanted.name_part is not None:
            part = normalize("NFC", wanted.name_part)
            statement = statement.where(DomainRow.name.icontains(part, autoescape=True))
        if after is not None:
            statement = statement.where(DomainRow.name > after)
        rows = await self._session.scalars(statement.order_by(DomainRow.name).limit(limit))
        return [_data(row) for row in rows]

    def _readable(self) -> ColumnElement[bool]:
        return true() if self._actor.reads_everything else DomainRow.name == self._actor.domain_name


def unknown_domain(name: str) -> UnknownDomain:
    """The error for a name that no domain has."""
    return UnknownDomain(f"There is no domain {cut(name)}.", domain_name=cut(name))


def _data(row: DomainRow) -> DomainData:
    return DomainData(
        name=row.name,
        description=row.description,
        is_active=row.is_active,
        total_resource_slots=ResourceSlot.from_json(row.total_resource_slots),
        allowed_vfolder_hosts=row.allowed_vfolder_hosts,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
