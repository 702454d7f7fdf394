"""What callers get wrong: named by its field, never shown, and never an error of Python or of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timezone
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from time import perf_counter
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from frozendict import frozendict

from groups_platform.group_service.errors import InvalidAPIParameters, InvalidValue
from groups_platform.group_service.models.group import GroupRow
from groups_platform.group_service.repositories.group.columns import (
    check_hosts,
    check_registry,
    check_slots,
    refusals,
    stored_columns,
)
from groups_platform.group_service.services.group import actions
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.check_monthly_usage import CheckMonthlyUsageAction
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.find_users import FindUsersAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.actions.summarise_audit import SummariseAuditAction
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, ResourceSlot, TriState
from groups_platform.group_service.types.audit import AuditFilter, AuditStatus
from groups_platform.group_service.types.checking import check_input
from groups_platform.group_service.types.group import (
    GroupCreator,
    GroupFilter,
    GroupModifier,
    GroupName,
    ProjectType,
    TextFilter,
)
from groups_platform.group_service.types.period import Period
from groups_platform.group_service.types.text import cut, quote
from groups_platform.group_service.types.user import UserUpdateMode
from groups_platform_tests.group_service.conftest import CreateGroup
from groups_platform_tests.group_service.deployment import Deployment

TODAY, NOW = date(2024, 10, 1), datetime(2024, 10, 1, tzinfo=timezone.utc)
SECRET = "hunter2"


def create(**fields: Any) -> CreateGroupAction:
    return CreateGroupAction(GroupCreator(**{"name": "research", "domain_name": "example.com", **fields}))


def modify(**changes: Any) -> ModifyGroupAction:
    return ModifyGroupAction("research", GroupModifier(**changes))


def members(**changes: Any) -> ModifyGroupAction:
    return ModifyGroupAction("research", **changes)


def search(**wanted: Any) -> SearchGroupsAction:
    return SearchGroupsAction(GroupFilter(**wanted))


def audit(**wanted: Any) -> SearchAuditAction:
    return SearchAuditAction(AuditFilter(**wanted))


def refusal(check: Callable[..., object], *arguments: Any) -> InvalidValue:
    with pytest.raises(InvalidValue) as refused:
        check(*arguments)
    assert SECRET not in str(refused.value) + str(refused.value.facts)
    assert len(str(refused.value)) < 400
    return refused.value


def around_itself() -> list[Any]:
    ring: list[Any] = []
    ring += [ring, ring]
    return ring


def deep() -> dict[str, Any]:
    inner: dict[str, Any] = {"end": "\0"}
    for _ in range(20_000):
        inner = {"a": inner}
    return inner


# check_input: types


WRONG_TYPES: list[tuple[Any, str, type]] = [
    ("get_group", "action", str),
    (None, "action", type(None)),
    (GetGroupAction, "action", type),
    (GetGroupAction(5), "group_id", int),  # type: ignore[arg-type]
    (GetGroupAction(GroupName(5)), "group_id.name", int),  # type: ignore[arg-type]
    (GetGroupAction("x", with_members="yes"), "with_members", str),  # type: ignore[arg-type]
    (CreateGroupAction({"name": "x"}), "input", dict),  # type: ignore[arg-type]
    (create(name=5), "input.name", int),
    (create(name=None), "input.name", type(None)),
    (create(type="general"), "input.type", str),
    (create(is_active="yes"), "input.is_active", str),
    (create(is_active=1), "input.is_active", int),
    (create(description=b"x"), "input.description", bytes),
    (create(total_resource_slots="cpu=4"), "input.total_resource_slots", str),
    (create(allowed_vfolder_hosts=["local"]), "input.allowed_vfolder_hosts", list),
    (create(allowed_vfolder_hosts={5: "local"}), "input.allowed_vfolder_hosts", int),
    (create(dotfiles=SECRET), "input.dotfiles", str),
    (create(dotfiles=[SECRET]), "input.dotfiles", str),
    (create(dotfiles={"path": SECRET}), "input.dotfiles", dict),
    (create(dotfiles=around_itself()), "input.dotfiles", list),
    (create(container_registry=SECRET), "input.container_registry", str),
    (create(container_registry={"password": [SECRET]}), "input.container_registry", list),
    (create(container_registry={"registry": {"host": SECRET}}), "input.container_registry", dict),
    (create(integration_id=4711), "input.integration_id", int),
    (modify(description=SECRET), "modifier.description", str),
    (modify(description=None), "modifier.description", type(None)),
    (modify(dotfiles=[{"data": SECRET}]), "modifier.dotfiles", list),
    (modify(name=TriState.nullify()), "modifier.name", type(None)),
    (modify(name=OptionalState.update(5)), "modifier.name", int),
    (modify(is_active=OptionalState.update("yes")), "modifier.is_active", str),
    (modify(type=OptionalState.update("general")), "modifier.type", str),
    (modify(integration_id=TriState.update(7)), "modifier.integration_id", int),
    (members(modifier={"description": "x"}), "modifier", dict),
    (members(user_uuids=["x"]), "user_uuids", list),
    (members(user_uuids=OptionalState.update("abc")), "user_uuids", str),
    (members(user_uuids=OptionalState.update([5])), "user_uuids", int),
    (members(user_update_mode="add"), "user_update_mode", str),
    (members(user_update_mode=OptionalState.update(5)), "user_update_mode", int),
    (SearchGroupsAction({"name": "x"}), "filter", dict),  # type: ignore[arg-type]
    (SearchGroupsAction(limit=True), "limit", bool),
    (SearchGroupsAction(limit="5"), "limit", str),  # type: ignore[arg-type]
    (SearchGroupsAction(limit=5.0), "limit", float),  # type: ignore[arg-type]
    (SearchGroupsAction(cursor=b"x"), "cursor", bytes),  # type: ignore[arg-type]
    (search(is_active="yes"), "filter.is_active", str),
    (search(type="general"), "filter.type", str),
    (search(member_id=5), "filter.member_id", int),
    (search(name=TextFilter(contains=5)), "filter.name.contains", int),
    (search(name_part=["x"]), "filter.name_part", list),
    (audit(status="success"), "filter.status", str),
    (audit(since=TODAY), "filter.since", date),
    (audit(since="2024-10-01"), "filter.since", str),
    (FindUsersAction("x"), "ids", str),  # type: ignore[arg-type]
    (FindUsersAction(["x"]), "ids", str),  # type: ignore[list-item]
    (FindUsersAction(emails=[None]), "emails", type(None)),  # type: ignore[list-item]
    (UsagePerMonthAction(202410), "month", int),  # type: ignore[arg-type]
    (UsagePerMonthAction("202410", "x"), "group_ids", str),
    (UsagePerMonthAction("202410", [GroupName("x", 5)]), "group_ids.domain_name", int),  # type: ignore[arg-type]
    (SummariseAuditAction(NOW, TODAY), "first", datetime),
    (CheckMonthlyUsageAction([TODAY, TODAY]), "between", list),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("action", "field", "kind"), WRONG_TYPES)
def test_s31_a_wrong_type_is_named_with_its_field(action: Any, field: str, kind: type) -> None:
    refused = refusal(check_input, action)
    assert (refused.code, refused.facts) == ("invalid_value", {"field": field, "type": kind.__name__})
    assert field in str(refused) or field == "action"
    assert ("None" if kind is type(None) else kind.__name__) in str(refused)


def test_s31_a_plain_value_is_told_how_a_change_is_written() -> None:
    assert "write TriState.update(…)" in str(refusal(check_input, modify(description="x")))
    assert "write OptionalState.update(…)" in str(refusal(check_input, modify(name="x")))
    assert "TriState.nullify()" in str(refusal(check_input, modify(description=None)))
    assert "nullify" not in str(refusal(check_input, modify(name=None)))


GOOD: list[BaseAction] = [
    create(),
    create(
        type=ProjectType.MODEL_STORE,
        description="x" * 10_000,
        total_resource_slots={"cpu": "4", "mem": float("inf"), "tpu": None},
        allowed_vfolder_hosts=MappingProxyType({"local": ["a", "b"]}),
        dotfiles=(frozendict(path=".bashrc", data="ü\n\t", perm="644"),),
        container_registry=frozendict(registry="docker.io"),
        integration_id="x" * 512,
    ),
    modify(),
    modify(description=TriState.nullify(), integration_id=TriState.update("7"), name=OptionalState.update("new")),
    modify(total_resource_slots=OptionalState.update({"cpu": Decimal(4)})),
    modify(total_resource_slots=OptionalState.update(ResourceSlot({"cpu": 4}))),
    members(user_update_mode=OptionalState.update("add"), user_uuids=OptionalState.update([uuid4(), "a@example.com"])),
    members(user_update_mode=OptionalState.update(UserUpdateMode.ADD), user_uuids=OptionalState.update(())),
    GetGroupAction(uuid4()),
    GetGroupAction("example.com/physics"),
    GetGroupAction(GroupName("physics")),
    search(name_part="é😀", member_id=uuid4(), is_active=False),
    SearchGroupsAction(limit=2**62),
    audit(entity_id=uuid4()),
    audit(entity_id=GroupName("x"), status=AuditStatus.DENIED, since=NOW),
    UsagePerMonthAction("202410", [uuid4(), "x", GroupName("y")]),
    CheckMonthlyUsageAction((TODAY, TODAY)),
]


@pytest.mark.parametrize("action", GOOD)
def test_s31_what_is_right_passes_and_is_not_changed(action: BaseAction) -> None:
    before = repr(action)
    check_input(action)
    assert repr(action) == before


def _actions(kind: type[BaseAction] = BaseAction) -> Iterator[type[BaseAction]]:
    for module in iter_modules(actions.__path__, f"{actions.__name__}."):
        import_module(module.name)
    for child in kind.__subclasses__():
        yield child
        yield from _actions(child)


def test_s31_the_annotations_of_every_action_can_be_checked() -> None:
    kinds = [kind for kind in _actions() if hasattr(kind, "name")]
    assert len(kinds) > 10
    for kind in kinds:
        wrong = {field.name: object() for field in fields(kind)}
        assert refusal(check_input, kind(**wrong)).facts == {"field": next(iter(wrong)), "type": "object"}


# check_input: texts, sizes, numbers


@pytest.mark.parametrize("bad", ["a\0b", "\0", "half a \ud800", "\udcff"])
@pytest.mark.parametrize(
    ("make", "field"),
    [
        (GetGroupAction, "group_id"),
        (lambda text: GetGroupAction(GroupName("x", text)), "group_id.domain_name"),
        (lambda text: create(name=text), "input.name"),
        (lambda text: create(description=text), "input.description"),
        (lambda text: create(allowed_vfolder_hosts={text: "x"}), "input.allowed_vfolder_hosts"),
        (lambda text: create(allowed_vfolder_hosts={"local": ["x", text]}), "input.allowed_vfolder_hosts"),
        (lambda text: create(dotfiles=[{"path": ".a", "data": SECRET + text}]), "input.dotfiles"),
        (lambda text: create(container_registry={"password": SECRET + text}), "input.container_registry"),
        (lambda text: create(total_resource_slots={text: 4}), "input.total_resource_slots"),
        (lambda text: modify(description=TriState.update(text)), "modifier.description"),
        (lambda text: members(user_uuids=OptionalState.update([text])), "user_uuids"),
        (lambda text: members(user_update_mode=OptionalState.update(text)), "user_update_mode"),
        (lambda text: search(name_part=text), "filter.name_part"),
        (lambda text: SearchGroupsAction(cursor=text), "cursor"),
        (lambda text: audit(actor=text), "filter.actor"),
        (lambda text: FindUsersAction(emails=["x", text]), "emails"),
        (UsagePerMonthAction, "month"),
    ],
)
def test_s31_a_text_that_cannot_be_stored_is_named(make: Callable[[str], Any], field: str, bad: str) -> None:
    assert refusal(check_input, make(bad)).facts == {"field": field}


@pytest.mark.parametrize(
    ("make", "field", "facts"),
    [
        (lambda text: create(description=text), "input.description", {"longest": 10_000}),
        (lambda text: modify(description=TriState.update(text)), "modifier.description", {"longest": 10_000}),
        (lambda text: create(integration_id=text), "input.integration_id", {"longest": 512}),
        (lambda text: create(domain_name=text), "input.domain_name", {"longest": 512}),
        (lambda text: create(resource_policy=text), "input.resource_policy", {"longest": 512}),
        (lambda text: modify(domain_name=OptionalState.update(text)), "modifier.domain_name", {"longest": 512}),
        (lambda text: modify(integration_id=TriState.update(text)), "modifier.integration_id", {"longest": 512}),
    ],
)
def test_s31_a_text_has_a_longest_size(make: Callable[[str], Any], field: str, facts: dict[str, int]) -> None:
    (longest,) = facts.values()
    check_input(make("é" * longest))
    for length in (longest + 1, 5_000_000):
        assert refusal(check_input, make("é" * length)).facts == {"field": field, **facts}


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\u2003"])
def test_s31_an_integration_id_is_not_blank(blank: str) -> None:
    assert refusal(check_input, create(integration_id=blank)).facts == {"field": "input.integration_id"}
    refused = refusal(check_input, modify(integration_id=TriState.update(blank)))
    assert refused.facts == {"field": "modifier.integration_id"}
    check_input(modify(integration_id=TriState.nullify()))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**5000], ids=quote)
def test_s31_a_number_is_one_that_can_be_stored(number: int) -> None:
    assert refusal(check_input, SearchGroupsAction(limit=number)).facts == {"field": "limit"}


def test_s31_values_around_themselves_and_without_end_are_no_fault() -> None:
    check_input(create(allowed_vfolder_hosts={"local": around_itself()}))
    assert refusal(check_input, create(allowed_vfolder_hosts=deep())).facts == {"field": "input.allowed_vfolder_hosts"}
    assert refusal(check_input, create(dotfiles=[deep()])).facts == {"field": "input.dotfiles"}
    shared: Any = "x"
    for _ in range(100):
        shared = [shared, shared]
    check_input(create(allowed_vfolder_hosts={"local": shared}))
    for hosts in ({"local": around_itself()}, {"local": shared}, {"local": deep()}):
        assert refusal(check_hosts, hosts, ["local"]).facts == {"field": "allowed_vfolder_hosts", "host": "local"}


@dataclass(frozen=True)
class Inner:
    text: OptionalState[str] = field(default_factory=OptionalState.nop, metadata={"longest": 3, "is_filled": True})


@dataclass(frozen=True)
class Outer(BaseAction):
    name: ClassVar[str] = "outer"

    inner: Inner = field(default_factory=Inner)


def test_s31_metadata_of_any_dataclass_is_looked_at() -> None:
    check_input(Outer())
    check_input(Outer(Inner(OptionalState.update("abc"))))
    for text in ("abcd", " "):
        assert refusal(check_input, Outer(Inner(OptionalState.update(text)))).facts["field"] == "inner.text"


def test_s39_checking_costs_microseconds() -> None:
    """A bound that only a mistake, such as annotations read anew each time, exceeds; the benchmark has the figure."""
    action = GOOD[1]
    check_input(action)
    began = perf_counter()
    for _ in range(1000):
        check_input(action)
    assert (perf_counter() - began) / 1000 < 0.002


# Columns


@pytest.mark.parametrize(
    ("slots", "stored"),
    [
        ({"cpu": "4", "mem": "8g"}, {"cpu": "4", "mem": str(8 * 2**30)}),
        ({"cpu": 0, "mem": None}, {}),
        ({"cpu": "inf"}, {"cpu": "Infinity"}),
        (ResourceSlot({"cpu": 4}), {"cpu": "4"}),
    ],
)
def test_s36_slots_may_be_as_people_write_them(slots: Any, stored: dict[str, str]) -> None:
    assert stored_columns({"total_resource_slots": slots}, []) == {"total_resource_slots": stored}


@pytest.mark.parametrize(
    ("slots", "slot", "value"),
    [
        ({"mem": "8g", "cpu": "much"}, "cpu", "'much'"),
        ({"cpu": -1}, "cpu", "-1"),
        (ResourceSlot({"cpu": -1}), "cpu", "Decimal('-1')"),
        ({"cpu": float("nan")}, "cpu", "nan"),
        ({"cpu": Decimal("sNaN")}, "cpu", "Decimal('sNaN')"),
        ({"cpu": "٣"}, "cpu", "'٣'"),
        ({"cpu": True}, "cpu", "True"),
        ({"cpu": {"a": 1}}, "cpu", "{'a': 1}"),
        ({5: 1}, "5", "1"),
        ({"cpu": 10**5000}, "cpu", "a value of the type int"),
        ({"mem": "x" * 5_000_000}, "mem", "'" + "x" * 98 + "…"),
        ({"x" * 5_000_000: "much"}, "x" * 99 + "…", "'much'"),
    ],
    ids=quote,
)
def test_s31_a_bad_amount_is_named_with_its_slot(slots: Any, slot: str, value: str) -> None:
    refused = refusal(check_slots, slots)
    assert refused.facts == {"field": "total_resource_slots", "slot": slot, "value": value}


@pytest.mark.parametrize("uses", ["local", "", ["create-vfolder", "upload"], ("upload",), []])
def test_s31_hosts_are_configured_ones(uses: Any) -> None:
    stored = uses if isinstance(uses, str) else list(uses)
    assert check_hosts({"local": uses}, {"local", "s3"}) == {"local": stored}
    assert check_hosts({}, ()) == {}
    refused = refusal(check_hosts, {"local": uses, "elsewhere": uses}, {"s3", "local"})
    assert refused.facts == {"field": "allowed_vfolder_hosts", "host": "elsewhere", "configured": ["local", "s3"]}
    assert "elsewhere" in str(refused)
    assert "local, s3" in str(refused)
    assert refusal(check_hosts, {"x" * 5_000_000: uses}, ()).facts["host"] == "x" * 99 + "…"


@pytest.mark.parametrize("uses", [{1}, {"local": "x"}, 5, None, ["x", 5], [["x"]], float("nan"), b"x"])
def test_s31_what_is_allowed_on_a_host_is_text(uses: Any) -> None:
    refused = refusal(check_hosts, {"local": uses}, ["local"])
    assert refused.facts == {"field": "allowed_vfolder_hosts", "host": "local"}


@pytest.mark.parametrize("hosts", [["local"], "local", None, 5])
def test_s31_hosts_are_a_mapping(hosts: Any) -> None:
    assert refusal(check_hosts, hosts, ["local"]).facts == {"field": "allowed_vfolder_hosts"}
    assert refusal(check_hosts, {5: "x"}, ["local"]).facts["host"] == "5"


@pytest.mark.parametrize(
    "registry", [{"a": {"b": SECRET}}, {"a": [SECRET]}, {"a": 5}, {"a": None}, {5: SECRET}, [SECRET], SECRET]
)
def test_s31_a_registry_holds_texts(registry: Any) -> None:
    assert refusal(check_registry, registry).facts == {"field": "container_registry"}
    assert refusal(stored_columns, {"container_registry": registry}, []).facts == {"field": "container_registry"}


def test_s31_a_registry_is_stored_as_it_is_or_not_there() -> None:
    given = {"registry": "docker.io", "project": "x", "username": "me", "password": SECRET}
    assert stored_columns({"container_registry": frozendict(given)}, []) == {"container_registry": given}
    assert stored_columns({"container_registry": None}, []) == {"container_registry": None}


def test_s31_names_in_refusals_are_cut() -> None:
    long = "x" * 5_000_000
    for error in refusals({"name": long, "domain_name": long, "resource_policy": long}).values():
        assert len(str(error)) < 300
        assert all(len(fact) <= 100 for fact in error.facts.values())


# Days


@pytest.mark.parametrize("days", [(date.min, TODAY), (TODAY, date.max), (date.min, date.max)])
def test_s31_the_ends_of_the_calendar_are_no_fault(days: tuple[date, date]) -> None:
    with pytest.raises(InvalidAPIParameters, match="calendar"):
        Period(*days, zone=timezone.utc)


# Texts in sentences


def test_s31_a_quoted_value_is_short_and_can_be_stored() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError(SECRET)

    assert (quote("x"), quote(5), quote(None), cut("x" * 100)) == ("'x'", "5", "None", "x" * 100)
    assert quote(Rude()) == "a value of the type Rude"
    assert quote(10**5000) == "a value of the type int"
    for long in ("x" * 5_000_000, b"x" * 5_000_000, ["x"] * 100_000, "\ud800" * 200, "\0" * 200):
        shown = [quote(long), cut(long if isinstance(long, str) else str(long))]
        assert all(len(text) <= 100 and text.encode() and "\0" not in text for text in shown)


# Through the service


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (create(is_active="yes"), "input.is_active"),
        (create(name="a\0"), "input.name"),
        (create(dotfiles=[SECRET]), "input.dotfiles"),
        (create(dotfiles=[{"path": ".ssh/config", "data": SECRET, "perm": "600"}]), "dotfiles"),
        (create(allowed_vfolder_hosts={"elsewhere": "x"}), "allowed_vfolder_hosts"),
        (create(allowed_vfolder_hosts={"local": {1}}), "allowed_vfolder_hosts"),
        (create(container_registry={"password": [SECRET]}), "input.container_registry"),
        (create(total_resource_slots={"cpu": "٣"}), "total_resource_slots"),
        (modify(description=SECRET), "modifier.description"),
        (GetGroupAction(5), "group_id"),  # type: ignore[arg-type]
        (search(is_active="yes"), "filter.is_active"),
        (audit(since="yesterday"), "filter.since"),
        (UsagePerMonthAction(202410), "month"),  # type: ignore[arg-type]
        (SummariseAuditAction("20241001", TODAY), "first"),  # type: ignore[arg-type]
    ],
)
async def test_s31_a_refusal_is_a_result_and_leaves_a_row(
    group_service: GroupService, deployment: Deployment, action: Any, field: str
) -> None:
    result = await getattr(group_service, action.name)(action)
    assert (result.success, result.data, result.error.code) == (False, None, "invalid_value")
    assert result.error.facts["field"] == field
    (row,) = await deployment.audit()
    assert (row.action, row.status, row.error_code) == (action.name, "failure", "invalid_value")
    assert SECRET not in repr(result) + str(row.description)
    assert await deployment.count(GroupRow) == 0


async def test_s31_a_name_of_megabytes_does_not_travel(
    group_service: GroupService, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    long = "x" * 5_000_000
    for action in (create(name=long), create(domain_name=long), create(resource_policy=long), GetGroupAction(long)):
        error = (await getattr(group_service, action.name)(action)).error
        assert error and len(str(error)) < 1000
    assert len(await deployment.audit()) == 4
    assert len(str([row.__dict__ for row in await deployment.audit()])) < 20_000
    assert len(caplog.text) < 10_000


async def test_s36_limits_may_be_as_people_write_them(create_group: CreateGroup) -> None:
    async with create_group(total_resource_slots={"cpu": "4", "mem": "8g"}) as group:
        assert group.total_resource_slots == {"cpu": 4, "mem": 8 * 2**30}
