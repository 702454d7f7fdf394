"""A period's usage: projects, their sessions and kernels; and who gets to see which usage."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from groups_platform.group_service.models.session import SessionRow
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.usage import FIGURES, PeriodUsage
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.kernels import add_kernel, at, configured
from groups_platform_tests.group_service.test_modify_group import change_members


async def period(
    service: GroupService,
    start: str = "20241001",
    end: str = "20241031",
    project_id: UUID | None = None,
    **options: Any,
) -> PeriodUsage:
    result = await service.usage_per_period(UsagePerPeriodAction(start, end, project_id, **options))
    assert result.data is not None
    return result.data


async def add_session(deployment: Deployment, group: GroupData, name: str, begin: str) -> SessionRow:
    owner = {"group_id": group.id, "domain_name": group.domain_name, "user_uuid": deployment.user.id}
    return await deployment.add(SessionRow(name=name, created_at=at(begin), **owner))


async def test_s16_projects_have_sessions_and_sessions_have_kernels(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group(name="p") as project, create_group(name="q") as other:
        later = await add_session(deployment, project, "later", "2024-10-05")
        first = await add_session(deployment, project, "first", "2024-10-02")
        begins = {later: ("2024-10-06", "2024-10-05"), first: ("2024-10-02",)}
        kernels: dict[str | None, list[UUID]] = {session.name: [] for session in begins}
        for session, days in begins.items():
            for begin in days:
                life = at(begin), at("2024-10-07")
                kernel = await add_kernel(deployment, project, *life, session=session, occupied_slots={"cpu": "2"})
                kernels[session.name].append(kernel)
        await add_kernel(deployment, other, at("2024-10-02"), at("2024-10-03"))

        usage = await period(group_service, project_id=project.id)
        (found,) = usage.projects
        assert (usage.first, usage.last) == (date(2024, 10, 1), date(2024, 10, 31))
        assert (found.project_id, found.project_name, found.domain_name, found.kernels) == (project.id, "p", DOMAIN, 3)
        assert found.sessions is not None
        assert [(s.session_id, s.session_name) for s in found.sessions] == [(first.id, "first"), (later.id, "later")]
        assert [[k.id for k in s.kernels] for s in found.sessions] == [kernels["first"], kernels["later"][::-1]]
        for name in FIGURES[:-1]:
            own = [getattr(session.total_usage, name) for session in found.sessions]
            assert own == [sum(getattr(k, name) for k in session.kernels) for session in found.sessions]
            assert getattr(found.total_usage, name) == sum(own)
        assert found.total_usage.cpu_allocated == 6

        assert [p.project_name for p in (await period(group_service)).projects] == ["p", "q"]
        (total,) = (await period(group_service, project_id=project.id, detail=False)).projects
        assert (total.total_usage, total.sessions) == (found.total_usage, None)


async def test_s16_both_days_are_included(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as project:
        await add_kernel(deployment, project, at("2024-10-03T23:59"), at("2024-10-10"))
        assert (await period(group_service, "20241001", "20241002")).projects == ()
        usage = await period(group_service, "20241001", "20241003")
        (kernel,) = (usage.projects[0].sessions or ())[0].kernels
        assert (kernel.used_time, kernel.used_days) == (timedelta(minutes=1), 1)
        assert (await period(group_service, "20241011", "20241231")).projects == ()


async def test_s17_a_period_is_of_the_time_zone(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as project:
        await add_kernel(deployment, project, at("2024-03-31T22:10"), at("2024-03-31T22:20"))
        vienna = configured(group_service, time_zone="Europe/Vienna")
        assert len((await period(group_service, "20240331", "20240331")).projects) == 1
        assert (await period(vienna, "20240331", "20240331")).projects == ()
        assert len((await period(vienna, "20240401", "20240401")).projects) == 1


SEEN = {
    "superadmin": {"mine", "theirs", "elsewhere"},
    "monitor": {"mine", "theirs", "elsewhere"},
    "admin": {"mine", "theirs"},
    "user": {"mine"},
    "other_admin": {"elsewhere"},
    "other_user": set(),
}


@pytest.mark.parametrize("role", SEEN)
async def test_s19_usage_is_of_the_groups_that_the_actor_may_see(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, role: str
) -> None:
    """What somebody may not see is as if it were not there, also when it is asked for by id."""
    async with (
        create_group(name="mine") as mine,
        create_group(name="theirs") as theirs,
        create_group(name="elsewhere", domain_name=OTHER_DOMAIN) as elsewhere,
    ):
        for group in (mine, theirs, elsewhere):
            await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"), last_stat=None)
        assert deployment.user.id is not None
        await change_members(group_service, mine, "add", [deployment.user.id])
        service = group_service.acting_as(getattr(deployment, role))
        for group_ids in (None, [mine.id, theirs.id, elsewhere.id]):
            month = (await service.usage_per_month(UsagePerMonthAction("202410", group_ids))).data
            assert month is not None
            assert {group.g_name for group in month.groups} == SEEN[role]
            assert month.missing_statistics_count == len(SEEN[role])
        assert {project.project_name for project in (await period(service)).projects} == SEEN[role]
        for group in (mine, theirs, elsewhere):
            projects = (await period(service, project_id=group.id)).projects
            assert [project.project_name for project in projects] == [group.name] * (group.name in SEEN[role])


async def test_s20_reading_usage_is_audited(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as project:
        await period(group_service, project_id=project.id)
        (row,) = await deployment.audit("usage_per_period")
        assert (row.entity_id, row.status.value) == (str(project.id), "success")
