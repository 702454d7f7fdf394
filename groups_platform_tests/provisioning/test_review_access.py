"""M8: who holds what that nobody active owns."""

from __future__ import annotations

import asyncio
import shlex
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner

from groups_platform.cli import cli
from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import ProjectType
from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction
from groups_platform.provisioning.service import ProvisioningService
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.provisioning.reviewed import World, utc

NOW = utc("2026-03-31T12:00")
PERSONS = ("inactive_agent", "not_in_directory", "ambiguous_person")


@pytest.fixture
async def world(deployment: Deployment, group_service: GroupService) -> World:
    """Four applied days, and an active agent, Ada."""
    world = World(deployment, group_service)
    await world.days()
    await world.agent(1, "ada@example.com")
    return world


@pytest.fixture
async def ada(world: World) -> UUID:
    return await world.user("ada@example.com")


async def test_m8_an_inactive_group_owns_a_project_since_the_day_it_became_so_last(world: World, ada: UUID) -> None:
    await world.directory_group(7, True, False, True, True)
    await world.directory_group(8, False, False, False, False)
    await world.project("winter", ada, link=7)
    await world.project("summer", ada, link=8)
    (row,) = await world.rows("inactive_group_owns_project")
    assert (row.project_name, row.directory_group_id, row.directory_group_name) == ("winter", 7, "Team 7")
    assert (row.since_day, row.detail, row.user_id) == ("day10", "the group is inactive", None)


async def test_m8_a_group_that_was_always_inactive_is_so_since_the_first_day(world: World, ada: UUID) -> None:
    await world.directory_group(7, True, True, True, True)
    await world.project("winter", ada, link=7)
    assert [row.since_day for row in await world.rows("inactive_group_owns_project")] == ["day1"]


async def test_m8_ended_and_unknown_groups_own_projects_too(world: World, ada: UUID) -> None:
    await world.directory_group(7, False, False, False, False)
    await world.directory_group(8, False, False, False, False)
    for group_id, ended, back in ((7, "day11", None), (8, None, None)):
        await world.deployment.run(
            "INSERT INTO directory.missing_groups VALUES (:id, 'day2', :ended, :back)",
            id=group_id,
            ended=ended,
            back=back,
        )
    await world.project("ended", ada, link=7)
    await world.project("missing", ada, link=8)
    await world.project("unknown", ada, link=9)
    assert [
        (row.project_name, row.detail, row.since_day) for row in await world.rows("inactive_group_owns_project")
    ] == [
        ("ended", "the group ended", "day11"),
        ("unknown", "the directory has no such group", None),
    ]


async def test_m8_deleted_projects_are_nobodys_concern_unless_they_run_something(world: World, ada: UUID) -> None:
    await world.directory_group(7, True, True, True, True)
    gone = await world.user("gone@example.com")
    project = await world.project("winter", gone, link=7)
    await world.service.delete_group(DeleteGroupAction(project.id))
    assert await world.found() == []


async def test_m8_a_project_without_an_active_member(world: World, ada: UUID) -> None:
    await world.agent(2, "bo@example.com", True, True, False, False)
    await world.agent(3, "cy@example.com", True, False, False, False)
    bo, cy, eve = [await world.user(f"{name}@example.com") for name in ("bo", "cy", "eve")]
    ben = await world.user("ben@example.com", status="inactive")
    await world.agent(4, "ben@example.com")
    await world.project("empty")
    await world.project("left", bo, cy)
    await world.project("strangers", bo, eve)
    await world.project("with-ada", bo, ada)
    await world.deployment.run(
        "INSERT INTO manager.association_groups_users SELECT id, :ben FROM manager.groups WHERE name = 'left'", ben=ben
    )
    rows = {row.project_name: row for row in await world.rows("no_active_member")}
    assert rows.keys() == {"empty", "left", "strangers"}
    assert (rows["empty"].detail, rows["empty"].since_day) == ("no members", None)
    assert rows["left"].detail == "3 members: 2 inactive, 1 without an active account"
    assert rows["left"].since_day is None, "when an account became inactive is not known"
    assert rows["strangers"].detail == "2 members: 1 inactive, 1 in no directory"
    assert rows["strangers"].since_day == "day10", "when the last of them left"


