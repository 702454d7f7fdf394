"""Months and periods: which are refused, which pass, and which days they are."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters
from groups_platform.group_service.services.group.actions.usage_per_month import UsagePerMonthAction
from groups_platform.group_service.services.group.actions.usage_per_period import UsagePerPeriodAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.period import parse_month, parse_period
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.kernels import at

UTC = at("2024-01-01").tzinfo
assert UTC is not None

BAD_MONTHS = (
    "202413",
    "202400",
    "2024-13",
    "2024-1",
    "2024-10-01",
    "2024",
    "20241",
    "2024100",
    "",
    " 202410",
    "+20241",
    "２０２４１０",
    "000101",
    "999912",
)
BAD_DAYS = (
    "2024-02-30",
    "2024-0101",
    "2024-01",
    "20240230",
    "20230229",
    "20241301",
    "20240001",
    "2024010",
    "202401011",
    "",
    "today",
    "+2024011",
)


@pytest.mark.parametrize("wrong", [None, 20240101, date(2024, 1, 1), b"20240101"])
def test_s17_what_is_no_text_is_no_day(wrong: Any) -> None:
    for start, end in ((wrong, "20240102"), ("20240101", wrong)):
        with pytest.raises(InvalidAPIParameters, match="is no day"):
            parse_period(start, end, UTC, 100)
    if wrong != 20240101:
        with pytest.raises(InvalidAPIParameters, match="is no month"):
            parse_month(wrong, UTC)


@pytest.mark.parametrize("month", BAD_MONTHS)
def test_s17_a_bad_month_is_refused(month: str) -> None:
    with pytest.raises(InvalidAPIParameters) as refused:
        parse_month(month, UTC)
    assert repr(month) in str(refused.value)
    assert refused.value.facts == {"month": month}


@pytest.mark.parametrize("day", BAD_DAYS)
def test_s17_a_bad_day_is_refused_by_name(day: str) -> None:
    with pytest.raises(InvalidAPIParameters, match="start_date is"):
        parse_period(day, "20240101", UTC, 100)
    with pytest.raises(InvalidAPIParameters, match="end_date is"):
        parse_period("20240101", day, UTC, 100)


def test_s17_a_period_does_not_end_before_it_starts() -> None:
    with pytest.raises(InvalidAPIParameters, match="ends on 20240930, before it starts on 20241001"):
        parse_period("20241001", "20240930", UTC, 100)


@pytest.mark.parametrize(
    ("start", "hundredth", "next_day"),
    [("20240101", "20240409", "20240410"), ("20230101", "20230410", "20230411"), ("20241201", "20250310", "20250311")],
)
def test_s16_100_days_pass_and_101_do_not(start: str, hundredth: str, next_day: str) -> None:
    period = parse_period(start, hundredth, UTC, 100)
    assert (period.last - period.first).days + 1 == 100
    with pytest.raises(InvalidAPIParameters, match="has 101 days; at most 100"):
        parse_period(start, next_day, UTC, 100)


@pytest.mark.parametrize(
    ("month", "last"), [("202402", date(2024, 2, 29)), ("202302", date(2023, 2, 28)), ("202412", date(2024, 12, 31))]
)
def test_s13_a_month_ends_on_its_last_day(month: str, last: date) -> None:
    period = parse_month(month, UTC)
    assert (period.first, period.last) == (last.replace(day=1), last)


def test_s16_a_leap_day_is_a_day() -> None:
    period = parse_period("20240229", "20240229", UTC, 100)
    assert (period.start, period.end) == (at("2024-02-29"), at("2024-03-01"))


@pytest.mark.parametrize(
    ("zone", "month", "start", "hours"),
    [
        ("Europe/Vienna", "202403", "2024-02-29T23:00", 31 * 24 - 1),
        ("Europe/Vienna", "202410", "2024-09-30T22:00", 31 * 24 + 1),
        ("Asia/Kolkata", "202410", "2024-09-30T18:30", 31 * 24),
        ("America/Sao_Paulo", "201811", "2018-11-01T03:00", 30 * 24 - 1),
        ("Pacific/Apia", "201112", "2011-12-01T10:00", 30 * 24),  # it skipped the 30th
    ],
)
def test_s17_months_follow_the_time_zone(zone: str, month: str, start: str, hours: int) -> None:
    period = parse_month(month, at("2024-01-01", zone).tzinfo or UTC)
    assert period.start == at(start)
    assert (period.end - period.start).total_seconds() == hours * 3600


def test_s17_a_day_without_midnight_begins_when_the_clocks_have_moved() -> None:
    """In Beirut the clocks went from 2024-03-31 00:00 to 01:00."""
    period = parse_period("20240331", "20240331", at("2024-01-01", "Asia/Beirut").tzinfo or UTC, 100)
    assert (period.start, period.end) == (at("2024-03-30T22:00"), at("2024-03-31T21:00"))


async def test_s17_a_refusal_is_raised_and_audited(group_service: GroupService, deployment: Deployment) -> None:
    with pytest.raises(InvalidAPIParameters):
        await group_service.usage_per_month(UsagePerMonthAction(month="202413", group_ids=[uuid4()]))
    with pytest.raises(InvalidAPIParameters):
        await group_service.usage_per_period(UsagePerPeriodAction("20240101", "20240410"))
    rows = [(row.action, row.status.value, row.error_code) for row in await deployment.audit()]
    assert rows == [(name, "failure", "invalid_api_parameters") for name in ("usage_per_month", "usage_per_period")]


async def test_s17_an_unknown_project_and_an_empty_period_give_an_empty_result(group_service: GroupService) -> None:
    month = await group_service.usage_per_month(UsagePerMonthAction("202410", [uuid4()]))
    period = await group_service.usage_per_period(UsagePerPeriodAction("20241001", "20241031", uuid4()))
    everything = await group_service.usage_per_month(UsagePerMonthAction("202410"))
    nothing = await group_service.usage_per_month(UsagePerMonthAction("202410", []))
    assert month.success
    assert period.success
    assert month.data and everything.data and nothing.data and period.data
    assert month.data.groups == everything.data.groups == nothing.data.groups == period.data.projects == ()
    assert (month.data.first, month.data.last, month.data.time_zone) == (date(2024, 10, 1), date(2024, 10, 31), "UTC")
