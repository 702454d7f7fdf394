"""Terminal output of usage: tables with bars, totals, and kernels without figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

from rich.bar import Bar
from rich.table import Column, Table

from groups_platform.group_service.types.usage import (
    Figures,
    KernelUsage,
    MonthFigures,
    MonthlyUsage,
    Peak,
    PeriodUsage,
    UsageHistory,
)
from groups_platform.terminal import console, escape, narrow_table, show_table, uncut
from groups_platform.terminal.figures import in_bytes, in_counts, in_hours
from groups_platform.wording import counted

WIDEST_BAR = 16
LIMIT_BAR = 10
NEAR = Decimal("0.8")  # of a limit
LEVELS = "▁▂▃▄▅▆▇█"
MOST_MONTHS = 24  # in a curve

# heading, figure, formatter
Shown = tuple[str, str, Callable[[Decimal], str]]
ALLOCATED: tuple[Shown, ...] = (
    ("CPU", "cpu_allocated", in_counts),
    ("memory", "mem_allocated", in_bytes),
    ("GPU", "gpu_allocated", in_counts),
)
USED: tuple[Shown, ...] = (
    ("CPU time", "cpu_used", in_hours),
    ("memory", "mem_used", in_bytes),
    ("disk", "disk_used", in_bytes),
    ("read", "io_read", in_bytes),
    ("written", "io_write", in_bytes),
)
HELD: tuple[Shown, ...] = (("CPU", "cpu", in_counts), ("memory", "mem", in_bytes), ("GPU", "gpu", in_counts))


@dataclass(frozen=True)
class Line:
    """The sums of a group. peak, kernel_time: None where they were not asked for."""

    name: str
    kernels: int
    figures: Figures
    details: tuple[KernelUsage, ...]
    peak: Peak | None = None
    kernel_time: timedelta | None = None


def show_usage(usage: MonthlyUsage | PeriodUsage, limit: int) -> None:
    """Show allocations with bars, use, kernels if `usage` has them, and kernels without figures."""
    lines = list(_monthly(usage) if isinstance(usage, MonthlyUsage) else _by_period(usage))
    console.print(f"[bold]Usage[/] {usage.first} to {usage.last}, {usage.time_zone}")
    if not lines:
        console.print("No kernels existed in this time.")
        return
    show_table(_allocated(lines, limit))
    show_table(_used(lines, limit))
    if any(line.peak for line in lines):
        show_table(_held(lines, limit))
    if len(lines) > limit:
        console.print(
            f"{limit} of {counted(len(lines), 'group')} are shown, and all are in the totals; --limit shows more."
        )
    kernels = [kernel for line in lines for kernel in line.details]
    if kernels:
        show_table(_kernels(kernels[:limit]))
    if len(kernels) > limit:
        console.print(f"{limit} of {counted(len(kernels), 'kernel')} are shown; --limit shows more.")
    _say("without statistics, which count with zero use", usage.missing_statistics_count, usage.missing_statistics)
    _say(
        "with unreadable figures, which count as zero",
        usage.unreadable_figures_count,
        usage.unreadable_figures,
    )


def _monthly(usage: MonthlyUsage) -> Iterable[Line]:
    for group in usage.groups:
        name, details = f"{group.domain_name}/{group.g_name}", group.c_infos or ()
        yield Line(name, group.g_kernels, group.figures, details, group.g_peak, group.g_kernel_time)


def _by_period(usage: PeriodUsage) -> Iterable[Line]:
    for project in usage.projects:
        details = tuple(chain.from_iterable(session.kernels for session in project.sessions or ()))
        yield Line(f"{project.domain_name}/{project.project_name}", project.kernels, project.total_usage, details)


def _allocated(lines: Sequence[Line], limit: int) -> Table:
    table = narrow_table(*uncut("allocated to"), Column("kernels", justify="right", no_wrap=True))
    for heading, *_ in ALLOCATED:
        table.add_column(heading, justify="right", no_wrap=True)
        table.add_column(min_width=4, max_width=WIDEST_BAR)
    largest = {name: max(getattr(line.figures, name) for line in lines) for _, name, _ in ALLOCATED}
    for line in lines[:limit]:
        cells: list[str | Bar] = [escape(line.name), f"{line.kernels:,}"]
        for _, name, write in ALLOCATED:
            amount = getattr(line.figures, name)
            cells += [write(amount), Bar(float(largest[name] or 1), 0, float(amount), color="cyan")]
        table.add_row(*cells)
    totals = chain.from_iterable((write(_total(lines, name)), "") for _, name, write in ALLOCATED)
    table.add_section()
    table.add_row("all", f"{sum(line.kernels for line in lines):,}", *totals, style="bold")
    return table


def _used(lines: Sequence[Line], limit: int) -> Table:
    table = narrow_table(*uncut("used by"), *(Column(heading, justify="right", no_wrap=True) for heading, *_ in USED))
    for line in lines[:limit]:
        table.add_row(escape(line.name), *(write(getattr(line.figures, name)) for _, name, write in USED))
    table.add_section()
    table.add_row("all", *(write(_total(lines, name)) for _, name, write in USED), style="bold")
    return table


def _held(lines: Sequence[Line], limit: int) -> Table:
    """The most that each group held at once, and how much of its limit that is."""
    table = narrow_table(*uncut("at once, of its limit"))
    for heading, *_ in HELD:
        table.add_column(heading, no_wrap=True)
        table.add_column(min_width=4, max_width=LIMIT_BAR)
    for line in lines[:limit]:
        cells: list[str | Bar] = []
        for _, name, write in HELD:
            cells += _beside_limit(line.peak, name, write)
        table.add_row(escape(line.name), *cells)
    return table


def _beside_limit(peak: Peak | None, name: str, write: Callable[[Decimal], str]) -> list[str | Bar]:
    if peak is None:
        return ["", ""]
    held, most = getattr(peak, name), peak.limit_of(name)
    if most is None:
        return [f"{write(held)}, no limit", ""]
    color = "red" if held > most else "yellow" if held >= most * NEAR else "cyan"
    return [
        f"{write(held)} of {write(most)}",
        Bar(float(most), 0, float(min(held, most)), color=color, bgcolor="grey23"),
    ]


def show_history(history: UsageHistory) -> None:
    """Show the stored months as curves with the newest amount: of all groups together, and by group."""
    months = [stored.month for stored in history.months][-MOST_MONTHS:]
    if not months:
        console.print("No month is stored yet. The job store_monthly_usage stores one; groups-platform demo does too.")
        return
    console.print(f"[bold]Usage by month[/] {months[0]:%b %Y} to {months[-1]:%b %Y}; beside each curve its last month")
    table = narrow_table(*uncut("group"), *(Column(heading, no_wrap=True) for heading, _ in BY_MONTH))
    table.add_row("all", *_curves(history.total, months), style="bold")
    table.add_section()
    for group in history.groups:
        table.add_row(escape(f"{group.domain_name}/{group.group_name}"), *_curves(group.months, months))
    show_table(table)
    if history.group_count > len(history.groups):
        console.print(
            f"{len(history.groups)} of {counted(history.group_count, 'group')} are shown; --limit shows more."
        )
    if unfinished := [f"{stored.month:%b %Y}" for stored in history.months if not stored.is_over]:
        console.print(f"[yellow]Not over when they were stored:[/] {', '.join(unfinished)}")


def _curves(figures: Sequence[MonthFigures], months: Sequence[date]) -> list[str]:
    """A cell for each of BY_MONTH; a month without kernels is zero."""
    own = {month.month: month for month in figures}
    cells = []
    for _, show in BY_MONTH:
        amounts = [show(own[month]) if month in own else (0.0, "0") for month in months]
        largest = max(size for size, _ in amounts) or 1.0
        curve = "".join(LEVELS[round(size / largest * (len(LEVELS) - 1))] for size, _ in amounts)
        cells.append(f"{curve} {amounts[-1][1]}")
    return cells


def _in_kernel_hours(time: timedelta | None) -> tuple[float, str]:
    return (0.0, "unknown") if time is None else (time.total_seconds(), in_hours(time // MILLISECOND))


MILLISECOND = timedelta(milliseconds=1)
BY_MONTH: tuple[tuple[str, Callable[[MonthFigures], tuple[float, str]]], ...] = (
    ("CPU", lambda month: (float(month.cpu_allocated), in_counts(month.cpu_allocated))),
    ("memory", lambda month: (float(month.mem_allocated), in_bytes(month.mem_allocated))),
    ("GPU", lambda month: (float(month.gpu_allocated), in_counts(month.gpu_allocated))),
    ("CPU time", lambda month: (float(month.cpu_used), in_hours(month.cpu_used))),
    ("kernel time", lambda month: _in_kernel_hours(month.kernel_time)),
)


def _kernels(kernels: Iterable[KernelUsage]) -> Table:
    table = narrow_table(
        "session", "group", "user", "image", "status", "days", "time", "CPU", "memory", "GPU", "CPU time"
    )
    for column in table.columns[5:]:
        column.justify = "right"
    for kernel in kernels:
        table.add_row(
            escape(kernel.name or str(kernel.session_id)),
            escape(kernel.group_name),
            kernel.email.split("@")[0],
            escape(kernel.image_name or ""),
            kernel.status,
            str(kernel.used_days),
            _time(kernel.used_time),
            *(write(getattr(kernel, name)) for _, name, write in ALLOCATED),
            in_hours(kernel.cpu_used) if kernel.has_statistics else "unknown",
        )
    return table


def _total(lines: Iterable[Line], name: str) -> Decimal:
    return sum((Decimal(getattr(line.figures, name)) for line in lines), Decimal(0))


def _time(duration: timedelta) -> str:
    hours, seconds = divmod(round(duration.total_seconds()), 3600)
    return f"{hours}:{seconds // 60:02d} h"


def _say(what: str, count: int, ids: Sequence[object]) -> None:
    if count:
        more = ", …" if count > 5 else ""
        console.print(f"[yellow]Kernels {what} ({count}):[/] {', '.join(map(str, ids[:5]))}{more}")
