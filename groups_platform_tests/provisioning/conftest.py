"""A small directory beside the deployment of the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from groups_platform.group_service.services.group.service import GroupService
from groups_platform.provisioning.service import ProvisioningService
from groups_platform_tests.group_service.conftest import (  # noqa: F401, fixtures
    database_fixture,
    deployment,
    engine,
    group_service,
    storage_root,
)
from groups_platform_tests.group_service.deployment import Deployment

DirectoryGroup = Callable[..., Awaitable[int]]


@pytest.fixture
def provisioning(group_service: GroupService) -> ProvisioningService:  # noqa: F811
    """The actions of provisioning, for the system itself."""
    return ProvisioningService.of(group_service)


@pytest.fixture
def directory_group(deployment: Deployment) -> DirectoryGroup:  # noqa: F811
    """Adds a group to the directory: id, name, and the group above it."""

    async def add(group_id: int, name: str = "Winter tyres", above: int | None = None) -> int:
        await deployment.run(
            "INSERT INTO directory.groups VALUES (:id, :name, :above, now(), now(), FALSE)",
            id=group_id, name=name, above=above,
        )  # fmt: skip
        return group_id

    return add
