"""The examples of the page «API Usage Examples», after the change of their import roots."""

# ruff: noqa: I001, PLC0415
from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.services.group.service import GroupService
from groups_platform_tests.group_service.deployment import Deployment

GROUP_ID = UUID("12345678-1234-1234-1234-123456789012")


@pytest.fixture
async def service(group_service: GroupService) -> GroupService:
    return group_service


@pytest.fixture
async def example_group(deployment: Deployment) -> None:
    """The group that the examples name."""
    await deployment.add(GroupRow(id=GROUP_ID, name="example", domain_name="example.com", resource_policy="default"))


async def test_creating_a_group(service: GroupService, deployment: Deployment) -> None:
    from groups_platform.group_service.services.group.service import GroupService
    from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
    from groups_platform.group_service.services.group.types import GroupCreator
    from groups_platform.group_service.models.group import ProjectType
    from groups_platform.group_service.types import ResourceSlot

    assert isinstance(service, GroupService)
    # Create action
    action = CreateGroupAction(
        input=GroupCreator(
            name="development-team",
            domain_name="example.com",
            type=ProjectType.GENERAL,
            description="Development team group",
            is_active=True,
            total_resource_slots=ResourceSlot.from_user_input({"cpu": "4", "mem": "8g"}, None),
            allowed_vfolder_hosts={"local": "local"},
            resource_policy="development-policy",
            container_registry={"registry": "docker.io"},
        )
    )

    # Execute
    result = await service.create_group(action)

    assert result.success and result.data is not None
    assert result.data.name == "development-team"
    assert result.data.total_resource_slots.to_json() == {"cpu": "4", "mem": "8589934592"}


@pytest.mark.usefixtures("example_group")
async def test_modifying_a_group(service: GroupService, deployment: Deployment) -> None:
    from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
    from groups_platform.group_service.services.group.types import GroupModifier
    from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
    from groups_platform.group_service.models.user import UserUpdateMode
    from uuid import UUID

    def example(user_uuids: list[str]) -> ModifyGroupAction:
        # Partial update - modify description and add users
        return ModifyGroupAction(
            group_id=UUID("12345678-1234-1234-1234-123456789012"),
            modifier=GroupModifier(
                description=TriState.update("Updated development team description"),
                total_resource_slots=OptionalState.update(
                    ResourceSlot.from_user_input({"cpu": "8", "mem": "16g"}, None)
                ),
            ),
            user_update_mode=OptionalState.update(UserUpdateMode.ADD),
            user_uuids=OptionalState.update(user_uuids),
        )

    result = await service.modify_group(example(["user-uuid-1", "user-uuid-2"]))
    assert (result.success, result.error and result.error.facts) == (False, {"user_id": "user-uuid-1"})

    users = sorted(await deployment.users(2))
    result = await service.modify_group(example([str(user) for user in users]))
    assert result.success and result.data is not None
    assert (result.data.description, result.data.member_ids) == ("Updated development team description", tuple(users))


@pytest.mark.usefixtures("example_group")
async def test_deleting_a_group(service: GroupService) -> None:
    from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
    from uuid import UUID

    action = DeleteGroupAction(group_id=UUID("12345678-1234-1234-1234-123456789012"))
    result = await service.delete_group(action)

    assert result.success and result.data is not None and not result.data.is_active


@pytest.mark.usefixtures("example_group")
@pytest.mark.parametrize("blocker", [None, "kernel", "endpoint", "vfolder"])
async def test_purging_a_group(service: GroupService, deployment: Deployment, blocker: str | None) -> None:
    from groups_platform.group_service.services.group.actions.purge_group import (
        PurgeGroupAction,
        PurgeGroupActionActiveKernelsError,
        PurgeGroupActionActiveEndpointsError,
        PurgeGroupActionVFoldersMountedToActiveKernelsError,
    )
    from uuid import UUID

    await block(service, deployment, blocker)
    handled = None
    action = PurgeGroupAction(group_id=UUID("12345678-1234-1234-1234-123456789012"))

    try:
        result = await service.purge_group(action)
        assert result.success
    except PurgeGroupActionActiveKernelsError:
        # Handle active kernels error
        handled = "kernel"
    except PurgeGroupActionActiveEndpointsError:
        # Handle active endpoints error
        handled = "endpoint"
    except PurgeGroupActionVFoldersMountedToActiveKernelsError:
        # Handle mounted vfolders error
        handled = "vfolder"

    assert handled == blocker


async def block(service: GroupService, deployment: Deployment, blocker: Any) -> None:
    from groups_platform.group_service.services.group.actions.get_group import GetGroupAction

    group = (await service.get_group(GetGroupAction(GROUP_ID))).data
    assert group is not None
    if blocker == "endpoint":
        await deployment.endpoint(group)
    elif blocker is not None:
        await deployment.kernel(group, mounts=[await deployment.vfolder(group)] if blocker == "vfolder" else [])


@pytest.mark.usefixtures("example_group")
async def test_resource_usage_analytics(service: GroupService) -> None:
    from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
    from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
    from uuid import UUID

    # Monthly usage
    monthly_action = UsagePerMonthAction(
        month="202410",  # October 2024
        group_ids=[UUID("12345678-1234-1234-1234-123456789012")],
    )
    monthly_result = await service.usage_per_month(monthly_action)

    # Period usage
    period_action = UsagePerPeriodAction(
        start_date="20241001",
        end_date="20241031",
        project_id=UUID("12345678-1234-1234-1234-123456789012"),
    )
    period_result = await service.usage_per_period(period_action)

    assert (monthly_result.success, period_result.success) == (True, True)
