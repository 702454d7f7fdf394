"""Checks what callers put into actions, by the annotations of their fields: types, sizes, texts that can be stored.

A field's metadata may have `longest`, the most characters of a text, and `is_filled`, for a text that is not blank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import core_schema

from groups_platform.group_service.errors import InvalidValue
from groups_platform.group_service.types.resource_slot import ResourceSlot
from groups_platform.group_service.types.states import OptionalState, TriState
from groups_platform.group_service.types.text import is_storable

STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)
LARGEST = 2**63  # what a bigint of Postgres holds is below
WITHOUT_CONTENTS = frozenset({NoneType, bool, UUID, ResourceSlot})


@dataclass(frozen=True)
class _Field:
    """What a field takes.

    state: OptionalState or TriState, around what the rest is about. exact: types whose instances need no validation.
    """

    name: str
    default: object
    state: type[OptionalState[Any]] | None
    exact: frozenset[type]
    validate: Callable[[Any], object]
    expected: str
    longest: int | None
    is_filled: bool


@dataclass(frozen=True)
class _Instance:
    """Tells pydantic to take any instance of `kind`."""

    kind: type

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(self.kind)


def check_input(action: object) -> None:
    """Check every field of an action, and of the dataclasses inside. Raises InvalidValue for the first that is wrong.

    The error's facts: `field`, such as `modifier.description`, and `type`, what came where the type is wrong. It never
    shows a value. What only the database or the settings know is not checked here.
    """
    if not is_dataclass(action) or isinstance(action, type):
        raise InvalidValue(f"An action is needed, not {_kind(action)}.", field="action", type=type(action).__name__)
    _check_fields(action, "")


def _check_fields(instance: Any, prefix: str) -> None:
    for field in _fields_of(type(instance)):  # type: ignore[arg-type]  # mypy has classes unhashable
        value = getattr(instance, field.name)
        if value is field.default:
            continue
        if field.state is not None:
            if not isinstance(value, OptionalState):
                raise _no_state(prefix + field.name, field.state, value)
            if value.is_nop:
                continue
            value = value.value
        name, kind = prefix + field.name, type(value)
        if kind not in field.exact:
            try:
                field.validate(value)
            except ValidationError as error:
                raise _wrong_type(name, field.expected, value, error) from None
        if isinstance(value, str):
            _check_text(value, name, field)
        elif kind is int:
            if not -LARGEST <= value < LARGEST:
                raise InvalidValue(f"{name} is a number beyond what can be stored.", field=name)
        elif kind not in WITHOUT_CONTENTS:
            _check_contents(value, name)


@cache
def _fields_of(kind: type) -> tuple[_Field, ...]:
    hints = get_type_hints(kind)
    return tuple(_field(field.name, field.default, hints[field.name], field.metadata) for field in fields(kind))


def _field(name: str, default: object, hint: Any, metadata: Mapping[str, Any]) -> _Field:
    origin = get_origin(hint)
    state = origin if isinstance(origin, type) and issubclass(origin, OptionalState) else None
    if state is not None:
        (hint,) = get_args(hint)
        hint = hint | None if state is TriState else hint
    validator = TypeAdapter(_by_instance(hint), config=STRICT).validator
    alternatives = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return _Field(
        name,
        default,
        state,
        frozenset(kind for kind in alternatives if isinstance(kind, type)),
        validator.validate_python,
        _shown(hint),
        metadata.get("longest"),
        metadata.get("is_filled", False),
    )


def _by_instance(hint: Any) -> Any:
    """The annotation with instances for its dataclasses, whose fields are checked here and not by pydantic."""
    if isinstance(hint, type) and is_dataclass(hint):
        return Annotated[Any, _Instance(hint)]
    origin, arguments = get_origin(hint), tuple(_by_instance(argument) for argument in get_args(hint))
    if not arguments or arguments == get_args(hint):
        return hint
    return Union[arguments] if origin in (Union, UnionType) else origin[arguments]  # noqa: UP007, known only here


def _check_contents(value: object, name: str) -> None:
    """Look at every text in `value` and into its dataclasses; into each container once, however often it is there."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            _check_text(item, name)
        elif isinstance(item, (Mapping, list, tuple, set, frozenset)):
            if id(item) not in seen:
                seen.add(id(item))
                waiting.extend(_parts(item))
        elif is_dataclass(item):
            _check_fields(item, f"{name}.")


def _parts(container: Iterable[Any]) -> Iterable[Any]:
    return [*container, *container.values()] if isinstance(container, Mapping) else container


def _check_text(text: str, name: str, field: _Field | None = None) -> None:
    if not is_storable(text):
        raise InvalidValue(f"{name} has a NUL or half a character in it, which no text can hold.", field=name)
    if field is not None and field.longest is not None and len(text) > field.longest:
        raise InvalidValue(
            f"{name} has {len(text):,} characters; at most {field.longest:,} are allowed.",
            field=name,
            longest=field.longest,
        )
    if field is not None and field.is_filled and not text.strip():
        raise InvalidValue(f"{name} is blank; leave it out where there is none.", field=name)


def _no_state(name: str, state: type[OptionalState[Any]], value: object) -> InvalidValue:
    if value is None:
        how = "leave it out where nothing changes" + (", or write TriState.nullify()" if state is TriState else "")
    else:
        how = f"write {state.__name__}.update(…)"
    return InvalidValue(f"{name} is {_kind(value)}; {how}.", field=name, type=type(value).__name__)


def _wrong_type(name: str, expected: str, value: object, error: ValidationError) -> InvalidValue:
    culprit = error.errors(include_url=False, include_context=False)[0]["input"]
    what = f"is {_kind(value)}" if culprit is value else f"holds {_kind(culprit)}"
    return InvalidValue(f"{name} {what}; it takes {expected}.", field=name, type=type(culprit).__name__)


def _kind(value: object) -> str:
    return "None" if value is None else f"a value of the type {type(value).__name__}"


def _shown(hint: Any) -> str:
    """An annotation for people, such as `UUID, GroupName or str`."""
    if hint is NoneType:
        return "None"
    origin, arguments = get_origin(hint), [_shown(argument) for argument in get_args(hint)]
    if origin in (Union, UnionType):
        return f"{', '.join(arguments[:-1])} or {arguments[-1]}"
    name = getattr(origin or hint, "__name__", str(hint))
    return f"{name} of {', '.join(arguments)}" if arguments else name
