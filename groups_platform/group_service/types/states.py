"""Changes of a field that may also be no change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class _Nop(Enum):
    NOP = "nop"


@dataclass(frozen=True)
class OptionalState(Generic[T]):
    """A change of a field that cannot be empty: `update(value)`, or `nop()` to leave it as it is."""

    _change: T | Literal[_Nop.NOP] = _Nop.NOP

    @classmethod
    def update(cls, value: T) -> Self:
        """Set the field to `value`. Raises ValueError for None, which is no value."""
        if value is None:
            raise ValueError(f"{cls.__name__}.update needs a value")
        return cls(value)

    @classmethod
    def nop(cls) -> Self:
        """Leave the field as it is."""
        return cls()

    @property
    def is_nop(self) -> bool:
        """True if there is nothing to change."""
        return self._change is _Nop.NOP

    @property
    def value(self) -> T:
        """What the field becomes. Raises ValueError where nothing changes."""
        if self._change is _Nop.NOP:
            raise ValueError("there is no value: the field stays as it is")
        return self._change


@dataclass(frozen=True)
class TriState(OptionalState[T | None]):
    """A change of a field that can be empty: also `nullify()`, after which its value is None."""

    @classmethod
    def nullify(cls) -> Self:
        """Clear the field."""
        return cls(None)
