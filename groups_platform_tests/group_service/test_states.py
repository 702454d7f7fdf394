"""Changes of a field: to a value, to nothing, or none."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from groups_platform.group_service.types import OptionalState, TriState


@pytest.mark.parametrize("state", [OptionalState, TriState])
def test_s2_update_carries_the_value_also_a_falsy_one(state: Any) -> None:
    for value in ("new", "", 0, False, ()):
        assert not state.update(value).is_nop
        assert state.update(value).value == value


@pytest.mark.parametrize("state", [OptionalState, TriState])
def test_s2_nop_is_the_default_and_has_no_value(state: Any) -> None:
    assert state.nop() == state()
    assert state.nop().is_nop
    with pytest.raises(ValueError, match="stays as it is"):
        _ = state.nop().value


def test_s2_nullify_is_a_change_to_nothing() -> None:
    assert not TriState[str].nullify().is_nop
    assert TriState[str].nullify().value is None
    assert TriState[str].nullify() != TriState[str].nop()
    assert not hasattr(OptionalState, "nullify")


@pytest.mark.parametrize("state", [OptionalState, TriState])
def test_s2_none_is_no_value(state: Any) -> None:
    with pytest.raises(ValueError, match="needs a value"):
        state.update(None)


def test_s2_states_are_values() -> None:
    change = TriState.update("new")
    assert change == TriState.update("new")
    assert change != TriState.update("other")
    with pytest.raises(dataclasses.FrozenInstanceError):
        change._change = "other"  # type: ignore[misc]
