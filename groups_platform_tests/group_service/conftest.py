"""The service, its repositories and a small deployment, over a database of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupCreator, GroupData
from groups_platform.group_service.types.user import SYSTEM
from groups_platform.settings import Settings
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment

CreateGroup = Callable[..., AbstractAsyncContextManager[GroupData]]


@pytest.fixture
def database_fixture(database_url: str) -> str:
    """The URL of a migrated database of the test's own, cloned from the session's template."""
    return database_url


@pytest.fixture
async def engine(database_fixture: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(make_url(database_fixture).set(drivername="postgresql+psycopg"))
    yield engine
    await engine.dispose()


@pytest.fixture
async def deployment(engine: AsyncEngine) -> Deployment:
    return await Deployment.build(engine)


@pytest.fixture
def storage_root(tmp_path: Path) -> Path:
    """Where the storage host `local` keeps its folders."""
    root = tmp_path / "vfolders"
    root.mkdir()
    return root


@pytest.fixture
async def group_service(
    database_fixture: str, deployment: Deployment, storage_root: Path
) -> AsyncIterator[GroupService]:
    """The service, acting for the system itself."""
    settings = Settings(home=storage_root.parent, source="", lake="")
    storage = StorageSessionManager({"local": str(storage_root)})
    async with open_service(database_fixture, settings=settings, storage=storage, run_id="test-run") as service:
        yield service


@pytest.fixture
async def group_repository(engine: AsyncEngine, deployment: Deployment) -> AsyncIterator[GroupRepository]:
    """A repository in the scope of the system itself; its transaction is rolled back."""
    async with async_sessionmaker(engine)() as session:
        yield GroupRepository(session, SYSTEM)


@pytest.fixture
async def admin_group_repository(engine: AsyncEngine, deployment: Deployment) -> AsyncIterator[AdminGroupRepository]:
    """The repository that crosses scopes; its transaction is rolled back."""
    async with async_sessionmaker(engine)() as session:
        yield AdminGroupRepository(session)


@pytest.fixture
def create_group(group_service: GroupService) -> CreateGroup:
    """`async with create_group(name=…, …) as group:` a group that is purged at the end, if it is still there."""
    numbers = count(1)

    @asynccontextmanager
    async def create(**fields: Any) -> AsyncIterator[GroupData]:
        creator = GroupCreator(**{"name": f"group-{next(numbers)}", "domain_name": DOMAIN, **fields})
        created = await group_service.create_group(CreateGroupAction(creator))
        assert created.data is not None, created.error
        yield created.data
        purged = await group_service.purge_group(PurgeGroupAction(created.data.id))
        assert purged.success or (purged.error and purged.error.code == "group_not_found")

    return create
