"""What callers get wrong (S31): garbage in every field of every action is the caller's error, and has a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from typing import Any, get_origin, get_type_hints
from uuid import UUID, uuid4

import pytest

from groups_platform.group_service import actions as a
from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState, TriState
from groups_platform.group_service.types.audit import AuditFilter
from groups_platform.group_service.types.group import GroupFilter, GroupName, ProjectType
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.test_access_matrix import ENTRIES, Thing, World, perform

FAULTS = {
    "internal_error", "database_error", "integrity_error", "busy", "outcome_unknown", "cancelled", "group_service_error"
}  # fmt: skip
FAST = 7  # kinds of garbage per field


class Text(str):
    """A text of another class."""


def ring() -> list[Any]:
    around: list[Any] = []
    around.append(around)
    return around


def deep() -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(5_000):
        inner = {"a": [inner]}
    return inner


# no field takes these
WRONG: list[Any] = [
    object(),
    b"x",
    Ellipsis,
    lambda: 1,
    int,
    1j,
    timedelta(1),
    iter(()),
    frozenset({1}),
    memoryview(b"x"),
]
ODD: list[Any] = [
    None, True, 0, -1, 1, 2**70, -(2**70), 1.5, float("nan"), float("inf"), Decimal("sNaN"), Decimal("1e999999"),
    "", " ", "\n", "\0", "a\0b", "\ud800", "x" * 300, "é" * 2_000, "x" * 1_000_000, "1e999999999", "a/b/c", "/", "@",
    "%_\\", "../../x", Text("text"), "yes", "null", "2024-10-01", "[]", str(uuid4()), str(uuid4()).upper(),
    uuid4(), UUID(int=0), [], (), {}, set(), [None], [[]], [{}], ["x"] * 1000, [uuid4()] * 1000, [True], [1.5], ["\0"],
    {"": ""}, {"\0": 1}, {1: 2}, {"cpu": "x"}, {"cpu": deep()}, {"local": ring()}, deep(), ring(), [deep()],
    [{"path": "x", "data": "y", "perm": "999"}], [{"path": ["x"], "data": {}, "perm": 6}], {"registry": ["x"]},
    date(2024, 10, 1), date.min, date.max, datetime(2024, 10, 1), datetime.min, datetime.max,
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=14))),
    (date.min, date.max), (date.max, date.min), (date.max,), ProjectType.GENERAL, GroupName("x"), GroupName(None),  # type: ignore[arg-type]
    GroupName("\0", "\ud800"), GroupFilter(), OptionalState.nop(), TriState.nop(), TriState.nullify(),
]  # fmt: skip
GARBAGE = [*WRONG, *ODD]


def places(instance: Any, path: str = "") -> Iterator[tuple[str, Any, type | None]]:
    """The fields of a dataclass and of those inside it: path, the field's value, and the state around it."""
    hints = get_type_hints(type(instance))
    for field in fields(instance):
        origin = get_origin(hints[field.name])
        state = origin if isinstance(origin, type) and issubclass(origin, OptionalState) else None
        yield path + field.name, getattr(instance, field.name), state
        value = getattr(instance, field.name)
        if is_dataclass(value) and state is None:
            yield from places(value, f"{path}{field.name}.")


def put(instance: Any, path: str, value: Any) -> Any:
    """A copy of `instance` with `value` in the field at `path`."""
    name, _, rest = path.partition(".")
    return replace(instance, **{name: put(getattr(instance, name), rest, value) if rest else value})


def spoilt(action: Any, path: str, garbage: Any, state: Any) -> Any:
    """The action with garbage in a field, as a change where the field takes changes."""
    is_plain = state is None or garbage is None or isinstance(garbage, OptionalState)
    return put(action, path, garbage if is_plain else state.update(garbage))


async def attempt(service: GroupService, name: str, action: Any) -> tuple[UUID | None, str | None, dict[str, Any]]:
    """The attempt's id, its code and its facts; nothing but InvalidAPIParameters is raised."""
    try:
        result = await perform(service, name, action)
    except InvalidAPIParameters as refusal:
        return refusal.action_id, refusal.code, dict(refusal.facts)
    error = result.error
    if error is None:
        return result.action_id, None, {}
    assert len(error.message) < 2_000
    return result.action_id, error.code, dict(error.facts)


