"""Purging: what blocks it, in which order, what it removes, and the folders it leaves to storage."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from groups_platform.group_service.models.endpoint import EndpointRow, RoutingRow
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.session import KernelRow, SessionRow
from groups_platform.group_service.models.vfolder import VFolderDeletionRow, VFolderRow
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveEndpointsError,
    PurgeGroupActionActiveKernelsError,
    PurgeGroupActionError,
    PurgeGroupActionVFoldersMountedToActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import RetryVFolderDeletionsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.test_modify_group import change_members

TABLES = (RoutingRow, EndpointRow, KernelRow, SessionRow, VFolderRow, MembershipRow, GroupRow)
ACTIVE = ("RUNNING", "SCHEDULED", "PREPARING", "PULLING", "CREATING", "RESTARTING", "TERMINATING", "ERROR", "NEW-ONE")


async def counts(deployment: Deployment) -> list[int]:
    return [await deployment.count(table) for table in TABLES]


async def fill(deployment: Deployment, service: GroupService, group: GroupData, root: Path) -> UUID:
    """Two members, a terminated and a pending kernel, a destroyed endpoint with its routing, a folder with a file."""
    await change_members(service, group, "add", await deployment.users(2))
    served = await deployment.kernel(group, "TERMINATED")
    await deployment.kernel(group, "PENDING")
    await deployment.routing(await deployment.endpoint(group, "destroyed"), served)
    folder = await deployment.vfolder(group)
    (root / folder.id.hex).mkdir()
    (root / folder.id.hex / "data.bin").write_bytes(b"12345")
    return folder.id


async def finish(deployment: Deployment) -> None:
    """Nothing is active any more, so that the fixture's clean-up can purge."""
    await deployment.run("UPDATE manager.kernels SET status = 'TERMINATED'")
    await deployment.run("UPDATE manager.endpoints SET lifecycle_stage = 'destroyed'")


@pytest.mark.parametrize("is_deleted_first", [True, False])
async def test_s11_a_purge_removes_everything_of_the_group_and_nothing_else(
    group_service: GroupService,
    create_group: CreateGroup,
    deployment: Deployment,
    storage_root: Path,
    is_deleted_first: bool,
) -> None:
    async with create_group() as kept, create_group() as group:
        kept_folder = await fill(deployment, group_service, kept, storage_root)
        before = await counts(deployment)
        folder = await fill(deployment, group_service, group, storage_root)
        if is_deleted_first:
            await group_service.delete_group(DeleteGroupAction(group.id))
        result = await group_service.purge_group(PurgeGroupAction(group.id))
        assert (result.success, result.warnings, result.entity_id()) == (True, (), str(group.id))
        assert result.data is not None
        assert result.data.counts == {
            "routings": 1, "endpoints": 1, "kernels": 2, "sessions": 2, "vfolders": 1, "members": 2,
        }  # fmt: skip
        assert [*await counts(deployment)] == [*before[:-1], before[-1] - 1]
        assert not (storage_root / folder.hex).exists()
        assert (storage_root / kept_folder.hex / "data.bin").exists()
        assert await deployment.count(VFolderDeletionRow) == 0


