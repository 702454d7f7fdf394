"""Terminal output of usage: tables with bars, totals, and kernels without figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import chain

from rich.bar import Bar
from rich.table import Column, Table

from groups_platform.group_service.types.usage import (
    Figures,
    KernelUsage,
    MonthlyUsage,
    PeriodUsage,
)
from groups_platform.terminal import console, escape, narrow_table, uncut
from groups_platform.terminal.figures import in_bytes, in_counts, in_hours

WIDEST_BAR = 16

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


@dataclass(frozen=True)
class Line:
    """The sums of a group."""

    name: str
    kernels: int
    figures: Figures
    details: tuple[KernelUsage, ...]


def show_usage(usage: MonthlyUsage | PeriodUsage, limit: int) -> None:
    """Show allocations with bars, use, kernels if `usage` has them, and kernels without figures."""
    lines = list(_monthly(usage) if isinstance(usage, MonthlyUsage) else _by_period(usage))
    console.print(f"[bold]Usage[/] {usage.first} to {usage.last}, {usage.time_zone}")
    if not lines:
        console.print("No kernels existed in this time.")
        return
    console.print(_allocated(lines, limit), _used(lines, limit))
    if len(lines) > limit:
        console.print(f"{limit} of {len(lines)} groups are shown, and all are in the totals; --limit shows more.")
    kernels = [kernel for line in lines for kernel in line.details]
    if kernels:
        console.print(_kernels(kernels[:limit]))
    if len(kernels) > limit:
        console.print(f"{limit} of {len(kernels)} kernels are shown; --limit shows more.")
    _say("without statistics, which count with zero use", usage.missing_statistics_count, usage.missing_statistics)
    _say(
        "with unreadable figures, which count as zero",
        usage.unreadable_figures_count,
        usage.unreadable_figures,
    )


def _monthly(usage: MonthlyUsage) -> Iterable[Line]:
    for group in usage.groups:
        yield Line(f"{group.domain_name}/{group.g_name}", group.g_kernels, group.figures, group.c_infos or ())


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
