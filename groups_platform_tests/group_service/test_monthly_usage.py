"""Months that are stored: by one transaction each, also when several store the same, and only by superadmins.

What is stored, shown and checked is tested with the assets, in `orchestration/group_service/test_assets.py`.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.repositories.group.monthly_usage import MonthlyUsageRepository
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.check_monthly_usage import CheckMonthlyUsageAction
from groups_platform.group_service.services.group.actions.store_monthly_usage import StoreMonthlyUsageAction
from groups_platform.group_service.services.group.actions.summarise_audit import SummariseAuditAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.kernels import add_kernel, at, configured

ACTIONS: dict[str, BaseAction] = {
    "store_monthly_usage": StoreMonthlyUsageAction("202410"),
    "check_monthly_usage": CheckMonthlyUsageAction(),
    "summarise_audit": SummariseAuditAction(date(2024, 10, 1), date(2024, 10, 2)),
}


@pytest.mark.parametrize("role", ["superadmin", "monitor", "admin", "user"])
@pytest.mark.parametrize("name", ACTIONS)
async def test_s19_what_crosses_domains_is_for_superadmins(
    group_service: GroupService, deployment: Deployment, name: str, role: str
) -> None:
    actor = getattr(deployment, role)
    result = await getattr(group_service.acting_as(actor), name)(ACTIONS[name])
    assert result.success is (role == "superadmin")
    (row,) = await deployment.audit(name)
    assert (row.actor_id, row.action_id, row.error_code) == (
        actor.id, result.action_id, None if result.success else "forbidden",
    )  # fmt: skip
    assert await deployment.run("SELECT FROM manager.usage_months") == [()] * (role == "superadmin" and "store" in name)


async def test_a_month_that_is_stored_by_many_at_once_is_stored_once(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as one, create_group() as other:
        for group in (one, other):
            await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        attempts = (group_service.store_monthly_usage(StoreMonthlyUsageAction("202410")) for _ in range(5))
        results = await asyncio.gather(*attempts)
        assert [result.error for result in results] == [None] * 5
        assert sorted(result.data.rows_written for result in results) == [0, 0, 0, 0, 3]
        assert [row.status.value for row in await deployment.audit("store_monthly_usage")] == ["success"] * 5
        await deployment.run("DELETE FROM manager.kernels")


async def test_a_month_is_stored_as_its_transaction_saw_it(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that comes after the sums and before they are stored is counted by the next store."""
    store = MonthlyUsageRepository.store

    async def store_late(repository: MonthlyUsageRepository, *arguments: Any, **options: Any) -> Any:
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        return await store(repository, *arguments, **options)

    async with create_group() as group:
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        monkeypatch.setattr(MonthlyUsageRepository, "store", store_late)
        assert (await group_service.store_monthly_usage(StoreMonthlyUsageAction("202410"))).success
        check = (await group_service.check_monthly_usage(CheckMonthlyUsageAction())).data
        assert [(row.group_id, row.stored, row.counted) for row in check.incomplete] == [(group.id, 1, 2)]
        await deployment.run("DELETE FROM manager.kernels")


async def test_only_the_months_asked_for_are_checked(group_service: GroupService, deployment: Deployment) -> None:
    service = configured(group_service, now=at("2024-10-15"))
    for month in ("202408", "202409", "202410"):
        assert (await service.store_monthly_usage(StoreMonthlyUsageAction(month))).success
    for between, months in (
        (None, [10]), ((date(2024, 8, 1), date(2024, 9, 1)), [8, 9]), ((date(2020, 1, 1), date(2020, 1, 1)), []),
    ):  # fmt: skip
        check = (await service.check_monthly_usage(CheckMonthlyUsageAction(between))).data
        assert [stored.month.month for stored in check.months] == months
        assert [stored.is_over for stored in check.months] == [month < 10 for month in months]


async def test_what_is_no_month_is_refused_and_audited(group_service: GroupService, deployment: Deployment) -> None:
    with pytest.raises(InvalidAPIParameters):
        await group_service.store_monthly_usage(StoreMonthlyUsageAction("202413"))
    (row,) = await deployment.audit("store_monthly_usage")
    assert (row.entity_type, row.entity_id, row.error_code) == ("monthly_usage", "202413", "invalid_api_parameters")
