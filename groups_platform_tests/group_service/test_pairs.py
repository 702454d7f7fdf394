"""Every pair of actions that change something, at once, on one group, user, domain and policy, from two hosts.

Whatever their order: no fault leaks, every attempt has its row, and the log, in the order of its numbers, tells a story
in which every step is possible and whose end is what the database holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from itertools import combinations_with_replacement
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from groups_platform.group_service import actions as a
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import AuditEntry, cut_texts
from groups_platform.group_service.types.domain import DomainCreator, DomainModifier
from groups_platform.group_service.types.frozen import thaw
from groups_platform.group_service.types.group import GroupCreator, GroupModifier
from groups_platform.group_service.types.resource_policy import ResourcePolicyCreator, ResourcePolicyModifier
from groups_platform.group_service.types.user import UserCreator, UserModifier, user_state
from groups_platform.masking import mask_secrets
from groups_platform_tests.group_service.deployment import OTHER_DOMAIN, Deployment
from groups_platform_tests.group_service.test_followed import follow

Data = TypeVar("Data")
State = dict[str, dict[str, dict[str, Any]]]

ONE, SEVERAL = 1, 4  # times that a pair is raced
EXPECTED = {
    None, "group_not_found", "group_name_taken", "integration_id_taken", "unknown_domain", "inactive_domain",
    "unknown_resource_policy", "resource_policy_in_use", "resource_policy_taken", "domain_name_taken", "email_taken",
    "unknown_users", "dotfile_exists", "dotfile_not_found", "purge_request_not_waiting", "purge_plan_changed",
}  # fmt: skip
up = OptionalState.update


@dataclass(frozen=True)
class Scene:
    """What a pair fights for. number: in every name, so that scenes do not meet."""

    number: int
    domain: str
    group: UUID
    member: UUID
    other: UUID
    policy: str
    request: UUID

    @property
    def new(self) -> str:
        return f"new{self.number}"


def members(scene: Scene, how: str, *users: UUID) -> a.ModifyGroupAction:
    return a.ModifyGroupAction(scene.group, user_update_mode=up(how), user_uuids=up(users))


def add_to(group: UUID, user: UUID) -> a.ModifyGroupAction:
    return a.ModifyGroupAction(group, user_update_mode=up("add"), user_uuids=up([user]))


def changed(scene: Scene, **changes: Any) -> a.ModifyGroupAction:
    return a.ModifyGroupAction(scene.group, GroupModifier(**changes))


def of_user(scene: Scene, user: UUID, **changes: Any) -> a.ModifyUserAction:
    return a.ModifyUserAction(user, UserModifier(**changes))


# By name of the method, and what tells variants apart.
MAKERS: dict[str, Callable[[Scene], BaseAction]] = {
    "create_group": lambda s: a.CreateGroupAction(
        GroupCreator(s.new, s.domain, resource_policy=s.policy, integration_id=s.new)
    ),
    "modify_group add": lambda s: members(s, "add", s.other),
    "modify_group remove": lambda s: members(s, "remove", s.member),
    "modify_group replace": lambda s: members(s, "replace", s.other),
    "modify_group rename": lambda s: changed(s, name=up(s.new), resource_policy=up(s.policy)),
    "modify_group take": lambda s: changed(s, integration_id=TriState.update(s.new), dotfiles=up(())),
    "modify_group move": lambda s: changed(s, domain_name=up(OTHER_DOMAIN)),
    "delete_group": lambda s: a.DeleteGroupAction(s.group),
    "restore_group": lambda s: a.RestoreGroupAction(s.group),
    "purge_group": lambda s: a.PurgeGroupAction(s.group),
    "request_purge": lambda s: a.RequestPurgeAction(s.group),
    "approve_purge": lambda s: a.ApprovePurgeAction(s.request),
    "create_dotfile": lambda s: a.CreateDotfileAction(s.group, ".new", "x"),
    "update_dotfile": lambda s: a.UpdateDotfileAction(s.group, ".netrc", "y", "644"),
    "delete_dotfile": lambda s: a.DeleteDotfileAction(s.group, ".netrc"),
    "store_monthly_usage": lambda s: a.StoreMonthlyUsageAction("202410"),
    "retry_vfolder_deletions": lambda s: a.RetryVFolderDeletionsAction(),
    "archive_audit": lambda s: a.ArchiveAuditAction(date(2000, 1, 1), "memory://archive"),
    "create_domain": lambda s: a.CreateDomainAction(DomainCreator(f"{s.new}.example")),
    "modify_domain": lambda s: a.ModifyDomainAction(s.domain, DomainModifier(is_active=up(True))),
    "modify_domain describe": lambda s: a.ModifyDomainAction(s.domain, DomainModifier(TriState.update("x"))),
    "deactivate_domain": lambda s: a.DeactivateDomainAction(s.domain),
    "create_resource_policy": lambda s: a.CreateResourcePolicyAction(ResourcePolicyCreator(s.new)),
    "modify_resource_policy": lambda s: a.ModifyResourcePolicyAction(
        s.policy, ResourcePolicyModifier(max_vfolder_count=up(s.number + 1))
    ),
    "delete_resource_policy": lambda s: a.DeleteResourcePolicyAction(s.policy),
    "create_user": lambda s: a.CreateUserAction(UserCreator(f"{s.new}@example.com", s.domain)),
    "modify_user leave": lambda s: of_user(s, s.other, domain_name=up(OTHER_DOMAIN)),
    "modify_user end": lambda s: of_user(s, s.other, status=up("inactive")),
    "modify_user rename": lambda s: of_user(s, s.member, full_name=TriState.update("New")),
}
PAIRS = list(combinations_with_replacement(MAKERS, 2))
SAMPLE = [
    ("create_group", "create_group"), ("create_group", "deactivate_domain"), ("create_group", "delete_resource_policy"),
    ("modify_group add", "modify_user leave"), ("modify_group add", "modify_user end"),
    ("modify_group add", "purge_group"), ("modify_group rename", "create_group"),
    ("modify_group rename", "delete_resource_policy"), ("modify_group move", "modify_group add"),
    ("modify_group take", "create_dotfile"), ("purge_group", "approve_purge"), ("approve_purge", "approve_purge"),
    ("request_purge", "approve_purge"), ("create_user", "create_user"), ("create_user", "deactivate_domain"),
    *Random(10).sample(PAIRS, 15),
]  # fmt: skip


def test_s28_every_action_that_changes_something_takes_part() -> None:
    changing = set()
    for name, method in vars(GroupService).items():
        if "Every call leaves one row" in (method.__doc__ or ""):
            kind = getattr(a, "".join(part.capitalize() for part in name.split("_")).replace("Vf", "VF") + "Action")
            changing |= {name} - ({name} if kind.is_read else set())
    assert {name.split()[0] for name in MAKERS} == changing
    assert len(changing) > 20


def data_of(result: BaseActionResult[Data]) -> Data:
    assert result.data is not None, result.error
    return result.data


@dataclass
class Ring:
    """Two hosts, and what everybody attempted there."""

    deployment: Deployment
    hosts: tuple[GroupService, ...]
    chance: Random = field(default_factory=lambda: Random(29))
    scenes: int = 0

    async def scene(self) -> Scene:
        self.scenes += 1
        number, host = self.scenes, self.hosts[0]
        domain = data_of(await host.create_domain(a.CreateDomainAction(DomainCreator(f"d{number}.example")))).name
        policy = data_of(
            await host.create_resource_policy(a.CreateResourcePolicyAction(ResourcePolicyCreator(f"policy{number}")))
        ).name
        member, other = [
            data_of(await host.create_user(a.CreateUserAction(UserCreator(f"{who}{number}@example.com", domain)))).id
            for who in ("member", "other")
        ]
        creator = GroupCreator(f"team{number}", domain, dotfiles=[{"path": ".netrc", "data": "x", "perm": "600"}])
        group = data_of(await host.create_group(a.CreateGroupAction(creator))).id
        if self.chance.random() < 0.5:  # without members, a move is possible
            assert (await host.modify_group(add_to(group, member))).success
        asking = self.hosts[0].acting_as(self.deployment.superadmin)
        request = data_of(await asking.request_purge(a.RequestPurgeAction(group))).id
        return Scene(number, domain, group, member, other, policy, request)

    async def race(self, names: tuple[str, str]) -> None:
        """Both at once, in any order and at any distance."""
        scene = await self.scene()
        hosts = list(self.hosts)
        self.chance.shuffle(hosts)
        calls = []
        for name, host in zip(self.chance.sample(names, 2), hosts, strict=True):
            method = getattr(host, name.split()[0])
            calls.append(self._after(self.chance.choice((0, 0, 0.003, 0.01)), method, MAKERS[name](scene)))
        outcomes = await asyncio.gather(*calls)
        for name, outcome in zip(names, outcomes, strict=True):
            assert (outcome.error and outcome.error.code) in EXPECTED, (names, name, outcome.error)

    async def _after(self, seconds: float, method: Callable[[BaseAction], Awaitable[Any]], action: BaseAction) -> Any:
        await asyncio.sleep(seconds)
        return await method(action)


ABOUT_THE_ATTEMPT = {
    "members_added", "members_removed", "dotfile_added", "dotfile_changed", "dotfile_removed", "request_id",
    "purge_requested", "purged", "requested_by", "dry_run",
}  # fmt: skip


def step(state: State, entry: AuditEntry) -> None:
    """Apply an entry of the log, which must be possible in this state."""
    things, where = state[entry.entity_type], (entry.number, entry.action, entry.entity_name)
    after, before, key = thaw(entry.after or {}), thaw(entry.before or {}), entry.entity_id
    assert key is not None, where
    if entry.action.startswith("create_") and entry.action != "create_dotfile":
        assert key not in things, where
        things[key] = {name: value for name, value in after.items() if name not in ABOUT_THE_ATTEMPT}
        if entry.entity_type == "group":
            things[key]["member_ids"] = set()
            assert state["domain"][after["domain_name"]]["is_active"], where
            assert after["resource_policy"] in state["resource_policy"], where
    elif entry.action in ("purge_group", "approve_purge"):
        assert things.pop(key)["member_ids"] == set(after["members_removed"]), where
    elif entry.action == "delete_resource_policy":
        del things[key]
        assert not [group for group in state["group"].values() if group["resource_policy"] == key], where
    else:
        thing = things[key]
        added, removed = (set(after.get(f"members_{how}", ())) for how in ("added", "removed"))
        after = {name: value for name, value in after.items() if name not in ABOUT_THE_ATTEMPT}
        assert {name: thing[name] for name in before} == before, where
        thing |= after
        if entry.entity_type == "group":
            assert not thing["member_ids"] & added and thing["member_ids"] >= removed, where
            for user in added:
                assert state["user"][user]["status"] == "active", where
                assert state["user"][user]["domain_name"] == thing["domain_name"], where
            thing["member_ids"] = (thing["member_ids"] | added) - removed
            assert thing["resource_policy"] in state["resource_policy"], where
            assert "domain_name" not in after or state["domain"][after["domain_name"]]["is_active"], where
        names = [(group["domain_name"], group["name"]) for group in state["group"].values()]
        assert len(names) == len(set(names)), where


async def stored(host: GroupService) -> State:
    """What the database holds, in the form of the log."""
    groups = data_of(await host.search_groups(a.SearchGroupsAction(limit=1000, with_members=True))).groups
    domains = data_of(await host.list_domains(a.ListDomainsAction(limit=1000))).domains
    policies = data_of(await host.list_resource_policies(a.ListResourcePoliciesAction(limit=1000))).policies
    users = data_of(await host.list_users(a.ListUsersAction(limit=1000))).users
    state: State = {
        "group": {str(group.id): group.to_json() for group in groups},
        "domain": {domain.name: domain.to_json() for domain in domains},
        "resource_policy": {policy.name: policy.to_json() for policy in policies},
        "user": {str(user.id): user_state(user) for user in users},
    }
    told: State = cut_texts(mask_secrets(state))
    for group in told["group"].values():
        group["member_ids"] = set(group["member_ids"])
    return told


async def check_story(ring: Ring, begin: State) -> None:
    """One row per attempt, and the log in its order, from the state at the beginning, gives the state."""
    entries = await follow(ring.hosts[0], 1000)
    rows = await ring.deployment.audit()
    assert len({row.action_id for row in rows}) == len(rows)
    for entry in entries:
        is_told = entry.status.value == "success" and entry.entity_type in begin and entry.action != "request_purge"
        if is_told:
            step(begin, entry)
    end = await stored(ring.hosts[0])
    for kind in end:
        assert begin[kind].keys() == end[kind].keys()
        for key, thing in end[kind].items():
            assert begin[kind][key] == thing


async def race_all(ring: Ring, pairs: list[tuple[str, str]], times: int) -> None:
    begin = await stored(ring.hosts[0])
    for pair in pairs:
        for _ in range(times):
            before = await ring.deployment.run("SELECT count(*) AS n FROM manager.audit_log")
            await ring.race(pair)
            after = await ring.deployment.run("SELECT count(*) AS n FROM manager.audit_log")
            # a scene makes a domain, a policy, two users, a group, a request, and perhaps a membership
            scene_rows = after[0].n - before[0].n - 2
            assert scene_rows in (6, 7), pair
    await check_story(ring, begin)


@pytest.fixture
async def ring(database_fixture: str, deployment: Deployment, group_service: GroupService) -> Any:
    async with open_service(database_fixture) as other_host:
        yield Ring(deployment, (group_service, other_host))


async def test_s8_s25_s28_pairs_of_actions_at_once(ring: Ring) -> None:
    await race_all(ring, SAMPLE, ONE)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
async def test_s8_s25_s28_every_pair_of_actions_at_once(ring: Ring, part: int) -> None:
    ring.chance.seed(part)
    await race_all(ring, PAIRS[part::8], SEVERAL)


@pytest.mark.parametrize("rounds", [2, pytest.param(10, marks=pytest.mark.slow)])
async def test_s29_an_archive_beside_everything_else_loses_nothing(ring: Ring, tmp_path: Path, rounds: int) -> None:
    """A host whose clock is years behind writes into months that the other archives at the same time."""
    old, files = ring.hosts[1], []
    object.__setattr__(old.processor, "clock", lambda: datetime(2001, 3, 5, tzinfo=timezone.utc))
    for number in range(rounds):
        scene = await ring.scene()
        folder = tmp_path / str(number)
        archive = ring.hosts[0].archive_audit(a.ArchiveAuditAction(date(2001, 4, 1), str(folder)))
        calls = [getattr(old, name.split()[0])(make(scene)) for name, make in MAKERS.items() if "archive" not in name]
        ring.chance.shuffle(calls)
        done = await asyncio.gather(archive, *calls)
        for outcome in done:
            assert (outcome.error and outcome.error.code) in EXPECTED | {"own_purge_request"}, outcome.error
        last = await ring.hosts[0].archive_audit(a.ArchiveAuditAction(date(2001, 4, 1), str(folder / "last")))
        assert last.success
        files += list(folder.rglob("*.parquet"))
        kept = [row.action_id for row in await ring.deployment.audit()]
        archived = [UUID(text) for file in files for text in pq.read_table(file).column("action_id").to_pylist()]
        ids = {outcome.action_id for outcome in done}
        assert ids <= {*kept, *archived}
        assert len(kept) + len(archived) == len({*kept, *archived})