async def test_s10_purging_twice_and_purging_nothing_are_failures(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group() as group:
        assert (await group_service.purge_group(PurgeGroupAction(group.id))).success
        for unknown in (group.id, uuid4()):
            for is_dry_run in (False, True):
                result = await group_service.purge_group(PurgeGroupAction(unknown, dry_run=is_dry_run))
                assert (result.success, result.error and result.error.code) == (False, "group_not_found")


@pytest.mark.parametrize("status", ACTIVE)
async def test_s10_an_active_kernel_blocks(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, status: str
) -> None:
    async with create_group() as group:
        kernel = await deployment.kernel(group, status)
        await deployment.kernel(group, "TERMINATED")
        before = await counts(deployment)
        with pytest.raises(PurgeGroupActionActiveKernelsError) as refused:
            await group_service.purge_group(PurgeGroupAction(group.id))
        assert (refused.value.code, refused.value.facts["count"]) == ("active_kernels", 1)
        assert refused.value.facts["kernels"] == [
            {"id": str(kernel.id), "session_id": str(kernel.session_id), "status": status}
        ]
        assert await counts(deployment) == before
        await finish(deployment)


@pytest.mark.parametrize("status", ["TERMINATED", "PENDING", "CANCELLED"])
async def test_s10_an_inactive_kernel_does_not_block_also_with_a_folder_mounted(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, storage_root: Path, status: str
) -> None:
    async with create_group() as group:
        await deployment.kernel(group, status, mounts=[await deployment.vfolder(group)])
        assert (await group_service.purge_group(PurgeGroupAction(group.id))).success


@pytest.mark.parametrize("stage", ["created", "destroying"])
async def test_s10_an_active_endpoint_blocks(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, stage: str
) -> None:
    async with create_group() as group:
        endpoint = await deployment.endpoint(group, stage)
        with pytest.raises(PurgeGroupActionActiveEndpointsError, match="model") as refused:
            await group_service.purge_group(PurgeGroupAction(group.id))
        assert refused.value.facts == {
            "count": 1,
            "endpoints": [{"id": str(endpoint.id), "name": "model", "lifecycle_stage": stage}],
        }
        await finish(deployment)


async def test_s10_a_kernel_belongs_to_the_group_of_its_session_too(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group() as other:
        stray = await deployment.kernel(group)
        await deployment.run("UPDATE manager.kernels SET group_id = :g", g=other.id)
        with pytest.raises(PurgeGroupActionActiveKernelsError, match=str(stray.id)):
            await group_service.purge_group(PurgeGroupAction(group.id))
        await finish(deployment)
        purged = await group_service.purge_group(PurgeGroupAction(group.id))
        assert purged.data and purged.data.counts["kernels"] == 1


async def test_s10_a_folder_mounted_by_an_active_kernel_of_another_group_blocks(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group() as other:
        folder, free = await deployment.vfolder(group, "shared"), await deployment.vfolder(group, "free")
        kernel = await deployment.kernel(other, mounts=[folder])
        with pytest.raises(PurgeGroupActionVFoldersMountedToActiveKernelsError, match="shared") as refused:
            await group_service.purge_group(PurgeGroupAction(group.id))
        assert refused.value.facts == {
            "count": 1,
            "vfolders": [{"id": str(folder.id), "name": "shared", "kernels": [str(kernel.id)]}],
        }
        assert await deployment.count(VFolderRow, VFolderRow.id.in_([folder.id, free.id])) == 2
        await finish(deployment)


@pytest.mark.parametrize(
    ("mounts", "is_mounted"),
    [
        ('[{{"vfid": "{id}"}}]', True),
        ('[{{"vfid": "project:{other}/{hex}", "name": "data"}}]', True),
        ('["{id}"]', True),
        ('{{"id": "{hex}"}}', True),
        ('[["data", "local", "{hex}", "rw"]]', True),
        ('[{{"vfid": "nothing", "path": "/{id}/deeper"}}, 7, null, [], "{id}x"]', False),
    ],
)
async def test_s10_a_mounted_folder_is_found_however_its_writer_calls_it(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, mounts: str, is_mounted: bool
) -> None:
    async with create_group() as group, create_group() as other:
        folder = await deployment.vfolder(group)
        kernel = await deployment.kernel(other)
        text = mounts.format(id=folder.id, hex=folder.id.hex.upper(), other=uuid4())
        await deployment.run("UPDATE manager.kernels SET vfolder_mounts = :m WHERE id = :k", m=text, k=kernel.id)
        plan = await group_service.purge_group(PurgeGroupAction(group.id, dry_run=True))
        assert plan.data
        assert [blocker.code for blocker in plan.data.blockers] == ["vfolders_mounted_to_active_kernels"] * is_mounted
        await finish(deployment)


async def test_s10_the_order_of_the_checks(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.endpoint(group)
        expected: list[type[PurgeGroupActionError]] = [
            PurgeGroupActionActiveEndpointsError,
            PurgeGroupActionActiveKernelsError,
            PurgeGroupActionVFoldersMountedToActiveKernelsError,
        ]
        for number, error in enumerate(expected):
            if number == 1:
                await deployment.kernel(group)
            if number == 2:
                await deployment.kernel(group, mounts=[await deployment.vfolder(group)])
            with pytest.raises(error):
                await group_service.purge_group(PurgeGroupAction(group.id))
        await finish(deployment)


async def test_s10_a_thousand_blockers_are_counted_and_a_hundred_named(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        kernel = await deployment.kernel(group)
        await deployment.run(
            "INSERT INTO manager.kernels (session_id, domain_name, group_id, user_uuid, status)"
            " SELECT session_id, domain_name, group_id, user_uuid, status FROM manager.kernels, generate_series(1, 999)"
        )
        with pytest.raises(PurgeGroupActionActiveKernelsError, match=r"\(1000\)") as refused:
            await group_service.purge_group(PurgeGroupAction(group.id))
        assert (refused.value.facts["count"], len(refused.value.facts["kernels"])) == (1000, 100)
        assert refused.value.facts["kernels"][0]["id"] == str(kernel.id)
        await finish(deployment)


async def test_s11_a_dry_run_tells_what_would_go_and_what_blocks_and_changes_nothing(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, storage_root: Path
) -> None:
    async with create_group() as group:
        folder = await fill(deployment, group_service, group, storage_root)
        mounted = await deployment.vfolder(group, "shared")
        await deployment.kernel(group, mounts=[mounted])
        await deployment.endpoint(group)
        before = await counts(deployment)
        result = await group_service.purge_group(PurgeGroupAction(group.id, dry_run=True))
        assert result.data is not None
        plan = result.data
        assert (result.success, plan.is_dry_run, plan.group.id) == (True, True, group.id)
        assert plan.counts == {
            "routings": 1, "endpoints": 2, "kernels": 3, "sessions": 3, "vfolders": 2, "members": 2,
        }  # fmt: skip
        assert (plan.vfolders, plan.endpoints) == (("data", "shared"), ("model", "model"))
        assert [blocker.code for blocker in plan.blockers] == [
            "vfolders_mounted_to_active_kernels",
            "active_kernels",
            "active_endpoints",
        ]
        assert await counts(deployment) == before
        assert (storage_root / folder.hex).exists()
        await finish(deployment)
        free = await group_service.purge_group(PurgeGroupAction(group.id, dry_run=True))
        assert free.data is not None and free.data.blockers == ()


async def test_s11_a_session_of_another_group_behind_an_endpoint_stays_and_its_routing_goes(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group, create_group() as other:
        foreign = await deployment.kernel(other, "TERMINATED")
        await deployment.routing(await deployment.endpoint(group, "destroyed"), foreign)
        await deployment.routing(await deployment.endpoint(other), await deployment.kernel(group, "TERMINATED"))
        assert (await group_service.purge_group(PurgeGroupAction(group.id))).success
        assert await deployment.count(RoutingRow) == 0
        assert await deployment.count(KernelRow, KernelRow.id == foreign.id) == 1
        assert await deployment.count(EndpointRow, EndpointRow.project == other.id) == 1
        await finish(deployment)


async def test_s11_a_storage_fault_leaves_the_folder_for_a_retry(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, storage_root: Path
) -> None:
    async with create_group() as group:
        folder = await fill(deployment, group_service, group, storage_root)
        elsewhere = await deployment.vfolder(group, "archive", host="tape")
        away = storage_root.rename(storage_root.with_name("away"))
        result = await group_service.purge_group(PurgeGroupAction(group.id))
        assert (result.success, len(result.warnings)) == (True, 2)
        assert await deployment.count(GroupRow) == 0
        assert await deployment.count(VFolderDeletionRow, VFolderDeletionRow.attempts == 1) == 2
        assert (away / folder.hex / "data.bin").exists()

        away.rename(storage_root)
        retried = await group_service.retry_vfolder_deletions(RetryVFolderDeletionsAction())
        assert retried.data is not None
        assert (retried.success, retried.data.removed, list(retried.data.failed)) == (True, (folder,), [elsewhere.id])
        assert "tape" in retried.warnings[0]
        assert not (storage_root / folder.hex).exists()
        (left,) = await deployment.run("SELECT vfolder_id, attempts, last_error FROM manager.vfolder_deletions")
        assert (left.vfolder_id, left.attempts) == (elsewhere.id, 2)
        assert "tape" in left.last_error


async def test_s11_a_folder_that_storage_has_lost_already_is_no_fault(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        await deployment.vfolder(group)
        assert (await group_service.purge_group(PurgeGroupAction(group.id))).warnings == ()
        assert await deployment.count(VFolderDeletionRow) == 0


async def test_s11_two_retries_at_once_share_the_work(
    group_service: GroupService, deployment: Deployment, storage_root: Path
) -> None:
    await deployment.run(
        "INSERT INTO manager.vfolder_deletions (vfolder_id, host, group_id)"
        " SELECT gen_random_uuid(), 'local', gen_random_uuid() FROM generate_series(1, 40)"
    )
    for row in await deployment.run("SELECT vfolder_id FROM manager.vfolder_deletions"):
        (storage_root / row.vfolder_id.hex).mkdir()
    retry = RetryVFolderDeletionsAction()
    results = await asyncio.gather(*[group_service.retry_vfolder_deletions(retry) for _ in range(2)])
    shares = [set(result.data.removed) for result in results if result.data]
    assert all(shares) and not shares[0] & shares[1]
    assert sum(len(share) for share in shares) == 40
    assert (list(storage_root.iterdir()), await deployment.count(VFolderDeletionRow)) == ([], 0)


async def test_s11_a_retry_has_a_limit(group_service: GroupService, deployment: Deployment) -> None:
    await deployment.run(
        "INSERT INTO manager.vfolder_deletions (vfolder_id, host, group_id)"
        " SELECT gen_random_uuid(), 'local', gen_random_uuid() FROM generate_series(1, 5)"
    )
    result = await group_service.retry_vfolder_deletions(RetryVFolderDeletionsAction(limit=3))
    assert result.data is not None and len(result.data.removed) == 3
    assert await deployment.count(VFolderDeletionRow) == 2
