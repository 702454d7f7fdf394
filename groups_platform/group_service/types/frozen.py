"""Values that nobody changes, all the way down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frozendict import frozendict

EMPTY: Mapping[Any, Any] = frozendict()


def freeze(value: Any) -> Any:
    """`value` with mappings as frozendicts, lists as tuples and sets as frozensets, also inside."""
    if value is None or isinstance(value, str):  # most values, which a page of groups has thousands of
        return value
    if isinstance(value, (list, tuple)):
        return tuple([freeze(item) for item in value])
    if isinstance(value, Mapping):
        return frozendict({key: freeze(item) for key, item in value.items()}) if value else EMPTY
    return frozenset(value) if isinstance(value, set) else value


def thaw(value: Any) -> Any:
    """`value` with dicts and lists, the types of JSON, in place of mappings and tuples."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    return [thaw(item) for item in value] if isinstance(value, (list, tuple)) else value


def freeze_fields(instance: Any, *names: str) -> None:
    """Freeze these fields of a frozen dataclass, in its `__post_init__`."""
    for name in names:
        object.__setattr__(instance, name, freeze(getattr(instance, name)))
