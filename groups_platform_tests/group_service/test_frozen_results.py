"""Results do not change, all the way down, and can be shown, copied and stored all the same."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from frozendict import frozendict

from groups_platform.cli.answers import plain
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.action import ActionError
from groups_platform.group_service.types.frozen import freeze, thaw
from groups_platform.group_service.types.group import GroupData, ProjectType, PurgePlan, RemovedFolders

NOW = datetime(2024, 10, 1, tzinfo=timezone.utc)


DOTFILE = {"path": ".bashrc", "data": "x", "perm": "644"}


def group(**fields: Any) -> GroupData:
    given: dict[str, Any] = {
        "id": UUID(int=1), "name": "research", "domain_name": "example.com", "description": None, "is_active": True,
        "type": ProjectType.GENERAL, "total_resource_slots": ResourceSlot({"cpu": 4}), "resource_policy": "default",
        "allowed_vfolder_hosts": {"local": ["a"]}, "created_at": NOW, "modified_at": NOW,
        "dotfiles": [DOTFILE], "container_registry": {"registry": "docker.io"}, **fields,
    }  # fmt: skip
    return GroupData(**given)


def unchangeable(value: Any) -> bool:
    if isinstance(value, frozendict):
        return all(unchangeable(item) for item in value.values())
    if isinstance(value, (tuple, frozenset)):
        return all(unchangeable(item) for item in value)
    return isinstance(value, (str, int, UUID, ProjectType, ResourceSlot, datetime, type(None)))


RESULTS = [
    group(),
    replace(group(), allowed_vfolder_hosts={"s3": [{"a": [1]}]}),
    ActionError("code", "sentence", {"users": ["a"], "kernels": [{"id": "x", "names": ["y"]}]}),
    RemovedFolders((UUID(int=1),), {UUID(int=2): "why"}),
]


@pytest.mark.parametrize("result", RESULTS)
def test_s36_results_do_not_change_all_the_way_down(result: Any) -> None:
    assert all(unchangeable(getattr(result, name)) for name in result.__dataclass_fields__)
    assert hash(result) == hash(replace(result))


def test_s36_what_a_result_is_made_of_can_change_without_it() -> None:
    hosts = {"local": ["a"]}
    made = group(allowed_vfolder_hosts=hosts)
    hosts["local"].append("b")
    assert made.allowed_vfolder_hosts == {"local": ("a",)}
    with pytest.raises(TypeError):
        made.allowed_vfolder_hosts["s3"] = "x"  # type: ignore[index]
    with pytest.raises(AttributeError):
        made.allowed_vfolder_hosts["local"].append("x")


def test_s36_results_are_json_and_copies_all_the_same() -> None:
    plan = PurgePlan(group(), True, {"kernels": 3})
    assert plain(plan)["counts"] == {"kernels": 3}
    for result in (*RESULTS, plan):
        assert json.loads(json.dumps(plain(result))) == plain(result)
    assert json.dumps(ActionError("a", "b", {"c": [1, {"d": 2}]}).facts) == '{"c": [1, {"d": 2}]}'
    assert asdict(plan)["counts"] == {"kernels": 3}
    stored = group().to_json()
    assert (stored["dotfiles"], stored["allowed_vfolder_hosts"]) == ([DOTFILE], {"local": ["a"]})
    assert json.loads(json.dumps(stored)) == stored


def test_s36_freezing_and_thawing() -> None:
    value = {"a": [1, {"b": (2, None)}], "c": {"d": {}}}
    assert unchangeable(freeze(value))
    assert thaw(freeze(value)) == {"a": [1, {"b": [2, None]}], "c": {"d": {}}}
    assert freeze({1, 2}) == frozenset({1, 2})