async def test_m8_a_project_is_without_an_active_member_since_the_last_one_left(world: World) -> None:
    await world.agent(2, "bo@example.com", True, True, False, False)
    await world.agent(3, "cy@example.com", False, False, False, False)
    await world.project("left", await world.user("bo@example.com"), await world.user("cy@example.com"))
    assert [row.since_day for row in await world.rows("no_active_member")] == ["day10"]


async def test_m8_members_who_are_inactive_agents_or_in_no_directory(world: World, ada: UUID) -> None:
    await world.agent(2, " BO@Example.com", True, False, True, False)
    await world.agent(3, "old@example.com", days=("day1",))
    await world.deployment.run("UPDATE directory.agents SET email = 'new@example.com' WHERE agent_id = 3")
    await world.deployment.run("UPDATE directory.agent_history SET to_day = 'day2' WHERE agent_id = 3")
    people = [await world.user(f"{name}@example.com") for name in ("bo", "eve", "old")]
    await world.project("winter", ada, *people)
    rows = [(row.kind.value, row.email, row.agent_id, row.since_day) for row in await world.rows(*PERSONS)]
    assert rows == [
        ("inactive_agent", "bo@example.com", 2, "day11"),
        ("not_in_directory", "eve@example.com", None, None),
        ("not_in_directory", "old@example.com", None, "day2"),
    ]


async def test_m8_people_with_the_same_or_no_address_are_never_guessed(world: World, ada: UUID) -> None:
    await world.agent(2, "same@example.com", False, False, False, False)
    await world.agent(3, "SAME@example.com", False, False, False, False)
    await world.agent(4, None, False, False, False, False)
    await world.agent(5, "twin@example.com", False, False, False, False)
    same, blank = await world.user("same@example.com"), await world.user(" ")
    twin, other = await world.user("twin@example.com"), await world.user("TWIN@example.com", is_email_shared=True)
    await world.project("winter", same, blank, twin, other)
    rows = await world.rows()
    assert {(row.kind.value, row.email, row.agent_id, row.since_day) for row in rows} == {
        ("ambiguous_person", email, None, None)
        for email in ("same@example.com", " ", "twin@example.com", "TWIN@example.com")
    }, "and the project may well have an active member"
    assert {row.email: row.detail for row in rows} == {
        "same@example.com": "2 agents have this address",
        " ": "no e-mail address",
        "twin@example.com": "2 users have the address of this agent: 5",
        "TWIN@example.com": "2 users have the address of this agent: 5",
    }


async def test_m8_running_kernels_of_people_who_left_and_what_they_hold(world: World, ada: UUID) -> None:
    await world.agent(2, "bo@example.com", True, True, True, False)
    bo, eve = await world.user("bo@example.com"), await world.user("eve@example.com")
    project = await world.project("winter", ada, bo)
    deleted = await world.project("autumn")
    slots = {"cpu": "4", "mem": "1073741824", "cuda.shares": "0.5"}
    begin = NOW - timedelta(days=3)
    for owner, where, status in (
        (bo, project, "RUNNING"), (bo, project, "TERMINATING"), (bo, project, "TERMINATED"), (bo, project, "PENDING"),
        (ada, project, "RUNNING"), (eve, deleted, "RUNNING"),
    ):  # fmt: skip
        kernel = await world.deployment.kernel(where, status, occupied_slots=slots, created_at=begin)
        await world.deployment.run(
            "UPDATE manager.kernels SET user_uuid = :owner WHERE id = :id", owner=owner, id=kernel.id
        )
    await world.service.delete_group(DeleteGroupAction(deleted.id))
    await world.deployment.vfolder(project)
    rows = await world.rows("running_kernels")
    assert [(row.project_name, row.email, row.kernels, row.cpu, row.mem, row.gpu) for row in rows] == [
        ("autumn", "eve@example.com", 1, 4, 2**30, 0.5),
        ("winter", "bo@example.com", 2, 8, 2**31, 1),
    ]
    assert [(row.detail, row.since_day, row.since, row.command) for row in rows] == [
        ("of a person in no directory who is no member", None, begin, ""),
        ("of an inactive agent", "day11", begin, ""),
    ]
    (member,) = await world.rows("inactive_agent")
    assert (member.kernels, member.cpu, member.folders) == (2, 8, 0)


