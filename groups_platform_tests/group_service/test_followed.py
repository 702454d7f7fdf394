"""Changes can be followed (S28): numbers in the order of commits, times that only grow, and what a name finds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any
from uuid import UUID

from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.audit import AuditEntry, AuditFilter
from groups_platform.group_service.types.group import GroupCreator, GroupModifier, GroupName
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members


async def follow(service: GroupService, page: int = 7) -> list[AuditEntry]:
    """All changes in the order of their commits, a page at a time."""
    entries: list[AuditEntry] = []
    while True:
        cursor = entries[-1].number if entries else None
        found = (await service.search_audit(SearchAuditAction(limit=page, cursor=cursor, oldest_first=True))).data
        assert found is not None
        entries += found.entries
        if found.next_cursor is None:
            return entries


def replayed(entries: list[AuditEntry]) -> dict[str, dict[str, Any]]:
    """The groups and their members as the log tells them; every step has to be possible."""
    groups: dict[str, dict[str, Any]] = {}
    for entry in (entry for entry in entries if entry.status.value == "success"):
        assert entry.entity_id is not None
        if entry.action == "create_group":
            groups[entry.entity_id] = {**(entry.after or {}), "members": set()}
        elif entry.action == "purge_group":
            del groups[entry.entity_id]
        else:
            group, after = groups[entry.entity_id], dict(entry.after or {})
            added, removed = (set(after.pop(f"members_{how}", ())) for how in ("added", "removed"))
            assert not group["members"] & added and group["members"] >= removed
            assert {name: group[name] for name in entry.before or {}} == dict(entry.before or {})
            group |= after | {"members": (group["members"] | added) - removed}
    return groups


async def test_s28_replaying_the_log_in_its_order_gives_the_state(
    database_fixture: str, group_service: GroupService, deployment: Deployment
) -> None:
    chance = Random(28)
    users = await deployment.users(6)
    groups = [
        (await group_service.create_group(CreateGroupAction(GroupCreator(f"team-{n}", DOMAIN)))).data for n in range(3)
    ]
    ids = [group.id for group in groups if group]

    async def change(service: GroupService, group_id: UUID) -> None:
        await service.modify_group(
            ModifyGroupAction(
                group_id,
                GroupModifier(description=TriState.update(f"text {chance.random()}")),
                OptionalState.update(chance.choice(["add", "remove", "replace"])),
                OptionalState.update(chance.sample(users, 3)),
            )
        )

    async with open_service(database_fixture) as other_host:
        hosts = (group_service, other_host)
        await asyncio.gather(*(change(chance.choice(hosts), chance.choice(ids)) for _ in range(60)))
    state = replayed(await follow(group_service))
    for group_id in ids:
        group = (await group_service.get_group(GetGroupAction(group_id, with_members=True))).data
        assert group is not None
        told = state[str(group_id)]
        assert told["members"] == {str(user_id) for user_id in group.member_ids or ()}
        assert (told["description"], told["modified_at"]) == (group.description, group.modified_at.isoformat())


async def test_s28_the_time_of_a_change_grows_with_each_also_where_clocks_differ(
    database_fixture: str, group_service: GroupService, create_group: CreateGroup
) -> None:
    slow = datetime(2001, 1, 1, tzinfo=timezone.utc)
    async with create_group() as group, open_service(database_fixture) as host:
        object.__setattr__(host.processor, "clock", lambda: slow)
        changes = [
            (group_service, host)[n % 2].modify_group(
                ModifyGroupAction(group.id, GroupModifier(description=TriState.update(str(n))))
            )
            for n in range(12)
        ]
        times = [result.data.modified_at for result in await asyncio.gather(*changes) if result.data]
        assert len(set(times)) == 12
        assert min(times) > group.modified_at
        by_number = [entry for entry in await follow(group_service) if entry.action == "modify_group"]
        assert [entry.after["modified_at"] for entry in by_number if entry.after] == sorted(
            time.isoformat() for time in times
        )


async def test_s28_a_follower_never_misses_what_is_committed_later(
    group_service: GroupService, deployment: Deployment
) -> None:
    """Whoever reads while others write sees numbers in growing order, and later none that is lower."""
    seen: list[int] = []

    async def watch() -> None:
        while True:
            cursor = seen[-1] if seen else None
            page = (await group_service.search_audit(SearchAuditAction(cursor=cursor, oldest_first=True))).data
            seen.extend(entry.number for entry in page.entries if page)

    watcher = asyncio.ensure_future(watch())
    await asyncio.gather(
        *(group_service.create_group(CreateGroupAction(GroupCreator(f"team-{n}", DOMAIN))) for n in range(40))
    )
    await asyncio.sleep(0.5)
    watcher.cancel()
    assert seen == [entry.number for entry in await follow(group_service)]
    assert len(seen) == 40


async def found(service: GroupService, **wanted: Any) -> list[tuple[str, str | None]]:
    page = (await service.search_audit(SearchAuditAction(AuditFilter(**wanted), oldest_first=True))).data
    assert page is not None
    return [(entry.action, entry.entity_name) for entry in page.entries]


async def test_s28_a_name_finds_what_has_or_had_it_also_after_a_purge(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    refused = CreateGroupAction(GroupCreator("old", DOMAIN))
    async with create_group(name="old") as group, create_group(name="old", domain_name=OTHER_DOMAIN):
        await group_service.create_group(refused)
        renamed = GroupModifier(name=OptionalState.update("new"))
        await group_service.modify_group(ModifyGroupAction(group.id, renamed))
        await group_service.purge_group(PurgeGroupAction(group.id))
        story = [("create_group", "old"), ("create_group", "old"), ("modify_group", "new"), ("purge_group", "new")]
        assert await found(group_service, entity_id=GroupName("old", DOMAIN)) == story
        assert await found(group_service, entity_id=f"{DOMAIN}/new") == story
        assert await found(group_service, entity_id=group.id) == story
        assert len(await found(group_service, entity_id="old")) == 5
        admin = group_service.acting_as(deployment.admin)
        assert await found(admin, entity_id="old") == story
        assert await found(group_service, entity_id="nothing") == []


async def test_s28_every_filter_and_reads_where_they_are_asked_for(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group() as group:
        read = await group_service.acting_as(deployment.admin).get_group(GetGroupAction(group.id))
        await group_service.acting_as(deployment.user).delete_group(DeleteGroupAction(group.id))
        name = group.name
        assert await found(group_service) == [("create_group", name), ("delete_group", name)]
        assert ("get_group", name) in await found(group_service, with_reads=True)
        assert await found(group_service, action="get_group") == [("get_group", name)]
        assert await found(group_service, action_id=read.action_id) == [("get_group", name)]
        assert len(await found(group_service, run_id="test-run")) == 2
        assert await found(group_service, run_id="another") == []
        now = datetime.now(timezone.utc)
        assert await found(group_service, until=now - timedelta(hours=1)) == []
        assert len(await found(group_service, since=now - timedelta(hours=1), until=now + timedelta(hours=1))) == 2


async def test_s28_a_moved_group_is_told_to_both_domains(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="mover") as group:
        moved = GroupModifier(domain_name=OptionalState.update(OTHER_DOMAIN))
        assert (await group_service.modify_group(ModifyGroupAction(group.id, moved))).success
        await change_members(group_service, group, "add", [deployment.other_user.id])
        old, new = (group_service.acting_as(actor) for actor in (deployment.admin, deployment.other_admin))
        assert await found(old) == [("create_group", "mover"), ("modify_group", "mover")]
        assert await found(new) == [("modify_group", "mover"), ("modify_group", "mover")]


async def test_s28_everything_can_be_reached_page_by_page(group_service: GroupService) -> None:
    for n in range(23):
        await group_service.create_group(CreateGroupAction(GroupCreator(f"team-{n}", DOMAIN)))
    numbers: list[int] = []
    cursor = None
    while True:
        page = (await group_service.search_audit(SearchAuditAction(limit=5, cursor=cursor))).data
        assert page is not None
        numbers += [entry.number for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert numbers == [entry.number for entry in reversed(await follow(group_service))]
    assert len(numbers) == 23