async def try_garbage(
    world: World, name: str, thing: Thing, garbage: list[Any], wheel: Iterator[int], most: int
) -> int:
    """Put garbage into every field of an action; how many attempts that were."""
    action, number = ENTRIES[name].make(thing), 0
    for path, _, state in places(action):
        chosen = garbage if most >= len(garbage) else [garbage[next(wheel) % len(garbage)] for _ in range(most)]
        for value in chosen:
            bad = spoilt(action, path, value, state)
            action_id, code, facts = await attempt(world.service, name, bad)
            where = (name, path, repr(value)[:80] if not isinstance(value, (dict, list)) else type(value), code, facts)
            assert action_id is not None, where
            assert code not in FAULTS, where
            if code == "invalid_value":
                assert facts.get("field"), where
            if any(value is wrong for wrong in WRONG):
                assert (code, str(facts.get("field")).startswith(path.split(".")[0])) == ("invalid_value", True), where
            number += 1
        if not action.is_read:  # some garbage is a valid value, and has changed the thing
            thing = await world.thing("inside", name)
            action = ENTRIES[name].make(thing)
    return number


async def test_s31_garbage_in_every_field(group_service: GroupService, deployment: Deployment) -> None:
    world, wheel = await World.build(deployment, group_service), count()
    for name in ENTRIES:
        thing, rows = await world.thing("inside", name), len(await deployment.audit(name))
        extra = {"request_purge": 1}.get(name, 0)  # made with each thing
        number = await try_garbage(world, name, thing, GARBAGE, wheel, FAST)
        fields_of = len(list(places(ENTRIES[name].make(thing)))) if not ENTRIES[name].make(thing).is_read else 0
        assert len(await deployment.audit(name)) == rows + number + extra * fields_of


@pytest.mark.slow
@pytest.mark.parametrize("name", ENTRIES)
async def test_s31_every_kind_of_garbage_in_every_field(
    group_service: GroupService, deployment: Deployment, name: str
) -> None:
    world = await World.build(deployment, group_service)
    await try_garbage(world, name, await world.thing("inside", name), GARBAGE, count(), len(GARBAGE))


async def test_s31_a_limit_is_positive(group_service: GroupService, deployment: Deployment) -> None:
    world, limited = await World.build(deployment, group_service), 0
    for name in (name for name in ENTRIES if name != "retry_vfolder_deletions"):
        action = ENTRIES[name].make(await world.thing("inside", name))
        for path in (path for path, _, _ in places(action) if path == "limit"):
            for number in (0, -1, -(2**63)):
                _, code, _ = await attempt(group_service, name, put(action, path, number))
                assert code == "invalid_api_parameters", (name, number)
            limited += 1
    assert limited > 5


async def test_s31_a_time_without_a_zone_in_a_filter_is_one_of_utc(
    group_service: GroupService, deployment: Deployment
) -> None:
    world = await World.build(deployment, group_service)
    thing = await world.thing("inside", "search_audit")
    made = (await group_service.get_group(a.GetGroupAction(thing.group))).data
    assert made is not None
    for instant in (made.created_at, made.created_at.astimezone(timezone(timedelta(hours=9)))):
        naive = instant.astimezone(timezone.utc).replace(tzinfo=None)
        for since in (instant, naive):
            found = await group_service.search_groups(a.SearchGroupsAction(GroupFilter(created_since=since)))
            assert found.data and thing.group in [group.id for group in found.data.groups]
            none = await group_service.search_groups(a.SearchGroupsAction(GroupFilter(created_until=since)))
            assert none.data and thing.group not in [group.id for group in none.data.groups]
    naive = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(minutes=1)
    for wanted, number in ((AuditFilter(since=naive), 0), (AuditFilter(until=naive), 1)):
        page = (await group_service.search_audit(a.SearchAuditAction(wanted))).data
        assert page is not None and len(page.entries) == number
