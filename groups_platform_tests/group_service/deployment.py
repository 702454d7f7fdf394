"""A small invented deployment that tests fill: domains, policies, users, sessions, kernels, folders, endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.models.base import Base
from groups_platform.group_service.models.domain import DomainRow, ProjectResourcePolicyRow
from groups_platform.group_service.models.endpoint import EndpointRow, RoutingRow
from groups_platform.group_service.models.session import KernelRow, SessionRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.models.vfolder import VFolderRow
from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.user import Actor, UserRole

Row = TypeVar("Row", bound=Base)

DOMAIN, OTHER_DOMAIN = "example.com", "example.org"


@dataclass
class Deployment:
    """Two domains with an admin and a user each; the rest is built as a test needs it."""

    engine: AsyncEngine
    superadmin: Actor
    monitor: Actor
    admin: Actor
    user: Actor
    other_admin: Actor
    other_user: Actor

    @classmethod
    async def build(cls, engine: AsyncEngine) -> Deployment:
        nobody = Actor("nobody@example.com", UserRole.USER)
        deployment = cls(engine, *[nobody] * 6)
        for domain in (DOMAIN, OTHER_DOMAIN):
            await deployment.add(DomainRow(name=domain))
        for policy in ("default", "development-policy"):
            await deployment.add(ProjectResourcePolicyRow(name=policy))
        for name, role, domain in (
            ("superadmin", UserRole.SUPERADMIN, DOMAIN),
            ("monitor", UserRole.MONITOR, DOMAIN),
            ("admin", UserRole.ADMIN, DOMAIN),
            ("user", UserRole.USER, DOMAIN),
            ("other_admin", UserRole.ADMIN, OTHER_DOMAIN),
            ("other_user", UserRole.USER, OTHER_DOMAIN),
        ):
            user = await deployment.add(UserRow(email=f"{name}@{domain}", role=role, domain_name=domain))
            setattr(deployment, name, Actor(user.email, role, user.uuid, domain))
        return deployment

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with async_sessionmaker(self.engine, expire_on_commit=False).begin() as session:
            yield session

    async def add(self, row: Row) -> Row:
        async with self.session() as session:
            session.add(row)
        return row

    async def run(self, statement: str, **parameters: Any) -> Sequence[Any]:
        async with self.session() as session:
            result = await session.execute(text(statement), parameters)
            return result.all() if result.returns_rows else ()

    async def users(self, number: int, domain: str = DOMAIN, numbers: Any = count(1)) -> list[UUID]:  # noqa: B008
        names = [f"person{next(numbers)}@{domain}" for _ in range(number)]
        return [(await self.add(UserRow(email=name, domain_name=domain))).uuid for name in names]

    async def kernel(
        self, group: GroupData, status: str = "RUNNING", mounts: Sequence[VFolderRow] = (), **columns: Any
    ) -> KernelRow:
        async with self.session() as session:
            return await self.start(session, group, status, mounts, **columns)

    async def start(
        self,
        transaction: AsyncSession,
        group: GroupData,
        status: str = "RUNNING",
        mounts: Sequence[VFolderRow] = (),
        session: SessionRow | None = None,
        **columns: Any,
    ) -> KernelRow:
        """A kernel, and a session for it where none is given, in a transaction that goes on."""
        owner = {"group_id": group.id, "domain_name": group.domain_name, "user_uuid": self.user.id, "status": status}
        if session is None:
            transaction.add(session := SessionRow(**owner))
            await transaction.flush()
        mounted = [{"vfolder_id": str(f.id), "host": f.host, "name": f.name, "path": f"/home/{f.name}"} for f in mounts]
        transaction.add(kernel := KernelRow(session_id=session.id, **owner, vfolder_mounts=mounted, **columns))
        await transaction.flush()
        return kernel

    async def vfolder(self, group: GroupData, name: str = "data", host: str = "local") -> VFolderRow:
        return await self.add(VFolderRow(group=group.id, name=name, host=host))

    async def endpoint(self, group: GroupData, stage: str = "created", name: str = "model") -> EndpointRow:
        owner = {"domain": group.domain_name, "project": group.id, "created_user": self.user.id}
        return await self.add(EndpointRow(name=name, lifecycle_stage=stage, **owner))

    async def routing(self, endpoint: EndpointRow, kernel: KernelRow) -> RoutingRow:
        return await self.add(RoutingRow(endpoint=endpoint.id, session=kernel.session_id))

    async def count(self, row: type[Base], *conditions: Any) -> int:
        async with self.session() as session:
            return await session.scalar(select(func.count()).select_from(row).where(*conditions)) or 0

    async def audit(self, action: str | None = None) -> list[AuditRow]:
        """The audit log in the order of time."""
        async with self.session() as session:
            statement = select(AuditRow).order_by(AuditRow.number)
            if action is not None:
                statement = statement.where(AuditRow.action == action)
            return list(await session.scalars(statement))
