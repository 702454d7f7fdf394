"""The sample deployment: invented domains, users and groups, and three months of what ran for them.

It is read from `sample_data/deployment`. What an action can make is made by the service's own actions (`acting.py`), so
the audit log says who made it, as the run `sample-deployment`. What none can make is stored as rows (`rows.py`).
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from groups_platform.database.connection import open_database
from groups_platform.group_service import group_service
from groups_platform.group_service.sample.acting import Making
from groups_platform.group_service.sample.records import sample_id
from groups_platform.group_service.sample.rows import add_rows, store_files
from groups_platform.group_service.sample.state import RUN, read_state
from groups_platform.settings import Settings

__all__ = ["RUN", "load_sample_deployment", "sample_id"]


async def load_sample_deployment(settings: Settings) -> dict[str, int]:
    """Add what is missing of the sample; the number of new rows by table. One load at a time: a second one waits.

    Loading it again changes nothing else, and completes a load that was interrupted. A group whose name is taken by
    another group is left out, with everything of it. Raises DatabaseUnavailable, and GroupServiceError where an action
    is refused, such as `busy`.
    """
    address = make_url(open_database(settings)).set(drivername="postgresql+psycopg")
    engine = create_async_engine(address, hide_parameters=True)
    try:
        async with engine.begin() as connection, group_service(settings=settings, run_id=RUN) as service:
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(RUN, 0))))
            made = await Making(service, lambda: read_state(connection)).make()
            state = await read_state(connection)
            made |= await add_rows(connection, state)
            storage = service.processor.storage
    finally:
        await engine.dispose()
    await store_files(storage, state)
    return made
