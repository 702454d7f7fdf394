"""The group service: groups (projects), their members, limits, usage and audit log. Imports neither Dagster nor Spark.

`group_service()` opens the service; the actions are in `services/group/actions/`, one file each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from groups_platform.database.connection import open_database
from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.clients.valkey import ValkeyStatClient
from groups_platform.group_service.services.group.processor import ActionProcessor
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.user import SYSTEM, Actor
from groups_platform.settings import Settings


@asynccontextmanager
async def group_service(
    url: str | None = None,
    *,
    actor: Actor | str = SYSTEM,
    run_id: str | None = None,
    settings: Settings | None = None,
    config: ManagerConfigProvider | None = None,
    storage: StorageSessionManager | None = None,
    valkey: ValkeyStatClient | None = None,
) -> AsyncIterator[GroupService]:
    """Open the service; the database is started and migrated first where it has to be.

    url: another database than that of the settings. actor: for whom it acts, an Actor or the e-mail address of a user;
    by default the system itself, which may do everything. run_id: stands in the rows of the audit log. settings: those
    of the environment by default. config, storage, valkey: made from the settings where they are not given.
    Raises DatabaseUnavailable, UnknownActor.
    """
    settings = settings or Settings.from_env()
    if url is not None:
        settings = settings.model_copy(update={"database_url": SecretStr(url)})
    address = make_url(await asyncio.to_thread(open_database, settings)).set(drivername="postgresql+psycopg")
    options = f"{address.query.get('options', '')} -c TimeZone=UTC"  # not the zone of the server
    query = {"options": options, "fallback_application_name": "groups_platform service"}
    # errors must not show parameters
    engine = create_async_engine(address.update_query_dict(query), hide_parameters=True)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(engine.dispose)
        if valkey is None and settings.valkey_url:
            valkey = ValkeyStatClient(settings.valkey_url.get_secret_value())
            closing.push_async_callback(valkey.aclose)
        processor = ActionProcessor(
            sessions=async_sessionmaker(engine, expire_on_commit=False),
            config=config or ManagerConfigProvider.from_settings(settings),
            storage=storage or StorageSessionManager(settings.vfolder_hosts),
            valkey=valkey,
            run_id=run_id,
        )
        service = GroupService(processor)
        yield service.acting_as(await service.get_actor(actor) if isinstance(actor, str) else actor)
