"""Times, and periods of whole days in a time zone, from what a caller writes. Knows nothing of usage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cached_property

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.types.text import cut, quote

INSTANT = timedelta(microseconds=1)  # the finest that Postgres stores


@dataclass(frozen=True)
class Period:
    """The days `first` to `last`, both included, of a time zone. Raises InvalidAPIParameters for years 1 and 9999."""

    first: date
    last: date
    zone: tzinfo

    def __post_init__(self) -> None:
        for day in (self.first, self.last):
            if not date.min.year < day.year < date.max.year:  # a midnight may fall out of the calendar
                raise InvalidAPIParameters(f"{day} is too near to the end of the calendar.", day=str(day))

    @cached_property
    def start(self) -> datetime:
        """The first instant, in UTC."""
        return _midnight(self.first, self.zone)

    @cached_property
    def end(self) -> datetime:
        """The first instant after the period, in UTC."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @cached_property
    def absent(self) -> tuple[date, ...]:
        """Days that the zone has left out, such as the 30th of December 2011 in Pacific/Apia."""
        days = [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
        return tuple(day for day in days if _midnight(day, self.zone) == _midnight(day + timedelta(days=1), self.zone))

    def part_of(self, begin: datetime, end: datetime) -> tuple[timedelta, int]:
        """How long the life from `begin` to `end`, both included, lies in the period, and how many days it touches."""
        # in UTC: Python takes the difference of two times of one zone by their wall clocks
        begin, end = (instant.astimezone(timezone.utc) for instant in (max(begin, self.start), min(end, self.end)))
        if end < begin:
            return timedelta(0), 0
        last_instant = min(end, self.end - INSTANT)
        first_day, last_day = (instant.astimezone(self.zone).date() for instant in (begin, last_instant))
        absent = sum(first_day < day < last_day for day in self.absent)
        return end - begin, (last_day - first_day).days + 1 - absent


def parse_instant(text: str, zone: tzinfo) -> datetime:
    """The time that is written as in 2024-10-31T12:00+02:00, or the day's beginning; in `zone` where it names none.

    Raises ValueError.
    """
    named = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))  # Python 3.10 reads no Z
    return named if named.tzinfo else named.replace(tzinfo=zone)


def name_of_month(month: str) -> str:
    """The form in which people see a month: `2024-10`, also of `202410`; what is no month stays as it is."""
    return f"{month[:4]}-{month[4:]}" if isinstance(month, str) and re.fullmatch("[0-9]{6}", month) else month


def digits_of(date: str) -> str:
    """`202410` of `2024-10`, `20241031` of `2024-10-31`; what is neither stays as it is."""
    is_dashed = isinstance(date, str) and re.fullmatch("[0-9]{4}-[0-9]{2}(-[0-9]{2})?", date)
    return date.replace("-", "") if is_dashed else date


def parse_month(month: str, zone: tzinfo) -> Period:
    """The period of a month such as `2024-10` or `202410`. Raises InvalidAPIParameters."""
    first = _parse_day(f"{digits_of(month)}01", f"{quote(month)} is no month. Write it as in 2024-10.", month=month)
    next_month = (first + timedelta(days=31)).replace(day=1)
    return Period(first, next_month - timedelta(days=1), zone)


def parse_period(start_date: str, end_date: str, zone: tzinfo, max_days: int) -> Period:
    """The period of days such as `2024-10-01` or `20241001`, both included. Raises InvalidAPIParameters."""
    days = {"start_date": start_date, "end_date": end_date}
    first, last = (
        _parse_day(
            digits_of(day), f"{name} is {quote(day)}, which is no day. Write it as in 2024-10-31.", **{name: day}
        )
        for name, day in days.items()
    )
    length = (last - first).days + 1
    if length < 1:
        raise InvalidAPIParameters(f"The period ends on {end_date}, before it starts on {start_date}.", **days)
    if length > max_days:
        raise InvalidAPIParameters(f"The period has {length} days; at most {max_days} are allowed.", **days)
    return Period(first, last, zone)


def _parse_day(digits: str, reason: str, **facts: str) -> date:
    # int() takes signs and spaces too; for the years see Period
    try:
        if re.fullmatch("[0-9]{8}", digits) and date.min.year < int(digits[:4]) < date.max.year:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except (ValueError, TypeError):
        pass
    raise InvalidAPIParameters(reason, **{name: cut(str(day)) for name, day in facts.items()})


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(timezone.utc)
