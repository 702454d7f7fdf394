"""Finding groups: filters, order, pages, one query for each."""

from __future__ import annotations

import base64
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.repositories.group.repository import GroupRepository
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.get_groups import GetGroupsAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupCreator, GroupFilter, GroupOrder, ProjectType, TextFilter
from groups_platform.group_service.types.user import SYSTEM
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members


async def search(service: GroupService, **action: Any) -> Any:
    return (await service.search_groups(SearchGroupsAction(**action))).data


async def names(service: GroupService, **filter_: Any) -> list[str]:
    return [group.name for group in (await search(service, filter=GroupFilter(**filter_))).groups]


@pytest.fixture
async def groups(group_service: GroupService, deployment: Deployment) -> dict[str, Any]:
    """Five groups in two domains; the user is in the first two."""
    creators = (
        GroupCreator("alpha", DOMAIN, integration_id="1"),
        GroupCreator("beta_100", DOMAIN, type=ProjectType.MODEL_STORE),
        GroupCreator("gamma", DOMAIN, is_active=False, integration_id="1"),
        GroupCreator("alpha", OTHER_DOMAIN, integration_id="1"),
        GroupCreator("Delta", OTHER_DOMAIN),
    )
    created = [(await group_service.create_group(CreateGroupAction(creator))).data for creator in creators]
    for group in created[:2]:
        assert group is not None
        await change_members(group_service, group, "add", [deployment.user.id])
    return {f"{group.name}@{group.domain_name}": group for group in created if group}


async def test_s12_a_name_is_found_in_either_spelling_of_unicode(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group(name="cafe\u0301") as group:
        for spelling in ("cafe\u0301", "caf\u00e9"):
            assert await names(group_service, name=spelling) == await names(group_service, name_part=spelling)
            assert await names(group_service, name=spelling) == [group.name]


async def test_s12_filters(group_service: GroupService, groups: dict[str, Any], deployment: Deployment) -> None:
    assert await names(group_service, domain_name=DOMAIN) == ["alpha", "beta_100", "gamma"]
    assert await names(group_service, domain_name=DOMAIN, is_active=True) == ["alpha", "beta_100"]
    assert await names(group_service, is_active=False) == ["gamma"]
    assert await names(group_service, type=ProjectType.MODEL_STORE) == ["beta_100"]
    assert sorted(await names(group_service, name_part="ALPH")) == ["alpha", "alpha"]
    assert await names(group_service, name_part="a_1") == ["beta_100"]
    assert await names(group_service, name_part="%") == []
    assert await names(group_service, member_id=deployment.user.id) == ["alpha", "beta_100"]
    assert await names(group_service, member_id=uuid4()) == []
    assert await names(group_service, integration_id="1", domain_name=DOMAIN) == ["alpha", "gamma"]
    assert await names(group_service, integration_id="1", domain_name=DOMAIN, is_active=True) == ["alpha"]


async def test_s12_pages_follow_each_other_in_a_stable_order_with_a_query_each(
    group_service: GroupService, groups: dict[str, Any]
) -> None:
    statements: list[str] = []
    engine = group_service.processor.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = await search(group_service, limit=2, cursor=cursor, with_members=True)
        found, cursor, pages = [*found, *page.groups], page.next_cursor, pages + 1
    assert pages == 3
    assert len([statement for statement in statements if "manager.groups" in statement]) == pages
    whole = (await search(group_service)).groups
    assert [group.id for group in found] == [group.id for group in whole]
    assert {group.id for group in whole} == {group.id for group in groups.values()}


async def test_s12_a_page_goes_on_where_the_last_one_ended_whatever_came_and_went(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group(name="b"), create_group(name="d"), create_group(name="f"):
        first = await search(group_service, limit=2)
        async with create_group(name="a"), create_group(name="e"):
            second = await search(group_service, limit=2, cursor=first.next_cursor)
    assert [group.name for group in (*first.groups, *second.groups)] == ["b", "d", "e", "f"]
    assert second.next_cursor is None


async def test_s12_members_come_only_if_asked_for(
    group_service: GroupService, groups: dict[str, Any], deployment: Deployment
) -> None:
    group = groups[f"alpha@{DOMAIN}"]
    assert (await group_service.get_group(GetGroupAction(group.id))).data.member_ids is None  # type: ignore[union-attr]
    page = await search(group_service, filter=GroupFilter(domain_name=DOMAIN), with_members=True)
    assert [found.member_ids for found in page.groups] == [(deployment.user.id,), (deployment.user.id,), ()]


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": 0},
        {"limit": 1001},
        {"cursor": "x"},
        {"cursor": "WzFd"},
        {"cursor": "e30="},
        {"cursor": "é"},
        *[
            {"cursor": base64.urlsafe_b64encode(text.encode()).decode()}
            for text in (
                "[" * 100_000,
                f'["\\ud800", "{uuid4()}"]',
                f'["a\\u0000", "{uuid4()}"]',
                f'[null, "{uuid4()}"]',
            )
        ],
    ],
)
async def test_s12_pages_and_cursors_that_cannot_be(group_service: GroupService, bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidAPIParameters):
        await group_service.search_groups(SearchGroupsAction(**bad))


