"""What the assets show beside what ops show: sums that the UI plots, curves over months, attempts over days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from groups_platform.group_service.types.audit import AuditCount, AuditStatus
from groups_platform.group_service.types.usage import MonthFigures, StoredUsage, UsageHistory
from groups_platform.orchestration.group_service.audit_picture import draw_attempts
from groups_platform.orchestration.group_service.metadata import Facts, gib, hours, month_facts
from groups_platform.orchestration.group_service.usage_picture import Curve, Panel, draw_months
from groups_platform.orchestration.metadata import rows_table, svg_picture

AmountOf = Callable[[MonthFigures], "float | None"]

MONTHS_SHOWN = 24
DAYS_SHOWN = 30


def stored_facts(stored: StoredUsage, history: UsageHistory) -> Facts:
    """A month that was stored: pictures, then its sums as numbers, which the UI plots over the months, then tables.

    history: the stored months, until this one or a later one.
    """
    groups = stored.usage.groups
    times = (group.g_kernel_time for group in groups if group.g_kernel_time is not None)
    numbers = {
        "CPU": float(sum(group.g_cpu_allocated for group in groups)),
        "memory GiB": gib(sum(group.g_mem_allocated for group in groups)),
        "GPU": float(sum(group.g_gpu_allocated for group in groups)),
        "CPU hours": hours(sum((group.g_cpu_used for group in groups), Decimal(0))),
        "kernel hours": _time_in_hours(sum(times, timedelta(0))),
        "is_over": stored.is_over,
        "dagster/partition_row_count": len(groups),
        "rows_written": stored.rows_written,
        "rows_removed": stored.rows_removed,
    }
    month, curves = month_facts(stored.usage), history_facts(history, stored.usage.first)
    pictures: Facts = {name: month.pop(name) for name in ("limits", "picture") if name in month}
    return {"days": month.pop("days"), **curves, **pictures, **numbers, **month}


def history_facts(history: UsageHistory, last: date | None = None) -> Facts:
    """The stored months until `last` as curves: of all groups together and of the largest; and use beside limits.

    last: by default the newest.
    """
    known = [stored.month for stored in history.months]
    months = _months_until(last or known[-1], known) if last or known else []
    named = {f"{group.domain_name}/{group.group_name}": _by_month(group.months) for group in history.groups}
    total = _by_month(history.total)

    def amounts(own: Mapping[date, MonthFigures], amount_of: AmountOf) -> list[float | None]:
        # a group without a row in a stored month had no kernels then
        return [amount_of(own[month]) if month in own else 0.0 if month in total else None for month in months]

    sums = [
        Panel(title, [Curve(name, amounts(own, amount_of)) for name, own in {"all groups": total, **named}.items()])
        for title, amount_of in SUMS.items()
    ]
    held = [
        Panel(
            f"{name}: {title}{_no_limit(amount, own)}",
            [
                Curve("the most at once", amounts(own, partial(_peak, amount))),
                Curve("limit", [_limit(amount, own.get(month)) for month in months], is_limit=True),
            ],
        )
        for name, own in named.items()
        for title, amount in (("CPU", "cpu"), ("memory GiB", "mem"), ("GPU", "gpu"))
    ]
    facts: Facts = {"curves": svg_picture("usage by month", draw_months(months, sums))}
    if held:
        facts["limits_by_month"] = svg_picture("use beside limits by month", draw_months(months, held))
    rows = [
        {"month": f"{month:%Y-%m}", **{title: amount_of(total[month]) for title, amount_of in SUMS.items()}}
        for month in reversed(months)
        if month in total
    ]
    return {**facts, "all_groups_by_month": rows_table(rows)}


def audit_facts(day: date, counts: Sequence[AuditCount]) -> Facts:
    """The attempts of a day: all, by status with zeros, and by action; those of the days before it as a picture.

    counts: those of the day and of `DAYS_SHOWN - 1` days before it.
    """
    days = [day - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    by_day = {each: {status.value: 0 for status in AuditStatus} for each in days}
    for count in counts:
        if count.day in by_day:
            by_day[count.day][count.status.value] += count.attempts
    rows = [{**asdict(count), "status": count.status.value} for count in counts if count.day == day]
    for row in rows:
        del row["day"]
    return {
        "summary": _summary(day, {each: sum(own.values()) for each, own in by_day.items()}),
        "days_until_then": svg_picture("attempts by day", draw_attempts(days, by_day)),
        "attempts": sum(by_day[day].values()),
        **by_day[day],
        "attempts_by_action": rows_table(rows),
        "attempts_by_day": rows_table(
            [{"day": each, **own} for each, own in reversed(by_day.items()) if any(own.values())]
        ),
    }


def _summary(day: date, attempts: Mapping[date, int]) -> str:
    busy = [each for each, number in attempts.items() if number]
    told = _many(attempts[day], "attempt") if attempts[day] else "Nothing was attempted"
    told += f" on {day}. "
    if not busy:
        return f"{told}Nor on the {len(attempts) - 1} days before it."
    return f"{told}In the {len(attempts)} days until then: {sum(attempts.values()):,} attempts on {len(busy)} days" + (
        f", the last on {busy[-1]}." if busy[-1] != day else "."
    )


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _months_until(last: date, stored: Sequence[date]) -> list[date]:
    """The months from the first that is stored to `last`, at most `MONTHS_SHOWN`, also those between that are not."""
    first = min(stored, default=last)
    number = (last.year - first.year) * 12 + last.month - first.month + 1
    ends = (last.year * 12 + last.month - 1 - back for back in reversed(range(min(number, MONTHS_SHOWN))))
    return [date(end // 12, end % 12 + 1, 1) for end in ends]


def _by_month(figures: Sequence[MonthFigures]) -> dict[date, MonthFigures]:
    return {own.month: own for own in figures}


def _peak(amount: str, figures: MonthFigures) -> float | None:
    return None if figures.peak is None else _for_people(amount, getattr(figures.peak, amount))


def _limit(amount: str, figures: MonthFigures | None) -> float | None:
    peak = figures.peak if figures else None
    limit = peak.limit_of(amount) if peak else None
    return None if limit is None else _for_people(amount, limit)


def _no_limit(amount: str, own: Mapping[date, MonthFigures]) -> str:
    newest = own[max(own)].peak
    return ", no limit" if newest and newest.limit_of(amount) is None else ""


def _for_people(amount: str, size: Decimal) -> float:
    return gib(int(size)) if amount == "mem" else float(size)


def _time_in_hours(time: timedelta | None) -> float | None:
    return None if time is None else round(time / timedelta(hours=1), 2)


SUMS: dict[str, AmountOf] = {
    "CPU cores": lambda figures: float(figures.cpu_allocated),
    "memory GiB": lambda figures: gib(figures.mem_allocated),
    "GPUs": lambda figures: float(figures.gpu_allocated),
    "CPU hours used": lambda figures: hours(figures.cpu_used),
    "kernel hours": lambda figures: _time_in_hours(figures.kernel_time),
}
"""What is drawn of a month: what all of its kernels were allocated, what they used, and how long they lived."""
