"""The group service: groups (projects), their members, limits, usage and audit log. Imports neither Dagster nor Spark.

`group_service()` opens the service; the actions are in `services/group/actions/`, one file each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import SecretStr
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from groups_platform.database.connection import open_database
from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.clients.valkey import ValkeyStatClient
from groups_platform.group_service.services.group.processor import ActionProcessor
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.user import SYSTEM, Actor
from groups_platform.settings import Settings

LONGEST_AUDIT_WAIT = 30.0  # seconds: the row of a refusal waits longer than an action does


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
    Raises DatabaseUnavailable. Who acts is read with each action: `unknown_actor` is the error where nobody is found.
    """
    settings = settings or Settings.from_env()
    if url is not None:
        settings = settings.model_copy(update={"database_url": SecretStr(url)})
    config = config or ManagerConfigProvider.from_settings(settings)
    address = make_url(await asyncio.to_thread(open_database, settings)).set(drivername="postgresql+psycopg")
    async with AsyncExitStack() as closing:
        engine = _engine(address, config, config.pool_size, config.lock_timeout)
        closing.push_async_callback(engine.dispose)
        audit = _engine(address, config, max(2, config.pool_size // 4), LONGEST_AUDIT_WAIT, LONGEST_AUDIT_WAIT)
        closing.push_async_callback(audit.dispose)
        if valkey is None and settings.valkey_url:
            valkey = ValkeyStatClient(settings.valkey_url.get_secret_value())
            closing.push_async_callback(valkey.aclose)
        processor = ActionProcessor(
            sessions=async_sessionmaker(engine, expire_on_commit=False),
            audit=async_sessionmaker(audit, expire_on_commit=False),
            config=config,
            storage=storage or StorageSessionManager(settings.vfolder_hosts),
            valkey=valkey,
            actor=actor,
            run_id=run_id,
        )
        closing.push_async_callback(processor.close)
        yield GroupService(processor)


def _engine(
    address: URL, config: ManagerConfigProvider, pool_size: int, pool_timeout: float, lock_timeout: float | None = None
) -> AsyncEngine:
    limits = {
        "TimeZone": "UTC",  # not the zone of the server
        "lock_timeout": f"{(lock_timeout or config.lock_timeout) * 1000:.0f}",
        "statement_timeout": f"{config.statement_timeout * 1000:.0f}",
    }
    own = str(address.query.get("options", ""))
    options = " ".join([own, *(f"-c {name}={value}" for name, value in limits.items())])
    query = {"options": options, "fallback_application_name": "groups_platform service"}
    return create_async_engine(
        address.update_query_dict(query),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        hide_parameters=True,  # errors must not show them
    )