async def test_s22_the_repository_finds_what_the_service_does(
    group_repository: GroupRepository, groups: dict[str, Any]
) -> None:
    found = await group_repository.search(GroupFilter(domain_name=DOMAIN), limit=10)
    assert [group.id for group in found] == [group.id for group in groups.values() if group.domain_name == DOMAIN]
    assert group_repository._actor is SYSTEM


async def listed(service: GroupService, order: GroupOrder = GroupOrder.NAME, **options: Any) -> list[str]:
    """The names of all groups that a search finds, three in a page."""
    found: list[str] = []
    cursor, descending = None, options.pop("descending", False)
    while True:
        action = SearchGroupsAction(GroupFilter(**options), cursor=cursor, limit=3, order=order, descending=descending)
        page = (await service.search_groups(action)).data
        assert page is not None
        found += [group.name for group in page.groups]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_s32_filters_on_the_name_in_any_case_or_as_it_is_written(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group(name="Alpha"), create_group(name="alpha-2"), create_group(name="B_alph"):
        assert await listed(group_service, name="Alpha") == ["Alpha"]
        assert await listed(group_service, name=TextFilter(equals="ALPHA")) == ["Alpha"]
        assert await listed(group_service, name=TextFilter(equals="ALPHA", ignore_case=False)) == []
        assert sorted(await listed(group_service, name=TextFilter(starts_with="aLPHA"))) == ["Alpha", "alpha-2"]
        assert await listed(group_service, name=TextFilter(starts_with="a", ignore_case=False)) == ["alpha-2"]
        assert await listed(group_service, name=TextFilter(contains="_ALPH")) == ["B_alph"]
        assert await listed(group_service, name=TextFilter(contains="%")) == []
        assert await listed(group_service, name=TextFilter(contains="alpha", starts_with="alpha-")) == ["alpha-2"]


async def test_s32_times_and_members_narrow(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="first") as first, create_group(name="second") as second:
        await change_members(group_service, first, "add", [deployment.user.id])
        touched = (await group_service.get_group(GetGroupAction(first.id))).data
        assert touched is not None
        assert await listed(group_service, created_since=second.created_at) == ["second"]
        assert await listed(group_service, created_until=second.created_at) == ["first"]
        assert await listed(group_service, modified_since=touched.modified_at) == ["first"]
        assert await listed(group_service, modified_until=touched.modified_at) == ["second"]
        assert await listed(group_service, member_id="USER@example.com") == ["first"]
        assert await listed(group_service, member_id=deployment.user.id) == ["first"]
        assert await listed(group_service, member_id="nobody@example.com") == []


@pytest.mark.parametrize("descending", [False, True])
async def test_s32_every_order_either_way_page_by_page(
    group_service: GroupService, create_group: CreateGroup, descending: bool
) -> None:
    async with AsyncExitStack() as stack:
        groups = []
        for number, name in enumerate(("m", "c", "z", "a", "q", "b", "k")):
            domain = (DOMAIN, OTHER_DOMAIN)[number % 2]
            groups.append(await stack.enter_async_context(create_group(name=name, domain_name=domain)))
        for group in (groups[4], groups[1]):
            await group_service.delete_group(DeleteGroupAction(group.id))
        now = (await group_service.get_groups(GetGroupsAction([group.id for group in groups]))).data
        assert now is not None and [group.name for group in now] == sorted(group.name for group in groups)
        for order in GroupOrder:
            expected = sorted(now, key=lambda g: (getattr(g, order.value), g.id), reverse=descending)
            assert await listed(group_service, order, descending=descending) == [group.name for group in expected]


async def test_s32_a_cursor_is_of_its_order(group_service: GroupService, create_group: CreateGroup) -> None:
    async with create_group(name="a"), create_group(name="b"):
        page = (await group_service.search_groups(SearchGroupsAction(limit=1))).data
        assert page and page.next_cursor
        with pytest.raises(InvalidAPIParameters, match="in this order"):
            await group_service.search_groups(SearchGroupsAction(cursor=page.next_cursor, order=GroupOrder.CREATED_AT))


async def test_s32_several_groups_by_their_ids_in_one_query(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    async with create_group(name="mine") as mine, create_group(domain_name=OTHER_DOMAIN) as theirs:
        ids = [theirs.id, mine.id, uuid4(), mine.id]
        admin = group_service.acting_as(deployment.admin)
        assert (await admin.get_groups(GetGroupsAction(ids))).data == (mine,)
        everything = (await group_service.get_groups(GetGroupsAction(ids, with_members=True))).data
        assert everything and {group.id for group in everything} == {mine.id, theirs.id}
        assert (await group_service.get_groups(GetGroupsAction([]))).data == ()
