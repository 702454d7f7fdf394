"""Modifying groups: each field alone and all together, members in each mode, and what changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.group import GroupData, GroupModifier, ProjectType
from groups_platform.group_service.types.user import UserUpdateMode
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import OTHER_DOMAIN, Deployment

FULL: dict[str, Any] = {
    "description": "before",
    "total_resource_slots": ResourceSlot.from_user_input({"cpu": "1"}, None),
    "allowed_vfolder_hosts": {"local": "local"},
    "dotfiles": ({"path": ".profile", "data": "x", "perm": "600"},),
    "container_registry": {"registry": "registry.example.com"},
    "integration_id": "1",
}
CHANGES: dict[str, Any] = {
    "name": "renamed",
    "domain_name": OTHER_DOMAIN,
    "description": "after",
    "is_active": False,
    "type": ProjectType.MODEL_STORE,
    "total_resource_slots": ResourceSlot.from_user_input({"cpu": "8", "mem": "16g"}, None),
    "allowed_vfolder_hosts": {"local": "upload"},
    "dotfiles": ({"path": ".bashrc", "data": "y", "perm": "644"},),
    "resource_policy": "development-policy",
    "container_registry": {"registry": "other.example.com", "project": "lab"},
    "integration_id": "2",
}
NULLABLE = ("description", "container_registry", "integration_id")


async def modify(service: GroupService, group: GroupData, **fields: Any) -> Any:
    states = {name: (TriState if name in NULLABLE else OptionalState).update(value) for name, value in fields.items()}
    return await service.modify_group(ModifyGroupAction(group.id, GroupModifier(**states)))


async def change_members(service: GroupService, group: GroupData, mode: Any, ids: Sequence[Any]) -> Any:
    action = ModifyGroupAction(
        group.id, user_update_mode=OptionalState.update(mode), user_uuids=OptionalState.update([str(i) for i in ids])
    )
    return await service.modify_group(action)


def seen(group: GroupData, names: Any = CHANGES) -> dict[str, Any]:
    return {name: getattr(group, name) for name in names}


@pytest.mark.parametrize("name", CHANGES)
async def test_s7_one_field_changes_and_the_others_stay(
    group_service: GroupService, create_group: CreateGroup, name: str
) -> None:
    async with create_group(**FULL) as group:
        changed = (await modify(group_service, group, **{name: CHANGES[name]})).data
        assert seen(changed) == {**seen(group), name: CHANGES[name]}
        assert changed.modified_at > group.modified_at == group.created_at == changed.created_at


async def test_s7_all_fields_and_members_change_together(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    users = await deployment.users(2, OTHER_DOMAIN)
    async with create_group(**FULL) as group:
        states = {n: (TriState if n in NULLABLE else OptionalState).update(value) for n, value in CHANGES.items()}
        result = await group_service.modify_group(
            ModifyGroupAction(
                group.id,
                GroupModifier(**states),
                OptionalState.update(UserUpdateMode.ADD),
                OptionalState.update([str(user) for user in users]),
            )
        )
        assert result.data is not None
        assert seen(result.data) == CHANGES
        assert result.data.member_ids == tuple(sorted(users))


@pytest.mark.parametrize("name", NULLABLE)
async def test_s7_nullify_clears(group_service: GroupService, create_group: CreateGroup, name: str) -> None:
    async with create_group(**FULL) as group:
        modifier = GroupModifier(**{name: TriState.nullify()})
        result = await group_service.modify_group(ModifyGroupAction(group.id, modifier))
        assert result.data is not None
        assert seen(result.data) == {**seen(group), name: None}


async def test_s28_the_time_of_a_change_is_later_than_the_one_before(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    """Also after a change by a host whose clock goes ahead, or by an attempt that began later."""
    async with create_group() as group:
        await deployment.run("UPDATE manager.groups SET modified_at = now() + interval '1 hour'")
        later = (await group_service.modify_group(ModifyGroupAction(group.id))).data
        changed = await modify(group_service, group, description="after")
        assert later and changed.data.modified_at > later.modified_at > group.modified_at


async def test_s7_nothing_given_changes_nothing_and_carries_the_group(
    group_service: GroupService, create_group: CreateGroup
) -> None:
    async with create_group(**FULL) as group:
        result = await group_service.modify_group(ModifyGroupAction(group.id))
        assert result.data is not None
        assert (result.success, seen(result.data)) == (True, seen(group))
        assert result.data.modified_at == group.modified_at


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": OptionalState.update("taken")}, "group_name_taken"),
        ({"name": OptionalState.update("not a name")}, "invalid_group_name"),
        ({"domain_name": OptionalState.update("nowhere")}, "unknown_domain"),
        ({"domain_name": OptionalState.update(OTHER_DOMAIN)}, "unknown_users"),
        ({"resource_policy": OptionalState.update("nothing")}, "unknown_resource_policy"),
        ({"integration_id": TriState.update("taken")}, "integration_id_taken"),
    ],
)
async def test_s7_a_refused_field_changes_nothing(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, change: dict[str, Any], code: str
) -> None:
    (user,) = await deployment.users(1)
    async with create_group(name="taken", integration_id="taken"), create_group(**FULL) as group:
        states = {"description": TriState.update("after"), **change}
        result = await group_service.modify_group(
            ModifyGroupAction(
                group.id, GroupModifier(**states), OptionalState.update("add"), OptionalState.update([str(user)])
            )
        )
        assert (result.success, result.data, result.error and result.error.code) == (False, None, code)
        unchanged = (await group_service.modify_group(ModifyGroupAction(group.id))).data
        assert unchanged is not None
        assert (seen(unchanged), unchanged.member_ids) == (seen(group), ())


async def test_s7_an_unknown_group_is_a_failure_that_is_logged(
    group_service: GroupService, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = uuid4()
    result = await group_service.modify_group(ModifyGroupAction(unknown))
    assert (result.success, result.error and result.error.code) == (False, "group_not_found")
    (record,) = [record for record in caplog.records if record.name == "groups_platform.group_service"]
    assert (record.levelname, record.__dict__["action"], record.__dict__["entity"]) == (
        "WARNING",
        "modify_group",
        str(unknown),
    )
    assert (record.__dict__["status"], record.__dict__["actor"]) == ("failure", "system")
    assert record.__dict__["duration_ms"] >= 0


@pytest.mark.parametrize("mode", [UserUpdateMode.ADD, "add"])
async def test_s3_s8_add(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, mode: Any
) -> None:
    a, b, c = sorted(await deployment.users(3))
    async with create_group() as group:
        assert (await change_members(group_service, group, mode, [a, b, a])).data.member_ids == (a, b)
        changed = (await change_members(group_service, group, mode, [b, c])).data
        assert changed.member_ids == (a, b, c)
        again = (await change_members(group_service, group, mode, [b, c])).data
        assert (again.member_ids, again.modified_at) == ((a, b, c), changed.modified_at)


@pytest.mark.parametrize("mode", [UserUpdateMode.REMOVE, "remove"])
async def test_s3_s8_remove(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, mode: Any
) -> None:
    a, b, c = sorted(await deployment.users(3))
    async with create_group() as group:
        await change_members(group_service, group, "add", [a, b])
        assert (await change_members(group_service, group, mode, [b, c])).data.member_ids == (a,)
        assert (await change_members(group_service, group, mode, [b])).data.member_ids == (a,)


@pytest.mark.parametrize("mode", [UserUpdateMode.REPLACE, "replace"])
async def test_s3_s8_replace(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, mode: Any
) -> None:
    a, b, c = sorted(await deployment.users(3))
    async with create_group() as group:
        assert (await change_members(group_service, group, mode, [a, b])).data.member_ids == (a, b)
        assert (await change_members(group_service, group, mode, [b, c])).data.member_ids == (b, c)
        assert (await change_members(group_service, group, mode, [])).data.member_ids == ()


@pytest.mark.parametrize("mode", list(UserUpdateMode))
async def test_s8_unknown_users_are_named_and_nothing_changes(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, mode: UserUpdateMode
) -> None:
    member, known = await deployment.users(2)
    (foreign,) = await deployment.users(1, OTHER_DOMAIN)
    unknown = uuid4()
    async with create_group() as group:
        await change_members(group_service, group, "add", [member])
        refused = await change_members(group_service, group, mode, [known, unknown, foreign])
        assert (refused.success, refused.data, refused.error.code) == (False, None, "unknown_users")
        named = [unknown] if mode is UserUpdateMode.REMOVE else [unknown, foreign]  # S35
        assert refused.error.facts == {"users": tuple(sorted(map(str, named)))}
        assert (await group_service.modify_group(ModifyGroupAction(group.id))).data.member_ids == (member,)


async def test_s8_a_member_who_moved_to_another_domain_can_be_removed_and_no_longer_be_named(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    moved, other = sorted(await deployment.users(2))
    async with create_group() as group:
        await change_members(group_service, group, "add", [moved])
        await deployment.run("UPDATE manager.users SET domain_name = :d WHERE uuid = :u", d=OTHER_DOMAIN, u=moved)
        for mode in ("add", "replace"):
            refused = await change_members(group_service, group, mode, [moved, other])
            assert (refused.error.code, refused.error.facts) == ("unknown_users", {"users": (str(moved),)})
        kept = await change_members(group_service, group, "add", [other])
        assert kept.data.member_ids == (moved, other)
        assert (await change_members(group_service, group, "remove", [moved])).data.member_ids == (other,)


async def test_s8_a_group_moves_to_another_domain_with_members_of_that_domain_only(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    here, (there,) = sorted(await deployment.users(2)), await deployment.users(1, OTHER_DOMAIN)
    move = GroupModifier(domain_name=OptionalState.update(OTHER_DOMAIN))
    async with create_group(name="taken", domain_name=OTHER_DOMAIN), create_group() as group:
        await change_members(group_service, group, "add", here)
        refused = await group_service.modify_group(ModifyGroupAction(group.id, move))
        assert refused.error and refused.error.code == "unknown_users"
        assert refused.error.facts == {"users": tuple(str(user) for user in here)}
        kept = (await group_service.modify_group(ModifyGroupAction(group.id))).data
        assert kept and (kept.domain_name, kept.member_ids) == (group.domain_name, tuple(here))

        moved = await group_service.modify_group(
            ModifyGroupAction(group.id, move, OptionalState.update("replace"), OptionalState.update([there]))
        )
        assert moved.data and (moved.data.domain_name, moved.data.member_ids) == (OTHER_DOMAIN, (there,))
        taken = await modify(group_service, group, name="taken")
        assert taken.error.code == "group_name_taken"
        same = await modify(group_service, group, domain_name=OTHER_DOMAIN)
        assert (same.success, same.data.member_ids) == (True, (there,))


@pytest.mark.parametrize("bad", ["user-uuid-1", "", "12345678", "g" * 32, "12345678-1234-1234-1234-12345678901"])
async def test_s8_the_first_malformed_id_is_named(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment, bad: str
) -> None:
    (known,) = await deployment.users(1)
    async with create_group() as group:
        refused = await change_members(group_service, group, "add", [known, bad, "also bad"])
        assert (refused.error.code, refused.error.facts) == ("invalid_user_id", {"user_id": bad})
        assert (await group_service.modify_group(ModifyGroupAction(group.id))).data.member_ids == ()


async def test_s8_ids_may_be_uuids_and_modes_must_be_modes(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    (known,) = await deployment.users(1)
    ids: OptionalState[Sequence[str | UUID]] = OptionalState.update([known])
    async with create_group() as group:
        result = await group_service.modify_group(
            ModifyGroupAction(group.id, user_update_mode=OptionalState.update("add"), user_uuids=ids)
        )
        assert result.data and result.data.member_ids == (known,)
        for mode in (OptionalState.update("ADDED"), OptionalState.nop()):
            with pytest.raises(InvalidAPIParameters, match="add, remove or replace"):
                await group_service.modify_group(
                    ModifyGroupAction(group.id, user_update_mode=mode, user_uuids=ids)  # type: ignore[arg-type]
                )
        only_mode = ModifyGroupAction(group.id, user_update_mode=OptionalState.update(UserUpdateMode.REPLACE))
        assert (await group_service.modify_group(only_mode)).data.member_ids == (known,)  # type: ignore[union-attr]


async def test_s8_more_ids_than_a_statement_has_parameters_are_no_fault(
    group_service: GroupService, create_group: CreateGroup, deployment: Deployment
) -> None:
    await deployment.run(
        "INSERT INTO manager.users (email, domain_name)"
        " SELECT 'crowd' || n || '@example.com', 'example.com' FROM generate_series(1, 66000) AS n"
    )
    crowd = [row.uuid for row in await deployment.run("SELECT uuid FROM manager.users WHERE email LIKE 'crowd%'")]
    async with create_group() as group:
        assert len((await change_members(group_service, group, "add", crowd)).data.member_ids) == 66_000
        assert (await change_members(group_service, group, "remove", crowd)).data.member_ids == ()
