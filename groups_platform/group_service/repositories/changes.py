"""What the repositories of groups, domains, policies and users have in common: what is given, and when it is stored."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Interval, func, literal_column
from sqlalchemy.orm import InstrumentedAttribute

MOMENT = literal_column("INTERVAL '1 microsecond'", Interval)


def values_of(creator: Any) -> dict[str, Any]:
    """The fields of a creator."""
    return {field.name: getattr(creator, field.name) for field in fields(creator)}


def given(modifier: Any) -> dict[str, Any]:
    """The fields that a modifier changes, and what they become."""
    changes = {field.name: getattr(modifier, field.name) for field in fields(modifier)}
    return {name: change.value for name, change in changes.items() if not change.is_nop}


def moved_on(modified_at: Column[datetime] | InstrumentedAttribute[datetime], now: datetime) -> ColumnElement[datetime]:
    """`now`, or just after the last change where that was later: it may have been waited for, or clocks differ."""
    return func.greatest(modified_at + MOMENT, now)
