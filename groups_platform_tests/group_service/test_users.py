"""Users: made, changed and listed; addresses in any case, who may, what is refused, and what the log says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from groups_platform.group_service.models.group import MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.services.group.actions.create_user import CreateUserAction
from groups_platform.group_service.services.group.actions.find_users import FindUsersAction
from groups_platform.group_service.services.group.actions.list_users import ListUsersAction
from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.audit import AuditFilter
from groups_platform.group_service.types.user import UserCreator, UserFilter, UserModifier, UserRole, UserStatus
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_modify_group import change_members

ROLES = ("superadmin", "monitor", "admin", "user", "other_admin", "other_user")
NEW = "Ann.Lee@Example.com"


async def create(service: GroupService, email: Any = NEW, domain_name: str = DOMAIN, **fields: Any) -> Any:
    return await service.create_user(CreateUserAction(UserCreator(email, domain_name, **fields)))


async def modify(service: GroupService, user: Any, **changes: Any) -> Any:
    states = {name: value if name == "full_name" else OptionalState.update(value) for name, value in changes.items()}
    return await service.modify_user(ModifyUserAction(user, UserModifier(**states)))


async def emails(service: GroupService, **wanted: Any) -> list[str]:
    listed = await service.list_users(ListUsersAction(UserFilter(**wanted)))
    assert listed.data is not None, listed.error
    return [user.email for user in listed.data.users]


def code(result: Any) -> str | None:
    return result.error and result.error.code


# Making them


async def test_s25_a_user_has_defaults(group_service: GroupService, deployment: Deployment) -> None:
    result = await create(group_service)
    made = result.data
    assert (made.email, made.full_name, made.role, made.status) == (NEW, None, UserRole.USER, "active")
    assert made.domain_name == DOMAIN
    (row,) = await deployment.audit("create_user")
    assert (row.entity_type, row.entity_id, row.entity_name) == ("user", str(made.id), NEW)
    assert (row.domain_name, row.before, row.after["role"]) == (DOMAIN, None, "user")


async def test_s25_a_user_with_every_field(group_service: GroupService) -> None:
    by_value = (await create(group_service, full_name="Ann Lee", role="admin", status="before-verification")).data
    assert (by_value.full_name, by_value.role) == ("Ann Lee", UserRole.ADMIN)
    assert by_value.status == UserStatus.BEFORE_VERIFICATION
    kinds = {"role": UserRole.MONITOR, "status": UserStatus.INACTIVE}
    by_member = (await create(group_service, "bo@example.com", **kinds)).data
    assert (by_member.role, by_member.status) == (UserRole.MONITOR, "inactive")


@pytest.mark.parametrize(
    "email",
    ["", "ann", "@example.com", "ann@", "a@b@c", "ann lee@example.com", "ann@exam\tple.com", "a" * 312 + "@test.com"],
)
async def test_s25_what_is_no_address(group_service: GroupService, deployment: Deployment, email: str) -> None:
    refused = (await create(group_service, email)).error
    assert (refused.code, refused.facts["field"]) == ("invalid_value", "email")
    assert await deployment.count(UserRow) == 6


async def test_s25_an_address_is_trimmed_and_composed(group_service: GroupService) -> None:
    assert (await create(group_service, "  zoe\u0308@example.com\n")).data.email == "zo\u00eb@example.com"
    assert (await create(group_service, "a" * 308 + "@example.com")).success
    assert code(await create(group_service, "ZO\u00cb@example.com")) == "email_taken"


async def test_s25_an_address_is_given_once_in_any_case(group_service: GroupService, deployment: Deployment) -> None:
    assert (await create(group_service)).success
    for email in (NEW, NEW.lower(), NEW.upper(), f" {NEW} "):
        assert code(await create(group_service, email, OTHER_DOMAIN)) == "email_taken"
    spellings = ["bo@example.com", "BO@example.com", "Bo@Example.com"] * 3
    results = await asyncio.gather(*[create(group_service, email) for email in spellings])
    assert Counter(map(code, results)) == {None: 1, "email_taken": 8}
    assert await deployment.count(UserRow) == 8


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"domain_name": "nowhere"}, "unknown_domain"),
        ({"domain_name": "n" * 65}, "unknown_domain"),
        ({"role": "owner"}, "invalid_value"),
        ({"status": "gone"}, "invalid_value"),
        ({"full_name": "x" * 257}, "invalid_value"),
    ],
)
async def test_s25_a_user_that_cannot_be(
    group_service: GroupService, deployment: Deployment, fields: Any, refusal: str
) -> None:
    assert code(await create(group_service, **fields)) == refusal
    changes = {name: TriState.update(value) if name == "full_name" else value for name, value in fields.items()}
    assert code(await modify(group_service, deployment.user.id, **changes)) == refusal
    (row,) = await deployment.audit("create_user")
    assert (row.status, row.error_code, row.entity_name) == ("failure", refusal, NEW)


# Changing them


async def test_s25_only_what_is_given_changes(group_service: GroupService, deployment: Deployment) -> None:
    before = (await create(group_service, full_name="Ann")).data
    for name, value, becomes in (
        ("role", "admin", UserRole.ADMIN),
        ("status", UserStatus.DELETED, "deleted"),
        ("domain_name", OTHER_DOMAIN, OTHER_DOMAIN),
        ("full_name", TriState.update("Ann Lee"), "Ann Lee"),
        ("full_name", TriState.nullify(), None),
    ):
        result = await modify(group_service, before.id, **{name: value})
        was, after = getattr(before, name), result.data
        assert getattr(after, name) == becomes
        assert {field for field in vars(after) if getattr(after, field) != getattr(before, field)} == {name}
        row = (await deployment.audit("modify_user"))[-1]
        assert (row.before, row.after) == ({name: was}, {name: becomes})
        assert (row.entity_id, row.entity_name) == (str(after.id), NEW)
        before = after
    assert (await modify(group_service, before.id)).data == before
    assert not (await deployment.audit("modify_user"))[-1].after


async def test_s25_a_user_is_named_by_id_or_address_in_any_case(
    group_service: GroupService, deployment: Deployment
) -> None:
    made = (await create(group_service)).data
    for named in (made.id, str(made.id), NEW, NEW.upper(), f" {NEW.lower()}"):
        assert (await modify(group_service, named, full_name=TriState.update("Ann"))).data.id == made.id
    for unknown in (uuid4(), "nobody@example.com", ""):
        refused = (await modify(group_service, unknown, role="user")).error
        assert (refused.code, refused.facts) == ("unknown_user", {"user": str(unknown)})
    row = (await deployment.audit("modify_user"))[-2]
    assert (row.status, row.error_code, row.entity_name) == ("failure", "unknown_user", "nobody@example.com")


async def test_s25_users_of_old_who_share_an_address_are_told_apart(
    group_service: GroupService, deployment: Deployment
) -> None:
    old = await deployment.add(UserRow(email="ann@example.com", domain_name=DOMAIN))
    later = await deployment.add(UserRow(email="ANN@example.com", domain_name=DOMAIN, is_email_shared=True))
    for named, user in (("ann@example.com", old), ("ANN@example.com", later), ("Ann@example.com", old)):
        assert (await modify(group_service, named, full_name=TriState.update("x"))).data.id == user.uuid
    assert code(await create(group_service, "aNN@example.com")) == "email_taken"


async def test_s25_a_move_says_who_still_lists_the_user(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    made = (await create(group_service)).data
    async with create_group() as one, create_group() as other:
        for group in (one, other):
            await change_members(group_service, group, "add", [made.id])
        stayed = await modify(group_service, made.id, domain_name=DOMAIN)
        moved = await modify(group_service, made.id, domain_name=OTHER_DOMAIN)
        assert stayed.warnings == ()
        (warning,) = moved.warnings
        assert warning.startswith(f"2 groups of {DOMAIN} still list {NEW}")
        assert await deployment.count(MembershipRow) == 2
        row = (await deployment.audit("modify_user"))[-1]
        assert (row.domain_name, row.former_domain_name) == (OTHER_DOMAIN, DOMAIN)
        assert (await modify(group_service, made.id, domain_name=DOMAIN)).warnings == ()


async def test_s25_other_statuses_stay_readable(group_service: GroupService, deployment: Deployment) -> None:
    await deployment.run("UPDATE manager.users SET status = 'on-leave' WHERE email = 'user@example.com'")
    (found,) = (await group_service.find_users(FindUsersAction(emails=["user@example.com"]))).data or ()
    assert found.status == "on-leave"
    assert (await modify(group_service, found.id, full_name=TriState.update("x"))).data.status == "on-leave"
    assert "user@example.com" in await emails(group_service)


# Who may


@pytest.mark.parametrize("role", ROLES)
async def test_s25_who_creates_and_changes_users(
    group_service: GroupService, deployment: Deployment, role: str
) -> None:
    target = (await deployment.users(1))[0]
    service = group_service.acting_as(getattr(deployment, role))
    results = [await create(service), await modify(service, target, full_name=TriState.update("x"))]
    may = role in ("superadmin", "admin")
    assert [code(result) for result in results] == [None if may else "forbidden"] * 2
    rows = [row for row in await deployment.audit() if row.actor_id == service.actor.id]
    assert [row.status.value for row in rows] == ["success" if may else "denied"] * 2
    assert await deployment.count(UserRow) == 7 + may


@pytest.fixture
async def admin(group_service: GroupService, deployment: Deployment) -> AsyncIterator[GroupService]:
    """The service for the admin of a domain."""
    yield group_service.acting_as(deployment.admin)


@pytest.mark.parametrize(
    ("role", "refusal"), [("user", None), ("admin", None), ("monitor", "forbidden"), ("superadmin", "forbidden")]
)
async def test_s25_an_admin_gives_no_role_above_the_own(
    admin: GroupService, deployment: Deployment, role: str, refusal: str | None
) -> None:
    assert code(await create(admin, role=role)) == refusal
    assert code(await modify(admin, deployment.user.id, role=role)) == refusal


async def test_s25_an_admin_stays_in_the_domain(admin: GroupService, deployment: Deployment) -> None:
    assert code(await create(admin, domain_name=OTHER_DOMAIN)) == "forbidden"
    assert code(await create(admin, domain_name="nowhere")) == "forbidden"
    assert code(await modify(admin, deployment.user.id, domain_name=OTHER_DOMAIN)) == "forbidden"
    foreign = (await modify(admin, deployment.other_user.id, full_name=TriState.update("x"))).error
    unknown = (await modify(admin, uuid4(), full_name=TriState.update("x"))).error
    assert (foreign.code, unknown.code) == ("forbidden", "forbidden")
    assert foreign.message.rpartition(" ")[0] == unknown.message.rpartition(" ")[0]


@pytest.mark.parametrize("above", ["superadmin", "monitor"])
async def test_s25_an_admin_leaves_alone_who_is_above(admin: GroupService, deployment: Deployment, above: str) -> None:
    for change in ({"role": "user"}, {"status": "inactive"}, {"full_name": TriState.update("x")}):
        assert code(await modify(admin, getattr(deployment, above).id, **change)) == "forbidden"


@pytest.mark.parametrize("role", ["superadmin", "admin"])
async def test_s25_nobody_takes_their_own_rights_away(
    group_service: GroupService, deployment: Deployment, role: str
) -> None:
    actor = getattr(deployment, role)
    service = group_service.acting_as(actor)
    for change in ({"role": "user"}, {"status": "inactive"}, {"role": "user", "full_name": TriState.update("x")}):
        assert code(await modify(service, actor.name.upper(), **change)) == "own_account"
    for change in ({"role": role}, {"status": "active"}, {"full_name": TriState.update("Me")}):
        assert (await modify(service, actor.id, **change)).success
    assert (await modify(group_service, actor.id, status="inactive")).success


async def test_s25_two_superadmins_who_demote_each_other_leave_one(
    group_service: GroupService, deployment: Deployment
) -> None:
    second = (await create(group_service, role="superadmin")).data
    actors = deployment.superadmin, (await group_service.get_actor(second.email))
    for _ in range(5):
        services = [group_service.acting_as(actor) for actor in actors]
        targets = [actor.id for actor in reversed(actors)]
        results = await asyncio.gather(
            *[modify(service, target, role="user") for service, target in zip(services, targets, strict=True)]
        )
        assert sorted(str(code(result)) for result in results) == ["None", "forbidden"]
        assert len(await emails(group_service, role="superadmin")) == 1
        for actor in actors:
            await modify(group_service, actor.id, role="superadmin")


# Finding them


@pytest.mark.parametrize("role", ROLES)
async def test_s25_who_lists_whom(group_service: GroupService, deployment: Deployment, role: str) -> None:
    actor = getattr(deployment, role)
    seen = await emails(group_service.acting_as(actor))
    everybody = await emails(group_service)
    assert len(everybody) == 6
    assert seen == {
        "superadmin": everybody,
        "monitor": everybody,
        "admin": [email for email in everybody if email.endswith(DOMAIN)],
        "other_admin": [email for email in everybody if email.endswith(OTHER_DOMAIN)],
    }.get(role, [actor.name])


async def test_s25_users_are_listed_by_filters_and_pages(group_service: GroupService) -> None:
    await create(group_service, full_name="Ann Lee 100%", status="inactive", role="monitor")
    assert await emails(group_service, name_part="LEE@") == [NEW]
    assert await emails(group_service, name_part="ann lee") == [NEW]
    assert await emails(group_service, name_part="%") == [NEW]
    assert await emails(group_service, status="inactive") == [NEW]
    assert await emails(group_service, status=UserStatus.DELETED) == []
    assert await emails(group_service, role=UserRole.MONITOR) == [NEW, "monitor@example.com"]
    assert await emails(group_service, role="monitor", status="active") == ["monitor@example.com"]
    assert len(await emails(group_service, domain_name=OTHER_DOMAIN)) == 2
    for wrong in ({"role": "owner"}, {"status": "gone"}):
        assert code(await group_service.list_users(ListUsersAction(UserFilter(**wrong)))) == "invalid_value"

    found, cursor = [], None
    while not found or cursor:
        page = (await group_service.list_users(ListUsersAction(cursor=cursor, limit=3))).data
        assert page is not None
        found += [user.email for user in page.users]
        cursor = page.next_cursor
    assert found == sorted(await emails(group_service))
    assert len(found) == 7


async def test_s25_addresses_are_found_in_any_case(group_service: GroupService) -> None:
    made = (await create(group_service)).data
    for spelling in (NEW, NEW.lower(), f" {NEW.upper()} "):
        found = await group_service.find_users(FindUsersAction(emails=["nobody@example.com", spelling]))
        assert found.data == (made,)
    both = await group_service.find_users(FindUsersAction(ids=[made.id], emails=[NEW.lower()]))
    assert both.data == (made,)


async def test_s25_an_address_is_folded_in_one_way_only(group_service: GroupService, deployment: Deployment) -> None:
    """Python and Postgres do not fold the final sigma alike: an address at least finds the user who has it."""
    for email in ("ΝΊΚΟΣ@example.com", "İnci@example.com"):
        created = (await group_service.create_user(CreateUserAction(UserCreator(email, DOMAIN)))).data
        assert created is not None
        actor = await group_service.get_actor(email)
        assert (actor.id, actor.name) == (created.id, email)


async def test_s31_more_users_than_a_query_has_parameters(group_service: GroupService, deployment: Deployment) -> None:
    emails = [f"person-{n}@example.com" for n in range(70_000)]
    found = await group_service.find_users(FindUsersAction([deployment.user.id] * 70_000, emails))
    assert [user.id for user in found.data or ()] == [deployment.user.id]


async def test_s25_of_older_users_with_one_address_the_one_who_has_it_as_it_is_written(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    older = await deployment.add(UserRow(email="Ann@example.com", domain_name=DOMAIN))
    younger = await deployment.add(UserRow(email="ann@example.com", domain_name=DOMAIN, is_email_shared=True))
    async with create_group() as group:
        for email, user in (("ann@example.com", younger), ("Ann@example.com", older), ("ANN@example.com", older)):
            changed = await change_members(group_service, group, "replace", [email])
            assert changed.data.member_ids == (user.uuid,)


async def test_s35_somebody_of_elsewhere_is_removed_by_address_and_nobody_learns_of_them(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    admin = group_service.acting_as(deployment.admin)
    async with create_group() as group:
        assert (await change_members(group_service, group, "remove", ["other_user@example.org"])).success
        told = [
            (await change_members(admin, group, "remove", [email])).error.message.replace(email, "")
            for email in ("other_user@example.org", "nobody@example.org")
        ]
        assert told[0] == told[1]


async def test_s28_the_log_is_searched_by_an_address_in_any_case(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    dora = CreateUserAction(UserCreator("Dora@example.com", DOMAIN))
    assert (await group_service.acting_as(deployment.admin).create_user(dora)).success
    for wanted in (AuditFilter(actor="ADMIN@example.com"), AuditFilter(entity_id="dora@EXAMPLE.com")):
        page = (await group_service.search_audit(SearchAuditAction(wanted))).data
        assert page is not None and [entry.action for entry in page.entries] == ["create_user"]