async def test_m8_what_a_project_holds_is_all_of_it(world: World) -> None:
    project = await world.project("winter")
    for _ in range(2):
        await world.deployment.kernel(project, occupied_slots={"cpu": "1.5", "mem": "unreadable"})
        await world.deployment.vfolder(project)
    (row,) = await world.rows("no_active_member")
    assert (row.kernels, row.cpu, row.mem, row.gpu, row.folders) == (2, 3, 0, 0, 2)


@pytest.mark.parametrize(("seconds", "is_found"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("what", ["made", "ended", "changed"])
async def test_m8_a_project_is_unused_after_90_days(
    world: World, ada: UUID, what: str, seconds: int, is_found: bool
) -> None:
    project = await world.project("winter", ada)
    last = NOW - timedelta(days=90) + timedelta(seconds=seconds)
    long_ago = NOW - timedelta(days=500)
    await world.made(project, 500, NOW)
    if what == "made":
        await world.deployment.run("UPDATE manager.groups SET created_at = :at", at=last)
    else:
        ended = last if what == "ended" else None
        await world.deployment.kernel(
            project,
            "TERMINATED",
            created_at=long_ago,
            terminated_at=ended,
            status_changed=last if ended is None else NOW,
        )
        await world.deployment.kernel(project, "TERMINATED", created_at=long_ago, terminated_at=long_ago)
        await world.deployment.kernel(project, "CANCELLED", created_at=NOW - timedelta(days=2))
    rows = await world.rows("unused_project", at=NOW)
    assert [(row.project_name, row.since) for row in rows] == [("winter", last)] * is_found
    assert [row.detail for row in rows] == ["never used" if what == "made" else "last used then"] * is_found


@pytest.mark.parametrize("status", ["RUNNING", "PENDING"])
async def test_m8_what_runs_or_waits_is_used_and_a_store_of_models_runs_nothing(
    world: World, ada: UUID, status: str
) -> None:
    project = await world.project("winter", ada)
    store = await world.project("models", ada, type=ProjectType.MODEL_STORE)
    await world.deployment.kernel(project, status, created_at=NOW - timedelta(days=400))
    for made in (project, store):
        await world.made(made, 500, NOW)
    assert await world.found("unused_project", at=NOW) == []


async def test_m8_without_an_applied_day_nobody_is_in_no_directory(
    deployment: Deployment, group_service: GroupService
) -> None:
    world = World(deployment, group_service)
    await world.project("empty", link=7)
    await world.project("winter", await world.user("eve@example.com"))
    assert await world.found() == [("no_active_member", "empty", None)]
    result = await world.provisioning.review_access(ReviewAccessAction())
    assert result.warnings[0].startswith("No day of the directory was applied")


async def everything(world: World) -> None:
    """Each kind once or more in the domain, and one row in the other."""
    await world.agent(2, "bo@example.com", True, True, True, False)
    await world.agent(3, "same@example.com")
    await world.agent(4, "same@example.com")
    await world.directory_group(7, True, True, True, True)
    people = [await world.user(f"{name}@example.com") for name in ("bo", "eve", "same")]
    project = await world.project("winter", *people, link=7)
    kernel = await world.deployment.kernel(project)
    await world.deployment.run("UPDATE manager.kernels SET user_uuid = :bo WHERE id = :id", bo=people[0], id=kernel.id)
    await world.deployment.run(
        "UPDATE manager.groups SET created_at = now() - INTERVAL '1 year' WHERE id = :id",
        id=(await world.project("empty")).id,
    )
    await world.project("elsewhere", domain=OTHER_DOMAIN)


async def test_m8_counts_pages_and_kinds(world: World) -> None:
    await everything(world)
    page = await world.page()
    assert dict(page.counts) == {
        "inactive_group_owns_project": 1, "no_active_member": 2, "inactive_agent": 1, "not_in_directory": 1,
        "ambiguous_person": 1, "running_kernels": 1, "unused_project": 1,
    }  # fmt: skip
    assert len(page.rows) == sum(page.counts.values())
    rows, cursor = [], None
    while True:
        part = await world.page(limit=3, cursor=cursor)
        assert part.counts == page.counts
        rows += part.rows
        cursor = part.next_cursor
        if cursor is None:
            break
    assert rows == list(page.rows)
    one = await world.page(kinds=("no_active_member",), limit=1)
    assert ([row.project_name for row in one.rows], one.counts) == (["empty"], page.counts)
    assert [(held.project_name, held.kernels) for held in page.unowned] == [("winter", 1)]
    assert (page.total["projects"], page.total["kernels"]) == (1, 1)


async def test_m8_each_command_runs_and_ends_its_row(
    world: World, database_fixture: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    await everything(world)
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_fixture)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    rows = (await world.page()).rows
    for row in sorted(rows, key=lambda row: row.user_id is None):  # people first: they are in projects that end
        if not row.command:
            assert row.kind.value == "running_kernels"
            continue
        same = (row.kind.value, row.project_name, row.email)
        if same not in await world.found():
            continue  # ended with another row
        program, *words = shlex.split(row.command)
        assert program == "groups-platform"
        result = await asyncio.to_thread(CliRunner().invoke, cli, words)
        assert result.exit_code == 0, result.output
        assert same not in await world.found()
    assert {kind for kind, _, _ in await world.found()} == {"running_kernels"}


async def test_m8_who_sees_what(world: World) -> None:
    await everything(world)
    deployment = world.deployment
    everyone = await world.found()
    assert await world.found(actor=deployment.superadmin) == everyone
    elsewhere = [("no_active_member", "elsewhere", None)]
    assert await world.found(actor=deployment.other_admin) == elsewhere
    assert await world.found(domain_name=OTHER_DOMAIN) == elsewhere
    own = [found for found in everyone if found not in elsewhere]
    assert await world.found(actor=deployment.admin) == own
    assert await world.found(actor=deployment.admin, domain_name=DOMAIN) == own
    for actor, domain, code in (
        (deployment.user, None, "forbidden"), (deployment.monitor, None, "forbidden"),
        (deployment.admin, OTHER_DOMAIN, "forbidden"), (deployment.admin, "nowhere", "forbidden"),
        (deployment.superadmin, "nowhere", "unknown_domain"),
    ):  # fmt: skip
        service = ProvisioningService.of(world.service.acting_as(actor))
        result = await service.review_access(ReviewAccessAction(domain))
        assert result.error is not None
        assert result.error.code == code
    entry = (await deployment.audit("review_access"))[-1]
    assert (entry.is_read, entry.entity_type, entry.domain_name) == (True, "access_review", "nowhere")


@pytest.mark.parametrize("asked", [{"kinds": ("nothing",)}, {"cursor": "x"}, {"limit": 0}], ids=str)
async def test_m8_wrong_parameters_are_refused(world: World, asked: dict[str, object]) -> None:
    with pytest.raises(InvalidAPIParameters):
        await world.page(**asked)  # type: ignore[arg-type]
