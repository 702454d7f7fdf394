"""Creating, changing and searching groups: the service beside hand-written SQL that leaves the same rows.

Both run one action after the other on the same throwaway server, each in a transaction of its own. By hand
means psycopg, the group's row, the audit row and no checks: the ratios are what access, the processor and
SQLAlchemy cost.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from groups_platform.database.connection import open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.group_service import group_service
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import TriState
from groups_platform.group_service.types.group import GroupCreator, GroupFilter, GroupModifier
from groups_platform.settings import Settings

DOMAIN = "example.com"
ACTIONS = 1000
SEED = """
INSERT INTO manager.domains (name) VALUES ('example.com');
INSERT INTO manager.project_resource_policies (name) VALUES ('default');
"""
CREATE = """
INSERT INTO manager.groups (name, domain_name, resource_policy) VALUES (%s, 'example.com', 'default') RETURNING *
"""
LOCK = "SELECT * FROM manager.groups WHERE id = %s FOR UPDATE"
MODIFY = "UPDATE manager.groups SET description = %s, modified_at = now() WHERE id = %s RETURNING *"
SEARCH = """
SELECT * FROM manager.groups WHERE domain_name = 'example.com' AND (name, id) > (%s, %s) ORDER BY name, id LIMIT 51
"""
AUDIT = """
INSERT INTO manager.audit_log
    (action_id, action, entity_type, entity_id, actor, status, after, started_at, duration)
VALUES (gen_random_uuid(), %s, 'group', %s, 'system', 'success', '{"name": "team"}', now(), '1 millisecond')
"""
NIL = UUID(int=0)

console = Console(highlight=False)

Action = Callable[[int], Awaitable[Any]]


def service_actions(service: GroupService, ids: list[UUID]) -> dict[str, Action]:
    async def create(number: int) -> None:
        result = await service.create_group(CreateGroupAction(GroupCreator(f"service-{number}", DOMAIN)))
        assert result.data is not None, result.error
        ids.append(result.data.id)

    async def modify(number: int) -> None:
        change = GroupModifier(description=TriState.update(f"change {number}"))
        assert (await service.modify_group(ModifyGroupAction(ids[number], change))).success

    async def search(number: int) -> None:
        assert (await service.search_groups(SearchGroupsAction(GroupFilter(domain_name=DOMAIN)))).success

    return {"create": create, "modify": modify, "search": search}


def bare_actions(connection: psycopg.AsyncConnection[Any], ids: list[UUID]) -> dict[str, Action]:
    async def create(number: int) -> None:
        async with connection.transaction():
            row = await (await connection.execute(CREATE, (f"bare-{number}",))).fetchone()
            ids.append(row[0])
            await connection.execute(AUDIT, ("create_group", str(row[0])))

    async def modify(number: int) -> None:
        async with connection.transaction():
            await connection.execute(LOCK, (ids[number],))
            await connection.execute(MODIFY, (f"change {number}", ids[number]))
            await connection.execute(AUDIT, ("modify_group", str(ids[number])))

    async def search(_: int) -> None:
        async with connection.transaction():
            await (await connection.execute(SEARCH, ("", NIL))).fetchall()
            await connection.execute(AUDIT, ("search_groups", None))

    return {"create": create, "modify": modify, "search": search}


async def rate(action: Action, actions: int) -> float:
    """Actions per second."""
    started = time.perf_counter()
    for number in range(actions):
        await action(number)
    return actions / (time.perf_counter() - started)


async def compare(url: str, actions: int) -> Table:
    """Each action through the service and by hand, in turns."""
    table = Table(title=f"{actions:,} actions of each kind, one after the other")
    for column in ("", "service, per second", "bare SQL, per second", "bare SQL ÷ service"):
        table.add_column(column, justify="right" if column else "left")
    async with group_service(url) as service, await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        by_service, by_hand = service_actions(service, []), bare_actions(connection, [])
        for name in by_service:
            rates = await rate(by_service[name], actions), await rate(by_hand[name], actions)
            table.add_row(name, *(f"{each:.0f}" for each in rates), f"{rates[1] / rates[0]:.1f} ×")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("actions", nargs="?", type=int, default=ACTIONS, help="how many of each kind")
    actions = parser.parse_args().actions
    with tempfile.TemporaryDirectory(prefix="groups-bench-") as scratch:
        Path(scratch).chmod(0o755)
        settings = Settings(home=Path(scratch) / "home", source="", lake="")
        try:
            url = open_database(settings)
            with psycopg.connect(url) as connection:
                connection.execute(SEED)
            console.print(asyncio.run(compare(url, actions)))
        finally:
            stop_embedded(settings.home)


if __name__ == "__main__":
    main()
