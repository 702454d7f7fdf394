"""Creating, changing and searching groups: the service beside hand-written SQL that leaves the same rows.

Both run in turns on the same throwaway server, each action in a transaction of its own. By hand means psycopg, the
group's row, the row of the audit log by `manager.record_attempt`, and no checks: the ratios are what roles, checks of
the input, the processor and SQLAlchemy cost. By hand nobody is looked up, whoever acts.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
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

DOMAIN, ADMIN = "example.com", "admin@example.com"
ACTIONS = 1000
TURN = 50  # actions of one side before the other's turn
AT_ONCE = 200
CONNECTIONS = 20  # by hand, as many as the service has
ROUNDS = 3  # of creates at once; the best counts
SEED = """
INSERT INTO manager.domains (name) VALUES ('example.com');
INSERT INTO manager.project_resource_policies (name) VALUES ('default');
INSERT INTO manager.users (email, role, domain_name) VALUES ('admin@example.com', 'superadmin', 'example.com');
"""
CREATE = """
INSERT INTO manager.groups (name, domain_name, resource_policy) VALUES (%s, 'example.com', 'default') RETURNING *
"""
LOCK = "SELECT * FROM manager.groups WHERE id = %s FOR UPDATE"
MODIFY = "UPDATE manager.groups SET description = %s, modified_at = now() WHERE id = %s RETURNING *"
SEARCH = """
SELECT * FROM manager.groups WHERE domain_name = 'example.com' AND (name, id) > (%s, %s) ORDER BY name, id LIMIT 51
"""
RECORD = "SELECT manager.record_attempt(%s)"
NIL = UUID(int=0)

console = Console(width=110, highlight=False)

Action = Callable[[int], Awaitable[Any]]
Connection = psycopg.AsyncConnection[DictRow]


def service_actions(service: GroupService, prefix: str) -> dict[str, Action]:
    ids: list[UUID] = []

    async def create(number: int) -> None:
        result = await service.create_group(CreateGroupAction(GroupCreator(f"{prefix}-{number}", DOMAIN)))
        assert result.data is not None, result.error
        ids.append(result.data.id)

    async def modify(number: int) -> None:
        change = GroupModifier(description=TriState.update(f"change {number}"))
        assert (await service.modify_group(ModifyGroupAction(ids[number], change))).success

    async def search(number: int) -> None:
        assert (await service.search_groups(SearchGroupsAction(GroupFilter(domain_name=DOMAIN)))).success

    return {"create": create, "modify": modify, "search": search}


def bare_actions(connection: Connection, prefix: str) -> dict[str, Action]:
    ids: list[UUID] = []

    async def create(number: int) -> None:
        ids.append(await create_by_hand(connection, f"{prefix}-{number}"))

    async def modify(number: int) -> None:
        async with connection.transaction():
            await (await connection.execute(LOCK, (ids[number],))).fetchone()
            change = f"change {number}"
            await (await connection.execute(MODIFY, (change, ids[number]))).fetchone()
            group, states = (ids[number], f"{prefix}-{number}"), ({"description": None}, {"description": change})
            await record(connection, "modify_group", group, *states)

    async def search(_: int) -> None:
        async with connection.transaction():
            await (await connection.execute(SEARCH, ("", NIL))).fetchall()
            await record(connection, "search_groups", None, None, None)

    return {"create": create, "modify": modify, "search": search}


async def create_by_hand(connection: Connection, name: str) -> UUID:
    async with connection.transaction():
        row = await (await connection.execute(CREATE, (name,))).fetchone()
        assert row is not None
        times = {key: row[key].isoformat() for key in ("created_at", "modified_at")}
        group_id: UUID = row["id"]
        await record(connection, "create_group", (group_id, name), None, {**row, "id": str(group_id), **times})
        return group_id


async def record(connection: Connection, action: str, group: tuple[UUID, str] | None, before: Any, after: Any) -> None:
    attempt = {
        "action_id": str(uuid4()),
        "action": action,
        "is_read": group is None,
        "entity_type": "group",
        "entity_id": group and str(group[0]),
        "entity_name": group and group[1],
        "domain_name": group and DOMAIN,
        "actor": "system",
        "status": "success",
        "before": before,
        "after": after,
        "started_at": datetime.now(timezone.utc).isoformat(),
        "duration": "0.001 seconds",
    }
    await (await connection.execute(RECORD, (Jsonb(attempt),))).fetchone()


async def seconds(action: Action, numbers: range) -> float:
    started = time.perf_counter()
    for number in numbers:
        await action(number)
    return time.perf_counter() - started


async def compare(service: GroupService, by_hand: Connection, actions: int, actor: str) -> Table:
    """Each action through the service and by hand, in turns."""
    table = Table(title=f"{actions:,} actions of each kind, one after the other, by {actor}")
    for column in ("", "service, per second", "bare SQL, per second", "bare SQL ÷ service"):
        table.add_column(column, justify="right" if column else "left")
    sides = service_actions(service, f"service-{actor}"), bare_actions(by_hand, f"bare-{actor}")
    for name in sides[0]:
        spent = [0.0, 0.0]
        for first in range(0, actions, TURN):
            for side, own in enumerate(sides):
                spent[side] += await seconds(own[name], range(first, min(first + TURN, actions)))
        rates = [actions / each for each in spent]
        table.add_row(name, *(f"{rate:.0f}" for rate in rates), f"{spent[0] / spent[1]:.1f} ×")
    return table


async def compare_at_once(url: str, service: GroupService) -> Table:
    """Creates at once and one after the other, through the service and by hand; each side in turns."""
    table = Table(title=f"{AT_ONCE} creates, the best of {ROUNDS} rounds")
    for column in ("", "service, seconds", "bare SQL, seconds", "service ÷ bare SQL"):
        table.add_column(column, justify="right" if column else "left")
    async with AsyncExitStack() as closing:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            free.put_nowait(await closing.enter_async_context(await connect(url)))

        async def by_service(name: str) -> None:
            result = await service.create_group(CreateGroupAction(GroupCreator(name, DOMAIN)))
            assert result.success, result.error

        async def by_hand(name: str) -> None:
            connection = await free.get()
            await create_by_hand(connection, name)
            free.put_nowait(connection)

        for way, measure in (("one after the other", one_by_one), ("at once", at_once)):
            best = [float("inf")] * 2
            for number in range(ROUNDS):
                for side, create in enumerate((by_service, by_hand)):
                    spent = await measure(create, f"{way.replace(' ', '-')}-{number}-{side}")
                    best[side] = min(best[side], spent)
            table.add_row(way, *(f"{each:.2f}" for each in best), f"{best[0] / best[1]:.1f} ×")
    return table


async def one_by_one(create: Callable[[str], Awaitable[None]], prefix: str) -> float:
    started = time.perf_counter()
    for number in range(AT_ONCE):
        await create(f"{prefix}-{number}")
    return time.perf_counter() - started


async def at_once(create: Callable[[str], Awaitable[None]], prefix: str) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(create(f"{prefix}-{number}") for number in range(AT_ONCE)))
    return time.perf_counter() - started


async def connect(url: str) -> Connection:
    return await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row)


async def measure(url: str, actions: int) -> None:
    async with group_service(url) as service, await connect(url) as by_hand:
        console.print(await compare(service, by_hand, actions, "system"))
        console.print(await compare(service.acting_as(ADMIN), by_hand, actions, "admin"))
        console.print(await compare_at_once(url, service))


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
            asyncio.run(measure(url, actions))
        finally:
            stop_embedded(settings.home)


if __name__ == "__main__":
    main()
