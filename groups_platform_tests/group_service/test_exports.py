"""Every action, its result and every error can be imported from one place."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest

from groups_platform.group_service import actions as exported
from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.services.group import actions
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.types.action import BaseActionResult


def _below(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("groups_platform.group_service."):
            yield child
            yield from _below(child)


@pytest.mark.parametrize("kind", [BaseAction, BaseActionResult, GroupServiceError])
def test_s36_every_action_result_and_error_is_exported_by_name(kind: type) -> None:
    for module in iter_modules(actions.__path__, f"{actions.__name__}."):
        import_module(module.name)
    found = {child for child in _below(kind) if kind is not BaseAction or hasattr(child, "name")}
    if kind is BaseActionResult:
        found = {child for child in found if child.__module__.startswith(actions.__name__)}
    assert found
    assert sorted(child.__name__ for child in found if getattr(exported, child.__name__, None) is not child) == []


def test_s36_what_is_exported_is_listed() -> None:
    assert all(hasattr(exported, name) for name in exported.__all__)
    assert len(exported.__all__) == len(set(exported.__all__))
