"""Who may do what (S19, S25, S29, S34, M1, M2): every action by every kind of actor, on what is in, out and absent.

One database per action. What is refused shares its objects, which must stay as they were; each success has fresh ones.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, timezone
from itertools import count, product
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from groups_platform.group_service import actions as a
from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.models.domain import DomainRow, ProjectResourcePolicyRow
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.models.vfolder import VFolderDeletionRow
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.audit import AuditFilter
from groups_platform.group_service.types.domain import DomainCreator, DomainModifier
from groups_platform.group_service.types.group import GroupCreator, GroupModifier, GroupName
from groups_platform.group_service.types.resource_policy import ResourcePolicyCreator, ResourcePolicyModifier
from groups_platform.group_service.types.user import SYSTEM, Actor, UserCreator, UserModifier, UserRole
from groups_platform.provisioning.actions.create_rule import CreateRuleAction
from groups_platform.provisioning.actions.delete_rule import DeleteRuleAction
from groups_platform.provisioning.actions.link_group import LinkGroupAction
from groups_platform.provisioning.actions.list_rules import ListRulesAction
from groups_platform.provisioning.actions.modify_rule import ModifyRuleAction
from groups_platform.provisioning.actions.provision_group import ProvisionGroupAction
from groups_platform.provisioning.actions.unlink_group import UnlinkGroupAction
from groups_platform.provisioning.review.actions.decide_review_row import DecideReviewRowAction
from groups_platform.provisioning.review.actions.finish_review import FinishReviewAction
from groups_platform.provisioning.review.actions.get_review import GetReviewAction
from groups_platform.provisioning.review.actions.list_reviews import ListReviewsAction
from groups_platform.provisioning.review.actions.review_access import ReviewAccessAction
from groups_platform.provisioning.review.actions.start_review import StartReviewAction
from groups_platform.provisioning.service import ProvisioningService
from groups_platform.provisioning.types import RuleCreator, RuleModifier
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment

CANARY = "canary7"
INTEGRATION = re.compile(rf"{CANARY}x\d+x-integration")  # the log may hold it: only admins of the domain read it
NUMBERS = count(1)

ALL = {"system", "superadmin"}
READERS = ALL | {"monitor"}
ADMINS = ALL | {"admin", "other_admin"}
UNKNOWN = {"inactive", "deleted", "nobody"}
KNOWN = ADMINS | {"monitor", "member", "user", "other_user", "left"}
ACTORS = (*sorted(KNOWN), *sorted(UNKNOWN))
ADMINS_OF = {"inside": ALL | {"admin"}, "outside": ALL | {"other_admin"}, "absent": set(ALL)}
GROUP_READERS = {
    "inside": READERS | {"admin", "member"},
    "outside": READERS | {"other_admin", "other_user"},
    "absent": set(READERS),
}
USER_READERS = {"inside": READERS | {"admin"}, "outside": READERS | {"other_admin"}, "absent": set(READERS)}
OF_THE_DOMAIN = {
    "inside": READERS | {"admin", "member", "user"},
    "outside": READERS | {"other_admin", "other_user", "left"},
    "absent": set(READERS),
}
EVERYBODY = dict.fromkeys(("inside", "outside", "absent"), KNOWN)
SUPERADMINS = dict.fromkeys(("inside", "outside", "absent"), ALL)


@dataclass(frozen=True)
class Thing:
    """What an attempt is about: a group and all that is around it. With place `absent`, nothing of it is there."""

    place: str
    domain: str
    group: UUID
    name: str
    user: UUID
    email: str
    policy: str
    folder: UUID
    request: UUID
    new: str  # a name that nothing has
    secret: str  # part of every secret of the group, and of nothing else
    directory_group: int
    rule: UUID
    review: int

    @property
    def known_by(self) -> set[str]:
        """Texts that tell whoever reads them that the thing exists."""
        ids = {str(key) for key in (self.group, self.user, self.folder, self.request, self.rule)}
        return {*ids, self.name, self.email, f"team{self.directory_group}"}


@dataclass(frozen=True)
class Entry:
    """How an action is attempted. may: who is not refused, by place. absent: what those get for what is not there.

    is_scoped: everybody in `may` succeeds, and sees only what `sees` says, by place.
    """

    make: Callable[[Thing], BaseAction]
    may: Mapping[str, set[str]]
    absent: str | None = None
    sees: Mapping[str, set[str]] | None = None
    part: Callable[[Thing], str] = lambda thing: str(thing.group)


def entry_for_groups(make: Callable[[Thing], BaseAction], may: Mapping[str, set[str]]) -> Entry:
    return Entry(make, may, "group_not_found")


def described() -> GroupModifier:
    return GroupModifier(description=TriState.update("changed"))


E, G = Entry, entry_for_groups
SCOPED_ADMINS = dict.fromkeys(("inside", "outside", "absent"), ADMINS)
ADMINS_SEE = {"inside": ALL | {"admin"}, "outside": ALL | {"other_admin"}, "absent": set[str]()}
ENTRIES: dict[str, Entry] = {
    "create_group": E(lambda t: a.CreateGroupAction(GroupCreator(t.new, t.domain)), ADMINS_OF, "unknown_domain"),
    "modify_group": G(lambda t: a.ModifyGroupAction(t.group, described()), ADMINS_OF),
    "delete_group": G(lambda t: a.DeleteGroupAction(t.group), ADMINS_OF),
    "restore_group": G(lambda t: a.RestoreGroupAction(t.group), ADMINS_OF),
    "purge_group": G(lambda t: a.PurgeGroupAction(t.group), ADMINS_OF),
    "request_purge": G(lambda t: a.RequestPurgeAction(t.group), ADMINS_OF),
    "approve_purge": E(lambda t: a.ApprovePurgeAction(t.request), ADMINS_OF, "purge_request_not_found"),
    "list_purge_requests": E(
        lambda t: a.ListPurgeRequestsAction(limit=1000),
        dict.fromkeys(("inside", "outside", "absent"), ADMINS | {"monitor"}),
        sees=USER_READERS, part=lambda t: str(t.request),
    ),
    "list_stray_members": E(lambda t: a.ListStrayMembersAction(limit=1000), SCOPED_ADMINS),
    "create_dotfile": G(lambda t: a.CreateDotfileAction(t.group, ".new", CANARY), ADMINS_OF),
    "update_dotfile": G(lambda t: a.UpdateDotfileAction(t.group, ".netrc", CANARY + "2"), ADMINS_OF),
    "delete_dotfile": G(lambda t: a.DeleteDotfileAction(t.group, ".netrc"), ADMINS_OF),
    "get_group": G(lambda t: a.GetGroupAction(t.group, with_members=True), GROUP_READERS),
    "get_groups": E(lambda t: a.GetGroupsAction([t.group], with_members=True), EVERYBODY, sees=GROUP_READERS),
    "search_groups": E(lambda t: a.SearchGroupsAction(limit=1000, with_members=True), EVERYBODY, sees=GROUP_READERS),
    "usage_per_month": E(lambda t: a.UsagePerMonthAction("202410", [t.group]), EVERYBODY, sees=GROUP_READERS),
    "usage_per_period": E(
        lambda t: a.UsagePerPeriodAction("20241001", "20241031", t.group), EVERYBODY, sees=GROUP_READERS
    ),
    "usage_history": E(lambda t: a.UsageHistoryAction([t.group]), EVERYBODY, sees=GROUP_READERS),
    "store_monthly_usage": E(lambda t: a.StoreMonthlyUsageAction("202410"), SUPERADMINS),
    "check_monthly_usage": E(lambda t: a.CheckMonthlyUsageAction(), SUPERADMINS),
    "retry_vfolder_deletions": E(
        lambda t: a.RetryVFolderDeletionsAction(), SCOPED_ADMINS, sees=ADMINS_SEE, part=lambda t: str(t.folder)
    ),
    "find_users": E(
        lambda t: a.FindUsersAction([t.user], [t.email]), EVERYBODY, sees=USER_READERS, part=lambda t: t.email
    ),
    "search_audit": E(
        lambda t: a.SearchAuditAction(AuditFilter(with_reads=True), limit=1000), SCOPED_ADMINS, sees=ADMINS_SEE
    ),
    "summarise_audit": E(lambda t: a.SummariseAuditAction(date(2024, 1, 1), date(2024, 1, 2)), SUPERADMINS),
    "archive_audit": E(lambda t: a.ArchiveAuditAction(date(2000, 1, 1), "memory://"), SUPERADMINS),
    "create_domain": E(lambda t: a.CreateDomainAction(DomainCreator(t.new)), SUPERADMINS),
    "modify_domain": E(
        lambda t: a.ModifyDomainAction(t.domain, DomainModifier(description=TriState.update("x"))),
        SUPERADMINS, "unknown_domain",
    ),
    "deactivate_domain": E(lambda t: a.DeactivateDomainAction(t.domain), SUPERADMINS, "unknown_domain"),
    "list_domains": E(
        lambda t: a.ListDomainsAction(limit=1000), EVERYBODY, sees=OF_THE_DOMAIN,
        part=lambda t: f"DomainData(name='{t.domain}'",
    ),
    "create_resource_policy": E(lambda t: a.CreateResourcePolicyAction(ResourcePolicyCreator(t.new)), SUPERADMINS),
    "modify_resource_policy": E(
        lambda t: a.ModifyResourcePolicyAction(
            t.policy, ResourcePolicyModifier(max_vfolder_count=OptionalState.update(7))
        ),
        SUPERADMINS, "unknown_resource_policy",
    ),
    "delete_resource_policy": E(
        lambda t: a.DeleteResourcePolicyAction(t.policy), SUPERADMINS, "unknown_resource_policy"
    ),
    "list_resource_policies": E(lambda t: a.ListResourcePoliciesAction(limit=1000), EVERYBODY),
    "create_user": E(
        lambda t: a.CreateUserAction(UserCreator(f"{t.new}@example.com", t.domain)), ADMINS_OF, "unknown_domain"
    ),
    "modify_user": E(
        lambda t: a.ModifyUserAction(t.user, UserModifier(full_name=TriState.update("New"))), ADMINS_OF, "unknown_user"
    ),
    "list_users": E(
        lambda t: a.ListUsersAction(limit=1000), EVERYBODY, sees=USER_READERS, part=lambda t: t.email
    ),
    "create_rule": E(
        lambda t: CreateRuleAction(RuleCreator(t.directory_group, t.domain)), SUPERADMINS, "unknown_domain"
    ),
    "modify_rule": E(
        lambda t: ModifyRuleAction(t.rule, RuleModifier(is_exact=OptionalState.update(True))),
        SUPERADMINS, "unknown_rule",
    ),
    "delete_rule": E(lambda t: DeleteRuleAction(t.rule), SUPERADMINS, "unknown_rule"),
    "list_rules": E(
        lambda t: ListRulesAction(limit=1000),
        dict.fromkeys(("inside", "outside", "absent"), ADMINS | {"monitor"}),
        sees=USER_READERS, part=lambda t: str(t.rule),
    ),
    "review_access": E(lambda t: ReviewAccessAction(limit=1000), SCOPED_ADMINS, sees=ADMINS_SEE),
    "start_review": E(lambda t: StartReviewAction(t.domain), ADMINS_OF, "unknown_domain"),
    "decide_review_row": E(
        lambda t: DecideReviewRowAction(f"{t.review}.1", "keep", "x"), ADMINS_OF, "unknown_review"
    ),
    "finish_review": E(lambda t: FinishReviewAction(t.review), ADMINS_OF, "unknown_review"),
    "list_reviews": E(
        lambda t: ListReviewsAction(limit=1000), SCOPED_ADMINS, sees=ADMINS_SEE,
        part=lambda t: f"Review(id={t.review},",
    ),
    "get_review": E(lambda t: GetReviewAction(t.review), ADMINS_OF, "unknown_review"),
    "provision_group": E(
        lambda t: ProvisionGroupAction(t.directory_group, t.rule, t.group, modifier=described()),
        SUPERADMINS, "group_not_found",
    ),
    "link_group": G(lambda t: LinkGroupAction(t.group, t.directory_group), ADMINS_OF),
    "unlink_group": G(lambda t: UnlinkGroupAction(t.group), ADMINS_OF),
}  # fmt: skip
OF_A_LINK = ("unlink_group", "provision_group")
OF_ONE_GROUP = [
    name for name, entry in ENTRIES.items() if entry.absent == "group_not_found" and name != "provision_group"
]


def test_s19_every_action_of_the_service_has_an_entry() -> None:
    methods = {
        name
        for service in (GroupService, ProvisioningService)
        for name, method in vars(service).items()
        if "Every call leaves one row" in (method.__doc__ or "")
    }
    assert len(methods) > 30
    assert methods == set(ENTRIES)


async def perform(service: GroupService, name: str, action: BaseAction) -> Any:
    """The action of this name, of the service or of provisioning."""
    of = service if hasattr(service, name) else ProvisioningService.of(service)
    return await getattr(of, name)(action)


@dataclass
class World:
    """The deployment, its actors, and things of every place."""

    deployment: Deployment
    service: GroupService
    actors: dict[str, Actor | str]

    @classmethod
    async def build(cls, deployment: Deployment, service: GroupService) -> World:
        actors: dict[str, Actor | str] = {"system": SYSTEM, "nobody": "nobody@example.com"}
        for name in ("superadmin", "monitor", "admin", "user", "other_admin", "other_user"):
            actors[name] = getattr(deployment, name)
        for name, role, domain, status in (
            ("member", UserRole.USER, DOMAIN, "active"),
            ("left", UserRole.USER, OTHER_DOMAIN, "active"),
            ("inactive", UserRole.ADMIN, DOMAIN, "inactive"),
            ("deleted", UserRole.SUPERADMIN, DOMAIN, "deleted"),
        ):
            email = f"{name}@{domain}"
            row = await deployment.add(UserRow(email=email, role=role, domain_name=domain, status=status))
            actors[name] = Actor(email, role, row.uuid, domain)
        return cls(deployment, service, actors)

    def id_of(self, name: str) -> UUID:
        actor = self.actors[name]
        assert isinstance(actor, Actor) and actor.id is not None
        return actor.id

    async def thing(self, place: str, action: str) -> Thing:
        """A group with every secret, its members, and what else `action` needs."""
        number = next(NUMBERS)
        new = f"new{number}"
        if place == "absent":
            return Thing(
                place, "nowhere.example", uuid4(), "nothing", uuid4(), "nobody@nowhere.example", "no-policy", uuid4(),
                uuid4(), new, f"{CANARY}x{number}x", -number, uuid4(), 10**6 + number,
            )  # fmt: skip
        domain, secret = DOMAIN if place == "inside" else OTHER_DOMAIN, f"{CANARY}x{number}x"
        group = GroupRow(
            name=f"secretive{number}", domain_name=domain, resource_policy="default", description="as it was",
            dotfiles=[{"path": ".netrc", "data": f"{secret}-data", "perm": "600"}],
            container_registry={
                "registry": f"https://me:{secret}-url@registry.example.com", "user": f"{secret}-user",
                "password": f"{secret}-password", "project": {"deep": [f"{secret}-nested"]}, "note": f"{secret}-note",
            },
            integration_id={"link_group": None, **dict.fromkeys(OF_A_LINK, f"directory:{number}")}.get(
                action, f"{secret}-integration"
            ),
        )  # fmt: skip
        user = UserRow(email=f"target{number}@{domain}", domain_name=domain)
        async with self.deployment.session() as session:
            session.add_all([group, user, ProjectResourcePolicyRow(name=f"policy{number}")])
            await session.flush()
            members = ("member", "left", "inactive", "deleted") if place == "inside" else ("other_user",)
            session.add_all(MembershipRow(group_id=group.id, user_id=self.id_of(name)) for name in members)
            folder = VFolderDeletionRow(vfolder_id=uuid4(), host="local", group_id=group.id, domain_name=domain)
            if action == "retry_vfolder_deletions":
                session.add(folder)
        request = uuid4()
        if "purge" in action:
            asked = await self.service.request_purge(a.RequestPurgeAction(group.id))
            assert asked.data is not None
            request = asked.data.id
            if action == "approve_purge":  # by somebody else than everybody here
                await self.deployment.run(
                    "UPDATE manager.purge_requests SET requested_by_id = :id WHERE id = :request",
                    id=user.uuid, request=request,
                )  # fmt: skip
        if "usage" in action:
            await self.deployment.kernel(
                SimpleNamespace(id=group.id, domain_name=domain),  # type: ignore[arg-type]
                "TERMINATED",
                created_at=datetime(2024, 10, 10, tzinfo=timezone.utc),
                terminated_at=datetime(2024, 10, 11, tzinfo=timezone.utc),
            )
        if action == "search_audit":
            assert (await self.service.modify_group(a.ModifyGroupAction(group.id, described()))).success
        await self.deployment.run(
            "INSERT INTO directory.groups VALUES (:id, :name, NULL, now(), now(), FALSE)",
            id=number, name=f"team{number}",
        )  # fmt: skip
        rule = uuid4()
        if action in ("modify_rule", "delete_rule", "list_rules"):
            made = await perform(self.service, "create_rule", CreateRuleAction(RuleCreator(number, domain)))
            rule = made.data.id
        return Thing(
            place, domain, group.id, group.name, user.uuid, user.email, f"policy{number}", folder.vfolder_id, request,
            new, secret, number, rule, await self.review(action, domain, group.id),
        )  # fmt: skip

    async def review(self, action: str, domain: str, group_id: UUID) -> int:
        """A review with a row about the group; with none where it is to be finished, none where one is started."""
        if "review" not in action or action == "start_review":
            return 0
        await self.deployment.run(
            "INSERT INTO directory.sync_days VALUES ('day1', 'day 1', '', '{}', now(), NULL) ON CONFLICT DO NOTHING"
        )
        rows = int(action != "finish_review")
        ((review,),) = await self.deployment.run(
            "INSERT INTO manager.access_reviews (domain_name, row_count, started_by, started_at)"
            " VALUES (:domain, :rows, 'somebody', now()) RETURNING review_id",
            domain=domain, rows=rows,
        )  # fmt: skip
        await self.deployment.run(
            "INSERT INTO manager.access_review_rows"
            " (review_id, number, kind, project_id, project_name, detail, kernels, cpu, mem, gpu, folders)"
            " SELECT :review, 1, 'no_active_member', :id, 'x', '', 0, 0, 0, 0, 0 WHERE :rows > 0",
            review=review, id=group_id, rows=rows,
        )  # fmt: skip
        return int(review)

    async def state(self) -> str:
        """A digest of everything but the audit log."""
        tables = ("groups", "users", "domains", "project_resource_policies", "association_groups_users",
                  "purge_requests", "vfolder_deletions", "monthly_usage", "kernels", "provisioning_rules",
                  "access_reviews", "access_review_decisions", "access_review_ends")  # fmt: skip
        parts = [
            f"(SELECT md5(coalesce(string_agg(t::TEXT, '' ORDER BY t::TEXT), '')) FROM manager.{n} AS t)"
            for n in tables
        ]
        (row,) = await self.deployment.run(f"SELECT {' || '.join(parts)} AS digest")
        return str(row.digest)

    async def attempt(self, actor: str, name: str, action: BaseAction) -> tuple[Any, str | None]:
        """The result or the error, and its code."""
        service = self.service.acting_as(self.actors[actor])
        try:
            result = await perform(service, name, action)
        except Exception as error:
            assert hasattr(error, "code"), traceback.format_exc()
            return error, error.code
        assert result.success is (result.error is None)
        return result, result.error and result.error.code


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep, and its repr."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(key)
            yield from texts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield repr(value)
        for field in fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from texts(item)
    elif isinstance(value, BaseException):
        yield "".join(traceback.format_exception(value)) + repr(value)
        yield from texts(dict(getattr(value, "facts", {})))
    elif value is not None:
        yield str(value)


async def check(world: World, name: str, actor: str, thing: Thing, outcome: Any, code: str | None) -> None:
    """Whether the actor got what the entry says, and no secret that is not theirs."""
    entry, told = ENTRIES[name], "\n".join(texts(outcome))
    is_allowed = actor in entry.may[thing.place]
    if actor in UNKNOWN:
        expected: str | None = "unknown_actor"
    elif not is_allowed:
        expected = "forbidden"
    else:
        expected = entry.absent if thing.place == "absent" else None
    assert code == expected, f"{actor} on {thing.place}: {told[:300]}"
    if entry.sees is not None:
        is_seen = actor in entry.sees[thing.place] and thing.place != "absent"
        assert (entry.part(thing) in told) is is_seen, f"{actor} on {thing.place}: {told[:1000]}"
    elif not is_allowed:
        given = "\n".join(texts(ENTRIES[name].make(thing)))
        leaked = {text for text in thing.known_by if text in told and text not in given}
        assert not leaked, f"{actor} on {thing.place} learns {leaked}"
    if actor not in ADMINS_OF[thing.place]:
        assert thing.secret not in told, f"{actor} on {thing.place}: {told[:1000]}"
    if actor not in ADMINS:
        assert CANARY not in told, f"{actor} on {thing.place}: {told[:1000]}"


def check_rows(name: str, rows: list[AuditRow], tried: dict[UUID, tuple[str, str | None]]) -> None:
    """Exactly one row per attempt, with its actor and status."""
    by_id = {row.action_id: row for row in rows if row.action_id in tried}
    assert len([row for row in rows if row.action_id in tried]) == len(by_id) == len(tried)
    for action_id, (actor, code) in tried.items():
        row = by_id[action_id]
        is_denied = code in ("forbidden", "unknown_actor")
        status = "success" if code is None else "denied" if is_denied else "failure"
        assert (row.action, row.status.value, row.error_code) == (name, status, code)
        assert row.actor.split("@")[0] == actor
    audited = json.dumps([{key: str(value) for key, value in vars(row).items()} for row in rows])
    assert CANARY not in INTEGRATION.sub("", audited)


@pytest.mark.parametrize("name", ENTRIES)
async def test_s19_s25_s29_s34_who_may(
    group_service: GroupService, deployment: Deployment, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    world = await World.build(deployment, group_service)
    entry = ENTRIES[name]
    shared = {place: await world.thing(place, name) for place in ("inside", "outside", "absent")}
    if name == "usage_history":
        assert (await group_service.store_monthly_usage(a.StoreMonthlyUsageAction("202410"))).success
    tried: dict[UUID, tuple[str, str | None]] = {}
    cells = [(actor, place) for actor in ACTORS for place in shared]
    changes = not entry.make(shared["inside"]).is_read
    is_refused = {
        (actor, place): actor not in entry.may[place] or (place == "absent" and entry.absent is not None)
        for actor, place in cells
    }
    before = await world.state()
    after_refusals = None
    for actor, place in sorted(cells, key=lambda cell: not is_refused[cell]):
        if not is_refused[actor, place] and after_refusals is None:
            after_refusals = await world.state()
            assert after_refusals == before
        is_fresh = changes and not is_refused[actor, place]
        thing = await world.thing(place, name) if is_fresh else shared[place]
        if is_fresh and (name in ("modify_domain", "deactivate_domain") or (name == "start_review" and actor in ALL)):
            thing = replace(thing, domain=(await deployment.add(DomainRow(name=f"{thing.new}.example"))).name)
        outcome, code = await world.attempt(actor, name, entry.make(thing))
        await check(world, name, actor, thing, outcome, code)
        tried[outcome.action_id] = (actor, code)
    if not changes:
        assert await world.state() == before
    check_rows(name, await deployment.audit(), tried)
    logged = caplog.text + str([record.__dict__ for record in caplog.records])
    assert CANARY not in logged


async def test_s19_a_group_named_by_its_name_is_as_far_away_as_by_its_id(
    group_service: GroupService, deployment: Deployment
) -> None:
    world = await World.build(deployment, group_service)
    things = {place: await world.thing(place, "") for place in ("inside", "outside")}
    before = await world.state()
    for number, (name, actor) in enumerate(product(OF_ONE_GROUP, ACTORS)):
        refused = "unknown_actor" if actor in UNKNOWN else "forbidden"
        make = ENTRIES[name].make(things["inside"])
        for place, thing in things.items():
            refs = f"{thing.domain}/{thing.name}", GroupName(thing.name), str(thing.group), thing.name
            if actor not in ENTRIES[name].may[place]:
                _, code = await world.attempt(actor, name, replace(make, group_id=refs[number % 4]))  # type: ignore[call-arg]
                assert code == refused, (actor, name, refs[number % 4])
        _, code = await world.attempt(actor, name, replace(make, group_id=f"{DOMAIN}/nothing"))  # type: ignore[call-arg]
        knows = actor in ALL | {"admin"} or (actor == "monitor" and name == "get_group")
        assert code == ("group_not_found" if knows else refused), (actor, name)
    assert await world.state() == before


async def test_s20_a_constraint_whose_detail_shows_the_row_tells_nobody_a_secret(
    group_service: GroupService, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = await World.build(deployment, group_service)
    thing = await world.thing("inside", "modify_group")
    await deployment.run("ALTER TABLE manager.groups ADD CONSTRAINT no_boom CHECK (description <> 'boom')")
    boom = GroupModifier(description=TriState.update("boom"))
    outcome, code = await world.attempt("admin", "modify_group", a.ModifyGroupAction(thing.group, boom))
    assert code == "integrity_error"
    assert CANARY not in "\n".join(texts(outcome)) + caplog.text + str([record.__dict__ for record in caplog.records])
    (row,) = await deployment.audit("modify_group")
    assert CANARY not in str(vars(row))


@pytest.mark.parametrize(
    "registry",
    [["SECRET"], "SECRET", 5, {"registry": {"deep": "SECRET"}}, {"registry": ["SECRET"], "project": {"SECRET": 1}}],
    ids=repr,
)
async def test_s31_a_registry_of_any_shape_is_read_and_shows_no_secret(
    group_service: GroupService, deployment: Deployment, registry: Any
) -> None:
    world = await World.build(deployment, group_service)
    thing = await world.thing("inside", "get_group")
    stored = json.dumps(registry).replace("SECRET", thing.secret)
    await deployment.run(
        "UPDATE manager.groups SET container_registry = CAST(:stored AS JSONB) WHERE id = :id",
        stored=stored, id=thing.group,
    )  # fmt: skip
    for actor in ("monitor", "member"):
        for name, action in (("get_group", a.GetGroupAction(thing.group)), ("search_groups", a.SearchGroupsAction())):
            outcome, code = await world.attempt(actor, name, action)
            assert (code, thing.secret in "\n".join(texts(outcome))) == (None, False)
    assert (await world.attempt("admin", "modify_group", a.ModifyGroupAction(thing.group, described())))[1] is None
    assert (await world.attempt("admin", "purge_group", a.PurgeGroupAction(thing.group)))[1] is None
    assert CANARY not in INTEGRATION.sub("", str([vars(row) for row in await deployment.audit()]))
