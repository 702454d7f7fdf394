"""Amounts of resources by slot name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

from groups_platform.group_service.types.text import cut, quote

SlotType = Literal["count", "bytes", "unique"]

QUANTUM = Decimal("0.001")
INFINITY = Decimal("Infinity")
TOO_MUCH = Decimal("1e27")  # beyond it arithmetic rounds, and exponents such as 1e99999999 fill the memory
BINARY_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgtpe])i?)?(?:b|bytes?)?", re.IGNORECASE)
UNITS = "kmgtpe"


class InvalidAmount(ValueError):
    """What somebody wrote is not the amount of a slot. slot, value: as they stand in the sentence, cut."""

    def __init__(self, reason: str, slot: object, value: object) -> None:
        self.slot = cut(slot) if isinstance(slot, str) else quote(slot)
        self.value = quote(value)
        super().__init__(reason.format(slot=quote(slot), value=self.value))


class ResourceSlot(Mapping[str, Decimal]):
    """Amounts by slot name (`cpu`, `mem`, `cuda.shares`). Immutable; an absent slot is zero, and zeros are not kept.

    It equals every mapping with the same amounts. One value is less than another when it is so in every slot, so two
    may be unordered: neither `<=` nor `>=`.
    """

    __slots__ = ("_amounts",)

    def __init__(self, amounts: Mapping[str, Any] | None = None) -> None:
        parsed = {slot: _amount(slot, value, _decimal) for slot, value in (amounts or {}).items()}
        self._amounts = {slot: amount for slot, amount in parsed.items() if amount}

    @classmethod
    def from_user_input(cls, obj: Mapping[str, Any], slot_types: Mapping[str, SlotType] | None) -> ResourceSlot:
        """What a person wrote, such as `{"cpu": "4", "mem": "8g"}`; nulls and zeros are dropped.

        Bytes take binary sizes (1 g = 2³⁰) and are rounded down to whole bytes, counts are quantised to three places,
        `inf` means no limit. slot_types: the slots that exist and what they measure; None takes any slot, and those
        with `mem` in their name are bytes. Raises ValueError for a type that does not exist, and InvalidAmount, a
        ValueError naming slot and value.
        """
        for slot, kind in (slot_types or {}).items():
            if kind not in get_args(SlotType):
                raise ValueError(
                    f"Slot {quote(slot)} cannot be of the type {quote(kind)}: {', '.join(get_args(SlotType))}"
                )
        amounts = {}
        for slot, value in obj.items():
            if slot_types is not None and slot not in slot_types:
                raise InvalidAmount("There is no slot {slot}, which is {value} here", slot, value)
            is_bytes = "mem" in str(slot) if slot_types is None else slot_types[slot] == "bytes"
            amounts[slot] = _amount(slot, value, _bytes if is_bytes else _count)
            if amounts[slot] < 0:
                raise InvalidAmount("Slot {slot} cannot be {value}: it is negative", slot, value)
        return cls(amounts)

    @classmethod
    def from_json(cls, obj: Mapping[str, Any]) -> ResourceSlot:
        """The value whose `to_json` is `obj`. Raises ValueError naming slot and value."""
        return cls(obj)

    def to_json(self) -> dict[str, str]:
        """Decimal strings by slot, without exponents; no limit is `Infinity`."""
        return {slot: f"{amount:f}" for slot, amount in self._amounts.items()}

    def __getitem__(self, slot: str) -> Decimal:
        return self._amounts[slot]

    def __iter__(self) -> Iterator[str]:
        return iter(self._amounts)

    def __len__(self) -> int:
        return len(self._amounts)

    def __repr__(self) -> str:
        return f"ResourceSlot({self.to_json()})"

    def __hash__(self) -> int:
        return hash(frozenset(self._amounts.items()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        try:
            same = other if isinstance(other, ResourceSlot) else ResourceSlot(other)
        except ValueError:
            return False
        return self._amounts == same._amounts

    def __le__(self, other: ResourceSlot) -> bool:
        return all(self.get(slot, 0) <= other.get(slot, 0) for slot in {*self, *other})

    def __lt__(self, other: ResourceSlot) -> bool:
        return self <= other and self != other

    def __ge__(self, other: ResourceSlot) -> bool:
        return other <= self

    def __gt__(self, other: ResourceSlot) -> bool:
        return other < self

    def __add__(self, other: ResourceSlot) -> ResourceSlot:
        return ResourceSlot({slot: self.get(slot, 0) + other.get(slot, 0) for slot in {**self, **other}})


def _amount(slot: object, value: Any, parse: Callable[[Any], Decimal]) -> Decimal:
    if not isinstance(slot, str):
        raise InvalidAmount("Slot {slot} cannot be {value}: the name of a slot is a text", slot, value)
    try:
        amount = Decimal(0) if value is None else parse(value)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise InvalidAmount("Slot {slot} cannot be {value}: it is not an amount", slot, value) from error
    if amount.is_nan() or TOO_MUCH <= abs(amount) != INFINITY:
        raise InvalidAmount("Slot {slot} cannot be {value}: it is not an amount", slot, value)
    return amount


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise TypeError(value)
    text = str(value)  # the float 0.1 is meant as 0.1
    if not text.isascii() or "_" in text:  # Decimal takes the digits of every script, and 1_000
        raise ValueError(value)
    return Decimal(text)


def _count(value: Any) -> Decimal:
    amount = _decimal(value)
    return amount.quantize(QUANTUM).normalize() if amount.is_finite() else amount


def _bytes(value: Any) -> Decimal:
    size = BINARY_SIZE.fullmatch(value.strip()) if isinstance(value, str) and value.isascii() else None
    if size is None:
        amount = _decimal(value)
        if amount.is_finite() and (isinstance(value, str) or amount != amount.to_integral_value()):
            raise ValueError(value)
        return amount.to_integral_value() if amount.is_finite() else amount
    power = UNITS.index(size[2].lower()) + 1 if size[2] else 0
    return Decimal(int(Decimal(size[1]) * 1024**power))
