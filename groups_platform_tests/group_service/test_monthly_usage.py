"""Months that are stored: by one transaction each, also when several store the same, and only by superadmins.

What is stored, shown and checked is tested with the assets, in `orchestration/group_service/test_assets.py`.
"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.models.group import MembershipRow
from groups_platform.group_service.repositories.group.monthly_usage import MonthlyUsageRepository
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.check_monthly_usage import CheckMonthlyUsageAction
from groups_platform.group_service.services.group.actions.store_monthly_usage import StoreMonthlyUsageAction
from groups_platform.group_service.services.group.actions.summarise_audit import SummariseAuditAction
from groups_platform.group_service.services.group.actions.usage_history import UsageHistoryAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import ResourceSlot
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import OTHER_DOMAIN, Deployment
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
    assert (row.entity_type, row.entity_id, row.error_code) == ("monthly_usage", "2024-13", "invalid_api_parameters")


async def months_seen(service: GroupService, **wanted: Any) -> dict[str, list[int]]:
    """The months of each group that the actor sees, and of `all` those with kernels."""
    history = (await service.usage_history(UsageHistoryAction(**wanted))).data
    assert [total.month for total in history.total] == [stored.month for stored in history.months]
    seen = {group.group_name: [figures.month.month for figures in group.months] for group in history.groups}
    return {"all": [total.month.month for total in history.total if total.kernels], **seen}


async def test_s19_the_history_is_of_groups_that_the_actor_sees(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    """A purged group's rows are seen by admins of its domain and by who reads everything."""
    async with create_group(name="mine") as mine, create_group(name="other", domain_name=OTHER_DOMAIN) as other:
        async with create_group(name="gone") as gone:
            for group in (mine, other, gone):
                await add_kernel(deployment, group, at("2024-09-30"), at("2024-10-03"))
            for month in ("202408", "202409", "202410"):
                assert (await group_service.store_monthly_usage(StoreMonthlyUsageAction(month))).success
            await deployment.run("DELETE FROM manager.kernels")
        await deployment.add(MembershipRow(group_id=mine.id, user_id=deployment.user.id))
        everything = {"all": [9, 10], "mine": [9, 10], "other": [9, 10], "gone": [9, 10]}
        for role, groups in (
            ("superadmin", ("mine", "other", "gone")), ("monitor", ("mine", "other", "gone")),
            ("admin", ("mine", "gone")), ("other_admin", ("other",)), ("user", ("mine",)), ("other_user", ()),
        ):  # fmt: skip
            seen = await months_seen(group_service.acting_as(getattr(deployment, role)))
            assert seen == {"all": [9, 10] if groups else [], **{name: everything[name] for name in groups}}, role
        assert await months_seen(group_service, group_ids=["other"], last="202409") == {"all": [9], "other": [9]}
        assert await months_seen(group_service, first="202411") == {"all": []}
        history = (await group_service.usage_history(UsageHistoryAction(limit=1))).data
        assert (len(history.groups), history.group_count, history.total[-1].kernels) == (1, 3, 3)
        refused = await group_service.acting_as(deployment.user).usage_history(
            UsageHistoryAction(["example.org/other"])
        )
        assert refused.error.code == "forbidden"
        assert {row.is_read for row in await deployment.audit("usage_history")} == {True}


@pytest.mark.parametrize("wanted", [{"first": "2024-1"}, {"last": "202413"}, {"limit": 0}])
async def test_s17_a_history_without_sense_is_refused(group_service: GroupService, wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidAPIParameters):
        await group_service.usage_history(UsageHistoryAction(**wanted))


async def test_s18_what_is_held_at_once_is_not_what_is_held_one_after_another(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    slots = {"occupied_slots": {"cpu": "2", "mem": "1024", "cuda.device": "1", "rocm.shares": "0.5"}}
    limits = ResourceSlot({"cpu": 3, "cuda.device": 4, "cuda.shares": "2.5", "mem": "Infinity"})
    async with create_group(total_resource_slots=limits) as group:
        for begin, end in (
            ("01T00", "01T01"),
            ("01T01", "01T02"),
            ("01T03", "01T05"),
            ("01T04", "01T06"),
            ("02", "02"),
        ):
            await add_kernel(deployment, group, at(f"2024-10-{begin}"), at(f"2024-10-{end}"), **slots)
        action = UsagePerMonthAction("202410", detail=False, peaks=True)
        (usage,) = (await group_service.usage_per_month(action)).data.groups
        assert (usage.g_kernels, usage.g_cpu_allocated, usage.g_kernel_time) == (5, 10, timedelta(hours=6))
        peak = usage.g_peak
        assert (peak.cpu, peak.mem, peak.gpu, peak.limit) == (4, 2048, 3, limits)
        assert [peak.limit_of(amount) for amount in ("cpu", "mem", "gpu")] == [3, None, Decimal("6.5")]
        (usage,) = (await group_service.usage_per_month(UsagePerMonthAction("202410"))).data.groups
        assert (usage.g_peak, usage.g_kernel_time) == (None, None)
        await deployment.run("DELETE FROM manager.kernels")


async def test_a_month_that_was_stored_before_peaks_were_has_none_until_it_is_stored_again(
    group_service: GroupService, deployment: Deployment, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        await add_kernel(deployment, group, at("2024-10-02"), at("2024-10-03"))
        await group_service.store_monthly_usage(StoreMonthlyUsageAction("202410"))
        columns = ("kernel_time", "peak_cpu", "peak_mem", "peak_gpu", "total_resource_slots")
        await deployment.run(f"UPDATE manager.monthly_usage SET {', '.join(f'{name} = NULL' for name in columns)}")
        await deployment.run("UPDATE manager.monthly_domain_usage SET kernel_time = NULL")
        assert (await group_service.check_monthly_usage(CheckMonthlyUsageAction())).data.unequal == ()
        history = (await group_service.usage_history(UsageHistoryAction())).data
        assert [(f.peak, f.kernel_time) for f in (history.total[0], history.groups[0].months[0])] == [(None, None)] * 2
        stored = (await group_service.store_monthly_usage(StoreMonthlyUsageAction("202410"))).data
        assert (stored.rows_written, stored.rows_removed) == (2, 1)
        history = (await group_service.usage_history(UsageHistoryAction())).data
        assert history.total[0].kernel_time == history.groups[0].months[0].kernel_time == timedelta(days=1)
        await deployment.run("DELETE FROM manager.kernels")
