"""Project resource policies: superadmins write them, everybody reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from unicodedata import category, normalize

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.group_service.errors import (
    InvalidValue,
    ResourcePolicyInUse,
    ResourcePolicyTaken,
    UnknownResourcePolicy,
)
from groups_platform.group_service.models.domain import ProjectResourcePolicyRow
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.repositories.changes import given, moved_on, values_of
from groups_platform.group_service.repositories.database_errors import refused_by
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.resource_policy import (
    ResourcePolicyCreator,
    ResourcePolicyData,
    ResourcePolicyModifier,
)
from groups_platform.group_service.types.text import cut, quote

LONGEST_NAME = 256
MOST = {"max_vfolder_count": 2**31 - 1, "max_quota_scope_size": 2**63 - 1, "max_network_count": 2**31 - 1}


class ResourcePolicyRepository:
    """Reads and writes policies. Who may is decided by the actions' access. Only flushes."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, creator: ResourcePolicyCreator, now: datetime) -> ResourcePolicyData:
        """Insert a policy. Raises InvalidValue, ResourcePolicyTaken."""
        values = {**_stored(values_of(creator)), "created_at": now, "modified_at": now}
        statement = insert(ProjectResourcePolicyRow).values(**values).returning(ProjectResourcePolicyRow)
        name = cut(values["name"])
        taken = ResourcePolicyTaken(f"There is a resource policy {name} already.", name=name)
        with refused_by({"project_resource_policies_pkey": taken}):
            return _data((await self._session.scalars(statement)).one())

    async def lock(self, name: str) -> ResourcePolicyData:
        """The policy, locked until the transaction ends: no group comes to follow it meanwhile.

        Raises UnknownResourcePolicy.
        """
        statement = select(ProjectResourcePolicyRow).where(ProjectResourcePolicyRow.name == normalize("NFC", name))
        fresh = statement.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.scalars(fresh)).one_or_none()
        if row is None:
            raise UnknownResourcePolicy(f"There is no resource policy {cut(name)}.", resource_policy=cut(name))
        return _data(row)

    async def modify(
        self, policy: ResourcePolicyData, modifier: ResourcePolicyModifier, now: datetime
    ) -> ResourcePolicyData:
        """Change the limits of a locked policy that are given. Raises InvalidValue."""
        changes = _stored(given(modifier))
        if not changes:
            return policy
        statement = (
            update(ProjectResourcePolicyRow)
            .where(ProjectResourcePolicyRow.name == policy.name)
            .values(**changes, modified_at=moved_on(ProjectResourcePolicyRow.modified_at, now))
            .returning(ProjectResourcePolicyRow)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        return _data((await self._session.scalars(statement)).one())

    async def delete(self, policy: ResourcePolicyData) -> None:
        """Remove a locked policy. Raises ResourcePolicyInUse with the number of groups that follow it."""
        following = select(func.count()).select_from(GroupRow).where(GroupRow.resource_policy == policy.name)
        number = await self._session.scalar(following) or 0
        if number:
            groups = "1 group follows" if number == 1 else f"{number} groups follow"
            raise ResourcePolicyInUse(
                f"{groups} the resource policy {cut(policy.name)}, deleted ones included. Give them another one first.",
                resource_policy=cut(policy.name),
                groups=number,
            )
        await self._session.execute(
            delete(ProjectResourcePolicyRow)
            .where(ProjectResourcePolicyRow.name == policy.name)
            .execution_options(synchronize_session=False)
        )

    async def search(self, *, name_part: str | None, limit: int, after: str | None = None) -> list[ResourcePolicyData]:
        """At most `limit` policies in the order of their names, those after the given name."""
        statement = select(ProjectResourcePolicyRow)
        if name_part is not None:
            part = normalize("NFC", name_part)
            statement = statement.where(ProjectResourcePolicyRow.name.icontains(part, autoescape=True))
        if after is not None:
            statement = statement.where(ProjectResourcePolicyRow.name > after)
        rows = await self._session.scalars(statement.order_by(ProjectResourcePolicyRow.name).limit(limit))
        return [_data(row) for row in rows]


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _name(value) if name == "name" else _limit(name, value) for name, value in values.items()}


def _name(name: str) -> str:
    name = normalize("NFC", name)
    is_readable = all(category(character)[0] != "C" for character in name)
    if not (1 <= len(name) <= LONGEST_NAME and is_readable and name == name.strip()):
        raise InvalidValue(
            f"The name of a policy has 1 to {LONGEST_NAME} characters, with no space first or last.",
            field="name",
        )
    return name


def _limit(name: str, value: int | str) -> int:
    try:
        amount = _bytes(value) if isinstance(value, str) and name == "max_quota_scope_size" else value
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= MOST[name]:
            raise ValueError
    except (ValueError, ArithmeticError):
        hint = ", or a size such as 100g" if name == "max_quota_scope_size" else ""
        raise InvalidValue(
            f"{name} cannot be {quote(value)}. Write 0 for no limit, or up to {MOST[name]}{hint}.",
            field=name,
        ) from None
    return amount


def _bytes(size: str) -> int:
    return int(ResourceSlot.from_user_input({"mem": size}, {"mem": "bytes"}).get("mem", 0))


def _data(row: ProjectResourcePolicyRow) -> ResourcePolicyData:
    return ResourcePolicyData(**{name: getattr(row, name) for name in ResourcePolicyData.__dataclass_fields__})
