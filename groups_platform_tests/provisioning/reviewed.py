"""A directory with its history and projects beside it, as tests of reviews need them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.group import GroupCreator, GroupData
from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction
from groups_platform.provisioning.review.types import AccessPage, AccessRow
from groups_platform.provisioning.service import ProvisioningService
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

DAYS = ("day1", "day2", "day10", "day11")  # day10 comes after day2
KEYS = ("day 1", "day 2", "day 91", "day 92")


@dataclass(frozen=True)
class World:
    """Projects whose members are agents, or not."""

    deployment: Deployment
    service: GroupService

    @property
    def provisioning(self) -> ProvisioningService:
        return ProvisioningService.of(self.service)

    async def days(self) -> None:
        """Four applied days."""
        for day, key in zip(DAYS, KEYS, strict=True):
            await self.deployment.run(
                "INSERT INTO directory.sync_days VALUES (:day, :key, '', '{}', now(), NULL)", day=day, key=key
            )

    async def agent(self, agent_id: int, email: str | None, *states: bool, days: tuple[str, ...] = DAYS) -> None:
        """An agent, and whether they were active on each day; by default active on all of them."""
        states = states or (True,) * len(days)
        await self.deployment.run(
            "INSERT INTO directory.agents VALUES (:id, :email, :name, :active)",
            id=agent_id, email=email, name=f"Agent {agent_id}", active=states[-1],
        )  # fmt: skip
        for number, day in enumerate(days):
            to_day = days[number + 1] if number + 1 < len(days) else None
            await self.deployment.run(
                "INSERT INTO directory.agent_history VALUES (:id, :day, :to_day, :active, :name, :email)",
                id=agent_id, day=day, to_day=to_day, active=states[number], name=f"Agent {agent_id}", email=email,
            )  # fmt: skip

    async def directory_group(self, group_id: int, *inactive: bool) -> None:
        """A group of the directory, and whether it was inactive on each day."""
        await self.deployment.run(
            "INSERT INTO directory.groups VALUES (:id, :name, NULL, now(), now(), :inactive)",
            id=group_id, name=f"Team {group_id}", inactive=inactive[-1],
        )  # fmt: skip
        for number, day in enumerate(DAYS):
            to_day = DAYS[number + 1] if number + 1 < len(DAYS) else None
            await self.deployment.run(
                "INSERT INTO directory.group_history VALUES (:id, :day, :to_day, :name, NULL, :inactive)",
                id=group_id, day=day, to_day=to_day, name=f"Team {group_id}", inactive=inactive[number],
            )  # fmt: skip

    async def project(
        self, name: str, *members: UUID, domain: str = DOMAIN, link: int | None = None, **fields: Any
    ) -> GroupData:
        """A live project with these members."""
        integration_id = None if link is None else f"directory:{link}"
        creator = GroupCreator(name, domain, integration_id=integration_id, **fields)
        created = await self.service.create_group(CreateGroupAction(creator))
        assert created.data is not None, created.error
        await self.change(created.data.id, "add", *members)
        return created.data

    async def change(self, group_id: UUID, mode: str, *members: UUID) -> None:
        """Add members, or remove them."""
        action = ModifyGroupAction(
            group_id, user_update_mode=OptionalState.update(mode), user_uuids=OptionalState.update(list(members))
        )
        changed = await self.service.modify_group(action)
        assert changed.success, changed.error

    async def user(self, email: str, domain: str = DOMAIN, **columns: Any) -> UUID:
        return (await self.deployment.add(UserRow(email=email, domain_name=domain, **columns))).uuid

    async def page(self, at: datetime | None = None, actor: object = None, **asked: Any) -> AccessPage:
        """What a review finds, now or at an instant."""
        processor = self.service.processor
        if at is not None:
            processor = replace(processor, clock=lambda: at)
        if actor is not None:
            processor = replace(processor, actor=actor)
        result = await ProvisioningService(processor).review_access(ReviewAccessAction(**asked))
        assert result.data is not None, result.error
        return result.data

    async def rows(self, *kinds: str, **asked: Any) -> list[AccessRow]:
        return list((await self.page(kinds=kinds, **asked)).rows)

    async def found(self, *kinds: str, **asked: Any) -> list[tuple[str, str, str | None]]:
        """Kind, project and person of what is found."""
        return [(row.kind.value, row.project_name, row.email) for row in await self.rows(*kinds, **asked)]

    async def made(self, project: GroupData, days_ago: float, now: datetime) -> None:
        """Let the project have been made so long before now."""
        await self.deployment.run(
            "UPDATE manager.groups SET created_at = :at WHERE id = :id",
            at=now - timedelta(days=days_ago), id=project.id,
        )  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
